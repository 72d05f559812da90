use std::{cell::Cell, num::NonZeroUsize, rc::Rc, time::Duration};

use serde_json::{Value, json, value::RawValue};

use super::*;
use crate::{
    credentials::{Turn, Way},
    limits::Limits,
};

mod attempts;
mod credentials;
mod kept;
mod late;
mod limits;
mod restart;
mod resume;

const GRACE: Duration = Duration::from_secs(20);

#[test]
fn two_people_meet_talk_and_part() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ben"]);
    server.run(&[
        (
            "ann",
            "join",
            json!({"roomId": "tea", "capabilities": {"v": 1}}),
            vec![answer(
                "joined",
                json!({
                    "roomId": "tea", "userNum": 1, "userId": "ann", "polite": false,
                    "iceServers": [], "peer": null,
                }),
            )],
        ),
        (
            "ben",
            "join",
            json!({"roomId": "tea"}),
            vec![
                answer(
                    "joined",
                    json!({
                        "roomId": "tea", "userNum": 2, "userId": "ben", "polite": true,
                        "iceServers": [], "peer": {"userId": "ann", "capabilities": {"v": 1}},
                    }),
                ),
                tell("ann", "otherjoined", json!({"roomId": "tea", "userId": "ben"})),
            ],
        ),
        (
            "ann",
            "message",
            json!({"roomId": "tea", "data": {"type": "offer"}}),
            vec![tell("ben", "message", json!({"type": "offer"})), acknowledge("tea")],
        ),
        (
            "ben",
            "message",
            json!({"roomId": "tea", "data": "answer"}),
            vec![tell("ann", "message", json!("answer")), acknowledge("tea")],
        ),
        (
            "ann",
            "leave",
            json!({"roomId": "tea"}),
            vec![
                answer("leaved", json!({"roomId": "tea"})),
                tell("ben", "bye", json!({"roomId": "tea", "userId": "ann"})),
            ],
        ),
        (
            "ben",
            "leave",
            json!({"roomId": "tea"}),
            vec![answer("leaved", json!({"roomId": "tea"}))],
        ),
    ]);
    assert_eq!(server.rooms.figures().rooms, 0);
}

#[test]
fn a_visitor_who_met_a_full_room_counts_nowhere() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ben", "cat"]);
    server.seat("tea", &["ann", "ben"]);
    server.run(&[
        (
            "cat",
            "join",
            json!({"roomId": "tea"}),
            vec![answer("full", json!({"roomId": "tea", "userNum": 2}))],
        ),
        (
            "cat",
            "message",
            json!({"roomId": "tea", "data": 1}),
            vec![refused("message", Code::NotJoined)],
        ),
        ("cat", "leave", json!({"roomId": "tea"}), vec![refused("leave", Code::NotJoined)]),
        (
            "cat",
            "iceservers",
            json!({"roomId": "tea"}),
            vec![refused("iceservers", Code::NotJoined)],
        ),
    ]);
    assert_eq!(server.close("cat"), []);
    assert_eq!(
        server.close("ann"),
        [tell("ben", "bye", json!({"roomId": "tea", "userId": "ann"}))]
    );
    server.connect(&["cat"]);
    let joined = server.request("cat", "join", json!({"roomId": "tea"}));
    assert_eq!(joined[0].body["userNum"], 2);
}

#[test]
fn a_second_join_of_the_same_socket_is_no_second_person() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ben"]);
    let first = server.request("ann", "join", json!({"roomId": "tea"}));
    let again = server.request("ann", "join", json!({"roomId": "tea", "capabilities": {}}));
    assert_eq!(first, again);
    let ben = server.request("ben", "join", json!({"roomId": "tea"}));
    assert_eq!(ben[0].body["userNum"], 2);
    assert_eq!(ben[0].body["peer"], json!({"userId": "ann"}));
    let again = server.request("ann", "join", json!({"roomId": "tea"}));
    assert_eq!(
        again,
        [answer(
            "joined",
            json!({
                "roomId": "tea", "userNum": 2, "userId": "ann", "polite": false,
                "iceServers": [], "peer": {"userId": "ben"},
            })
        )]
    );
}

#[test]
fn who_stays_behind_is_not_polite_to_the_next() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ben", "cat"]);
    server.seat("tea", &["ann", "ben"]);
    server.close("ann");
    let cat = server.request("cat", "join", json!({"roomId": "tea"}));
    assert_eq!(cat[0].body["polite"], true);
    let ben = server.request("ben", "join", json!({"roomId": "tea"}));
    assert_eq!(ben[0].body["polite"], false);
}

#[test]
fn a_message_into_an_empty_room_is_refused() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann"]);
    server.seat("tea", &["ann"]);
    server.run(&[
        (
            "ann",
            "message",
            json!({"roomId": "tea", "data": 1}),
            vec![refused("message", Code::Alone)],
        ),
        (
            "ann",
            "message",
            json!({"roomId": "cup", "data": 1}),
            vec![refused("message", Code::NotJoined)],
        ),
    ]);
}

#[test]
fn a_disconnect_ends_every_seat_of_the_socket_once() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ben", "cat"]);
    server.seat("tea", &["ann", "ben"]);
    server.seat("cup", &["cat", "ann"]);
    server.seat("pot", &["ann"]);
    assert_eq!(
        server.close("ann"),
        [
            tell("ben", "bye", json!({"roomId": "tea", "userId": "ann"})),
            tell("cat", "bye", json!({"roomId": "cup", "userId": "ann"})),
        ]
    );
    assert_eq!(server.close("ann"), []);
    assert_eq!(server.request("ann", "join", json!({"roomId": "tea"})), []);
    assert_eq!((server.rooms.figures().rooms, server.rooms.figures().sockets), (2, 2));
}

#[test]
fn a_larger_room_tells_everybody() {
    let mut server = Server::without_turn(3);
    server.connect(&["ann", "ben", "cat", "dan"]);
    server.seat("tea", &["ann", "ben", "cat"]);
    server.run(&[
        (
            "cat",
            "message",
            json!({"roomId": "tea", "data": 1}),
            vec![
                tell("ann", "message", json!(1)),
                tell("ben", "message", json!(1)),
                acknowledge("tea"),
            ],
        ),
        (
            "dan",
            "join",
            json!({"roomId": "tea"}),
            vec![answer("full", json!({"roomId": "tea", "userNum": 3}))],
        ),
    ]);
}

/// The machine with a clock that stands still until it is moved, and numbers for random ones.
struct Server {
    rooms: Rooms<Box<dyn FnMut() -> u64>>,
    config: Config,
    now: Now,
    drawn: Rc<Cell<u64>>,
    requests: u64,
}

/// A [`Command`] in a form that is easy to write down.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    to: Option<String>,
    name: &'static str,
    body: Value,
}

type Step<'a> = (&'a str, &'a str, Value, Vec<Said>);

impl Server {
    fn without_turn(room_size: usize) -> Server {
        Server::new(config(room_size))
    }

    fn with_turn() -> Server {
        let ways = vec![Way::Udp(3478), Way::Tcp(3478)];
        let turn = Turn { host: None, ways, secret: "north".into() };
        Server::new(Config { turn: Some(turn), ..config(2) })
    }

    fn new(config: Config) -> Server {
        let drawn = Rc::new(Cell::new(0));
        let now = Now { monotonic: Instant::now(), unix: 1000 };
        let rooms = Rooms::new(config.clone(), random(&drawn));
        Server { rooms, config, now, drawn, requests: 0 }
    }

    /// Ends, and starts again with the same settings and no memory.
    fn restart(&mut self) {
        self.rooms = Rooms::new(self.config.clone(), random(&self.drawn));
    }

    fn connect(&mut self, sockets: &[&str]) {
        for &socket in sockets {
            let caller = Caller {
                host: Host::parse("twocan.example"),
                address: IpAddr::from([192, 0, 2, 7]),
            };
            self.rooms.connect(socket.into(), caller, self.now).unwrap();
        }
    }

    fn seat(&mut self, room: &str, sockets: &[&str]) {
        for socket in sockets {
            let said = self.request(socket, "join", json!({"roomId": room}));
            assert_eq!(said[0].name, "joined");
        }
    }

    /// Connects and joins as a client that can take its seat back, and returns its token.
    fn seat_for_good(&mut self, room: &str, socket: &str) -> Value {
        self.connect(&[socket]);
        self.resume(room, socket, &Value::Null)[0].body["resume"].clone()
    }

    /// Joins with a resume token, whatever comes of it.
    fn resume(&mut self, room: &str, socket: &str, token: &Value) -> Vec<Said> {
        let join = json!({"roomId": room, "resume": token, "capabilities": {"resume": true}});
        self.request(socket, "join", join)
    }

    fn run(&mut self, steps: &[Step<'_>]) {
        for (socket, event, argument, expected) in steps {
            let said = self.request(socket, event, argument.clone());
            assert_eq!(said, *expected, "{socket}: {event} {argument}");
        }
    }

    fn request(&mut self, socket: &str, event: &str, argument: Value) -> Vec<Said> {
        let argument = RawValue::from_string(argument.to_string()).unwrap();
        self.requests += 1;
        let asker = Asker { socket: socket.into(), request: self.requests };
        let request = Request::parse(event, &[argument]);
        said(self.rooms.request(asker.clone(), request, self.now), &asker)
    }

    fn message(&mut self, socket: &str, data: impl Into<Value>) -> Vec<Said> {
        self.request(socket, "message", json!({"roomId": "tea", "data": data.into()}))
    }

    /// The client says goodbye.
    fn close(&mut self, socket: &str) -> Vec<Said> {
        told(self.rooms.disconnect(&socket.into(), Parting::Goodbye, self.now))
    }

    /// The connection breaks.
    fn lose(&mut self, socket: &str) -> Vec<Said> {
        told(self.rooms.disconnect(&socket.into(), Parting::Lost, self.now))
    }

    fn timeout(&mut self) -> Vec<Said> {
        told(self.rooms.handle_timeout(self.now))
    }

    fn pass(&mut self, time: Duration) {
        self.now.monotonic += time;
        self.now.unix += time.as_secs();
    }
}

fn config(room_size: usize) -> Config {
    Config {
        room_size: NonZeroUsize::new(room_size).unwrap(),
        turn: None,
        secret: "a secret".into(),
        grace: GRACE,
        join_control: None,
        limits: Some(Limits::default()),
    }
}

fn random(drawn: &Rc<Cell<u64>>) -> Box<dyn FnMut() -> u64> {
    let drawn = drawn.clone();
    Box::new(move || {
        drawn.set(drawn.get() + 1);
        drawn.get()
    })
}

fn said(commands: Vec<Command>, asker: &Asker) -> Vec<Said> {
    let said = |command| match command {
        Command::Answer(answered, event) => {
            assert_eq!(answered, *asker);
            answer(event.name(), serde_json::to_value(&event).unwrap())
        }
        Command::Acknowledge(answered, room) => {
            assert_eq!(answered, *asker);
            acknowledge(room.room_id.as_str())
        }
        Command::Tell(socket, event) => {
            tell(socket.as_str(), event.name(), serde_json::to_value(&event).unwrap())
        }
    };
    commands.into_iter().map(said).collect()
}

/// What was said without anybody having asked.
fn told(commands: Vec<Command>) -> Vec<Said> {
    said(commands, &Asker { socket: "nobody".into(), request: 0 })
}

fn answer(name: &'static str, body: Value) -> Said {
    Said { to: None, name, body }
}

fn tell(to: &str, name: &'static str, body: Value) -> Said {
    Said { to: Some(to.into()), name, body }
}

fn acknowledge(room: &str) -> Said {
    Said { to: None, name: "(acknowledged)", body: json!({"roomId": room}) }
}

fn refused(event: &str, code: Code) -> Said {
    let message = code.message(event);
    answer("refused", json!({"event": event, "code": code.as_str(), "message": message}))
}

/// The names of what was said, with those who were told.
fn names(said: &[Said]) -> Vec<String> {
    said.iter()
        .map(|said| match &said.to {
            Some(to) => format!("{to}: {}", said.name),
            None => said.name.to_owned(),
        })
        .collect()
}
