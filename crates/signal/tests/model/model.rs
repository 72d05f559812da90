//! What the rooms should do, as plainly as it can be written down: a list of seats, looked through for
//! everything, and what everybody hears as text.

use std::collections::HashSet;

use twocan_signal::{
    memory::{MAX_WAITING_BYTES, MAX_WAITING_MESSAGES},
    store::{CLAIM_LIFETIME, MAX_KEPT_BYTES},
};

pub(crate) const ROOMS_OF_A_SOCKET: usize = 3;
/// In seconds, as all times here.
pub(crate) const GRACE: u64 = 20;

#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) room_size: usize,
    pub(crate) now: u64,
    /// In each room, whoever stands first has been there longest.
    pub(crate) seats: Vec<Seat>,
    pub(crate) epoch: u64,
    /// Seats that have ended since the last restart.
    ended: HashSet<u64>,
    /// How many seats lost their socket so far, to tell who was first.
    losses: u64,
    pub(crate) next_seat: u64,
    /// How many seats have been taken or restored since the last restart.
    pub(crate) taken: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Seat {
    pub(crate) number: u64,
    pub(crate) room: u8,
    pub(crate) user: String,
    pub(crate) holder: Option<String>,
    /// Whose attempt it was last taken by, and the number of that.
    attempt: Option<(usize, u64)>,
    /// When it ends, and the number of the loss, if nobody holds it.
    ends: Option<(u64, u64)>,
    can_resume: bool,
    polite: bool,
    restored: bool,
    /// Messages with the seat that sent them and their length.
    waiting: Vec<(u64, u64, usize)>,
    /// The message that its holder keeps for whoever comes.
    kept: Option<u64>,
}

/// What a token stands for.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) room: u8,
    pub(crate) seat: u64,
    user: String,
    polite: bool,
    epoch: u64,
    ends: u64,
}

/// What somebody who joins says of itself.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) room: u8,
    pub(crate) claim: Option<Claim>,
    pub(crate) attempt: Option<(usize, u64)>,
    pub(crate) can_resume: bool,
    pub(crate) takes_kept: bool,
}

impl Model {
    pub(crate) fn new(room_size: usize) -> Model {
        Model {
            room_size,
            now: 0,
            seats: Vec::new(),
            epoch: 0,
            ended: HashSet::new(),
            losses: 0,
            next_seat: 0,
            taken: 0,
        }
    }

    pub(crate) fn restart(&mut self) {
        self.seats.clear();
        self.ended.clear();
        self.epoch += 1;
        self.taken = 0;
    }

    /// What is heard when `socket` joins, and what its new token stands for. `user` is what the server
    /// calls the seat, if it is a new one.
    pub(crate) fn join(
        &mut self,
        socket: &str,
        wish: &Wish,
        user: Option<&str>,
    ) -> (Vec<String>, Option<Claim>) {
        let Wish { room, attempt, can_resume, takes_kept, .. } = *wish;
        let claim = wish.claim.as_ref().filter(|claim| claim.room == room);
        let held = self.seats.iter().filter(|seat| seat.is_held_by(socket));
        let held: Vec<u8> = held.map(|seat| seat.room).collect();
        if held.contains(&room) {
            let seat = self.held(socket, room).unwrap();
            let claim = self.claim(&seat);
            return (vec![self.joined(&seat, false)], claim);
        }
        if held.len() == ROOMS_OF_A_SOCKET {
            return (vec!["refused too_many_rooms".into()], None);
        }

        let mut said = Vec::new();
        let claimed = |seat: &Seat| claim.is_some_and(|claim| claim.seat == seat.number);
        let is_same = |seat: &Seat| {
            attempt.zip(seat.attempt).is_some_and(|(attempt, last)| attempt.0 == last.0)
        };
        let tried = |seat: &Seat| seat.room == room && is_same(seat);
        let place = self.seats.iter().position(claimed);
        if let Some(place) = place.or_else(|| self.seats.iter().position(tried)) {
            let seat = &mut self.seats[place];
            if is_same(seat) && attempt < seat.attempt {
                return (vec!["refused outdated".into()], None);
            }
            seat.attempt = attempt;
            let before = seat.holder.replace(socket.into());
            said.extend(before.map(|before| format!("{before}: replaced")));
            seat.ends = None;
            seat.can_resume = can_resume;
            seat.kept = None;
            let waiting = std::mem::take(&mut seat.waiting);
            let seat = seat.clone();
            said.push(self.joined(&seat, true));
            said.extend(waiting.iter().map(|(_, number, _)| format!("{socket}: message {number}")));
            said.extend(self.tell(&seat, |_| format!("peerback {}", seat.user)));
            let claim = self.claim(&seat);
            return (said, claim);
        }

        let forgotten = |claim: &&Claim| {
            claim.epoch != self.epoch
                && claim.ends > self.now
                && !self.ended.contains(&claim.seat)
                && self.seats.iter().all(|seat| seat.room != room || seat.user != claim.user)
        };
        let claim = claim.filter(forgotten).cloned();
        let taken = self.seats.iter().filter(|seat| seat.room == room).count();
        if taken == self.room_size {
            return (vec![format!("full {taken}")], None);
        }
        if claim.is_none() {
            self.next_seat += 1;
        }
        self.taken += 1;
        let is_restored = claim.is_some();
        let first = self.seats.iter().position(|seat| seat.room == room);
        let seat = Seat {
            number: claim.as_ref().map_or(self.next_seat, |claim| claim.seat),
            room,
            user: claim.as_ref().map_or(user.unwrap_or("?"), |claim| &claim.user).into(),
            holder: Some(socket.into()),
            attempt,
            ends: None,
            can_resume,
            polite: claim.is_some_and(|claim| claim.polite),
            restored: is_restored,
            waiting: Vec::new(),
            kept: None,
        };
        let number = seat.number;
        match first {
            // Whoever gives way gave way to this one.
            Some(first) if is_restored && self.seats[first].polite => {
                self.seats.insert(first, seat)
            }
            _ => self.seats.push(seat),
        }
        if first.is_some() {
            self.order(room);
        }
        let seat = self.seats.iter().find(|seat| seat.number == number).unwrap().clone();
        said.push(self.joined(&seat, is_restored));
        let is_given = takes_kept && !is_restored;
        if is_given {
            let kept = self.kept(room);
            said.extend(kept.into_iter().map(|number| format!("{socket}: message {number}")));
        }
        said.extend(self.tell(&seat, |other| {
            let back = is_restored && other.restored;
            let event = if back { "peerback" } else { "otherjoined" };
            let kept = if is_given && other.kept.is_some() { " kept" } else { "" };
            format!("{event} {}{kept}", seat.user)
        }));
        for other in self.seats.iter_mut().filter(|other| other.room == room) {
            other.kept = None;
        }
        let claim = self.claim(&seat);
        (said, claim)
    }

    pub(crate) fn leave(&mut self, socket: &str, room: u8) -> Vec<String> {
        let Some(seat) = self.held(socket, room) else {
            return vec!["refused not_joined".into()];
        };
        let mut said = vec!["leaved".into()];
        said.extend(self.end(seat.number));
        said
    }

    pub(crate) fn send(
        &mut self,
        socket: &str,
        room: u8,
        number: u64,
        length: usize,
        keep: bool,
    ) -> Vec<String> {
        let Some(sender) = self.held(socket, room) else {
            return vec!["refused not_joined".into()];
        };
        let is_other = |seat: &&mut Seat| seat.room == room && seat.number != sender.number;
        let mut others: Vec<_> = self.seats.iter_mut().filter(is_other).collect();
        if others.is_empty() {
            if !keep {
                return vec!["refused alone".into()];
            }
            if length > MAX_KEPT_BYTES {
                return vec!["refused too_large".into()];
            }
            // A socket keeps one message, wherever it sits.
            for seat in self.seats.iter_mut().filter(|seat| seat.is_held_by(socket)) {
                seat.kept = (seat.number == sender.number).then_some(number);
            }
            return vec!["acknowledged".into()];
        }
        let is_full = |seat: &&mut Seat| {
            let bytes: usize = seat.waiting.iter().map(|(_, _, length)| length).sum();
            seat.holder.is_none()
                && (seat.waiting.len() == MAX_WAITING_MESSAGES
                    || bytes + length > MAX_WAITING_BYTES)
        };
        if others.iter().any(is_full) {
            return vec!["refused queue_full".into()];
        }
        let mut said = Vec::new();
        for other in &mut others {
            match &other.holder {
                Some(holder) => said.push(format!("{holder}: message {number}")),
                None => other.waiting.push((sender.number, number, length)),
            }
        }
        said.push("acknowledged".into());
        said
    }

    pub(crate) fn disconnect(&mut self, socket: &str, clean: bool) -> Vec<String> {
        let mut said = Vec::new();
        let held: Vec<Seat> =
            self.seats.iter().filter(|seat| seat.is_held_by(socket)).cloned().collect();
        for seat in held {
            if clean || !seat.can_resume {
                said.extend(self.end(seat.number));
            } else {
                self.losses += 1;
                let ends = (self.now + GRACE, self.losses);
                let away = self.seats.iter_mut().find(|other| other.number == seat.number).unwrap();
                away.ends = Some(ends);
                away.holder = None;
                said.extend(self.tell(&seat, |_| format!("peeraway {}", seat.user)));
            }
        }
        // In how many rooms a socket sat is all that can be told; in which order it went is not.
        said.sort();
        said
    }

    pub(crate) fn pass(&mut self, seconds: u64) -> Vec<String> {
        self.now += seconds;
        let mut over: Vec<_> = self
            .seats
            .iter()
            .filter_map(|seat| Some((seat.ends?, seat.number)))
            .filter(|((ends, _), _)| *ends <= self.now)
            .collect();
        over.sort_unstable();
        let mut said: Vec<String> =
            over.into_iter().flat_map(|(_, number)| self.end(number)).collect();
        said.sort();
        said
    }

    fn end(&mut self, number: u64) -> Vec<String> {
        let place = self.seats.iter().position(|seat| seat.number == number).unwrap();
        let seat = self.seats.remove(place);
        self.ended.insert(number);
        for other in &mut self.seats {
            other.waiting.retain(|(from, _, _)| *from != number);
        }
        self.order(seat.room);
        self.tell(&seat, |_| format!("bye {}", seat.user))
    }

    /// Only the first in a room does not give way.
    fn order(&mut self, room: u8) {
        for (place, seat) in self.seats.iter_mut().filter(|seat| seat.room == room).enumerate() {
            seat.polite = place > 0;
        }
    }

    fn joined(&self, seat: &Seat, resumed: bool) -> String {
        let others = self.others(seat);
        let peer = others.first().map_or("nobody".into(), |other| {
            format!("{}{}", other.user, if other.holder.is_none() { " (away)" } else { "" })
        });
        let Seat { user, polite, .. } = seat;
        let number = others.len() + 1;
        format!("joined {user} of {number} polite {polite} peer {peer} resumed {resumed}")
    }

    fn claim(&self, seat: &Seat) -> Option<Claim> {
        seat.can_resume.then(|| Claim {
            room: seat.room,
            seat: seat.number,
            user: seat.user.clone(),
            polite: seat.polite,
            epoch: self.epoch,
            ends: self.now + CLAIM_LIFETIME.as_secs(),
        })
    }

    fn tell(&self, seat: &Seat, what: impl Fn(&Seat) -> String) -> Vec<String> {
        let hear = |other: &Seat| Some(format!("{}: {}", other.holder.as_ref()?, what(other)));
        self.others(seat).into_iter().filter_map(hear).collect()
    }

    fn others(&self, seat: &Seat) -> Vec<&Seat> {
        let is_other = |other: &&Seat| other.room == seat.room && other.number != seat.number;
        self.seats.iter().filter(is_other).collect()
    }

    /// What is kept in a room for whoever comes.
    pub(crate) fn kept(&self, room: u8) -> Vec<u64> {
        let seats = self.seats.iter().filter(|seat| seat.room == room);
        seats.filter_map(|seat| seat.kept).collect()
    }

    pub(crate) fn held(&self, socket: &str, room: u8) -> Option<Seat> {
        let is_it = |seat: &&Seat| seat.room == room && seat.is_held_by(socket);
        self.seats.iter().find(is_it).cloned()
    }
}

impl Seat {
    fn is_held_by(&self, socket: &str) -> bool {
        self.holder.as_deref() == Some(socket)
    }
}
