//! An allocation: its lifetime, its permissions and its channels.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use twocan_stun::{TransactionId, credentials::LONG_TERM_KEY_LENGTH};

use crate::Client;

/// How long a permission lasts without a refresh.
///
/// [RFC 8656 §9](https://www.rfc-editor.org/rfc/rfc8656#section-9)
pub(crate) const PERMISSION_LIFETIME: Duration = Duration::from_secs(300);

/// How long a channel lasts without a refresh.
///
/// [RFC 8656 §12](https://www.rfc-editor.org/rfc/rfc8656#section-12)
pub(crate) const CHANNEL_LIFETIME: Duration = Duration::from_secs(600);

/// How many permissions, and how many channels, an allocation may have at a time. A call needs
/// one for each candidate of the other side: about ten.
pub(crate) const CAPACITY: usize = 64;

/// Names an allocation between server and shell; small, and used again after the allocation's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AllocationId(pub usize);

/// A relayed address and what belongs to it.
///
/// [RFC 8656 §6](https://www.rfc-editor.org/rfc/rfc8656#section-6)
#[derive(Debug)]
pub(crate) struct Allocation {
    pub(crate) client: Client,
    pub(crate) username: Box<str>,
    pub(crate) key: [u8; LONG_TERM_KEY_LENGTH],
    /// The Allocate request that made it; the same again is a retransmission.
    pub(crate) transaction_id: TransactionId,
    pub(crate) state: State,
    /// What clients and peers know it by.
    pub(crate) relayed: SocketAddr,
    /// Where its socket is bound; differs from `relayed` behind a one-to-one NAT.
    pub(crate) local: SocketAddr,
    /// The token for the next higher port, if it is kept.
    pub(crate) reservation: Option<[u8; 8]>,
    pub(crate) lifetime: Duration,
    pub(crate) expires: Instant,
    pub(crate) permissions: Permissions,
    pub(crate) channels: Channels,
}

/// How far an allocation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// The shell was asked to bind a socket.
    Opening {
        /// How many ports may still be tried, this one included.
        attempts_left: u8,
        /// Which ports will do.
        port: PortChoice,
        /// Whether the request had a FINGERPRINT.
        fingerprint: bool,
    },
    /// The socket is bound, and the client was told.
    Open,
}

/// Which ports will do for an allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PortChoice {
    /// Any of the range.
    Any,
    /// An even one, and with `reserve`, one whose next higher port can be kept.
    Even { reserve: bool },
    /// The one that was kept for this client.
    Reserved,
}

/// Who may send to the client, and be sent to.
#[derive(Debug, Default)]
pub(crate) struct Permissions {
    entries: Vec<Permission>,
}

/// [RFC 8656 §9](https://www.rfc-editor.org/rfc/rfc8656#section-9)
#[derive(Debug, Clone, Copy)]
struct Permission {
    ip: IpAddr,
    reach: Reach,
    expires: Instant,
}

/// What of a peer's host may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Every port.
    Whole,
    /// The peer is this host, so only its relayed addresses.
    RelayedOnly,
}

impl Permissions {
    /// Whether these addresses would fit in beside those that are there.
    pub(crate) fn have_room_for(&self, ips: &[IpAddr]) -> bool {
        let known = ips.iter().filter(|ip| self.entries.iter().any(|entry| entry.ip == **ip));
        self.entries.len() + ips.len() - known.count() <= CAPACITY
    }

    /// Installs a permission, or prolongs it.
    pub(crate) fn grant(&mut self, ip: IpAddr, reach: Reach, now: Instant) {
        let expires = now + PERMISSION_LIFETIME;
        match self.entries.iter_mut().find(|entry| entry.ip == ip) {
            Some(entry) => (entry.reach, entry.expires) = (reach, expires),
            None => self.entries.push(Permission { ip, reach, expires }),
        }
    }

    /// What of this host may be reached; `None` without a permission.
    pub(crate) fn reach(&self, ip: IpAddr, now: Instant) -> Option<Reach> {
        let entry = self.entries.iter().find(|entry| entry.ip == ip)?;
        (now < entry.expires).then_some(entry.reach)
    }

    fn expire(&mut self, now: Instant) {
        self.entries.retain(|entry| now < entry.expires);
    }
}

/// The short numbers that stand for peers.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    entries: Vec<Channel>,
}

/// [RFC 8656 §12](https://www.rfc-editor.org/rfc/rfc8656#section-12)
#[derive(Debug, Clone, Copy)]
pub(crate) struct Channel {
    number: u16,
    pub(crate) peer: SocketAddr,
    pub(crate) reach: Reach,
    expires: Instant,
}

/// Why a channel cannot be bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BindError {
    /// The number stands for another peer.
    NumberTaken,
    /// The peer has another number.
    PeerTaken,
    /// There are [`CAPACITY`] channels.
    Full,
}

impl Channels {
    /// Binds a number to a peer, or prolongs the binding.
    ///
    /// [RFC 8656 §12.2](https://www.rfc-editor.org/rfc/rfc8656#section-12.2)
    pub(crate) fn bind(
        &mut self,
        number: u16,
        peer: SocketAddr,
        reach: Reach,
        now: Instant,
    ) -> Result<(), BindError> {
        self.expire(now);
        let expires = now + CHANNEL_LIFETIME;
        for channel in &mut self.entries {
            match (channel.number == number, channel.peer == peer) {
                (true, true) => {
                    (channel.reach, channel.expires) = (reach, expires);
                    return Ok(());
                }
                (true, false) => return Err(BindError::NumberTaken),
                (false, true) => return Err(BindError::PeerTaken),
                (false, false) => {}
            }
        }
        if self.entries.len() >= CAPACITY {
            return Err(BindError::Full);
        }
        self.entries.push(Channel { number, peer, reach, expires });
        Ok(())
    }

    /// The channel with this number.
    pub(crate) fn by_number(&self, number: u16, now: Instant) -> Option<Channel> {
        let channel = self.entries.iter().find(|channel| channel.number == number)?;
        (now < channel.expires).then_some(*channel)
    }

    /// The number that stands for this peer.
    pub(crate) fn number_of(&self, peer: SocketAddr, now: Instant) -> Option<u16> {
        let channel = self.entries.iter().find(|channel| channel.peer == peer)?;
        (now < channel.expires).then_some(channel.number)
    }

    fn expire(&mut self, now: Instant) {
        self.entries.retain(|channel| now < channel.expires);
    }
}

impl Allocation {
    /// Frees what has expired inside the allocation.
    pub(crate) fn expire(&mut self, now: Instant) {
        self.permissions.expire(now);
        self.channels.expire(now);
    }
}
