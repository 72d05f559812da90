//! What the program does with its sockets.

use std::{fmt, future::Future, sync::Arc};

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{Ack, Handshake, Socket};

/// The program's side of every socket.
///
/// All calls for one session are awaited in that session's task, one after the other, in the order in
/// which the client's packets came. Other sessions run beside it; meanwhile the session's own transport
/// goes on as well (heartbeat, sending), so a handler may await.
pub trait Handler: Send + Sync + 'static {
    /// What the program keeps for one socket: one client in one namespace.
    type State: Send + 'static;

    /// A client asks to connect to a namespace.
    ///
    /// What is emitted to `socket` before the answer reaches the client after it. With an error, the
    /// client gets a `connect_error`, and nothing else is called for this socket.
    fn connect(
        &self,
        socket: Socket,
        request: &ConnectRequest,
    ) -> impl Future<Output = Result<Self::State, ConnectError>> + Send;

    /// The client is connected: its answer has been sent, and what [`connect`](Self::connect) emitted.
    ///
    /// What is emitted from here on follows at once, so this is the place for what the client asks for
    /// together with the connection, by its [`auth`](ConnectRequest::auth). Called before all events, but
    /// not for a socket that has been disconnected already. Does nothing unless it is written.
    fn connected(
        &self,
        state: &mut Self::State,
        request: ConnectRequest,
    ) -> impl Future<Output = ()> + Send {
        let _ = (state, request);
        async {}
    }

    /// An event came from the client.
    fn event(&self, state: &mut Self::State, event: Event) -> impl Future<Output = ()> + Send;

    /// The socket has ended: called exactly once for each state that `connect` returned, after all its
    /// events, whatever ended it.
    fn disconnect(
        &self,
        state: Self::State,
        reason: DisconnectReason,
    ) -> impl Future<Output = ()> + Send;
}

/// A client's wish to connect to a namespace.
#[derive(Debug, Clone)]
pub struct ConnectRequest {
    /// The namespace, with its slash: `/` is the default one. The client chose it: accept only names
    /// that the program serves.
    pub namespace: String,
    /// The client's `auth` object as raw JSON, if it sent one.
    pub auth: Option<Box<RawValue>>,
    /// What is known from the request that opened the session.
    pub handshake: Arc<Handshake>,
}

/// Why a client may not connect to a namespace; it reaches the client as the error of `connect_error`.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectError {
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Box<RawValue>>,
}

impl ConnectError {
    /// An error with the words for the client.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), data: None }
    }

    /// The reference server's answer to a namespace that it does not know.
    pub fn invalid_namespace() -> Self {
        Self::new("Invalid namespace")
    }

    /// Adds details, which the client finds as `error.data`.
    pub fn with_data(mut self, data: Box<RawValue>) -> Self {
        self.data = Some(data);
        self
    }
}

/// An event from a client.
#[derive(Debug)]
pub struct Event {
    /// The event's name.
    pub name: String,
    /// The arguments, as raw JSON. A binary argument stands there as
    /// `{"_placeholder":true,"num":N}`, where `N` is its place in `attachments`.
    pub args: Vec<Box<RawValue>>,
    /// The binary arguments.
    pub attachments: Vec<Bytes>,
    /// Present if the client waits for an acknowledgement.
    pub ack: Option<Ack>,
}

/// What ended a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisconnectReason {
    /// The client left the namespace.
    ClientDisconnect,
    /// [`Socket::disconnect`] was called.
    ServerDisconnect,
    /// [`Socket::close`] was called, or the client broke the rules of Socket.IO.
    ForcedClose,
    /// The client closed the connection, or it was lost.
    TransportClose,
    /// The connection failed, or the client broke the rules of Engine.IO.
    TransportError,
    /// The client did not answer a ping in time.
    PingTimeout,
    /// The client sent something that is no packet.
    ParseError,
    /// The client did not read what was sent to it ([`Config::max_queue`](crate::Config::max_queue)).
    SlowClient,
    /// [`Server::shutdown`](crate::Server::shutdown) was called.
    ServerShutdown,
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientDisconnect => "client namespace disconnect",
            Self::ServerDisconnect => "server namespace disconnect",
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
