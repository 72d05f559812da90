//! A socket, and what the signalling knows of it.

use super::renewals::Renewal;
use crate::{
    credentials::{Host, SeatName},
    limits::{Bucket, Network},
    protocol::RoomId,
    store::Now,
};

/// Whoever has a socket, seated or not.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) host: Option<Host>,
    pub(super) network: Network,
    pub(super) events: Bucket,
    pub(super) seats: Vec<Held>,
    /// The joins that the store has not reported on, by the numbers of their requests.
    pub(super) joining: Vec<(u64, RoomId)>,
}

impl Visitor {
    pub(super) fn new(host: Option<Host>, network: Network, now: Now) -> Visitor {
        let events = Bucket::new(now.monotonic);
        Visitor { host, network, events, seats: Vec::new(), joining: Vec::new() }
    }

    /// The rooms in which the socket sits, or will as far as it is known.
    pub(super) fn rooms(&self) -> impl Iterator<Item = &RoomId> {
        let seats = self.seats.iter().map(|held| &held.room);
        seats.chain(self.joining.iter().map(|(_, room)| room))
    }
}

/// A seat that a socket holds.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) room: RoomId,
    pub(super) name: SeatName,
    /// Present if credentials are handed out at all.
    pub(super) renewal: Option<Renewal>,
}
