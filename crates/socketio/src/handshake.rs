//! What a session keeps of the request that opened it.

use std::net::SocketAddr;

/// Where a request came from, as only the listener knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The client's address.
    pub remote: SocketAddr,
    /// Whether the connection is encrypted (TLS).
    pub secure: bool,
}

/// What is known of a client from the request that opened its session.
///
/// These are small copies: keeping the request itself would keep hyper's whole read buffer alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// The `Host` header: the name (and port) by which the client reached the server.
    pub host: Option<String>,
    /// The `Origin` header: the page that the client runs in, if it is a browser.
    pub origin: Option<String>,
    /// The client's address.
    pub remote: SocketAddr,
    /// Whether the connection is encrypted (TLS).
    pub secure: bool,
}
