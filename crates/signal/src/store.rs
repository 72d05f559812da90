//! Where rooms are kept: what the signalling asks of a [`Store`], and what it is told.
//!
//! The store alone knows who sits where. It is given operations, and what became of them comes as
//! [`Report`]s in one order, together with what the sockets of this server are to hear of others. So the
//! signalling needs no answer at once: a store may be a table in memory ([`Memory`](crate::memory::Memory)),
//! whose reports are there when an operation returns, or a service on the network, whose reports come
//! when they come.
//!
//! What a store that several servers share has to see to:
//! - Operations of one server on one room take effect in the order in which they were given. So a socket
//!   that joins and is lost leaves no ghost, even before its join is reported.
//! - A seat is held by a [`SocketId`], which is never given twice. Every operation names it, and is
//!   compared with the holder as it takes effect: that is the fence that keeps a server which was cut off
//!   from meddling with a seat that another has taken over meanwhile.
//! - Seats of connected sockets are leased: the store renews those of its own server in
//!   [`handle_timeout`](Store::handle_timeout), and ends those which nobody renews, as it ends seats whose
//!   grace is over.

use std::{
    num::NonZeroUsize,
    time::{Duration, Instant},
};

use crate::{
    credentials::SeatName,
    join_control::Unauthorized,
    protocol::{PersonName, Raw, RoomId, SocketId, UserId},
};

mod report;

pub use report::{Notice, Report, Seated, Taken};

/// For how long after a [`Claim`] was made a forgotten seat may be restored by it: longer than any call.
/// Claims of seats that are there have no end.
pub const CLAIM_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest data that may be kept for whoever comes, in bytes of JSON: an offer with its candidates,
/// sealed. It may be kept for as long as somebody waits.
pub const MAX_KEPT_BYTES: usize = 16 * 1024;

/// The rooms of a server, or of several.
pub trait Store {
    /// Somebody wants a seat, or one back: that of its claim, else that of its attempt. Reported as
    /// [`Report::Seated`], [`Report::Full`], [`Report::Unauthorized`] or [`Report::Outdated`].
    fn join(&mut self, join: Join, now: Now);

    /// The socket gives its seat in the room up. Reported to `asker` as [`Report::Left`], or as
    /// [`Report::Refused`] with `not_joined`.
    fn leave(&mut self, asker: Asker, room: RoomId, now: Now);

    /// Data for everybody else in the room; for those who are away it waits. Reported as
    /// [`Report::Relayed`], or as [`Report::Refused`] with `not_joined`, `alone` or `queue_full`.
    ///
    /// With `keep`, data that finds nobody is kept instead, in place of what the socket has kept before in
    /// whichever room, and reported as [`Report::Relayed`], or as [`Report::TooLargeToKeep`]. It is for the
    /// next one who takes a seat, once: given to a new seat that [takes it](Join::takes_kept), dropped for
    /// any other. It is also dropped with its sender's seat, and when that is taken back or over.
    fn relay(&mut self, asker: Asker, room: RoomId, data: Raw, keep: bool);

    /// The socket has gone, and with it its hold on the seat in the room. If it was lost, and its client
    /// can come back, the seat is held for it until the grace is over.
    fn part(&mut self, socket: &SocketId, room: &RoomId, parting: Parting, now: Now);

    /// When [`Store::handle_timeout`] wants to be called next, if at all.
    fn poll_timeout(&self) -> Option<Instant>;

    /// Ends the seats whose time is over.
    fn handle_timeout(&mut self, now: Now);

    /// What became of an operation, or what a socket of this server is to hear; to be asked after each
    /// of the above until there is nothing more.
    fn next_report(&mut self) -> Option<Report>;

    /// How much there is.
    fn count(&self) -> Count;
}

/// The two clocks of one moment.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// For intervals: never goes back.
    pub monotonic: Instant,
    /// For what must outlive the process: seconds of Unix time.
    pub unix: u64,
}

/// How a socket has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parting {
    /// Its client said goodbye.
    Goodbye,
    /// The connection ended. The client may be back in a moment, and its media go on meanwhile.
    Lost,
}

/// Who asked, and which of its requests it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// The socket.
    pub socket: SocketId,
    /// A number by which the request is told from others, given back as it came.
    pub request: u64,
}

/// Who wants a seat where.
#[derive(Debug, Clone)]
pub struct Join {
    /// Who asked.
    pub asker: Asker,
    /// The room.
    pub room: RoomId,
    /// How many seats it has.
    pub size: NonZeroUsize,
    /// The seat that is wanted back, if one is. If it has ended, the wish is one for a new seat.
    pub claim: Option<Claim>,
    /// What tells that an earlier join was the same client's: the seat that it was given is this one's, and
    /// is there already if only the answer was lost.
    pub attempt: Option<Attempt>,
    /// Why a new seat may not be taken, if it may not.
    pub barred: Option<Unauthorized>,
    /// The name for a new seat's credentials.
    pub name: SeatName,
    /// Whether a new seat is given what is kept for whoever comes.
    pub takes_kept: bool,
    /// Who will sit there.
    pub sitter: Sitter,
}

/// One of the joins with which a client asks for the same seat.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// The hash of a secret that the client says with each of them.
    pub client: [u8; 16],
    /// Which of them it is: of two, the greater is the later one, in whichever order they come.
    pub n: u64,
}

impl Attempt {
    /// Whether this is an earlier join than `other`, of the same client.
    pub fn is_before(self, other: Attempt) -> bool {
        self.client == other.client && self.n < other.n
    }
}

/// What whoever takes a seat says of itself.
#[derive(Debug, Clone)]
pub struct Sitter {
    /// What the client can do.
    pub capabilities: Option<Raw>,
    /// Whether the seat is to be held when the socket is lost.
    pub can_resume: bool,
    /// The person's name, if a site vouches for it.
    pub person: Option<PersonName>,
}

/// A seat that somebody had, as the bearer of its token can prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The public id.
    pub user: UserId,
    /// The name of the seat's credentials, which no other seat has.
    pub name: SeatName,
    /// What the holder was told of politeness.
    pub polite: bool,
    /// The epoch of the store that gave the seat: a number drawn when the store was empty. Seats of
    /// another epoch may have been forgotten; one of the store's own that is not there has ended.
    pub epoch: u64,
    /// Until when the seat may be restored if it has been forgotten, in seconds of Unix time.
    pub ends: u64,
}

/// How much a store holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// The rooms with a seat taken.
    pub rooms: usize,
    /// The seats taken.
    pub seats: usize,
    /// The seats without a socket.
    pub away: usize,
}
