//! What the server counts, in the words of Prometheus.

use std::fmt::{self, Debug, Formatter};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text},
    metrics::{TypedMetric, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};
use twocan_relay::Handle;
use twocan_signal::binding::Signalling;
use twocan_socketio::Server;

/// What stands before each name.
const PREFIX: &str = "twocan";

/// The type of what [`Metrics::text`] returns
/// ([OpenMetrics](https://prometheus.io/docs/specs/om/open_metrics_spec/)).
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is counted, to be looked at whenever somebody asks.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
}

impl Metrics {
    pub(crate) fn new(sockets: Server<Signalling>, relay: Option<Handle>) -> Metrics {
        let mut registry = Registry::with_prefix(PREFIX);
        registry.register_collector(Box::new(Sources { sockets, relay }));
        Metrics { registry }
    }

    /// The present values, as text.
    ///
    /// # Errors
    /// If they cannot be written, for which there is no reason.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Whoever counts.
struct Sources {
    sockets: Server<Signalling>,
    relay: Option<Handle>,
}

impl Debug for Sources {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").field("relay", &self.relay).finish_non_exhaustive()
    }
}

impl Collector for Sources {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let signalling = self.sockets.handler().figures();
        let transport = self.sockets.figures();
        let mut page = Page { encoder };

        page.gauge("rooms", "Rooms with somebody in them", signalling.rooms)?;
        page.gauge(
            "seats",
            "Seats that are taken, those included that are away",
            signalling.seats,
        )?;
        page.gauge("seats_away", "Seats that wait for their socket to come back", signalling.away)?;
        page.gauges(
            "sockets",
            "Open signalling connections",
            "transport",
            [("polling", transport.polling), ("websocket", transport.websocket)],
        )?;
        if let Some(relay) = &self.relay {
            page.gauge("allocations", "Relayed addresses in use", relay.allocation_count())?;
        }
        page.counter("joins", "New seats taken", signalling.joins)?;
        page.counter(
            "resumes",
            "Seats taken back after their socket was lost",
            signalling.resumes,
        )?;
        page.counter(
            "takeovers",
            "Seats taken over from a socket that was still connected",
            signalling.takeovers,
        )?;
        page.counter("messages", "Messages taken to be handed on", signalling.messages)?;
        page.counter("full", "Joins that met a full room", signalling.full)?;
        page.counters(
            "refusals",
            "Requests that were refused",
            "code",
            signalling.refused.iter().map(|(code, number)| (code.as_str(), number)),
        )?;
        page.counter(
            "rejected_origins",
            "Requests from pages of other origins",
            transport.rejected_origins,
        )?;
        page.counter(
            "turned_away",
            "Requests for a connection while the server had as many as it takes",
            transport.turned_away,
        )
    }
}

/// Writes one metric after the other.
struct Page<'a> {
    encoder: DescriptorEncoder<'a>,
}

impl Page<'_> {
    fn gauge(&mut self, name: &str, help: &str, value: usize) -> fmt::Result {
        self.metric(name, help, &gauge(value))
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.metric(name, help, &ConstCounter::new(value))
    }

    /// A gauge for each value of one label.
    fn gauges(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'static str, usize)>,
    ) -> fmt::Result {
        let values = values.into_iter().map(|(key, value)| (key, gauge(value)));
        self.family(name, help, label, values)
    }

    /// A counter for each value of one label.
    fn counters(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'static str, u64)>,
    ) -> fmt::Result {
        let values = values.into_iter().map(|(key, value)| (key, ConstCounter::new(value)));
        self.family(name, help, label, values)
    }

    fn metric(&mut self, name: &str, help: &str, metric: &impl EncodeMetric) -> fmt::Result {
        let encoder = self.encoder.encode_descriptor(name, help, None, metric.metric_type())?;
        metric.encode(encoder)
    }

    fn family<M: EncodeMetric + TypedMetric>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl Iterator<Item = (&'static str, M)>,
    ) -> fmt::Result {
        let mut encoder = self.encoder.encode_descriptor(name, help, None, M::TYPE)?;
        for (key, metric) in values {
            metric.encode(encoder.encode_family(&[(label, key)])?)?;
        }
        Ok(())
    }
}

fn gauge(value: usize) -> ConstGauge {
    ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX))
}
