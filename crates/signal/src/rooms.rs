//! What sockets ask for and hear: the signalling as a pure state machine.
//!
//! Sockets come and go ([`Rooms::connect`], [`Rooms::disconnect`]), ask for things
//! ([`Rooms::request`]), and time passes ([`Rooms::handle_timeout`]). Each answer is a list of
//! [`Command`]s, to be carried out in their order. Who sits where is for the [`Store`] to know.

use std::{collections::HashMap, net::IpAddr, time::Instant};

use crate::{
    credentials::{Host, IceServer, LIFETIME, SeatName},
    figures::Figures,
    limits::{Network, Networks},
    memory::Memory,
    protocol::{
        Code, Full, IceServers, InRoom, Join, Joined, Raw, Refused, Request, RoomId, ServerEvent,
        SocketId,
    },
    resume::ResumeKey,
    store::{self, Attempt, Notice, Report, Seated, Sitter, Store, Taken},
};

mod command;
mod config;
mod renewals;
mod visitor;

use self::{
    command::event,
    renewals::Renewals,
    visitor::{Held, Visitor},
};

pub use self::{command::Command, config::Config};
pub use crate::store::{Asker, Now, Parting};

/// Where a socket comes from.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The server's name as the client knows it.
    pub host: Option<Host>,
    /// The client's address.
    pub address: IpAddr,
}

/// The sockets of a server, and what they do in rooms.
///
/// `R` draws a random number for the name of each seat.
#[derive(Debug)]
pub struct Rooms<R, S = Memory> {
    config: Config,
    key: ResumeKey,
    store: S,
    random: R,
    visitors: HashMap<SocketId, Visitor>,
    networks: Networks,
    renewals: Renewals,
    /// The seats whose credentials ended since this was last asked for.
    ended: Vec<SeatName>,
    /// What is counted here; the rest is filled in when somebody asks.
    figures: Figures,
}

impl<R: FnMut() -> u64> Rooms<R> {
    /// No rooms yet, and all to come in this server's memory.
    pub fn new(config: Config, mut random: R) -> Rooms<R> {
        let store = Memory::new(config.grace, random());
        Rooms::with_store(config, store, random)
    }
}

impl<R: FnMut() -> u64, S: Store> Rooms<R, S> {
    /// Rooms that are kept in `store`.
    ///
    /// If it has reports at times of its own, [`Rooms::handle_timeout`] is to be called then.
    pub fn with_store(config: Config, store: S, random: R) -> Rooms<R, S> {
        Rooms {
            key: ResumeKey::new(&config.secret),
            config,
            store,
            random,
            visitors: HashMap::new(),
            networks: Networks::default(),
            renewals: Renewals::default(),
            ended: Vec::new(),
            figures: Figures::default(),
        }
    }

    /// Whether whoever is at this address may open a session, with which a socket can come.
    ///
    /// # Errors
    /// [`Code::TooManySockets`] if as many have been opened from its network as may be.
    pub fn may_open(&mut self, address: IpAddr, now: Now) -> Result<(), Code> {
        let allowed = self.config.limits.is_none_or(|limits| {
            self.networks.may_open(address.into(), limits.sessions, now.monotonic)
        });
        if !allowed {
            self.figures.refused.count(Code::TooManySockets);
            return Err(Code::TooManySockets);
        }
        Ok(())
    }

    /// A session has been opened from this address.
    pub fn opened(&mut self, address: IpAddr, now: Now) {
        if let Some(limits) = &self.config.limits {
            self.networks.open(address.into(), limits.sessions, now.monotonic);
        }
    }

    /// A socket has come.
    ///
    /// # Errors
    /// [`Code::TooManySockets`] if as many as may have come from its network. It is not connected then,
    /// and there is no disconnect of it.
    pub fn connect(&mut self, socket: SocketId, caller: Caller, now: Now) -> Result<(), Code> {
        let network = Network::from(caller.address);
        if let Some(limits) = &self.config.limits
            && !self.networks.connect(network, limits.sockets_of_an_address, now.monotonic)
        {
            self.figures.refused.count(Code::TooManySockets);
            return Err(Code::TooManySockets);
        }
        self.visitors.insert(socket, Visitor::new(caller.host, network, now));
        Ok(())
    }

    /// A socket has gone. If it was lost, its seats are held for it, unless its client cannot take them
    /// back; their credentials live on in any case.
    pub fn disconnect(&mut self, socket: &SocketId, parting: Parting, now: Now) -> Vec<Command> {
        let Some(visitor) = self.visitors.remove(socket) else {
            return Vec::new();
        };
        if self.config.limits.is_some() {
            self.networks.disconnect(visitor.network);
        }
        for room in visitor.rooms() {
            self.store.part(socket, room, parting, now);
        }
        for held in visitor.seats {
            self.renewals.cancel(held.renewal);
        }
        self.drain(now)
    }

    /// A socket asks for something; what it sent may be no request at all. A socket that is not connected
    /// is answered nothing.
    pub fn request(
        &mut self,
        asker: Asker,
        request: Result<Request, Refused>,
        now: Now,
    ) -> Vec<Command> {
        let Some(visitor) = self.visitors.get_mut(&asker.socket) else {
            return Vec::new();
        };
        let too_fast = self
            .config
            .limits
            .is_some_and(|limits| !visitor.events.take(limits.messages, now.monotonic));
        let done = match request {
            Ok(request) if too_fast => Err(Refused::new(request.name(), Code::TooFast)),
            Err(refused) if too_fast => Err(Refused::new(&refused.event, Code::TooFast)),
            Err(refused) => Err(refused),
            Ok(request) => {
                let name = request.name();
                let done = match request {
                    Request::Join(join) => self.join(&asker, join, now),
                    Request::Message { room, data, keep } => self.message(&asker, room, data, keep),
                    Request::Leave { room } => {
                        self.store.leave(asker.clone(), room, now);
                        Ok(None)
                    }
                    Request::IceServers { room } => {
                        self.renew(&asker.socket, &room, now).map(Some).ok_or(Code::NotJoined)
                    }
                };
                done.map_err(|code| Refused::new(name, code))
            }
        };
        let mut commands = match done {
            Ok(None) => Vec::new(),
            Ok(Some(event)) => vec![Command::Answer(asker, event)],
            Err(refused) => vec![self.refuse(asker, refused)],
        };
        commands.append(&mut self.drain(now));
        commands
    }

    /// When [`Rooms::handle_timeout`] wants to be called next, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.renewals.first().into_iter().chain(self.store.poll_timeout()).min()
    }

    /// Sends fresh credentials to the seats that are due for them, and ends those whose grace is over.
    pub fn handle_timeout(&mut self, now: Now) -> Vec<Command> {
        let mut commands = Vec::new();
        while let Some((socket, room)) = self.renewals.pop(now.monotonic) {
            if let Some(event) = self.renew(&socket, &room, now) {
                commands.push(Command::Tell(socket, event));
            }
        }
        self.store.handle_timeout(now);
        commands.append(&mut self.drain(now));
        commands
    }

    /// The seats whose credentials are to end, since this was last asked.
    pub fn take_ended(&mut self) -> Vec<SeatName> {
        std::mem::take(&mut self.ended)
    }

    /// How many seats a socket holds.
    pub fn seat_count(&self, socket: &SocketId) -> usize {
        self.visitors.get(socket).map_or(0, |visitor| visitor.seats.len())
    }

    /// What there is, and what there has been.
    pub fn figures(&self) -> Figures {
        let store::Count { rooms, seats, away } = self.store.count();
        Figures { rooms, seats, away, sockets: self.visitors.len(), ..self.figures }
    }

    fn join(&mut self, asker: &Asker, join: Join, now: Now) -> Result<Option<ServerEvent>, Code> {
        let Some(visitor) = self.visitors.get_mut(&asker.socket) else {
            return Ok(None);
        };
        if let Some(limits) = &self.config.limits {
            if !self.networks.join(visitor.network, limits.joins, now.monotonic) {
                return Err(Code::TooManyJoins);
            }
            let is_new = visitor.rooms().all(|room| *room != join.room_id);
            if is_new && visitor.rooms().count() >= limits.rooms_of_a_socket {
                return Err(Code::TooManyRooms);
            }
        }
        visitor.joining.push((asker.request, join.room_id.clone()));
        let token = join.token.as_ref().map(|token| token.reveal());
        let checked = self
            .config
            .join_control
            .as_ref()
            .map_or(Ok(None), |control| control.check(token, &join.room_id, now.unix));
        let claim = join.resume.as_ref().and_then(|token| self.key.read(&join.room_id, token));
        let takes_kept = join.takes_kept();
        let sitter = Sitter {
            can_resume: join.can_resume(),
            person: checked.as_ref().ok().cloned().flatten(),
            capabilities: join.capabilities,
        };
        let join = store::Join {
            asker: asker.clone(),
            room: join.room_id,
            size: self.config.room_size,
            claim,
            attempt: join
                .attempt
                .as_ref()
                .map(|attempt| Attempt { client: self.key.hash(attempt), n: join.n }),
            barred: checked.err(),
            name: SeatName((self.random)()),
            takes_kept,
            sitter,
        };
        self.store.join(join, now);
        Ok(None)
    }

    fn message(
        &mut self,
        asker: &Asker,
        room: RoomId,
        data: Raw,
        keep: bool,
    ) -> Result<Option<ServerEvent>, Code> {
        if self.config.limits.is_some_and(|limits| data.get().len() > limits.data_bytes) {
            return Err(Code::TooLarge);
        }
        self.store.relay(asker.clone(), room, data, keep);
        Ok(None)
    }

    /// What the store has to say.
    fn drain(&mut self, now: Now) -> Vec<Command> {
        let mut commands = Vec::new();
        while let Some(report) = self.store.next_report() {
            match report {
                Report::Seated(seated) => self.seated(*seated, now, &mut commands),
                Report::Full { asker, room, user_num } => {
                    self.has_joined(&asker);
                    self.figures.full += 1;
                    let full = ServerEvent::Full(Full { room_id: room, user_num });
                    commands.push(Command::Answer(asker, full));
                }
                Report::Unauthorized { asker, why } => {
                    self.has_joined(&asker);
                    commands.push(self.refuse(asker, Refused::unauthorized(why)));
                }
                Report::Outdated { asker } => {
                    self.has_joined(&asker);
                    commands.push(self.refuse(asker, Refused::new("join", Code::Outdated)));
                }
                Report::Left { asker, room } => {
                    self.let_go(&asker.socket, &room);
                    let leaved = ServerEvent::Leaved(InRoom { room_id: room });
                    commands.push(Command::Answer(asker, leaved));
                }
                Report::Relayed { asker, room } => {
                    self.figures.messages += 1;
                    commands.push(Command::Acknowledge(asker, InRoom { room_id: room }));
                }
                Report::TooLargeToKeep { asker } => {
                    commands.push(self.refuse(asker, Refused::too_large_to_keep()));
                }
                Report::Refused { asker, event, code } => {
                    commands.push(self.refuse(asker, Refused::new(event, code)));
                }
                Report::Notice { socket, room, notice } => {
                    if notice == Notice::Replaced {
                        self.let_go(&socket, &room);
                    }
                    commands.push(Command::Tell(socket, event(room, notice)));
                }
                Report::Ended(name) => self.ended.push(name),
            }
        }
        commands
    }

    /// Somebody has a seat: it is told all that a call needs, and what waited for it.
    fn seated(&mut self, seated: Seated, now: Now, commands: &mut Vec<Command>) {
        let Seated { asker, room, seat, can_resume, how, user_num, peer, waiting } = seated;
        match how {
            Taken::Anew => self.figures.joins += 1,
            Taken::Already => {}
            Taken::Back | Taken::Restored => self.figures.resumes += 1,
            Taken::Over => self.figures.takeovers += 1,
        }
        self.has_joined(&asker);
        let Some(visitor) = self.visitors.get_mut(&asker.socket) else {
            // It went while the store was asked, which has been told so.
            return;
        };
        if how != Taken::Already {
            visitor.seats.push(Held { room: room.clone(), name: seat.name, renewal: None });
        }
        let joined = Joined {
            user_num,
            user_id: seat.user.clone(),
            polite: seat.polite,
            ice_servers: self.ice_servers(&asker.socket, &room, now).unwrap_or_default(),
            peer,
            resume: can_resume.then(|| self.key.sign(&room, &seat)),
            resumed: matches!(how, Taken::Back | Taken::Over | Taken::Restored),
            room_id: room,
        };
        let socket = asker.socket.clone();
        commands.push(Command::Answer(asker, ServerEvent::Joined(Box::new(joined))));
        let tell = |data| Command::Tell(socket.clone(), ServerEvent::Message(data));
        commands.extend(waiting.into_iter().map(tell));
    }

    /// The store has reported on a join.
    fn has_joined(&mut self, asker: &Asker) {
        if let Some(visitor) = self.visitors.get_mut(&asker.socket) {
            visitor.joining.retain(|(request, _)| *request != asker.request);
        }
    }

    /// A socket holds a seat no longer.
    fn let_go(&mut self, socket: &SocketId, room: &RoomId) {
        let Some(visitor) = self.visitors.get_mut(socket) else {
            return;
        };
        if let Some(place) = visitor.seats.iter().position(|held| held.room == *room) {
            self.renewals.cancel(visitor.seats.swap_remove(place).renewal);
        }
    }

    /// Fresh credentials for a seat, as an event of their own.
    fn renew(&mut self, socket: &SocketId, room: &RoomId, now: Now) -> Option<ServerEvent> {
        let ice_servers = self.ice_servers(socket, room, now)?;
        Some(ServerEvent::IceServers(IceServers { room_id: room.clone(), ice_servers }))
    }

    /// Fresh credentials for a seat, and a new time for the next ones; `None` if the socket does not hold
    /// it.
    fn ice_servers(
        &mut self,
        socket: &SocketId,
        room: &RoomId,
        now: Now,
    ) -> Option<Vec<IceServer>> {
        let visitor = self.visitors.get_mut(socket)?;
        let held = visitor.seats.iter_mut().find(|held| held.room == *room)?;
        let Some(turn) = &self.config.turn else {
            return Some(Vec::new());
        };
        self.renewals.cancel(held.renewal.take());
        let due = now.monotonic + LIFETIME / 2;
        held.renewal = Some(self.renewals.schedule(due, socket.clone(), room.clone()));
        Some(turn.ice_servers(visitor.host.as_ref(), held.name, now.unix))
    }

    fn refuse(&mut self, asker: Asker, refused: Refused) -> Command {
        self.figures.refused.count(refused.code);
        Command::Answer(asker, ServerEvent::Refused(refused))
    }
}

#[cfg(test)]
mod tests;
