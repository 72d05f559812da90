//! An allocation: one or two relayed addresses of a client, and their lifetime.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use twocan_stun::{
    TransactionId,
    attributes::{AddressFamily, ConnectionId},
};

use crate::{Client, key::Key, neighbours::Neighbour, tickets::MobileId};

/// Names a relayed address between server and shell; small, and used again after its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RelayId(pub usize);

/// Names an allocation inside its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct AllocationId(pub(crate) usize);

/// What a relayed address speaks with peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Protocol {
    Udp,
    Tcp,
}

/// What a client has been given.
///
/// [RFC 8656 §6](https://www.rfc-editor.org/rfc/rfc8656#section-6)
#[derive(Debug)]
pub(crate) struct Allocation {
    pub(crate) username: Box<str>,
    pub(crate) key: Key,
    /// The Allocate request that made it; the same again is a retransmission.
    pub(crate) transaction_id: TransactionId,
    /// The client with its permissions and channels, which neighbours in other threads see too.
    pub(crate) shared: Arc<Neighbour>,
    pub(crate) relays: Relays,
    /// The connections to its peers, if they are reached by TCP.
    pub(crate) connections: Vec<ConnectionId>,
    /// Present until every socket is bound, or cannot be.
    pub(crate) opening: Option<Opening>,
    /// The families of a dual allocation for which there is no relayed address, and why.
    pub(crate) failures: Vec<(AddressFamily, Failure)>,
    /// The token for the next higher port, if it is kept.
    pub(crate) reservation: Option<[u8; 8]>,
    pub(crate) lifetime: Duration,
    pub(crate) expires: Instant,
    /// Present if it can move to another address of its client's, by a ticket.
    pub(crate) mobile: Option<MobileId>,
}

impl Allocation {
    /// Whose it is; `None` while a client's connection is closed that may come back with a ticket.
    pub(crate) fn client(&self) -> Option<Client> {
        self.shared.book().client
    }
}

/// A relayed address for each family.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Relays {
    v4: Option<RelayId>,
    v6: Option<RelayId>,
}

impl Relays {
    pub(crate) fn get(&self, family: AddressFamily) -> Option<RelayId> {
        match family {
            AddressFamily::V4 => self.v4,
            AddressFamily::V6 => self.v6,
        }
    }

    pub(crate) fn set(&mut self, family: AddressFamily, relay: Option<RelayId>) {
        match family {
            AddressFamily::V4 => self.v4 = relay,
            AddressFamily::V6 => self.v6 = relay,
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = RelayId> + use<> {
        self.v4.into_iter().chain(self.v6)
    }
}

/// An allocation whose sockets are being bound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening {
    /// How many sockets have not been reported.
    pub(crate) waiting: u8,
    /// Whether the request had a FINGERPRINT.
    pub(crate) fingerprint: bool,
    /// Whether the client wants a ticket.
    pub(crate) mobile: bool,
}

/// Why there is no relayed address of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// This host has no address of the family.
    Unsupported,
    /// No port could be bound.
    NoPort,
}

/// One relayed address.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) allocation: AllocationId,
    pub(crate) protocol: Protocol,
    /// What clients and peers know it by.
    pub(crate) relayed: SocketAddr,
    /// Where its socket is bound; differs from `relayed` behind a one-to-one NAT.
    pub(crate) local: SocketAddr,
    pub(crate) state: State,
}

/// How far a relayed address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// The shell was asked to bind a socket.
    Opening {
        /// How many ports may still be tried, this one included.
        attempts_left: u8,
        /// Which ports will do.
        port: PortChoice,
    },
    /// The socket is bound.
    Open,
}

/// Which ports will do for a relayed address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PortChoice {
    /// Any of the range.
    Any,
    /// An even one, and with `reserve`, one whose next higher port can be kept.
    Even {
        /// Whether the next higher port is to be kept.
        reserve: bool,
    },
    /// The one that was kept for this client.
    Reserved,
}
