//! Which request gets which answer.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{
        ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
        REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    },
};
use twocan_signal::binding::Signalling;
use twocan_socketio::{Peer, Server};

use crate::assets::Assets;

/// Everything that answers requests.
pub(crate) struct Site {
    assets: Assets,
    pub(crate) sockets: Server<Signalling>,
}

impl Site {
    pub(crate) fn new(sockets: Server<Signalling>) -> Site {
        Site { assets: Assets::embedded(), sockets }
    }

    /// Answers one request.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        peer: Peer,
    ) -> Response<Full<Bytes>> {
        if self.sockets.handles(request.uri().path()) {
            return self.sockets.serve(request, peer).await;
        }
        let mut response = self.file(&request);
        for (name, value) in POLICIES {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }

    fn file(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "Use GET.\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match request.uri().path() {
            "/healthz" => text(StatusCode::OK, "ok"),
            path => self
                .assets
                .answer(path, request.headers())
                .unwrap_or_else(|| text(StatusCode::NOT_FOUND, "There is nothing here.\n")),
        }
    }
}

/// What a page of this server may do: run its own scripts, talk to its own server, show what the
/// camera gives it, and nothing else.
const POLICIES: [(HeaderName, &str); 5] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
         media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // The address of a room is what lets people in.
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), \
         autoplay=(self), fullscreen=(self), picture-in-picture=(self), screen-wake-lock=(self), \
         clipboard-write=(self), geolocation=(), usb=(), serial=(), payment=()",
    ),
];

fn text(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
