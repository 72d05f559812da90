//! Which request gets which answer.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName, HeaderValue},
};
use ipnet::IpNet;
use tracing::error;
use twocan_signal::binding::Signalling;
use twocan_socketio::{Peer, Server};

use crate::{
    assets::Assets,
    frames::Frames,
    metrics::{self, Metrics},
    policy::policies,
    proxy::{Proxies, is_passed_on},
};

/// Everything that answers requests.
pub(crate) struct Site {
    assets: Assets,
    policies: Vec<(HeaderName, HeaderValue)>,
    frames: Frames,
    metrics: Metrics,
    /// Who may see the metrics besides this computer.
    watchers: Vec<IpNet>,
    proxies: Proxies,
    /// What a page on this computer is told about where other devices reach it, as JSON.
    reach: String,
    pub(crate) sockets: Server<Signalling>,
}

impl Site {
    /// `elsewhere` are the page's addresses for other devices; requests that `proxies` pass on are
    /// their clients'; `frames` may show the page; `watchers` may see `metrics`.
    pub(crate) fn new(
        sockets: Server<Signalling>,
        elsewhere: &[String],
        proxies: Proxies,
        frames: Frames,
        metrics: Metrics,
        watchers: Vec<IpNet>,
    ) -> Site {
        let origins: Vec<&str> = elsewhere.iter().map(|url| url.trim_end_matches('/')).collect();
        let reach = serde_json::json!({ "origins": origins }).to_string();
        let assets = Assets::embedded();
        let policies = policies(assets.index(), &frames.ancestors());
        Site { assets, policies, frames, metrics, watchers, proxies, reach, sockets }
    }

    /// Answers one request that came by the connection of `connected`.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        connected: Peer,
    ) -> Response<Full<Bytes>> {
        let peer = self.proxies.client(request.headers(), connected);
        if self.sockets.handles(request.uri().path()) {
            return self.signalling(request, peer).await;
        }
        let mut response = self.file(&request, peer);
        let headers = response.headers_mut();
        for (name, value) in &self.policies {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        response
    }

    /// Answers a request for the signalling, unless it would open one session too many of its address.
    async fn signalling(&self, request: Request<Incoming>, peer: Peer) -> Response<Full<Bytes>> {
        if has_session(&request) {
            return self.sockets.serve(request, peer).await;
        }
        let (signalling, address) = (self.sockets.handler(), peer.remote.ip());
        if let Err(reason) = signalling.may_open(address) {
            return text(StatusCode::TOO_MANY_REQUESTS, reason);
        }
        let response = self.sockets.serve(request, peer).await;
        // What was refused for its origin, or is no more than a question of CORS, counts for nothing: a
        // page elsewhere must not use up what its visitor's network may do here.
        if [StatusCode::OK, StatusCode::SWITCHING_PROTOCOLS].contains(&response.status()) {
            signalling.opened(address);
        }
        response
    }

    fn file(&self, request: &Request<Incoming>, peer: Peer) -> Response<Full<Bytes>> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "Use GET.\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match request.uri().path() {
            "/healthz" => text(StatusCode::OK, "ok"),
            "/metrics" => self.metrics(request, peer),
            "/reach" if is_local(request, peer) => data("application/json", self.reach.clone()),
            path => self
                .frames
                .refusal(request.headers())
                .or_else(|| self.assets.answer(path, request.headers()))
                .unwrap_or_else(|| text(StatusCode::NOT_FOUND, "There is nothing here.\n")),
        }
    }

    fn metrics(&self, request: &Request<Incoming>, peer: Peer) -> Response<Full<Bytes>> {
        let address = peer.remote.ip().to_canonical();
        if !is_local(request, peer) && !self.watchers.iter().any(|range| range.contains(&address)) {
            let help = "The metrics are for this computer, by the name localhost or its loopback address, \
                        and for the addresses that --metrics-from names.\n";
            return text(StatusCode::FORBIDDEN, help);
        }
        match self.metrics.text() {
            Ok(text) => data(metrics::CONTENT_TYPE, text),
            Err(error) => {
                error!(%error, "cannot write the metrics; please report this");
                text(StatusCode::INTERNAL_SERVER_ERROR, "The metrics cannot be written.\n")
            }
        }
    }
}

/// Whether a request comes from this computer, and by no proxy: the addresses of the network, and how
/// much the server has to do, are nobody else's business.
fn is_local(request: &Request<Incoming>, peer: Peer) -> bool {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    peer.remote.ip().is_loopback()
        && ["localhost", "127.0.0.1", "[::1]"].contains(&host)
        && !is_passed_on(request.headers())
}

/// Whether a request for the signalling names its session; else it can only open one.
fn has_session(request: &Request<Incoming>) -> bool {
    let parameters = request.uri().query().unwrap_or_default().split('&');
    parameters.filter_map(|one| one.strip_prefix("sid=")).any(|id| !id.is_empty())
}

fn data(content_type: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn text(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
