//! The engine under Socket.IO, usable by itself: sessions of messages over long polling and WebSocket,
//! with handshake, upgrade and heartbeat (Engine.IO v4).
//!
//! A [`Service`] says what happens in a session: it is handed the session's [`Link`] to send by, and
//! gives back a [`Receiver`] for what comes in and a future that runs in the session's task.
//!
//! A session id is 20 random characters, and a secret between the server and the client. Neither looks into
//! it or counts its characters: where several servers share an address, there is room for the name of the
//! session's own in front, as `name.…`, by which a proxy finds it.

mod driver;
mod link;
mod packet;
mod payload;
mod refusal;
mod registry;
mod request;
mod server;
mod session;
mod sparing;
mod websocket;

use std::{fmt, future::Future, sync::Arc};

pub use link::Link;
pub use packet::Message;
pub use server::Server;

use crate::Handshake;

/// What happens in the sessions of a [`Server`].
pub trait Service: Send + Sync + 'static {
    /// What takes the messages of one session.
    type Receiver: Receiver;

    /// A session has opened.
    ///
    /// The future is polled in the session's own task, after each turn of its transport, so that nothing
    /// has to wake it for what the receiver was given. When the session has ended
    /// ([`Receiver::closed`]) the future should come to its end too: the task waits for it.
    fn open(
        self: Arc<Self>,
        link: Link,
        handshake: Arc<Handshake>,
    ) -> (Self::Receiver, impl Future<Output = ()> + Send + 'static);
}

/// What takes the messages of one session; called in the session's task.
pub trait Receiver: Send + 'static {
    /// A message came.
    fn receive(&mut self, message: Message);

    /// Whether more may come. While this is false the client is not read; call [`Link::wake`] when it
    /// turns true again.
    fn is_ready(&self) -> bool {
        true
    }

    /// The session has ended: called once, and nothing is received after it.
    fn closed(&mut self, reason: CloseReason);
}

/// What ended a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// [`Link::close`] was called.
    ForcedClose,
    /// The client closed the session.
    TransportClose,
    /// The connection failed, or the client broke the rules.
    TransportError,
    /// The client did not answer a ping in time.
    PingTimeout,
    /// The client sent something that is no packet.
    ParseError,
    /// The client did not read what was sent to it.
    SlowClient,
    /// The server is shutting down.
    ServerShutdown,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ForcedClose => "forced server close",
            Self::TransportClose => "transport close",
            Self::TransportError => "transport error",
            Self::PingTimeout => "ping timeout",
            Self::ParseError => "parse error",
            Self::SlowClient => "slow client",
            Self::ServerShutdown => "server shutting down",
        })
    }
}
