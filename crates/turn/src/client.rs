//! Who talks to the server, and by which way.

use std::{
    hash::{Hash, Hasher},
    net::SocketAddr,
};

/// The transport between client and server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Each message is a datagram.
    Udp,
    /// Each message is a datagram, encrypted.
    Dtls,
    /// Messages follow each other in a byte stream, ChannelData padded to four bytes.
    Tcp,
}

/// The shell's own number for the socket that reaches a client: a UDP listener, with or without DTLS,
/// or a connection.
///
/// The server hands it back untouched. A connection's number may be used again after
/// [`Server::handle_disconnected`](crate::Server::handle_disconnected).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Link(pub usize);

/// A client, known by its five-tuple.
///
/// [RFC 8656 §2](https://www.rfc-editor.org/rfc/rfc8656#section-2)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// Each packet is looked up by its client, and clients of one address and port are few: hashing the
/// rest would tell them no better apart, and cost more than the look-up.
impl Hash for Client {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.address {
            SocketAddr::V4(address) => state.write_u32(address.ip().to_bits()),
            SocketAddr::V6(address) => state.write_u128(address.ip().to_bits()),
        }
        state.write_u16(self.address.port());
    }
}
