//! What a server is told at its start, and the time that it is told with each input.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use twocan_stun::attributes::AddressFamily;

use crate::PeerPolicy;

/// The settings of a [`Server`](crate::Server).
#[derive(Debug, Clone)]
pub struct Config {
    /// Which of the servers of its process this is: less than `servers`.
    pub id: ServerId,
    /// How many servers its process has.
    pub servers: NonZeroU32,
    /// The addresses that are listened on over UDP: a [`Link`](crate::Link) is an index into them.
    pub listeners: Vec<SocketAddr>,
    /// The realm of the long-term credentials.
    pub realm: String,
    /// The secret shared with whoever issues the time-limited credentials.
    pub secret: String,
    /// The key that nonces are signed with; the same for all servers of a process, random.
    pub nonce_key: [u8; 32],
    /// The ports that relayed addresses are drawn from.
    pub relay_ports: RangeInclusive<u16>,
    /// Addresses to tell clients instead of the local ones, behind a one-to-one NAT.
    pub external: ForFamily,
    /// Local addresses for allocations of the family by which the client did not come.
    pub local: ForFamily,
    /// All addresses of this host, external ones included: as peers, they are reached at relayed
    /// addresses only.
    pub own: Vec<IpAddr>,
    /// The peers that may be relayed to.
    pub peers: PeerPolicy,
    /// Servers to send new clients to while this one drains, at most one of each family.
    pub alternates: Vec<SocketAddr>,
}

/// Names a server among those of its process, from 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ServerId(pub usize);

/// An address for each family, if there is one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ForFamily {
    /// The IPv4 address.
    pub v4: Option<Ipv4Addr>,
    /// The IPv6 address.
    pub v6: Option<Ipv6Addr>,
}

impl ForFamily {
    /// The address of this family.
    pub fn get(&self, family: AddressFamily) -> Option<IpAddr> {
        match family {
            AddressFamily::V4 => self.v4.map(IpAddr::V4),
            AddressFamily::V6 => self.v6.map(IpAddr::V6),
        }
    }
}

/// The time of an input, by both clocks that a server needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// For lifetimes: never goes back.
    pub instant: Instant,
    /// For credentials and nonces: time since 1970-01-01 UTC.
    pub unix: Duration,
}
