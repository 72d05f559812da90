//! Every setting of the server and its default.

use std::time::Duration;

use crate::Origin;

/// The settings of a [`Server`](crate::Server). The defaults are those of the reference server, except where noted.
#[derive(Debug, Clone)]
pub struct Config {
    /// How long after the handshake, or after the last pong, the server sends a ping. Default 25 s.
    pub ping_interval: Duration,
    /// How long the server waits for the pong before it closes the session. Default 20 s.
    pub ping_timeout: Duration,
    /// How long a session may stay without a connected namespace before it is closed. Default 45 s.
    pub connect_timeout: Duration,
    /// How long an upgrade from polling to WebSocket may take before the WebSocket is dropped (the
    /// polling session goes on). Default 10 s.
    pub upgrade_timeout: Duration,
    /// The longest message, and the longest body of a POST, in bytes. Default 1,000,000.
    pub max_payload: usize,
    /// How much may wait for one client, in bytes, before it counts as not reading and is closed. Each
    /// packet counts with its length and 64 bytes for its administration, so that the number of packets
    /// is bounded too. Default 4 MiB (the reference has no bound).
    pub max_queue: usize,
    /// How many sessions may be open at once; more are answered with 503. Each may hold
    /// [`max_queue`](Self::max_queue) bytes and a file descriptor or two, so that without a bound
    /// anybody could exhaust the machine. Default 10,000 (the reference has no bound).
    pub max_sessions: usize,
    /// The path that is served, with the slash at its end. Default `/socket.io/`.
    pub path: String,
    /// The origins whose pages may connect besides the server's own. Default: none.
    ///
    /// A request without an `Origin` header does not come from a web page, and is always allowed.
    pub origins: Vec<Origin>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(45),
            upgrade_timeout: Duration::from_secs(10),
            max_payload: 1_000_000,
            max_queue: 4 << 20,
            max_sessions: 10_000,
            path: "/socket.io/".to_owned(),
            origins: Vec::new(),
        }
    }
}
