//! The rooms of one server, in its memory.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::{Duration, Instant},
};

use self::room::{Hold, Room, Seat};
use crate::{
    credentials::SeatName,
    protocol::{Code, Raw, RoomId, SocketId, UserId},
    store::{Asker, CLAIM_LIFETIME, Claim, Count, Join, Notice, Now, Report, Seated, Store, Taken},
};

mod queue;
mod room;

pub use queue::{MAX_WAITING_BYTES, MAX_WAITING_MESSAGES};

/// The rooms of one server. Its reports are there when an operation returns.
#[derive(Debug)]
pub struct Memory {
    epoch: u64,
    grace: Duration,
    rooms: HashMap<RoomId, Room>,
    seats: usize,
    /// When the grace of which seat is over. The number tells seats apart that are due at the same moment.
    away: BTreeMap<(Instant, u64), (RoomId, SeatName)>,
    /// The restored seats that have ended, with the time in seconds of Unix time from which on no token
    /// could restore them again. Seats of this epoch need no such entry: what is not there has ended.
    ended: HashMap<SeatName, u64>,
    /// With this many entries, `ended` is tidied.
    crowded: usize,
    numbers: u64,
    reports: VecDeque<Report>,
}

impl Memory {
    /// No rooms yet. A seat without a socket is held for `grace`; `epoch` is any number that no store
    /// before had.
    pub fn new(grace: Duration, epoch: u64) -> Memory {
        Memory {
            epoch,
            grace,
            rooms: HashMap::new(),
            seats: 0,
            away: BTreeMap::new(),
            ended: HashMap::new(),
            crowded: 0,
            numbers: 0,
            reports: VecDeque::new(),
        }
    }

    /// Whether a seat that is not there may come back by its token alone.
    fn is_restorable(&self, claim: &Claim, room: &RoomId, now: Now) -> bool {
        claim.epoch != self.epoch
            && claim.ends > now.unix
            && !self.ended.contains_key(&claim.name)
            && !self.rooms.get(room).is_some_and(|room| room.has_user(&claim.user))
    }

    /// Gives a seat that is there to the socket that can prove that it is its own.
    fn take_back(&mut self, join: Join, place: usize, now: Now) {
        let Some(room) = self.rooms.get_mut(&join.room) else {
            return;
        };
        let Some(seat) = room.seats.get_mut(place) else {
            return;
        };
        seat.sitter.capabilities = join.sitter.capabilities;
        seat.sitter.can_resume = join.sitter.can_resume;
        if join.sitter.person.is_some() {
            seat.sitter.person = join.sitter.person;
        }
        let socket = join.asker.socket.clone();
        let before = std::mem::replace(&mut seat.hold, Hold::By(socket));
        let (name, back) = (seat.name, Notice::PeerBack(seat.as_peer()));
        let (how, waiting) = match before {
            Hold::By(socket) => {
                let notice = Notice::Replaced;
                self.reports.push_back(Report::Notice { socket, room: join.room.clone(), notice });
                (Taken::Over, Vec::new())
            }
            Hold::Away { due, queue } => {
                self.away.remove(&due);
                (Taken::Back, queue.into_messages())
            }
        };
        self.report_seated(join.asker, &join.room, place, how, waiting, now);
        self.tell_others(&join.room, name, |_| Some(back.clone()));
    }

    /// Gives a free seat, or the one in `claim`, which has been forgotten.
    fn take(&mut self, join: Join, claim: Option<Claim>, now: Now) {
        let Join { asker, room: room_id, name, sitter, .. } = join;
        self.numbers += 1;
        self.seats += 1;
        let room = self.rooms.entry(room_id.clone()).or_insert_with(Room::new);
        let hold = Hold::By(asker.socket.clone());
        let (place, how) = match claim {
            Some(Claim { user, name, polite, .. }) => {
                let seat = Seat { user, name, restored: true, sitter, polite, hold };
                (room.restore(seat), Taken::Restored)
            }
            None => {
                let mut user = UserId::from(&asker.socket);
                if room.has_user(&user) {
                    // The socket lost a seat here to another, which goes by the socket's id.
                    user = UserId::from(&*format!("{}-{}", user.as_str(), self.numbers));
                }
                let seat = Seat { user, name, restored: false, sitter, polite: false, hold };
                (room.add(seat), Taken::Anew)
            }
        };
        let Some((name, peer)) = room.seats.get(place).map(|seat| (seat.name, seat.as_peer()))
        else {
            return;
        };
        self.report_seated(asker, &room_id, place, how, Vec::new(), now);
        self.tell_others(&room_id, name, |other| {
            // Only those who have been here before have heard of the one who is back.
            Some(if how == Taken::Restored && other.restored {
                Notice::PeerBack(peer.clone())
            } else {
                Notice::OtherJoined(peer.clone())
            })
        });
    }

    fn report_seated(
        &mut self,
        asker: Asker,
        room_id: &RoomId,
        place: usize,
        how: Taken,
        waiting: Vec<Raw>,
        now: Now,
    ) {
        let Some(room) = self.rooms.get(room_id) else {
            return;
        };
        let Some(seat) = room.seats.get(place) else {
            return;
        };
        let claim = Claim {
            user: seat.user.clone(),
            name: seat.name,
            polite: seat.polite,
            epoch: self.epoch,
            ends: now.unix + CLAIM_LIFETIME.as_secs(),
        };
        self.reports.push_back(Report::Seated(Box::new(Seated {
            asker,
            room: room_id.clone(),
            seat: claim,
            can_resume: seat.sitter.can_resume,
            how,
            user_num: room.seats.len(),
            peer: room.others(seat.name).next().map(Seat::as_peer),
            waiting,
        })));
    }

    /// Ends a seat: its credentials, what it has sent and nobody has heard, and the room with its last.
    fn end(&mut self, room_id: &RoomId, place: usize, now: Now) {
        let Some(room) = self.rooms.get_mut(room_id) else {
            return;
        };
        let Some(seat) = room.remove(place) else {
            return;
        };
        if room.seats.is_empty() {
            self.rooms.remove(room_id);
        }
        self.seats -= 1;
        if let Hold::Away { due, .. } = &seat.hold {
            self.away.remove(due);
        }
        if seat.restored {
            self.remember(seat.name, now);
        }
        self.reports.push_back(Report::Ended(seat.name));
        self.tell_others(room_id, seat.name, |_| Some(Notice::Bye(seat.user.clone())));
    }

    fn remember(&mut self, name: SeatName, now: Now) {
        self.ended.insert(name, now.unix + CLAIM_LIFETIME.as_secs());
        if self.ended.len() > self.crowded {
            self.ended.retain(|_, ends| *ends > now.unix);
            self.crowded = 2 * self.ended.len();
        }
    }

    /// Lets those hear something who have a socket; the others learn what has become of the room when
    /// they are back.
    fn tell_others(
        &mut self,
        room_id: &RoomId,
        name: SeatName,
        notice: impl Fn(&Seat) -> Option<Notice>,
    ) {
        let Some(room) = self.rooms.get(room_id) else {
            return;
        };
        self.reports.extend(room.others(name).filter_map(|other| {
            let Hold::By(socket) = &other.hold else {
                return None;
            };
            let notice = notice(other)?;
            Some(Report::Notice { socket: socket.clone(), room: room_id.clone(), notice })
        }));
    }

    fn place_of(&self, socket: &SocketId, room: &RoomId) -> Option<usize> {
        self.rooms.get(room)?.place_held_by(socket)
    }

    /// Hands data on to all others in a room, or to none.
    fn hand_on(&mut self, socket: &SocketId, room_id: &RoomId, data: &Raw) -> Result<(), Code> {
        let room = self.rooms.get_mut(room_id).ok_or(Code::NotJoined)?;
        let sender = room.place_held_by(socket).ok_or(Code::NotJoined)?;
        let name = room.seats.get(sender).ok_or(Code::NotJoined)?.name;
        if room.seats.len() == 1 {
            return Err(Code::Alone);
        }
        let full =
            |seat: &Seat| matches!(&seat.hold, Hold::Away { queue, .. } if !queue.fits(data));
        if room.others(name).any(full) {
            return Err(Code::QueueFull);
        }
        for seat in room.seats.iter_mut().filter(|seat| seat.name != name) {
            match &mut seat.hold {
                Hold::By(socket) => self.reports.push_back(Report::Notice {
                    socket: socket.clone(),
                    room: room_id.clone(),
                    notice: Notice::Message(data.clone()),
                }),
                Hold::Away { queue, .. } => queue.push(name, data.clone()),
            }
        }
        Ok(())
    }
}

impl Store for Memory {
    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn join(&mut self, join: Join, now: Now) {
        let room = self.rooms.get(&join.room);
        if let Some(place) = room.and_then(|room| room.place_held_by(&join.asker.socket)) {
            return self.report_seated(
                join.asker,
                &join.room,
                place,
                Taken::Already,
                Vec::new(),
                now,
            );
        }
        let claimed = |claim: &Claim| room?.place_of(claim);
        if let Some(place) = join.claim.as_ref().and_then(claimed) {
            return self.take_back(join, place, now);
        }
        let restorable = |claim: &Claim| self.is_restorable(claim, &join.room, now);
        let claim = join.claim.clone().filter(restorable);
        if claim.is_none()
            && let Some(why) = join.barred
        {
            return self.reports.push_back(Report::Unauthorized { asker: join.asker, why });
        }
        let user_num = room.map_or(0, |room| room.seats.len());
        if user_num >= join.size.get() {
            let Join { asker, room, .. } = join;
            return self.reports.push_back(Report::Full { asker, room, user_num });
        }
        self.take(join, claim, now);
    }

    fn leave(&mut self, asker: Asker, room: RoomId, now: Now) {
        let Some(place) = self.place_of(&asker.socket, &room) else {
            let code = Code::NotJoined;
            return self.reports.push_back(Report::Refused { asker, event: "leave", code });
        };
        self.reports.push_back(Report::Left { asker, room: room.clone() });
        self.end(&room, place, now);
    }

    fn relay(&mut self, asker: Asker, room: RoomId, data: Raw) {
        let report = match self.hand_on(&asker.socket, &room, &data) {
            Ok(()) => Report::Relayed { asker, room },
            Err(code) => Report::Refused { asker, event: "message", code },
        };
        self.reports.push_back(report);
    }

    fn lose(&mut self, socket: &SocketId, room_id: &RoomId, clean: bool, now: Now) {
        let Some(place) = self.place_of(socket, room_id) else {
            return;
        };
        let room = self.rooms.get_mut(room_id);
        let Some(seat) = room.and_then(|room| room.seats.get_mut(place)) else {
            return;
        };
        if clean || !seat.sitter.can_resume || self.grace.is_zero() {
            return self.end(room_id, place, now);
        }
        self.numbers += 1;
        let due = (now.monotonic + self.grace, self.numbers);
        seat.hold = Hold::away(due);
        self.away.insert(due, (room_id.clone(), seat.name));
        let (name, notice) = (seat.name, Notice::PeerAway(seat.user.clone()));
        self.tell_others(room_id, name, |_| Some(notice.clone()));
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.away.first_key_value().map(|(&(due, _), _)| due)
    }

    fn handle_timeout(&mut self, now: Now) {
        while let Some(entry) = self.away.first_entry()
            && entry.key().0 <= now.monotonic
        {
            let (room_id, name) = entry.remove();
            let place = self.rooms.get(&room_id).and_then(|room| room.place_named(name));
            if let Some(place) = place {
                self.end(&room_id, place, now);
            }
        }
    }

    fn next_report(&mut self) -> Option<Report> {
        self.reports.pop_front()
    }

    fn count(&self) -> Count {
        Count { rooms: self.rooms.len(), seats: self.seats, away: self.away.len() }
    }
}
