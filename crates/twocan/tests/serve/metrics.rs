//! What is told to those who watch over the server.

use std::collections::HashMap;

use crate::support::{Polling, Running};

#[tokio::test]
async fn the_metrics_tell_what_happens() {
    let server = Running::start(&["--origin", "https://friend.example"]);
    let before = Exposition::of(&server).await;
    for name in ["twocan_rooms", "twocan_seats", "twocan_allocations", "twocan_joins_total"] {
        assert_eq!(before.value(name), 0, "{name}");
    }

    let mut ann = Polling::open(&server).await;
    let mut ben = Polling::open(&server).await;
    let mut joe = Polling::open(&server).await;
    for client in [&mut ann, &mut ben, &mut joe] {
        client.send(r#"42["join",{"roomId":"tea"}]"#).await;
        client.receive().await;
    }
    ben.send(r#"42["message",{"roomId":"tea","data":1}]"#).await;
    joe.send(r#"42["message",{"roomId":"tea","data":1}]"#).await;
    joe.receive().await;
    let stranger = ["origin: https://stranger.example"];
    server.get("/socket.io/?EIO=4&transport=polling", &stranger).await;
    server.get("/socket.io/?EIO=4&transport=websocket", &stranger).await;

    let after = Exposition::of(&server).await;
    for (sample, expected) in [
        ("twocan_rooms", 1),
        ("twocan_seats", 2),
        ("twocan_seats_away", 0),
        (r#"twocan_sockets{transport="polling"}"#, 3),
        (r#"twocan_sockets{transport="websocket"}"#, 0),
        ("twocan_allocations", 0),
        ("twocan_joins_total", 2),
        ("twocan_resumes_total", 0),
        ("twocan_takeovers_total", 0),
        ("twocan_messages_total", 1),
        ("twocan_full_total", 1),
        (r#"twocan_refusals_total{code="not_joined"}"#, 1),
        (r#"twocan_refusals_total{code="too_fast"}"#, 0),
        ("twocan_rejected_origins_total", 2),
        ("twocan_turned_away_total", 0),
    ] {
        assert_eq!(after.value(sample), expected, "{sample}");
    }
    server.stop().await;
}

#[tokio::test]
async fn the_metrics_are_for_this_computer_and_for_those_who_are_named() {
    let server = Running::start(&["--turn", "off"]);
    let here = ["host: 127.0.0.1:8080"];
    let answer = server.get("/metrics", &here).await;
    assert_eq!(answer.status, 200);
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(answer.header("content-type"), format);
    assert!(!String::from_utf8(answer.body).unwrap().contains("allocations"), "there is no relay");

    let elsewhere = server.get("/metrics", &[]).await;
    assert_eq!(elsewhere.status, 403, "by the server's name, as through a proxy");
    assert!(String::from_utf8(elsewhere.body).unwrap().contains("--metrics-from"));
    assert_eq!(server.get("/metrics", &[here[0], "via: 1.1 proxy"]).await.status, 403);
    server.stop().await;

    let open = Running::start(&["--metrics-from", "127.0.0.0/8"]);
    assert_eq!(open.get("/metrics", &[]).await.status, 200);
    open.stop().await;
}

/// The samples of a page of metrics, whose form has been checked.
struct Exposition {
    samples: HashMap<String, u64>,
}

impl Exposition {
    async fn of(server: &Running) -> Exposition {
        let answer = server.get("/metrics", &["host: localhost:8080"]).await;
        assert_eq!(answer.status, 200);
        Exposition::parse(&String::from_utf8(answer.body).unwrap())
    }

    /// Reads the [text format](https://prometheus.io/docs/specs/om/open_metrics_spec/#text-format), as
    /// far as gauges and counters need it.
    fn parse(text: &str) -> Exposition {
        let lines: Vec<&str> = text.strip_suffix("# EOF\n").expect("the end").lines().collect();
        let mut samples = HashMap::new();
        let (mut families, mut family, mut kind) = (Vec::new(), "", "");
        for line in lines {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, _) = help.split_once(' ').expect("words behind a name");
                assert!(is_name(name) && !families.contains(&name), "{name}");
                families.push(name);
                (family, kind) = (name, "");
            } else if let Some(declared) = line.strip_prefix("# TYPE ") {
                let (name, of) = declared.split_once(' ').expect("a type behind a name");
                assert_eq!(name, family);
                assert!(["gauge", "counter"].contains(&of), "{line}");
                kind = of;
            } else {
                let (sample, value) = line.rsplit_once(' ').expect("a value behind a name");
                let (name, labels) = sample.split_once('{').unwrap_or((sample, "}"));
                let suffix = if kind == "counter" { "_total" } else { "" };
                assert_eq!(name, format!("{family}{suffix}"));
                for label in
                    labels.strip_suffix('}').unwrap().split(',').filter(|one| !one.is_empty())
                {
                    let (name, value) = label.split_once('=').expect("a label");
                    let value = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                    assert!(is_name(name) && is_name(value.unwrap()), "{label}");
                }
                let twice = samples.insert(sample.to_owned(), value.parse().unwrap());
                assert_eq!(twice, None, "{line}");
            }
        }
        Exposition { samples }
    }

    fn value(&self, sample: &str) -> u64 {
        *self.samples.get(sample).unwrap_or_else(|| panic!("{sample} in {:?}", self.samples))
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}
