//! One room, and who sits in it.

use super::{Due, queue::Queue};
use crate::{
    credentials::SeatName,
    protocol::{Peer, Raw, SocketId, UserId},
    store::{Attempt, Claim, Sitter},
};

/// The seats that are taken: whoever stands before another has been there longer, and does not give way
/// to it. Never empty.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) seats: Vec<Seat>,
    /// What is kept for whoever comes, by the only one who is there.
    pub(super) kept: Option<Kept>,
}

/// What is kept for whoever comes.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) data: Raw,
    /// The socket that has sent it; it may be gone.
    pub(super) by: SocketId,
}

#[derive(Debug)]
pub(super) struct Seat {
    pub(super) user: UserId,
    /// Of all seats ever, no other has it.
    pub(super) name: SeatName,
    /// With what its client asked for it last, if the client can tell.
    pub(super) attempt: Option<Attempt>,
    /// Whether it was taken before the store began.
    pub(super) restored: bool,
    pub(super) sitter: Sitter,
    /// Whether its holder gives way to the others: all but the first do. One that was restored into an
    /// empty room does what it did, until it is seen who else comes.
    pub(super) polite: bool,
    pub(super) hold: Hold,
}

/// What a seat is held by.
#[derive(Debug)]
pub(super) enum Hold {
    /// A socket.
    By(SocketId),
    /// The grace, until a moment that is a key of the store's list.
    Away { due: Due, queue: Box<Queue> },
}

impl Room {
    pub(super) fn new() -> Room {
        // Rooms are nearly always for two, and a growing `Vec` would begin with four.
        Room { seats: Vec::with_capacity(2), kept: None }
    }

    /// Adds a newcomer and returns its place.
    pub(super) fn add(&mut self, seat: Seat) -> usize {
        self.insert(self.seats.len(), seat)
    }

    /// Adds a seat that was there before, so that its politeness and that of the others differ, as they
    /// did: if the first one here gave way, it was to this one.
    pub(super) fn restore(&mut self, seat: Seat) -> usize {
        match self.seats.first() {
            None => {
                self.seats.push(seat);
                0
            }
            Some(first) if first.polite => self.insert(0, seat),
            Some(_) => self.add(seat),
        }
    }

    /// Takes a seat away.
    pub(super) fn remove(&mut self, place: usize) -> Option<Seat> {
        if place >= self.seats.len() {
            return None;
        }
        let seat = self.seats.remove(place);
        self.order();
        for other in &mut self.seats {
            if let Hold::Away { queue, .. } = &mut other.hold {
                queue.forget(seat.name);
            }
        }
        Some(seat)
    }

    pub(super) fn others(&self, name: SeatName) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(move |seat| seat.name != name)
    }

    pub(super) fn has_user(&self, user: &UserId) -> bool {
        self.seats.iter().any(|seat| seat.user == *user)
    }

    pub(super) fn place_held_by(&self, socket: &SocketId) -> Option<usize> {
        self.seats
            .iter()
            .position(|seat| matches!(&seat.hold, Hold::By(holder) if holder == socket))
    }

    pub(super) fn place_named(&self, name: SeatName) -> Option<usize> {
        self.seats.iter().position(|seat| seat.name == name)
    }

    pub(super) fn place_of(&self, claim: &Claim) -> Option<usize> {
        self.place_named(claim.name)
    }

    pub(super) fn place_asked_for(&self, attempt: Attempt) -> Option<usize> {
        let is_of = |seat: &Seat| seat.attempt.is_some_and(|last| last.client == attempt.client);
        self.seats.iter().position(is_of)
    }

    fn insert(&mut self, place: usize, seat: Seat) -> usize {
        self.seats.insert(place, seat);
        self.order();
        place
    }

    fn order(&mut self) {
        for (place, seat) in self.seats.iter_mut().enumerate() {
            seat.polite = place > 0;
        }
    }
}

impl Seat {
    pub(super) fn as_peer(&self) -> Peer {
        Peer {
            user_id: self.user.clone(),
            capabilities: self.sitter.capabilities.clone(),
            name: self.sitter.person.clone(),
            away: matches!(self.hold, Hold::Away { .. }),
        }
    }
}

impl Hold {
    pub(super) fn away(due: Due) -> Hold {
        Hold::Away { due, queue: Box::default() }
    }
}
