//! The rooms and the model side by side, and what must be true of both.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    num::NonZeroUsize,
    time::{Duration, Instant},
};

use proptest::sample::Index;
use serde_json::value::RawValue;
use twocan_signal::{
    limits::{Limits, Rate},
    protocol::{Join, Raw, Request, RoomId, ServerEvent, SocketId},
    rooms::{Asker, Caller, Command, Config, Now, Parting, Rooms},
};

use crate::{
    TABS,
    model::{Claim, GRACE, Model, ROOMS_OF_A_SOCKET, Wish},
};

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Close(usize),
    Lose(usize),
    /// With a new socket, if the tab has none or the join is late.
    Join {
        tab: usize,
        room: u8,
        token: Token,
        attempt: Attempt,
        can_resume: bool,
        takes_kept: bool,
    },
    Leave {
        tab: usize,
        room: u8,
    },
    Send {
        tab: usize,
        room: u8,
        count: usize,
        long: bool,
        keep: bool,
    },
    Pass(u64),
    Restart,
}

/// Which resume token a join carries.
#[derive(Debug, Clone)]
pub(crate) enum Token {
    None,
    /// The one that the tab last got for the room.
    Own,
    /// Any that there ever was.
    Any(Index),
}

/// Whether a join says which tab it is, and when the tab sent it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Attempt {
    None,
    /// Just now.
    Next,
    /// So many joins ago, over a connection that the tab has given up since.
    Late(u64),
}

pub(crate) struct World {
    rooms: Rooms<Box<dyn FnMut() -> u64>>,
    model: Model,
    start: Instant,
    /// The tabs' sockets.
    tabs: [Option<String>; TABS],
    /// How many joins each tab has sent.
    joins: [u64; TABS],
    /// Each tab's last token for each room.
    own: HashMap<(usize, u8), String>,
    tokens: Vec<String>,
    claims: HashMap<String, Claim>,
    sockets: u64,
    requests: u64,
    messages: u64,
    /// Who may hear each message: the other seats that were there when it was sent, or the one that was
    /// taken next.
    meant_for: HashMap<u64, HashSet<u64>>,
    /// The last message of a seat that another heard.
    heard: HashMap<(u64, u64), u64>,
    /// Which seat sent each message.
    senders: HashMap<u64, u64>,
    /// The seats whose credentials have ended since the last restart.
    seats_ended: HashSet<u64>,
}

impl World {
    pub(crate) fn new(room_size: usize) -> World {
        World {
            rooms: rooms(room_size, 0),
            model: Model::new(room_size),
            start: Instant::now(),
            tabs: Default::default(),
            joins: [0; TABS],
            own: HashMap::new(),
            tokens: Vec::new(),
            claims: HashMap::new(),
            sockets: 0,
            requests: 0,
            messages: 0,
            meant_for: HashMap::new(),
            heard: HashMap::new(),
            senders: HashMap::new(),
            seats_ended: HashSet::new(),
        }
    }

    pub(crate) fn take(&mut self, step: Step) {
        match step {
            Step::Close(tab) => self.disconnect(tab, true),
            Step::Lose(tab) => self.disconnect(tab, false),
            Step::Join { tab, room, token, attempt, can_resume, takes_kept } => {
                let wish = Wish { room, claim: None, attempt: None, can_resume, takes_kept };
                match attempt {
                    Attempt::None => self.join(tab, &token, wish),
                    Attempt::Next => {
                        self.joins[tab] += 1;
                        let attempt = Some((tab, self.joins[tab]));
                        self.join(tab, &token, Wish { attempt, ..wish });
                    }
                    Attempt::Late(ago) => {
                        let live = self.tabs[tab].take();
                        let attempt = Some((tab, self.joins[tab].saturating_sub(ago)));
                        self.join(tab, &token, Wish { attempt, ..wish });
                        self.disconnect(tab, false);
                        self.tabs[tab] = live;
                    }
                }
            }
            Step::Leave { tab, room } => {
                if let Some(socket) = self.tabs[tab].clone() {
                    let said = self.request(&socket, Request::Leave { room: name(room) });
                    assert_eq!(said, self.model.leave(&socket, room));
                }
            }
            Step::Send { tab, room, count, long, keep } => {
                for _ in 0..count {
                    self.send(tab, room, long, keep);
                }
            }
            Step::Pass(seconds) => self.pass(seconds),
            Step::Restart => self.restart(),
        }
        self.check();
    }

    /// Everybody goes, and nothing is left.
    pub(crate) fn end(&mut self) {
        for tab in 0..TABS {
            self.disconnect(tab, tab % 2 == 0);
        }
        self.pass(GRACE);
        self.check();
        let figures = self.rooms.figures();
        let left = (figures.rooms, figures.seats, figures.away, figures.sockets);
        assert_eq!(left, (0, 0, 0, 0));
        assert_eq!(self.rooms.poll_timeout(), None);
        assert_eq!(self.seats_ended.len(), self.model.taken, "every seat's credentials end");
    }

    fn connect(&mut self, tab: usize) -> String {
        self.sockets += 1;
        let socket = format!("s{}", self.sockets);
        let caller = Caller { host: None, address: IpAddr::from([192, 0, 2, tab as u8]) };
        let now = self.now();
        self.rooms.connect(socket.as_str().into(), caller, now).unwrap();
        self.tabs[tab] = Some(socket.clone());
        socket
    }

    fn disconnect(&mut self, tab: usize, clean: bool) {
        let Some(socket) = self.tabs[tab].take() else {
            return;
        };
        let now = self.now();
        let parting = if clean { Parting::Goodbye } else { Parting::Lost };
        let commands = self.rooms.disconnect(&id(&socket), parting, now);
        let mut said = self.hear(commands);
        said.sort();
        assert_eq!(said, self.model.disconnect(&socket, clean));
    }

    /// `token` says what `wish` claims.
    fn join(&mut self, tab: usize, token: &Token, mut wish: Wish) {
        let Wish { room, attempt, can_resume, takes_kept, .. } = wish;
        let socket = self.tabs[tab].clone().unwrap_or_else(|| self.connect(tab));
        let token = match token {
            Token::None => None,
            Token::Own => self.own.get(&(tab, room)).cloned(),
            Token::Any(index) if !self.tokens.is_empty() => Some(index.get(&self.tokens).clone()),
            Token::Any(_) => None,
        };
        let capabilities = (can_resume || takes_kept)
            .then(|| raw(format!(r#"{{"resume":{can_resume},"kept":{takes_kept}}}"#)));
        let resume = token.clone().map(Into::into);
        let n = attempt.map_or(0, |(_, n)| n);
        let attempt = attempt.map(|(tab, _)| format!("the attempt of tab {tab}").into());
        let join = Join { capabilities, resume, attempt, n, ..Join::new(name(room)) };
        let commands = self.command(&socket, Request::Join(join));

        let joined = commands.iter().find_map(|command| match command {
            Command::Answer(_, ServerEvent::Joined(joined)) => Some(joined.clone()),
            _ => None,
        });
        let user = joined.as_ref().map(|joined| joined.user_id.as_str().to_owned());
        wish.claim = token.and_then(|token| self.claims.get(&token).cloned());
        let kept = self.model.kept(room);
        let (expected, stands_for) = self.model.join(&socket, &wish, user.as_deref());
        if let Some(seat) = self.model.held(&socket, room) {
            for number in kept {
                self.meant_for.entry(number).or_default().insert(seat.number);
            }
        }
        // The model knows who holds what by this time, as those who hear it do.
        let said = self.hear(commands);
        assert_eq!(said, expected);

        let resume = joined.and_then(|joined| joined.resume);
        assert_eq!(resume.is_some(), stands_for.is_some());
        if let (Some(resume), Some(claim)) = (resume, stands_for) {
            let token = resume.reveal().to_owned();
            self.own.insert((tab, room), token.clone());
            self.tokens.push(token.clone());
            self.claims.insert(token, claim);
        }
    }

    fn send(&mut self, tab: usize, room: u8, long: bool, keep: bool) {
        let Some(socket) = self.tabs[tab].clone() else {
            return;
        };
        self.messages += 1;
        let number = self.messages;
        let data =
            format!("{{\"n\":{number},\"pad\":\"{}\"}}", "x".repeat(if long { 20_000 } else { 0 }));
        if let Some(sender) = self.model.held(&socket, room) {
            let others = self.model.seats.iter().filter(|seat| seat.room == room);
            let others = others.map(|seat| seat.number).filter(|seat| *seat != sender.number);
            self.meant_for.insert(number, others.collect());
            self.senders.insert(number, sender.number);
        }
        let expected = self.model.send(&socket, room, number, data.len(), keep);
        let message = Request::Message { room: name(room), data: raw(data), keep };
        let said = self.request(&socket, message);
        assert_eq!(said, expected);
    }

    fn pass(&mut self, seconds: u64) {
        let expected = self.model.pass(seconds);
        let now = self.now();
        let commands = self.rooms.handle_timeout(now);
        let mut said = self.hear(commands);
        said.sort();
        assert_eq!(said, expected);
        assert!(self.rooms.poll_timeout().is_none_or(|due| due > now.monotonic));
    }

    /// The server forgets everything; the clients forget nothing but their sockets.
    fn restart(&mut self) {
        self.tabs = Default::default();
        self.model.restart();
        self.rooms = rooms(self.model.room_size, self.model.epoch);
        self.seats_ended.clear();
    }

    /// What must be true at any time.
    fn check(&mut self) {
        let mut rooms: Vec<u8> = self.model.seats.iter().map(|seat| seat.room).collect();
        rooms.sort_unstable();
        rooms.dedup();
        for room in &rooms {
            let seats = self.model.seats.iter().filter(|seat| seat.room == *room);
            let users: Vec<_> = seats.map(|seat| &seat.user).collect();
            assert!(users.len() <= self.model.room_size, "too many seats");
            assert_eq!(users.iter().collect::<HashSet<_>>().len(), users.len(), "two of one name");
        }
        let figures = self.rooms.figures();
        let away = self.model.seats.iter().filter(|seat| seat.holder.is_none()).count();
        assert_eq!((figures.rooms, figures.seats), (rooms.len(), self.model.seats.len()));
        assert_eq!((figures.away, figures.sockets), (away, self.tabs.iter().flatten().count()));
        for socket in self.tabs.iter().flatten() {
            let seats =
                self.model.seats.iter().filter(|seat| seat.holder.as_ref() == Some(socket)).count();
            assert_eq!(self.rooms.seat_count(&id(socket)), seats, "{socket}");
        }
        for name in self.rooms.take_ended() {
            assert!(self.seats_ended.insert(name.0), "credentials end once");
        }
    }

    fn request(&mut self, socket: &str, request: Request) -> Vec<String> {
        let commands = self.command(socket, request);
        self.hear(commands)
    }

    fn command(&mut self, socket: &str, request: Request) -> Vec<Command> {
        self.requests += 1;
        let now = self.now();
        let asker = Asker { socket: id(socket), request: self.requests };
        let commands = self.rooms.request(asker.clone(), Ok(request), now);
        let answers = commands.iter().filter_map(|command| match command {
            Command::Answer(answered, _) | Command::Acknowledge(answered, _) => Some(answered),
            Command::Tell(..) => None,
        });
        assert_eq!(answers.collect::<Vec<_>>(), [&asker], "each request has one answer");
        commands
    }

    /// What is said as text; each message must be heard once, in order, and only where it was meant for.
    fn hear(&mut self, commands: Vec<Command>) -> Vec<String> {
        for command in &commands {
            if let Command::Tell(socket, ServerEvent::Message(data)) = command {
                let number = number(data);
                let hearer = self.model.seats.iter().find(|seat| {
                    seat.holder.as_deref() == Some(socket.as_str())
                        && self.meant_for[&number].contains(&seat.number)
                });
                let hearer = hearer.expect("a message for somebody else").number;
                let last = self.heard.insert((self.senders[&number], hearer), number);
                assert!(last < Some(number), "a message again, or too late");
            }
        }
        commands.iter().map(brief).collect()
    }

    fn now(&self) -> Now {
        let passed = self.model.now;
        Now { monotonic: self.start + Duration::from_secs(passed), unix: passed }
    }
}

fn rooms(room_size: usize, epoch: u64) -> Rooms<Box<dyn FnMut() -> u64>> {
    let endless = Rate { each_second: 1_000_000, burst: 1_000_000 };
    let config = Config {
        room_size: NonZeroUsize::new(room_size).unwrap(),
        turn: None,
        secret: "a secret".into(),
        grace: Duration::from_secs(GRACE),
        join_control: None,
        limits: Some(Limits {
            messages: endless,
            joins: endless,
            rooms_of_a_socket: ROOMS_OF_A_SOCKET,
            ..Limits::default()
        }),
    };
    let mut drawn = epoch << 32;
    Rooms::new(
        config,
        Box::new(move || {
            drawn += 1;
            drawn
        }),
    )
}

fn brief(command: &Command) -> String {
    match command {
        Command::Answer(_, ServerEvent::Joined(joined)) => {
            let peer = joined.peer.as_ref().map_or("nobody".into(), |peer| {
                format!("{}{}", peer.user_id.as_str(), if peer.away { " (away)" } else { "" })
            });
            format!(
                "joined {} of {} polite {} peer {peer} resumed {}",
                joined.user_id.as_str(),
                joined.user_num,
                joined.polite,
                joined.resumed
            )
        }
        Command::Answer(_, ServerEvent::Full(full)) => format!("full {}", full.user_num),
        Command::Answer(_, ServerEvent::Refused(refused)) => {
            format!("refused {}", refused.code.as_str())
        }
        Command::Answer(_, event) => event.name().into(),
        Command::Acknowledge(..) => "acknowledged".into(),
        Command::Tell(to, event) => {
            let about = match event {
                ServerEvent::Message(data) => format!(" {}", number(data)),
                ServerEvent::Bye(bye) => format!(" {}", bye.user_id.as_str()),
                ServerEvent::PeerAway(away) => format!(" {}", away.user_id.as_str()),
                ServerEvent::OtherJoined(other) => {
                    let kept = if other.kept { " kept" } else { "" };
                    format!(" {}{kept}", other.peer.user_id.as_str())
                }
                ServerEvent::PeerBack(back) => format!(" {}", back.peer.user_id.as_str()),
                _ => String::new(),
            };
            format!("{}: {}{about}", to.as_str(), event.name())
        }
    }
}

/// The number that a message carries.
fn number(data: &Raw) -> u64 {
    let value: serde_json::Value = serde_json::from_str(data.get()).unwrap();
    value["n"].as_u64().unwrap()
}

fn raw(json: String) -> Raw {
    RawValue::from_string(json).unwrap().into()
}

fn id(socket: &str) -> SocketId {
    socket.into()
}

fn name(room: u8) -> RoomId {
    RoomId::try_from(format!("room {room}")).unwrap()
}
