//! What a store tells the signalling.

use super::{Asker, Claim};
use crate::{
    credentials::SeatName,
    join_control::Unauthorized,
    protocol::{Code, Peer, Raw, RoomId, SocketId, UserId},
};

/// What became of an operation, or what a socket is to hear.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// The asker has a seat.
    Seated(Box<Seated>),
    /// The asker has none, since every seat is taken.
    Full {
        /// Who asked.
        asker: Asker,
        /// The room.
        room: RoomId,
        /// How many seats are taken.
        user_num: usize,
    },
    /// The asker has none, since it may take no new one.
    Unauthorized {
        /// Who asked.
        asker: Asker,
        /// Why not.
        why: Unauthorized,
    },
    /// The asker has none, since a later join of the same client has it.
    Outdated {
        /// Who asked.
        asker: Asker,
    },
    /// The asker has given its seat up.
    Left {
        /// Who asked.
        asker: Asker,
        /// The room.
        room: RoomId,
    },
    /// The asker's data is on its way, or waits, or is kept.
    Relayed {
        /// Who asked.
        asker: Asker,
        /// The room.
        room: RoomId,
    },
    /// The asker's data is longer than [`MAX_KEPT_BYTES`](super::MAX_KEPT_BYTES), so it is not kept.
    TooLargeToKeep {
        /// Who asked.
        asker: Asker,
    },
    /// Nothing was done.
    Refused {
        /// Who asked.
        asker: Asker,
        /// For what, as the name of the event.
        event: &'static str,
        /// Why not.
        code: Code,
    },
    /// The holder of a seat is to hear something.
    Notice {
        /// The holder.
        socket: SocketId,
        /// The room that the seat is in.
        room: RoomId,
        /// What it is to hear.
        notice: Notice,
    },
    /// The credentials of a seat end: it has been given up, or its grace is over.
    Ended(SeatName),
}

/// A seat that somebody has taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Seated {
    /// Who asked, and holds it.
    pub asker: Asker,
    /// The room.
    pub room: RoomId,
    /// What a token says to have it back; its end is the time of the join.
    pub seat: Claim,
    /// Whether it is held when the socket is lost.
    pub can_resume: bool,
    /// How the asker came by it.
    pub how: Taken,
    /// How many seats are taken, this one included.
    pub user_num: usize,
    /// Whoever else has been there longest.
    pub peer: Option<Peer>,
    /// What was sent meanwhile, in its order, or what was kept for whoever comes.
    pub waiting: Vec<Raw>,
}

/// How somebody came by a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is a new one.
    Anew,
    /// The socket held it already.
    Already,
    /// It was held for the asker.
    Back,
    /// Another socket held it until this moment.
    Over,
    /// It was remembered by its token alone.
    Restored,
}

/// What the holder of a seat is to hear of others.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// Somebody has taken a seat.
    OtherJoined {
        /// Who it is.
        peer: Peer,
        /// Whether it was given what the one who hears this had kept for whoever comes.
        kept: bool,
    },
    /// Somebody has sent this.
    Message(Raw),
    /// A seat has ended.
    Bye(UserId),
    /// A seat has lost its socket.
    PeerAway(UserId),
    /// A seat has a socket again, or has been restored.
    PeerBack(Peer),
    /// Another socket has taken this seat over.
    Replaced,
}
