//! Messages that are kept for whoever comes.

use super::*;
use crate::store::MAX_KEPT_BYTES;

#[test]
fn who_comes_is_given_what_was_kept_right_after_its_seat() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ben", "cat"]);
    server.seat("tea", &["ann"]);
    assert_eq!(server.keep("ann", "an offer"), [acknowledge("tea")]);
    let said = server.come("ben");
    assert_eq!(names(&said), ["joined", "ben: message", "ann: otherjoined"]);
    assert_eq!(said[1], tell("ben", "message", json!("an offer")));
    let other =
        json!({"roomId": "tea", "userId": "ben", "capabilities": {"kept": true}, "kept": true});
    assert_eq!(said[2].body, other);
    assert_eq!(server.rooms.figures().messages, 1);

    server.close("ben");
    let said = server.come("cat");
    assert_eq!(names(&said), ["joined", "ann: otherjoined"], "it is given once");
    assert_eq!(said[1].body.get("kept"), None);
}

#[test]
fn who_does_not_take_what_was_kept_is_not_given_it_and_nor_is_the_next() {
    for capabilities in [json!(null), json!({}), json!({"kept": false}), json!({"kept": "true"})] {
        let mut server = Server::without_turn(2);
        server.connect(&["ann", "ben", "cat"]);
        server.seat("tea", &["ann"]);
        server.keep("ann", 1);
        let join = json!({"roomId": "tea", "capabilities": capabilities});
        let said = server.request("ben", "join", join);
        assert_eq!(names(&said), ["joined", "ann: otherjoined"]);
        assert_eq!(said[1].body.get("kept"), None);
        server.close("ben");
        assert_eq!(names(&server.come("cat")), ["joined", "ann: otherjoined"]);
    }
}

#[test]
fn the_last_one_that_was_kept_counts() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ben"]);
    server.seat("tea", &["ann"]);
    server.keep("ann", 1);
    server.keep("ann", 2);
    assert_eq!(server.message("ann", 3), [refused("message", Code::Alone)], "without keep");
    assert_eq!(server.come("ben")[1], tell("ben", "message", json!(2)));
}

#[test]
fn a_socket_keeps_one_message_wherever_it_sits() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ben", "cat", "dan"]);
    server.seat("tea", &["ann"]);
    server.seat("cup", &["ann"]);
    server.seat("pot", &["dan"]);
    server.keep("ann", 1);
    server.request("dan", "message", json!({"roomId": "pot", "data": 2, "keep": true}));
    server.request("ann", "message", json!({"roomId": "cup", "data": 3, "keep": true}));
    assert_eq!(names(&server.come("ben")), ["joined", "ann: otherjoined"]);
    for (room, data) in [("cup", 3), ("pot", 2)] {
        let join = json!({"roomId": room, "capabilities": {"kept": true}});
        let said = server.request("cat", "join", join);
        assert_eq!(said[1], tell("cat", "message", json!(data)));
    }
    // What could not be kept, or was handed on, takes the place of nothing.
    server.close("cat");
    server.request("ann", "message", json!({"roomId": "cup", "data": 4, "keep": true}));
    let long = "x".repeat(MAX_KEPT_BYTES);
    server.connect(&["cat"]);
    server.request("ann", "join", json!({"roomId": "pan"}));
    server.request("ann", "message", json!({"roomId": "pan", "data": long, "keep": true}));
    server.keep("ann", 5);
    let join = json!({"roomId": "cup", "capabilities": {"kept": true}});
    assert_eq!(server.request("cat", "join", join)[1], tell("cat", "message", json!(4)));
}

#[test]
fn with_somebody_there_keep_changes_nothing() {
    let mut server = Server::without_turn(2);
    let token = server.seat_for_good("tea", "ann");
    server.connect(&["ben", "cat"]);
    server.seat("tea", &["ben"]);
    assert_eq!(names(&server.keep("ben", 1)), ["ann: message", "(acknowledged)"]);
    let long = "x".repeat(MAX_KEPT_BYTES);
    assert_eq!(names(&server.keep("ben", long)), ["ann: message", "(acknowledged)"]);

    server.lose("ann");
    assert_eq!(names(&server.keep("ben", 2)), ["(acknowledged)"], "it waits for ann");
    server.connect(&["ann2"]);
    let said = server.resume("tea", "ann2", &token);
    assert_eq!(names(&said), ["joined", "ann2: message", "ben: peerback"]);
    server.close("ann2");
    assert_eq!(names(&server.come("cat")), ["joined", "ben: otherjoined"]);
}

#[test]
fn the_longest_is_kept_and_a_longer_one_changes_nothing() {
    for limits in [Some(Limits::default()), None] {
        let mut server = Server::new(Config { limits, ..config(2) });
        server.connect(&["ann", "ben"]);
        server.seat("tea", &["ann"]);
        // Two bytes are the quotation marks.
        let longest = "x".repeat(MAX_KEPT_BYTES - 2);
        assert_eq!(server.keep("ann", longest.as_str()), [acknowledge("tea")]);
        let said = server.keep("ann", longest.clone() + "x");
        assert_eq!(names(&said), ["refused"]);
        assert_eq!(
            (&said[0].body["event"], &said[0].body["code"]),
            (&json!("message"), &json!("too_large"))
        );
        let words = said[0].body["message"].as_str().unwrap();
        assert!(words.contains(&MAX_KEPT_BYTES.to_string()), "{words}");
        assert_eq!(server.come("ben")[1], tell("ben", "message", json!(longest)));
    }
}

#[test]
fn only_somebody_with_a_seat_can_keep_anything() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ben"]);
    assert_eq!(server.keep("ann", 1), [refused("message", Code::NotJoined)]);
    server.seat("tea", &["ann"]);
    assert_eq!(names(&server.come("ben")), ["joined", "ann: otherjoined"]);
}

#[test]
fn what_was_kept_goes_with_its_sender() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ben"]);
    server.seat("tea", &["ann"]);
    server.keep("ann", 1);
    server.request("ann", "leave", json!({"roomId": "tea"}));
    assert_eq!(names(&server.come("ben")), ["joined"]);

    server.close("ben");
    server.seat_for_good("tea", "cat");
    server.keep("cat", 1);
    server.lose("cat");
    server.pass(GRACE);
    server.timeout();
    server.connect(&["ben"]);
    assert_eq!(names(&server.come("ben")), ["joined"]);
}

#[test]
fn it_stands_while_its_sender_is_away() {
    let mut server = Server::without_turn(2);
    let token = server.seat_for_good("tea", "ann");
    server.keep("ann", "an offer");
    server.lose("ann");
    server.connect(&["ben", "ann2"]);
    let said = server.come("ben");
    assert_eq!(names(&said), ["joined", "ben: message"]);
    assert_eq!(said[0].body["peer"]["away"], true);
    server.message("ben", "an answer");
    assert_eq!(
        server.resume("tea", "ann2", &token)[1],
        tell("ann2", "message", json!("an answer"))
    );
}

#[test]
fn a_page_that_takes_its_seat_back_keeps_nothing_of_the_one_before() {
    for is_lost in [true, false] {
        let mut server = Server::without_turn(2);
        let token = server.seat_for_good("tea", "ann");
        server.keep("ann", "of the first page");
        if is_lost {
            server.lose("ann");
        }
        server.connect(&["ann2", "ben"]);
        server.resume("tea", "ann2", &token);
        assert_eq!(names(&server.come("ben")), ["joined", "ann2: otherjoined"]);
    }
}

#[test]
fn a_second_join_of_the_same_socket_drops_nothing() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ben"]);
    server.seat("tea", &["ann"]);
    server.keep("ann", 1);
    server.seat("tea", &["ann"]);
    assert_eq!(names(&server.come("ben")), ["joined", "ben: message", "ann: otherjoined"]);
}

#[test]
fn who_is_restored_is_no_newcomer() {
    let mut server = Server::without_turn(2);
    let token = server.seat_for_good("tea", "ben");
    server.restart();
    server.connect(&["ann", "ben2", "cat"]);
    server.seat("tea", &["ann"]);
    server.keep("ann", 1);
    let join = json!({
        "roomId": "tea", "resume": token, "capabilities": {"resume": true, "kept": true},
    });
    let said = server.request("ben2", "join", join);
    assert_eq!(names(&said), ["joined", "ann: otherjoined"]);
    assert_eq!((&said[0].body["resumed"], said[1].body.get("kept")), (&json!(true), None));
    server.close("ben2");
    assert_eq!(names(&server.come("cat")), ["joined", "ann: otherjoined"]);
}

#[test]
fn a_larger_room_gives_it_to_the_first_who_comes() {
    let mut server = Server::without_turn(3);
    server.connect(&["ann", "ben", "cat"]);
    server.seat("tea", &["ann"]);
    server.keep("ann", 1);
    assert_eq!(names(&server.come("ben")), ["joined", "ben: message", "ann: otherjoined"]);
    let said = server.come("cat");
    assert_eq!(names(&said), ["joined", "ann: otherjoined", "ben: otherjoined"]);
    assert!(said.iter().all(|said| said.body.get("kept").is_none()));
}

#[test]
fn to_keep_counts_as_an_event_like_any_other() {
    let limits =
        Limits { messages: crate::limits::Rate { each_second: 1, burst: 3 }, ..Limits::default() };
    let mut server = Server::new(Config { limits: Some(limits), ..config(2) });
    server.connect(&["ann"]);
    server.seat("tea", &["ann"]);
    server.keep("ann", 1);
    server.keep("ann", 2);
    assert_eq!(server.keep("ann", 3), [refused("message", Code::TooFast)]);
}

impl Server {
    fn keep(&mut self, socket: &str, data: impl Into<Value>) -> Vec<Said> {
        let message = json!({"roomId": "tea", "data": data.into(), "keep": true});
        self.request(socket, "message", message)
    }

    /// Joins as a client that takes what was kept.
    fn come(&mut self, socket: &str) -> Vec<Said> {
        self.request(socket, "join", json!({"roomId": "tea", "capabilities": {"kept": true}}))
    }
}
