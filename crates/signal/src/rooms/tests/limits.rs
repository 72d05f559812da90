use super::*;
use crate::limits::Rate;

#[test]
fn one_socket_sits_in_at_most_sixteen_rooms() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann"]);
    for number in 0..16 {
        server.seat(&number.to_string(), &["ann"]);
    }
    server.run(&[
        ("ann", "join", json!({"roomId": "more"}), vec![refused("join", Code::TooManyRooms)]),
        ("ann", "leave", json!({"roomId": "3"}), vec![answer("leaved", json!({"roomId": "3"}))]),
    ]);
    server.seat("more", &["ann"]);
    assert_eq!(server.rooms.figures().rooms, 16);
}

#[test]
fn too_long_data_is_refused_and_the_longest_passes() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ben"]);
    server.seat("tea", &["ann", "ben"]);
    // Two bytes are the quotation marks.
    let longest = "x".repeat(65_536 - 2);
    assert_eq!(names(&server.message("ann", longest.clone())), ["ben: message", "(acknowledged)"]);
    assert_eq!(server.message("ann", longest + "x"), [refused("message", Code::TooLarge)]);
}

#[test]
fn who_sends_too_fast_is_told_so_whatever_it_sends() {
    let mut server =
        limited(Limits { messages: Rate { each_second: 10, burst: 4 }, ..Limits::default() });
    server.connect(&["ann", "ben"]);
    server.seat("tea", &["ann", "ben"]);
    for _ in 0..3 {
        assert_eq!(server.message("ann", 1).len(), 2);
    }
    assert_eq!(server.message("ann", 1), [refused("message", Code::TooFast)]);
    assert_eq!(server.request("ann", "sing", json!({})), [refused("sing", Code::TooFast)]);
    let leave = json!({"roomId": "tea"});
    assert_eq!(server.request("ann", "leave", leave), [refused("leave", Code::TooFast)]);
    assert_eq!(server.message("ben", 1).len(), 2, "the others are not to blame");
    server.pass(Duration::from_millis(100));
    assert_eq!(server.message("ann", 1).len(), 2);
    assert_eq!(server.message("ann", 1), [refused("message", Code::TooFast)]);
}

#[test]
fn a_network_may_join_so_often_and_no_more() {
    let mut server =
        limited(Limits { joins: Rate { each_second: 2, burst: 2 }, ..Limits::default() });
    server.connect(&["ann", "ben"]);
    server.seat("tea", &["ann", "ben"]);
    let join = json!({"roomId": "tea"});
    for socket in ["ann", "ben"] {
        let said = server.request(socket, "join", join.clone());
        assert_eq!(said, [refused("join", Code::TooManyJoins)]);
    }
    let elsewhere = Caller { host: None, address: IpAddr::from([192, 0, 2, 8]) };
    server.rooms.connect("cat".into(), elsewhere, server.now).unwrap();
    assert_eq!(names(&server.request("cat", "join", join.clone())), ["full"]);
    server.pass(Duration::from_millis(500));
    assert_eq!(names(&server.request("ann", "join", join)), ["joined"]);
}

#[test]
fn a_network_may_have_so_many_sockets_and_no_more() {
    let mut server = limited(Limits { sockets_of_an_address: 2, ..Limits::default() });
    server.connect(&["ann", "ben"]);
    let caller = Caller { host: None, address: IpAddr::from([192, 0, 2, 7]) };
    let refused = server.rooms.connect("cat".into(), caller.clone(), server.now);
    assert_eq!(refused, Err(Code::TooManySockets));
    assert_eq!(server.request("cat", "join", json!({"roomId": "tea"})), []);
    assert_eq!(server.close("cat"), []);
    server.lose("ann");
    assert_eq!(server.rooms.connect("cat".into(), caller, server.now), Ok(()));
    assert_eq!(server.rooms.figures().sockets, 2);
}

#[test]
fn a_network_may_open_so_many_sessions_and_no_more() {
    let sessions = Rate { each_second: 2, burst: 2 };
    let mut server = limited(Limits { sessions, ..Limits::default() });
    let address = IpAddr::from([192, 0, 2, 7]);
    for _ in 0..2 {
        assert_eq!(server.rooms.may_open(address, server.now), Ok(()));
        server.rooms.opened(address, server.now);
    }
    assert_eq!(server.rooms.may_open(address, server.now), Err(Code::TooManySockets));
    let elsewhere = IpAddr::from([192, 0, 2, 8]);
    assert_eq!(server.rooms.may_open(elsewhere, server.now), Ok(()));
    server.pass(Duration::from_millis(500));
    assert_eq!(server.rooms.may_open(address, server.now), Ok(()));
    let refused = server.rooms.figures().refused;
    assert!(refused.iter().any(|counted| counted == (Code::TooManySockets, 1)));
}

#[test]
fn an_ordinary_call_meets_no_limit() {
    let mut server = Server::without_turn(2);
    // A school behind one address: 500 people who come at once, in calls of two.
    let names: Vec<String> = (0..500).map(|number| number.to_string()).collect();
    for pair in names.chunks(2) {
        let [ann, ben] = pair else { unreachable!() };
        server.connect(&[ann, ben]);
        server.seat(ann, &[ann, ben]);
        for socket in [ann, ben] {
            for candidate in 0..40 {
                let said = server.request(
                    socket,
                    "message",
                    json!({"roomId": ann, "data": {"type": "candidate", "value": candidate}}),
                );
                assert_eq!(said.len(), 2);
            }
        }
    }
}

#[test]
fn without_limits_there_are_none() {
    let mut server = Server::new(Config { limits: None, ..config(2) });
    let names: Vec<String> = (0..3000).map(|number| number.to_string()).collect();
    let address = IpAddr::from([192, 0, 2, 7]);
    for name in &names {
        assert_eq!(server.rooms.may_open(address, server.now), Ok(()));
        server.rooms.opened(address, server.now);
        server.connect(&[name]);
        server.seat("tea", &["0"]);
    }
    for room in &names {
        server.seat(room, &["1"]);
    }
    server.seat("tea", &["2"]);
    for _ in 0..1000 {
        assert_eq!(server.message("2", 1).len(), 2);
    }
    assert_eq!(server.message("2", "x".repeat(100_000)).len(), 2);
    for name in &names {
        server.close(name);
    }
    assert_eq!(server.rooms.figures().rooms, 0);
}

#[test]
fn refusals_are_counted_each_for_itself() {
    let mut server = limited(Limits { sockets_of_an_address: 1, ..Limits::default() });
    server.connect(&["ann"]);
    server.request("ann", "sing", json!({}));
    server.request("ann", "leave", json!({"roomId": "tea"}));
    server.message("ann", 1);
    let caller = Caller { host: None, address: IpAddr::from([192, 0, 2, 7]) };
    server.rooms.connect("ben".into(), caller, server.now).unwrap_err();
    let figures = server.rooms.figures();
    let counted: Vec<_> = figures.refused.iter().filter(|(_, number)| *number > 0).collect();
    let expected = [(Code::NotJoined, 2), (Code::TooManySockets, 1), (Code::UnknownEvent, 1)];
    assert_eq!(counted, expected);
}

fn limited(limits: Limits) -> Server {
    Server::new(Config { limits: Some(limits), ..config(2) })
}
