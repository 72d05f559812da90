//! The Socket.IO server.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming};

use crate::{Config, Handler, Peer};

/// The body of every answer.
pub type Body = Full<Bytes>;

/// A Socket.IO server: give it the requests of its path. Cheap to clone; all clones are one server.
pub struct Server<H: Handler> {
    inner: Arc<Inner<H>>,
}

struct Inner<H> {
    config: Config,
    handler: H,
}

impl<H: Handler> Server<H> {
    /// A server with the given settings, which calls `handler` for every socket.
    pub fn new(config: Config, handler: H) -> Self {
        Self {
            inner: Arc::new(Inner { config, handler }),
        }
    }

    /// The program's handler.
    pub fn handler(&self) -> &H {
        &self.inner.handler
    }

    /// Whether a request for `path` (without its query) is this server's.
    pub fn handles(&self, path: &str) -> bool {
        path == self.inner.config.path || Some(path) == self.inner.config.path.strip_suffix('/')
    }

    /// Answers one request; must run inside a tokio runtime, since it starts the session's task.
    ///
    /// Serve the connection `with_upgrades()`, otherwise no WebSocket opens.
    pub async fn serve(&self, request: Request<Incoming>, peer: Peer) -> Response<Body> {
        let _ = (request, peer);
        Response::new(Body::default())
    }

    /// Ends every session and waits until each of their sockets has had its
    /// [`disconnect`](Handler::disconnect). Clients see 'transport close', and so come back by themselves.
    /// Requests that come later are answered with 503.
    pub async fn shutdown(&self) {}
}

impl<H: Handler> Clone for Server<H> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}
