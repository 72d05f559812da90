//! Joins whose answer was lost with their connection, and which are asked for again.

use super::*;
use crate::{join_control::JoinControl, protocol::ATTEMPT_BYTES};

const ANNS: &str = "of ann, and nobody else";

#[test]
fn a_join_that_is_asked_for_again_finds_the_seat_that_the_lost_one_took() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ann2", "ben"]);
    server.attempt("ann", ANNS);
    // The server has not heard that the connection is dead.
    let said = server.attempt("ann2", ANNS);
    assert_eq!(names(&said), ["ann: replaced", "joined"]);
    let Value::Object(joined) = &said[1].body else { panic!("{said:?}") };
    assert_eq!(joined["userId"], "ann");
    assert_eq!((&joined["userNum"], &joined["peer"]), (&json!(1), &Value::Null));
    assert_eq!((&joined["resumed"], &joined["polite"]), (&json!(true), &json!(false)));
    assert_eq!(server.request("ben", "join", json!({"roomId": "tea"}))[0].body["userNum"], 2);
    assert_eq!(server.lose("ann"), [], "it has no seat");
    assert_eq!(server.rooms.figures().seats, 2);
}

#[test]
fn so_it_does_when_the_connection_is_known_to_be_lost_and_what_was_said_meanwhile_is_there() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ann2", "ben"]);
    server.seat("tea", &["ben"]);
    server.attempt("ann", ANNS);
    assert_eq!(names(&server.lose("ann")), ["ben: peeraway"]);
    server.message("ben", "an offer");
    let said = server.attempt("ann2", ANNS);
    assert_eq!(names(&said), ["joined", "ann2: message", "ben: peerback"]);
    assert_eq!(said[2].body["userId"], "ann");
}

#[test]
fn another_attempt_and_another_room_are_another_seat() {
    let mut server = Server::without_turn(3);
    server.connect(&["ann", "ben", "cat"]);
    server.attempt("ann", ANNS);
    assert_eq!(
        names(&server.attempt("ben", "of ben, and nobody else")),
        ["joined", "ann: otherjoined"]
    );
    let cup = json!({"roomId": "cup", "attempt": ANNS});
    assert_eq!(server.request("cat", "join", cup)[0].body["userNum"], 1);
    let none = server.request("cat", "join", json!({"roomId": "tea"}));
    assert_eq!(none[0].body["userNum"], 3, "who makes no attempt has none in common with others");
}

#[test]
fn a_resume_token_counts_before_the_attempt() {
    let mut server = Server::without_turn(3);
    let token = server.seat_for_good("tea", "ann");
    server.connect(&["ben", "cat"]);
    server.attempt("ben", ANNS);
    let join = json!({"roomId": "tea", "resume": token, "attempt": ANNS});
    let said = server.request("cat", "join", join);
    assert_eq!(names(&said), ["ann: replaced", "joined", "ben: peerback"]);
}

#[test]
fn a_join_that_comes_after_a_later_one_takes_nothing_from_it() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ann2", "ann3", "ben"]);
    server.seat("tea", &["ben"]);
    server.attempt_again("ann", ANNS, 1, None);
    // What the second connection carried is late, and the third one has brought another since.
    server.attempt_again("ann3", ANNS, 3, None);
    let outdated = [refused("join", Code::Outdated)];
    assert_eq!(server.attempt_again("ann2", ANNS, 2, None), outdated);
    assert_eq!(server.lose("ann2"), [], "it has no seat");
    server.message("ben", "an offer");
    assert_eq!(names(&server.lose("ann3")), ["ben: peeraway"], "the seat was the third one's");
}

#[test]
fn nor_does_one_with_the_token_of_the_seat() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ann2", "ann3", "ann4"]);
    let joined = server.attempt_again("ann", ANNS, 1, None);
    let token = joined[0].body["resume"].clone();
    server.attempt_again("ann3", ANNS, 3, Some(&token));
    let outdated = [refused("join", Code::Outdated)];
    assert_eq!(server.attempt_again("ann2", ANNS, 2, Some(&token)), outdated);
    server.lose("ann3");
    assert_eq!(
        server.attempt_again("ann2", ANNS, 2, Some(&token)),
        outdated,
        "not while it is away"
    );
    let said = server.attempt_again("ann4", ANNS, 4, Some(&token));
    assert_eq!(said[0].body["resumed"], true);
    assert_eq!(server.rooms.figures().refused.iter().map(|(_, number)| number).sum::<u64>(), 2);
}

#[test]
fn the_number_begins_anew_with_another_page_that_has_the_token() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "page", "late", "again"]);
    let joined = server.attempt_again("ann", ANNS, 5, None);
    let token = joined[0].body["resume"].clone();
    let pages = "of the page that was loaded anew";
    let said = server.attempt_again("page", pages, 2, Some(&token));
    assert_eq!(names(&said), ["ann: replaced", "joined"]);
    let late = server.attempt_again("late", pages, 1, Some(&token));
    assert_eq!(late, [refused("join", Code::Outdated)]);
    let said = server.attempt_again("again", pages, 3, None);
    assert_eq!(names(&said), ["page: replaced", "joined"], "the seat is its attempt's");
}

#[test]
fn a_seat_that_has_ended_is_not_found_again() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ann2"]);
    server.attempt("ann", ANNS);
    server.request("ann", "leave", json!({"roomId": "tea"}));
    let said = server.attempt("ann2", ANNS);
    assert_eq!(said[0].body.get("resumed"), None);
    assert_eq!(said[0].body["userId"], "ann2");
}

#[test]
fn who_was_let_in_needs_no_other_token_of_the_site() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann", "ann2", "ben"]);
    server.attempt("ann", ANNS);
    server.rooms.config.join_control = Some(JoinControl::from_secret("a key"));
    assert_eq!(names(&server.attempt("ben", "of ben, and nobody else")), ["refused"]);
    assert_eq!(server.attempt("ann2", ANNS)[1].body["resumed"], true);
}

#[test]
fn attempts_have_a_length_that_nobody_guesses() {
    let mut server = Server::without_turn(2);
    server.connect(&["ann"]);
    let short = "x".repeat(ATTEMPT_BYTES.start() - 1);
    assert_eq!(server.attempt("ann", &short), [refused("join", Code::Malformed)]);
    let longest = "x".repeat(*ATTEMPT_BYTES.end());
    assert_eq!(names(&server.attempt("ann", &longest)), ["joined"]);
}

impl Server {
    /// Without a number, as clients may that have no two connections on the way.
    fn attempt(&mut self, socket: &str, attempt: &str) -> Vec<Said> {
        let capabilities = json!({"resume": true});
        let join = json!({"roomId": "tea", "attempt": attempt, "capabilities": capabilities});
        self.request(socket, "join", join)
    }

    fn attempt_again(
        &mut self,
        socket: &str,
        attempt: &str,
        n: u64,
        token: Option<&Value>,
    ) -> Vec<Said> {
        let join = json!({
            "roomId": "tea", "attempt": attempt, "n": n, "resume": token,
            "capabilities": {"resume": true},
        });
        self.request(socket, "join", join)
    }
}
