//! Random orders of what sockets do and of what the store hears of it: everybody is answered once, nobody
//! hears a message twice, and in the end nothing is left.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::protocol::Token;

const TABS: usize = 4;
const ROOMS: [&str; 2] = ["tea", "cup"];

#[derive(Debug, Clone)]
enum Step {
    /// With a new socket, if the tab has none, and with the tab's last token.
    Join {
        tab: usize,
        room: usize,
        can_resume: bool,
        takes_kept: bool,
    },
    Leave {
        tab: usize,
        room: usize,
    },
    Send {
        tab: usize,
        room: usize,
        keep: bool,
    },
    Go {
        tab: usize,
        parting: Parting,
    },
    /// So many operations reach the store.
    Reach(usize),
    /// In seconds.
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let tab = 0..TABS;
    let room = 0..ROOMS.len();
    let parting = prop_oneof![1 => Just(Parting::Goodbye), 2 => Just(Parting::Lost)];
    prop_oneof![
        6 => (tab.clone(), room.clone(), prop::bool::weighted(0.8), any::<bool>()).prop_map(
            |(tab, room, can_resume, takes_kept)| Step::Join { tab, room, can_resume, takes_kept }
        ),
        1 => (tab.clone(), room.clone()).prop_map(|(tab, room)| Step::Leave { tab, room }),
        4 => (tab.clone(), room, any::<bool>())
            .prop_map(|(tab, room, keep)| Step::Send { tab, room, keep }),
        3 => (tab, parting).prop_map(|(tab, parting)| Step::Go { tab, parting }),
        6 => (0..8_usize).prop_map(Step::Reach),
        1 => (0..25_u64).prop_map(Step::Pass),
    ]
}

proptest! {
    #[test]
    fn a_late_store_forgets_nobody_and_keeps_nobody(
        steps in prop::collection::vec(step(), 0..150),
    ) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.end();
    }
}

struct World {
    rooms: LateRooms,
    line: Line,
    now: Now,
    tabs: [Option<SocketId>; TABS],
    tokens: HashMap<(usize, RoomId), Token>,
    /// The tab of each socket that ever was.
    owners: HashMap<SocketId, usize>,
    requests: u64,
    unanswered: HashSet<(SocketId, u64)>,
    heard: HashSet<String>,
    ended: Vec<SeatName>,
}

impl World {
    fn new() -> World {
        let (rooms, line, now) = late_rooms();
        World {
            rooms,
            line,
            now,
            tabs: Default::default(),
            tokens: HashMap::new(),
            owners: HashMap::new(),
            requests: 0,
            unanswered: HashSet::new(),
            heard: HashSet::new(),
            ended: Vec::new(),
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Join { tab, room, can_resume, takes_kept } => {
                let socket = self.tabs[tab].clone().unwrap_or_else(|| self.connect(tab));
                let room = room_id(room);
                let resume = self.tokens.get(&(tab, room.clone())).cloned();
                let capabilities = format!(r#"{{"resume":{can_resume},"kept":{takes_kept}}}"#);
                let capabilities = Some(raw(&capabilities));
                let join = Join { capabilities, resume, ..Join::new(room) };
                self.request(socket, Request::Join(join));
            }
            Step::Leave { tab, room } => {
                if let Some(socket) = self.tabs[tab].clone() {
                    self.request(socket, Request::Leave { room: room_id(room) });
                }
            }
            Step::Send { tab, room, keep } => {
                if let Some(socket) = self.tabs[tab].clone() {
                    let data = raw(&self.requests.to_string());
                    self.request(socket, Request::Message { room: room_id(room), data, keep });
                }
            }
            Step::Go { tab, parting } => self.go(tab, parting),
            Step::Reach(count) => {
                self.line.pass(count);
                self.look();
            }
            Step::Pass(seconds) => {
                self.now.monotonic += Duration::from_secs(seconds);
                self.now.unix += seconds;
                self.look();
            }
        }
    }

    /// The store catches up, everybody goes, and nothing is left.
    fn end(&mut self) {
        self.line.pass_all();
        self.look();
        let waits =
            |(socket, _): &&(SocketId, u64)| self.tabs.iter().flatten().any(|s| s == socket);
        assert_eq!(self.unanswered.iter().find(waits), None, "somebody waits for an answer");
        let held = self.tabs.iter().flatten().map(|socket| self.rooms.seat_count(socket));
        let Figures { seats, away, .. } = self.rooms.figures();
        assert_eq!(held.sum::<usize>() + away, seats, "sockets and store agree");
        for tab in 0..TABS {
            self.go(tab, if tab % 2 == 0 { Parting::Lost } else { Parting::Goodbye });
        }
        self.line.pass_all();
        self.look();
        self.take(Step::Pass(GRACE.as_secs()));
        let Figures { rooms, seats, away, sockets, joins, .. } = self.rooms.figures();
        assert_eq!((rooms, seats, away, sockets), (0, 0, 0, 0));
        assert_eq!(self.rooms.poll_timeout(), None);
        let ended: HashSet<_> = self.ended.iter().collect();
        assert_eq!(ended.len(), self.ended.len(), "credentials end once");
        assert_eq!(ended.len() as u64, joins, "and those of every seat do");
    }

    fn connect(&mut self, tab: usize) -> SocketId {
        let name = format!("s{}", self.owners.len());
        connect(&mut self.rooms, &name, self.now);
        let socket = SocketId::from(&*name);
        self.owners.insert(socket.clone(), tab);
        self.tabs[tab] = Some(socket.clone());
        socket
    }

    fn go(&mut self, tab: usize, parting: Parting) {
        if let Some(socket) = self.tabs[tab].take() {
            let commands = self.rooms.disconnect(&socket, parting, self.now);
            self.hear(commands);
        }
    }

    fn request(&mut self, socket: SocketId, request: Request) {
        self.requests += 1;
        self.unanswered.insert((socket.clone(), self.requests));
        let asker = Asker { socket, request: self.requests };
        let commands = self.rooms.request(asker, Ok(request), self.now);
        self.hear(commands);
    }

    fn look(&mut self) {
        let commands = self.rooms.handle_timeout(self.now);
        self.hear(commands);
    }

    fn hear(&mut self, commands: Vec<Command>) {
        self.ended.extend(self.rooms.take_ended());
        for command in commands {
            if let Command::Answer(Asker { socket, request }, _)
            | Command::Acknowledge(Asker { socket, request }, _) = &command
            {
                let waited = self.unanswered.remove(&(socket.clone(), *request));
                assert!(waited, "an answer that nobody waits for");
            }
            match command {
                Command::Answer(Asker { socket, .. }, ServerEvent::Joined(joined)) => {
                    assert!(joined.user_num <= 2);
                    let owner = (self.owners[&socket], joined.room_id);
                    self.tokens.extend(joined.resume.map(|token| (owner, token)));
                }
                Command::Tell(_, ServerEvent::Message(data)) => {
                    assert!(self.heard.insert(data.get().to_owned()), "a message again");
                }
                _ => {}
            }
        }
    }
}

fn room_id(room: usize) -> RoomId {
    ROOMS[room].to_owned().try_into().unwrap()
}

fn raw(json: &str) -> Raw {
    RawValue::from_string(json.to_owned()).unwrap().into()
}
