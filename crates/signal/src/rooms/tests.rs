use std::time::Duration;

use serde_json::{Value, json, value::RawValue};

use super::*;
use crate::credentials::Way;

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
    assert_eq!(server.rooms.room_count(), 0);
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
            vec![refused("message", "not_joined")],
        ),
        ("cat", "leave", json!({"roomId": "tea"}), vec![refused("leave", "not_joined")]),
        ("cat", "iceservers", json!({"roomId": "tea"}), vec![refused("iceservers", "not_joined")]),
    ]);
    assert_eq!(server.disconnect("cat"), []);
    assert_eq!(
        server.disconnect("ann"),
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
    server.disconnect("ann");
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
        ("ann", "message", json!({"roomId": "tea", "data": 1}), vec![refused("message", "alone")]),
        (
            "ann",
            "message",
            json!({"roomId": "cup", "data": 1}),
            vec![refused("message", "not_joined")],
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
        server.disconnect("ann"),
        [
            tell("ben", "bye", json!({"roomId": "tea", "userId": "ann"})),
            tell("cat", "bye", json!({"roomId": "cup", "userId": "ann"})),
        ]
    );
    assert_eq!(server.disconnect("ann"), []);
    assert_eq!(server.request("ann", "join", json!({"roomId": "tea"})), []);
    assert_eq!((server.rooms.room_count(), server.rooms.socket_count()), (2, 2));
}

#[test]
fn one_socket_sits_in_at_most_sixteen_rooms() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann"]);
    for number in 0..MAX_ROOMS_OF_A_SOCKET {
        server.seat(&number.to_string(), &["ann"]);
    }
    server.run(&[
        ("ann", "join", json!({"roomId": "more"}), vec![refused("join", "too_many_rooms")]),
        ("ann", "leave", json!({"roomId": "3"}), vec![answer("leaved", json!({"roomId": "3"}))]),
    ]);
    server.seat("more", &["ann"]);
    assert_eq!(server.rooms.room_count(), MAX_ROOMS_OF_A_SOCKET);
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

#[test]
fn each_seat_has_credentials_of_its_own() {
    let mut server = Server::with_turn();
    server.connect(&["ann", "ben"]);
    let ann = server.request("ann", "join", json!({"roomId": "tea"}));
    let ben = server.request("ben", "join", json!({"roomId": "tea"}));
    assert_eq!(ann[0].body["iceServers"][0], json!({"urls": ["stun:twocan.example:3478"]}));
    assert_eq!(username(&ann[0]), "87400:0000000000000001");
    assert_eq!(username(&ben[0]), "87400:0000000000000002");
}

#[test]
fn fresh_credentials_come_at_half_of_the_lifetime() {
    let mut server = Server::with_turn();
    server.connect(&["ann"]);
    assert_eq!(server.rooms.poll_timeout(), None);
    server.seat("tea", &["ann"]);

    server.pass(LIFETIME / 2 - Duration::from_secs(1));
    assert_eq!(server.timeout(), []);
    server.pass(Duration::from_secs(1));
    assert_eq!(server.rooms.poll_timeout(), Some(server.now.monotonic));
    let told = server.timeout();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].to.as_deref(), told[0].name), (Some("ann"), "iceservers"));
    assert_eq!(told[0].body["roomId"], "tea");
    assert_eq!(username(&told[0]), "130600:0000000000000001");
    assert_eq!(server.timeout(), []);

    server.pass(LIFETIME / 2);
    assert_eq!(username(&server.timeout()[0]), "173800:0000000000000001");
}

#[test]
fn credentials_asked_for_put_off_those_that_come_by_themselves() {
    let mut server = Server::with_turn();
    server.connect(&["ann"]);
    server.seat("tea", &["ann"]);
    server.pass(LIFETIME / 4);
    let told = server.request("ann", "iceservers", json!({"roomId": "tea"}));
    assert_eq!((told[0].to.as_deref(), told[0].name), (None, "iceservers"));
    assert_eq!(username(&told[0]), "109000:0000000000000001");
    server.pass(LIFETIME / 4);
    assert_eq!(server.timeout(), []);
    server.pass(LIFETIME / 4);
    assert_eq!(server.timeout().len(), 1);
}

#[test]
fn a_seat_that_was_left_is_sent_no_credentials() {
    let mut server = Server::with_turn();
    server.connect(&["ann", "ben"]);
    server.seat("tea", &["ann", "ben"]);
    server.request("ann", "leave", json!({"roomId": "tea"}));
    server.disconnect("ben");
    server.pass(LIFETIME);
    assert_eq!(server.timeout(), []);
    assert_eq!(server.rooms.take_ended(server.now).len(), 2);
    assert_eq!(server.rooms.poll_timeout(), None);
}

#[test]
fn credentials_end_with_the_seat_and_outlive_a_lost_socket_for_a_minute() {
    let mut server = Server::with_turn();
    server.connect(&["ann", "ben"]);
    server.seat("tea", &["ann", "ben"]);
    assert_eq!(server.rooms.take_ended(server.now), []);
    server.request("ann", "leave", json!({"roomId": "tea"}));
    assert_eq!(server.rooms.take_ended(server.now), [SeatName(1)]);
    server.disconnect("ben");
    assert_eq!(server.rooms.take_ended(server.now), []);
    let due = server.rooms.poll_timeout().unwrap();
    assert_eq!(due - server.now.monotonic, Duration::from_secs(60));
    server.now.monotonic = due;
    assert_eq!(server.rooms.take_ended(server.now), [SeatName(2)]);
    assert_eq!(server.rooms.poll_timeout(), None);
}

#[test]
fn a_goodbye_ends_the_credentials_of_every_seat_at_once() {
    let mut server = Server::with_turn();
    server.connect(&["ann"]);
    server.seat("tea", &["ann"]);
    server.seat("cup", &["ann"]);
    server.rooms.disconnect(&"ann".into(), Parting::Goodbye, server.now);
    assert_eq!(server.rooms.take_ended(server.now), [SeatName(1), SeatName(2)]);
    assert_eq!(server.rooms.poll_timeout(), None);
}

/// The machine with a clock that stands still until it is moved, and numbers for random ones.
struct Server {
    rooms: Rooms<Box<dyn FnMut() -> u64>>,
    now: Now,
}

/// A [`Command`] in a form that is easy to write down.
#[derive(Debug, PartialEq)]
struct Said {
    to: Option<String>,
    name: &'static str,
    body: Value,
}

type Step<'a> = (&'a str, &'a str, Value, Vec<Said>);

impl Server {
    fn without_turn(room_size: usize) -> Server {
        Server::new(Config { room_size: NonZeroUsize::new(room_size).unwrap(), turn: None })
    }

    fn with_turn() -> Server {
        let ways = vec![Way::Udp(3478), Way::Tcp(3478)];
        let turn = Turn { host: None, ways, secret: "north".into() };
        Server::new(Config { room_size: NonZeroUsize::new(2).unwrap(), turn: Some(turn) })
    }

    fn new(config: Config) -> Server {
        let mut drawn = 0;
        let random = move || {
            drawn += 1;
            drawn
        };
        let now = Now { monotonic: Instant::now(), unix: 1000 };
        Server { rooms: Rooms::new(config, Box::new(random)), now }
    }

    fn connect(&mut self, users: &[&str]) {
        for &user in users {
            self.rooms.connect(user.into(), Host::parse("twocan.example"));
        }
    }

    fn seat(&mut self, room: &str, users: &[&str]) {
        for user in users {
            let said = self.request(user, "join", json!({"roomId": room}));
            assert_eq!(said[0].name, "joined");
        }
    }

    fn run(&mut self, steps: &[Step<'_>]) {
        for (user, event, argument, expected) in steps {
            let said = self.request(user, event, argument.clone());
            assert_eq!(said, *expected, "{user}: {event} {argument}");
        }
    }

    fn request(&mut self, user: &str, event: &str, argument: Value) -> Vec<Said> {
        let argument = RawValue::from_string(argument.to_string()).unwrap();
        let request = Request::parse(event, &[argument]).unwrap();
        said(self.rooms.request(&user.into(), request, self.now))
    }

    fn disconnect(&mut self, user: &str) -> Vec<Said> {
        said(self.rooms.disconnect(&user.into(), Parting::Lost, self.now))
    }

    fn timeout(&mut self) -> Vec<Said> {
        said(self.rooms.handle_timeout(self.now))
    }

    fn pass(&mut self, time: Duration) {
        self.now.monotonic += time;
        self.now.unix += time.as_secs();
    }
}

fn said(commands: Vec<Command>) -> Vec<Said> {
    let to_value = |event: &ServerEvent| serde_json::to_value(event).unwrap();
    let said = |command| match command {
        Command::Answer(event) => answer(event.name(), to_value(&event)),
        Command::Tell(user, event) => tell(user.as_str(), event.name(), to_value(&event)),
        Command::Acknowledge(room) => acknowledge(room.room_id.as_str()),
    };
    commands.into_iter().map(said).collect()
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

fn refused(event: &str, code: &str) -> Said {
    let message = match code {
        "not_joined" => "You have no seat in this room. Send join first.",
        "alone" => "Nobody else is in the room. Send again when you hear otherjoined.",
        _ => "You sit in as many rooms as one socket may. Leave one first.",
    };
    answer("refused", json!({"event": event, "code": code, "message": message}))
}

fn username(said: &Said) -> &str {
    said.body["iceServers"][1]["username"].as_str().unwrap()
}
