//! Permissions and channels: which peers a client may exchange data with, and their short numbers;
//! and where the client is.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use smallvec::SmallVec;

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

/// How many of each stand in the book itself. A relayed packet looks at one or two, and each place
/// elsewhere in memory costs it more than all that is computed for it.
const INLINE: usize = 2;

/// The permissions and channels of one allocation, and where its client is.
#[derive(Debug)]
pub(crate) struct Book {
    /// Where data from peers goes; `None` after the connection of a client was closed that may come
    /// back with its ticket.
    pub(crate) client: Option<Client>,
    permissions: SmallVec<[Permission; INLINE]>,
    channels: SmallVec<[Channel; INLINE]>,
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
    /// Everything: it is another host.
    Elsewhere,
    /// Only the relayed addresses: it is this host.
    RelayedOnly,
    /// Everything, though it is this host, since its address is allowed by name.
    OwnHost,
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

impl Book {
    /// An empty one.
    pub(crate) fn new(client: Client) -> Book {
        Book { client: Some(client), permissions: SmallVec::new(), channels: SmallVec::new() }
    }

    /// Whether permissions for these addresses would fit in beside those that are there.
    pub(crate) fn has_room_for(&self, ips: &[IpAddr]) -> bool {
        let known = ips.iter().filter(|ip| self.permissions.iter().any(|entry| entry.ip == **ip));
        self.permissions.len() + ips.len() - known.count() <= CAPACITY
    }

    /// Installs a permission, or prolongs it.
    pub(crate) fn permit(&mut self, ip: IpAddr, reach: Reach, now: Instant) {
        let expires = now + PERMISSION_LIFETIME;
        match self.permissions.iter_mut().find(|entry| entry.ip == ip) {
            Some(entry) => (entry.reach, entry.expires) = (reach, expires),
            None => self.permissions.push(Permission { ip, reach, expires }),
        }
    }

    /// What of this host may be reached; `None` without a permission.
    pub(crate) fn reach(&self, ip: IpAddr, now: Instant) -> Option<Reach> {
        let entry = self.permissions.iter().find(|entry| entry.ip == ip)?;
        (now < entry.expires).then_some(entry.reach)
    }

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
        for channel in &mut self.channels {
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
        if self.channels.len() >= CAPACITY {
            return Err(BindError::Full);
        }
        self.channels.push(Channel { number, peer, reach, expires });
        Ok(())
    }

    /// The channel with this number.
    pub(crate) fn channel(&self, number: u16, now: Instant) -> Option<Channel> {
        let channel = self.channels.iter().find(|channel| channel.number == number)?;
        (now < channel.expires).then_some(*channel)
    }

    /// The number that stands for this peer.
    pub(crate) fn number_of(&self, peer: SocketAddr, now: Instant) -> Option<u16> {
        let channel = self.channels.iter().find(|channel| channel.peer == peer)?;
        (now < channel.expires).then_some(channel.number)
    }

    /// Frees what has expired.
    pub(crate) fn expire(&mut self, now: Instant) {
        self.permissions.retain(|entry| now < entry.expires);
        self.channels.retain(|channel| now < channel.expires);
    }
}
