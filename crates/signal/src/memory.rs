//! The rooms of one server, in its memory.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::{Duration, Instant},
};

use self::room::{Hold, Kept, Room, Seat};
use crate::{
    credentials::SeatName,
    protocol::{Code, Raw, RoomId, SocketId, UserId},
    store::{
        Asker, CLAIM_LIFETIME, Claim, Count, Join, MAX_KEPT_BYTES, Notice, Now, Parting, Report,
        Seated, Store, Taken,
    },
};

mod queue;
mod room;

pub use queue::{MAX_WAITING_BYTES, MAX_WAITING_MESSAGES};

/// When a grace is over. The number tells those apart that are over at the same moment.
type Due = (Instant, u64);

/// The rooms of one server. Its reports are there when an operation returns.
#[derive(Debug)]
pub struct Memory {
    epoch: u64,
    grace: Duration,
    rooms: HashMap<RoomId, Room>,
    seats: usize,
    away: usize,
    /// When the grace is over of which seat, whether it is held as long or only its credentials are.
    graces: BTreeMap<Due, (RoomId, SeatName)>,
    /// The restored seats that have ended, with the time in seconds of Unix time from which on no token
    /// could restore them again. Seats of this epoch need no such entry: what is not there has ended.
    ended: HashMap<SeatName, u64>,
    /// In which room a socket keeps data for whoever comes. It does so in one at most, and what it keeps
    /// stands no longer than its seat, which bounds what all keep together.
    keeping: HashMap<SocketId, RoomId>,
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
            away: 0,
            graces: BTreeMap::new(),
            ended: HashMap::new(),
            keeping: HashMap::new(),
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

    /// Gives a seat that is there to the socket that can prove that it is its own, if no later join of the
    /// same client has it: one may reach the server when the connection that carried it is long dead.
    fn take_back(&mut self, join: Join, place: usize, now: Now) {
        let seat = self.rooms.get(&join.room).and_then(|room| room.seats.get(place));
        let last = seat.and_then(|seat| seat.attempt);
        if join.attempt.zip(last).is_some_and(|(this, last)| this.is_before(last)) {
            return self.reports.push_back(Report::Outdated { asker: join.asker });
        }
        // The one who has the seat from here on may be another page, which knows nothing of it.
        self.forget_kept(&join.room);
        let Some(room) = self.rooms.get_mut(&join.room) else {
            return;
        };
        let Some(seat) = room.seats.get_mut(place) else {
            return;
        };
        seat.attempt = join.attempt;
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
                self.away -= 1;
                self.graces.remove(&due);
                (Taken::Back, queue.into_messages())
            }
        };
        self.report_seated(join.asker, &join.room, place, how, waiting, now);
        self.tell_others(&join.room, name, |_| back.clone());
    }

    /// Gives a free seat, or the one in `claim`, which has been forgotten.
    fn take(&mut self, join: Join, claim: Option<Claim>, now: Now) {
        let Join { asker, room: room_id, name, attempt, takes_kept, sitter, .. } = join;
        self.numbers += 1;
        self.seats += 1;
        // Not for one who was there before: it may have met its sender already.
        let kept = self.forget_kept(&room_id).filter(|_| takes_kept && claim.is_none());
        let room = self.rooms.entry(room_id.clone()).or_insert_with(Room::new);
        let hold = Hold::By(asker.socket.clone());
        let (place, how) = match claim {
            Some(Claim { user, name, polite, .. }) => {
                let seat = Seat { user, name, attempt, restored: true, sitter, polite, hold };
                (room.restore(seat), Taken::Restored)
            }
            None => {
                let mut user = UserId::from(&asker.socket);
                if room.has_user(&user) {
                    // The socket lost a seat here to another, which goes by the socket's id.
                    user = UserId::from(&*format!("{}-{}", user.as_str(), self.numbers));
                }
                let polite = false;
                let seat = Seat { user, name, attempt, restored: false, sitter, polite, hold };
                (room.add(seat), Taken::Anew)
            }
        };
        let Some((name, peer)) = room.seats.get(place).map(|seat| (seat.name, seat.as_peer()))
        else {
            return;
        };
        let is_given = kept.is_some();
        self.report_seated(asker, &room_id, place, how, kept.into_iter().collect(), now);
        self.tell_others(&room_id, name, |other| {
            // Only those who have been here before have heard of the one who is back.
            if how == Taken::Restored && other.restored {
                Notice::PeerBack(peer.clone())
            } else {
                Notice::OtherJoined { peer: peer.clone(), kept: is_given }
            }
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

    /// Ends a seat: what it has sent and nobody has heard, and the room with its last.
    fn end(&mut self, room_id: &RoomId, place: usize, now: Now) -> Option<SeatName> {
        self.forget_kept(room_id);
        let room = self.rooms.get_mut(room_id)?;
        let seat = room.remove(place)?;
        if room.seats.is_empty() {
            self.rooms.remove(room_id);
        }
        self.seats -= 1;
        if matches!(seat.hold, Hold::Away { .. }) {
            self.away -= 1;
        }
        if seat.restored {
            self.remember(seat.name, now);
        }
        self.tell_others(room_id, seat.name, |_| Notice::Bye(seat.user.clone()));
        Some(seat.name)
    }

    /// Holds a seat for its client, if that can come back.
    fn hold(&mut self, room_id: &RoomId, place: usize, now: Now) -> bool {
        let seat = self.rooms.get(room_id).and_then(|room| room.seats.get(place));
        let Some(seat) = seat.filter(|seat| seat.sitter.can_resume) else {
            return false;
        };
        let (name, notice) = (seat.name, Notice::PeerAway(seat.user.clone()));
        let hold = Hold::away(self.grant(room_id, name, now));
        let room = self.rooms.get_mut(room_id);
        if let Some(seat) = room.and_then(|room| room.seats.get_mut(place)) {
            seat.hold = hold;
            self.away += 1;
        }
        self.tell_others(room_id, name, |_| notice.clone());
        true
    }

    /// Begins a grace.
    fn grant(&mut self, room_id: &RoomId, name: SeatName, now: Now) -> Due {
        self.numbers += 1;
        let due = (now.monotonic + self.grace, self.numbers);
        self.graces.insert(due, (room_id.clone(), name));
        due
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
    fn tell_others(&mut self, room_id: &RoomId, name: SeatName, notice: impl Fn(&Seat) -> Notice) {
        let Some(room) = self.rooms.get(room_id) else {
            return;
        };
        self.reports.extend(room.others(name).filter_map(|other| {
            let Hold::By(socket) = &other.hold else {
                return None;
            };
            let notice = notice(other);
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

    /// Keeps data of the only one in a room for whoever comes, in place of what its socket has kept before.
    fn keep(&mut self, asker: Asker, room_id: RoomId, data: Raw) -> Report {
        if data.get().len() > MAX_KEPT_BYTES {
            return Report::TooLargeToKeep { asker };
        }
        let by = asker.socket.clone();
        if let Some(before) = self.keeping.get(&by).cloned() {
            self.forget_kept(&before);
        }
        if let Some(room) = self.rooms.get_mut(&room_id) {
            self.keeping.insert(by.clone(), room_id.clone());
            room.kept = Some(Kept { data, by });
        }
        Report::Relayed { asker, room: room_id }
    }

    /// Takes out what is kept in a room for whoever comes.
    fn forget_kept(&mut self, room_id: &RoomId) -> Option<Raw> {
        let Kept { data, by } = self.rooms.get_mut(room_id)?.kept.take()?;
        self.keeping.remove(&by);
        Some(data)
    }
}

impl Store for Memory {
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
        let proven = room.and_then(|room| {
            let claimed = join.claim.as_ref().and_then(|claim| room.place_of(claim));
            claimed.or_else(|| room.place_asked_for(join.attempt?))
        });
        if let Some(place) = proven {
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
        let ended = self.end(&room, place, now);
        self.reports.extend(ended.map(Report::Ended));
    }

    fn relay(&mut self, asker: Asker, room: RoomId, data: Raw, keep: bool) {
        let report = match self.hand_on(&asker.socket, &room, &data) {
            Ok(()) => Report::Relayed { asker, room },
            Err(Code::Alone) if keep => self.keep(asker, room, data),
            Err(code) => Report::Refused { asker, event: "message", code },
        };
        self.reports.push_back(report);
    }

    fn part(&mut self, socket: &SocketId, room_id: &RoomId, parting: Parting, now: Now) {
        // What it keeps stands as long as the seat. It will keep nothing else.
        self.keeping.remove(socket);
        let Some(place) = self.place_of(socket, room_id) else {
            return;
        };
        if parting == Parting::Goodbye || self.grace.is_zero() {
            let ended = self.end(room_id, place, now);
            self.reports.extend(ended.map(Report::Ended));
        } else if !self.hold(room_id, place, now)
            && let Some(name) = self.end(room_id, place, now)
        {
            // The media of a call may go on, though the client cannot come back.
            self.grant(room_id, name, now);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.graces.first_key_value().map(|(&(due, _), _)| due)
    }

    fn handle_timeout(&mut self, now: Now) {
        while let Some(entry) = self.graces.first_entry()
            && entry.key().0 <= now.monotonic
        {
            let (room_id, name) = entry.remove();
            let place = self.rooms.get(&room_id).and_then(|room| room.place_named(name));
            if let Some(place) = place {
                self.end(&room_id, place, now);
            }
            self.reports.push_back(Report::Ended(name));
        }
    }

    fn next_report(&mut self) -> Option<Report> {
        self.reports.pop_front()
    }

    fn count(&self) -> Count {
        Count { rooms: self.rooms.len(), seats: self.seats, away: self.away }
    }
}

#[cfg(test)]
mod tests;
