//! The Socket.IO server: the engine, with the program's handler on top.

use std::{future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming};

use crate::{
    Config, Figures, Handler, Handshake, Peer,
    client::{Client, Inbox},
    engine::{self, Link, Service},
    namespaces,
};

/// The body of every answer.
pub type Body = Full<Bytes>;

/// A Socket.IO server: give it the requests of its path. Cheap to clone; all clones are one server.
pub struct Server<H: Handler> {
    engine: engine::Server<SocketIo<H>>,
}

impl<H: Handler> Server<H> {
    /// A server with the given settings, which calls `handler` for every socket.
    pub fn new(config: Config, handler: H) -> Self {
        let connect_timeout = config.connect_timeout;
        Self { engine: engine::Server::new(config, SocketIo { handler, connect_timeout }) }
    }

    /// The program's handler.
    pub fn handler(&self) -> &H {
        &self.engine.service().handler
    }

    /// Whether a request for `path` (without its query) is this server's.
    pub fn handles(&self, path: &str) -> bool {
        self.engine.handles(path)
    }

    /// Answers one request; must run inside a tokio runtime, since it starts the session's task.
    ///
    /// Serve the connection `with_upgrades()`, otherwise no WebSocket opens.
    pub async fn serve(&self, request: Request<Incoming>, peer: Peer) -> Response<Body> {
        self.engine.serve(request, peer).await
    }

    /// How many sessions there are, and who was turned away.
    pub fn figures(&self) -> Figures {
        self.engine.figures()
    }

    /// Ends every session and waits until each of their sockets has had its
    /// [`disconnect`](Handler::disconnect) and every WebSocket is closed. Clients see 'transport close',
    /// or 'transport error' if they poll, and so come back by themselves; who asks for a new session is
    /// answered with 503.
    ///
    /// Go on serving requests meanwhile (it takes a second or two at most, unless the handler takes
    /// longer): a client that polls hears of the end by its next poll. End the HTTP connections with
    /// hyper's `graceful_shutdown` afterwards, so that the last answers are written.
    pub async fn shutdown(&self) {
        self.engine.shutdown().await;
    }
}

impl<H: Handler> Clone for Server<H> {
    fn clone(&self) -> Self {
        Self { engine: self.engine.clone() }
    }
}

struct SocketIo<H> {
    handler: H,
    connect_timeout: Duration,
}

impl<H: Handler> Service for SocketIo<H> {
    type Receiver = Inbox;

    fn open(
        self: Arc<Self>,
        link: Link,
        handshake: Arc<Handshake>,
    ) -> (Inbox, impl Future<Output = ()> + Send + 'static) {
        let client = Client::new(link);
        let inbox = Inbox::new(Arc::clone(&client));
        let work = async move {
            namespaces::run(&self.handler, client, handshake, self.connect_timeout).await;
        };
        (inbox, work)
    }
}
