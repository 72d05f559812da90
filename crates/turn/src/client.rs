//! Who talks to the server, and by which way.

use std::net::SocketAddr;

/// The transport between client and server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Each message is a datagram.
    Udp,
    /// Messages follow each other in a byte stream, ChannelData padded to four bytes.
    Tcp,
}

/// The shell's own number for the socket that reaches a client: a UDP listener, or a connection.
///
/// The server hands it back untouched. A connection's number may be used again after
/// [`Server::handle_disconnected`](crate::Server::handle_disconnected).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Link(pub usize);

/// A client, known by its five-tuple.
///
/// [RFC 8656 §2](https://www.rfc-editor.org/rfc/rfc8656#section-2)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client {
    /// The client's address as the server sees it.
    pub address: SocketAddr,
    /// The server's address that the client sends to; never a wildcard.
    pub server: SocketAddr,
    /// The transport between the two.
    pub transport: Transport,
    /// The socket that reaches the client.
    pub link: Link,
}
