//! Who sits where: the rooms as a pure state machine.
//!
//! Sockets come and go ([`Rooms::connect`], [`Rooms::disconnect`]), ask for things
//! ([`Rooms::request`]), and time passes ([`Rooms::handle_timeout`]). Each answer is a list of
//! [`Command`]s, to be carried out in their order.

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZeroUsize,
    time::{Duration, Instant},
};

use crate::{
    credentials::{Host, IceServer, LIFETIME, SeatName, Turn},
    protocol::{
        Bye, Code, Full, IceServers, InRoom, Joined, OtherJoined, Peer, Raw, Refused, Request,
        RoomId, ServerEvent, UserId,
    },
};

/// How many rooms one socket may sit in.
///
/// A page needs one; a few more do no harm, but a socket must not fill the memory with rooms.
pub const MAX_ROOMS_OF_A_SOCKET: usize = 16;

/// How long the credentials of a seat outlive a socket that was lost. The media may go on while the socket
/// comes back, and takes another seat with credentials of its own.
const GRACE: Duration = Duration::from_secs(60);

/// What the rooms are like.
#[derive(Debug, Clone)]
pub struct Config {
    /// The seats in each room.
    pub room_size: NonZeroUsize,
    /// Where TURN is; without it, the lists of ICE servers are empty.
    pub turn: Option<Turn>,
}

/// The two clocks of one moment.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// For intervals: never goes back.
    pub monotonic: Instant,
    /// For the expiry of credentials: seconds of Unix time.
    pub unix: u64,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Emit the event to the socket that asked, and give its argument to the acknowledgement if
    /// one was wanted.
    Answer(ServerEvent),
    /// Emit nothing, and give this to the acknowledgement if one was wanted.
    Acknowledge(InRoom),
    /// Emit the event to another socket.
    Tell(UserId, ServerEvent),
}

/// How a socket has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parting {
    /// Its client said goodbye.
    Goodbye,
    /// The connection ended. The client may be back in a moment, and its media go on meanwhile.
    Lost,
}

/// All rooms of a server.
///
/// `R` draws a random number for the name of each seat.
#[derive(Debug)]
pub struct Rooms<R> {
    config: Config,
    random: R,
    rooms: HashMap<RoomId, Room>,
    sockets: HashMap<UserId, Visitor>,
    /// When which seat is due for fresh credentials. The number tells seats apart that are due at
    /// the same moment.
    renewals: BTreeMap<Renewal, (UserId, RoomId)>,
    /// When the credentials of which empty seat end.
    endings: BTreeMap<Renewal, SeatName>,
    seats_so_far: u64,
}

type Renewal = (Instant, u64);

/// Whoever has a socket, seated or not.
#[derive(Debug)]
struct Visitor {
    host: Option<Host>,
    rooms: Vec<RoomId>,
}

/// The seats that are taken, in the order in which they were. Never empty.
#[derive(Debug)]
struct Room {
    seats: Vec<Seat>,
}

#[derive(Debug)]
struct Seat {
    user: UserId,
    name: SeatName,
    number: u64,
    capabilities: Option<Raw>,
    /// Present if credentials are handed out at all.
    renewal: Option<Renewal>,
}

impl<R: FnMut() -> u64> Rooms<R> {
    /// Makes an empty set of rooms.
    pub fn new(config: Config, random: R) -> Rooms<R> {
        Rooms {
            config,
            random,
            rooms: HashMap::new(),
            sockets: HashMap::new(),
            renewals: BTreeMap::new(),
            endings: BTreeMap::new(),
            seats_so_far: 0,
        }
    }

    /// A socket has come, by the server's name `host`.
    pub fn connect(&mut self, user: UserId, host: Option<Host>) {
        self.sockets.insert(user, Visitor { host, rooms: Vec::new() });
    }

    /// A socket has gone: its seats are free, and those who shared a room with it are told. The
    /// credentials of its seats end with a goodbye; without one they live on for a while, since the
    /// socket may be all that was lost.
    pub fn disconnect(&mut self, user: &UserId, parting: Parting, now: Now) -> Vec<Command> {
        let Some(visitor) = self.sockets.remove(user) else {
            return Vec::new();
        };
        let credentials_end = match parting {
            Parting::Goodbye => now.monotonic,
            Parting::Lost => now.monotonic + GRACE,
        };
        let mut commands = Vec::new();
        for room in &visitor.rooms {
            self.vacate(user, room, credentials_end, &mut commands);
        }
        commands
    }

    /// A socket asks for something. A socket that is not connected is answered nothing.
    pub fn request(&mut self, user: &UserId, request: Request, now: Now) -> Vec<Command> {
        let name = request.name();
        let done = match request {
            Request::Join { room, capabilities } => self.join(user, room, capabilities, now),
            Request::Message { room, data } => self.message(user, room, data),
            Request::Leave { room } => self.leave(user, room, now),
            Request::IceServers { room } => self.ice_servers(user, room, now),
        };
        done.unwrap_or_else(|code| {
            vec![Command::Answer(ServerEvent::Refused(Refused::new(name, code)))]
        })
    }

    /// When [`Rooms::handle_timeout`] wants to be called next, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let renewal = self.renewals.first_key_value().map(|(&(due, _), _)| due);
        let ending = self.endings.first_key_value().map(|(&(due, _), _)| due);
        renewal.into_iter().chain(ending).min()
    }

    /// Sends fresh credentials to the seats that are due for them.
    pub fn handle_timeout(&mut self, now: Now) -> Vec<Command> {
        let mut commands = Vec::new();
        while let Some(entry) = self.renewals.first_entry()
            && entry.key().0 <= now.monotonic
        {
            let (user, room) = entry.remove();
            if let Some(event) = self.renew(&user, room, now) {
                commands.push(Command::Tell(user, event));
            }
        }
        commands
    }

    /// The seats whose credentials are to be ended; to be asked after everything else.
    pub fn take_ended(&mut self, now: Now) -> Vec<SeatName> {
        let mut ended = Vec::new();
        while let Some(entry) = self.endings.first_entry()
            && entry.key().0 <= now.monotonic
        {
            ended.push(entry.remove());
        }
        ended
    }

    /// How many rooms have somebody in them.
    pub fn room_count(&self) -> usize {
        self.rooms.len()
    }

    /// How many seats a socket holds.
    pub fn seat_count(&self, user: &UserId) -> usize {
        self.sockets.get(user).map_or(0, |visitor| visitor.rooms.len())
    }

    /// How many sockets are connected, seated or not.
    pub fn socket_count(&self) -> usize {
        self.sockets.len()
    }

    fn join(
        &mut self,
        user: &UserId,
        room_id: RoomId,
        capabilities: Option<Raw>,
        now: Now,
    ) -> Result<Vec<Command>, Code> {
        let Some(visitor) = self.sockets.get_mut(user) else {
            return Ok(Vec::new());
        };
        if visitor.rooms.contains(&room_id) {
            return Ok(self.joined(user, room_id, now).into_iter().collect());
        }
        let user_num = self.rooms.get(&room_id).map_or(0, |room| room.seats.len());
        if user_num >= self.config.room_size.get() {
            return Ok(vec![Command::Answer(ServerEvent::Full(Full { room_id, user_num }))]);
        }
        if visitor.rooms.len() >= MAX_ROOMS_OF_A_SOCKET {
            return Err(Code::TooManyRooms);
        }

        visitor.rooms.push(room_id.clone());
        self.seats_so_far += 1;
        let seat = Seat {
            user: user.clone(),
            name: SeatName((self.random)()),
            number: self.seats_so_far,
            capabilities: capabilities.clone(),
            renewal: None,
        };
        self.rooms.entry(room_id.clone()).or_insert_with(Room::new).seats.push(seat);
        self.schedule(user, &room_id, now);

        let peer = Peer { user_id: user.clone(), capabilities };
        let event = ServerEvent::OtherJoined(OtherJoined { room_id: room_id.clone(), peer });
        let mut commands = Vec::with_capacity(2);
        self.tell_others(user, &room_id, &event, &mut commands);
        commands.splice(0..0, self.joined(user, room_id, now));
        Ok(commands)
    }

    fn message(&self, user: &UserId, room_id: RoomId, data: Raw) -> Result<Vec<Command>, Code> {
        let room = self.rooms.get(&room_id).ok_or(Code::NotJoined)?;
        room.seat(user).ok_or(Code::NotJoined)?;
        if room.seats.len() == 1 {
            return Err(Code::Alone);
        }
        let mut commands = Vec::with_capacity(2);
        self.tell_others(user, &room_id, &ServerEvent::Message(data), &mut commands);
        commands.push(Command::Acknowledge(InRoom { room_id }));
        Ok(commands)
    }

    fn leave(&mut self, user: &UserId, room_id: RoomId, now: Now) -> Result<Vec<Command>, Code> {
        let visitor = self.sockets.get_mut(user).ok_or(Code::NotJoined)?;
        let place = visitor.rooms.iter().position(|room| *room == room_id);
        visitor.rooms.remove(place.ok_or(Code::NotJoined)?);
        let mut commands =
            vec![Command::Answer(ServerEvent::Leaved(InRoom { room_id: room_id.clone() }))];
        self.vacate(user, &room_id, now.monotonic, &mut commands);
        Ok(commands)
    }

    fn ice_servers(
        &mut self,
        user: &UserId,
        room_id: RoomId,
        now: Now,
    ) -> Result<Vec<Command>, Code> {
        let event = self.renew(user, room_id, now).ok_or(Code::NotJoined)?;
        Ok(vec![Command::Answer(event)])
    }

    /// The `joined` of a seat that is taken.
    fn joined(&self, user: &UserId, room_id: RoomId, now: Now) -> Option<Command> {
        let room = self.rooms.get(&room_id)?;
        let (place, seat) = room.seat(user)?;
        let other = room.seats.iter().find(|seat| seat.user != *user);
        Some(Command::Answer(ServerEvent::Joined(Joined {
            user_num: room.seats.len(),
            user_id: user.clone(),
            polite: place > 0,
            ice_servers: self.servers_for(seat, now),
            peer: other.map(Seat::as_peer),
            room_id,
        })))
    }

    /// Fresh credentials for a seat, and a new time for the next ones.
    fn renew(&mut self, user: &UserId, room_id: RoomId, now: Now) -> Option<ServerEvent> {
        self.schedule(user, &room_id, now);
        let (_, seat) = self.rooms.get(&room_id)?.seat(user)?;
        let ice_servers = self.servers_for(seat, now);
        Some(ServerEvent::IceServers(IceServers { room_id, ice_servers }))
    }

    /// Sets the time at which a seat is sent fresh credentials.
    fn schedule(&mut self, user: &UserId, room_id: &RoomId, now: Now) {
        if self.config.turn.is_none() {
            return;
        }
        let Some(room) = self.rooms.get_mut(room_id) else {
            return;
        };
        let Some(seat) = room.seats.iter_mut().find(|seat| seat.user == *user) else {
            return;
        };
        if let Some(renewal) = seat.renewal.take() {
            self.renewals.remove(&renewal);
        }
        let renewal = (now.monotonic + LIFETIME / 2, seat.number);
        seat.renewal = Some(renewal);
        self.renewals.insert(renewal, (user.clone(), room_id.clone()));
    }

    fn servers_for(&self, seat: &Seat, now: Now) -> Vec<IceServer> {
        let host = self.sockets.get(&seat.user).and_then(|visitor| visitor.host.as_ref());
        let turn = self.config.turn.as_ref();
        turn.map(|turn| turn.ice_servers(host, seat.name, now.unix)).unwrap_or_default()
    }

    /// Frees a seat, tells the others, and forgets the room with its last seat.
    fn vacate(
        &mut self,
        user: &UserId,
        room_id: &RoomId,
        credentials_end: Instant,
        commands: &mut Vec<Command>,
    ) {
        let Some(room) = self.rooms.get_mut(room_id) else {
            return;
        };
        let Some((place, seat)) = room.seat(user) else {
            return;
        };
        if let Some(renewal) = &seat.renewal {
            self.renewals.remove(renewal);
            self.endings.insert((credentials_end, seat.number), seat.name);
        }
        room.seats.remove(place);
        if room.seats.is_empty() {
            self.rooms.remove(room_id);
            return;
        }
        let bye = Bye { room_id: room_id.clone(), user_id: user.clone() };
        self.tell_others(user, room_id, &ServerEvent::Bye(bye), commands);
    }

    fn tell_others(
        &self,
        user: &UserId,
        room_id: &RoomId,
        event: &ServerEvent,
        commands: &mut Vec<Command>,
    ) {
        let seats = self.rooms.get(room_id).map_or(&[][..], |room| &room.seats);
        let others = seats.iter().filter(|seat| seat.user != *user);
        commands.extend(others.map(|seat| Command::Tell(seat.user.clone(), event.clone())));
    }
}

impl Room {
    fn new() -> Room {
        // Rooms are nearly always for two, and a growing `Vec` would begin with four.
        Room { seats: Vec::with_capacity(2) }
    }

    fn seat(&self, user: &UserId) -> Option<(usize, &Seat)> {
        self.seats.iter().enumerate().find(|(_, seat)| seat.user == *user)
    }
}

impl Seat {
    fn as_peer(&self) -> Peer {
        Peer { user_id: self.user.clone(), capabilities: self.capabilities.clone() }
    }
}

#[cfg(test)]
mod tests;
