//! Seats that the server has forgotten, and their tokens have not.

use super::*;
use crate::join_control::JoinControl;

#[test]
fn a_call_goes_on_after_a_restart_whoever_comes_first() {
    for order in [["ann", "ben"], ["ben", "ann"]] {
        let mut server = Server::without_turn(2);
        let tokens = [server.seat_for_good("tea", "ann"), server.seat_for_good("tea", "ben")];
        let token = |name| &tokens[usize::from(name == "ben")];
        server.restart();
        server.pass(Duration::from_secs(30));

        let [first, second] = order;
        server.connect(&["1", "2"]);
        let said = server.resume("tea", "1", token(first));
        assert_eq!(names(&said), ["joined"]);
        let joined = &said[0].body;
        assert_eq!((&joined["userId"], &joined["peer"]), (&json!(first), &Value::Null));
        assert_eq!((&joined["resumed"], &joined["polite"]), (&json!(true), &json!(first == "ben")));

        let said = server.resume("tea", "2", token(second));
        assert_eq!(names(&said), ["joined", "1: peerback"]);
        let joined = &said[0].body;
        assert_eq!((&joined["userId"], &joined["peer"]["userId"]), (&json!(second), &json!(first)));
        assert_eq!(joined["polite"], second == "ben");
        assert_eq!(said[1].body["userId"], second);
    }
}

#[test]
fn a_restored_seat_keeps_the_name_of_its_credentials() {
    let mut server = Server::with_turn();
    server.connect(&["ann"]);
    let join = json!({"roomId": "tea", "capabilities": {"resume": true}});
    let before = server.request("ann", "join", join)[0].body.clone();
    server.restart();
    server.connect(&["ann2"]);
    let after = server.resume("tea", "ann2", &before["resume"])[0].body.clone();
    assert_eq!(after["iceServers"], before["iceServers"]);
}

#[test]
fn a_seat_that_others_have_taken_meanwhile_is_not_restored() {
    let mut server = Server::without_turn(2);
    let token = server.seat_for_good("tea", "ann");
    server.restart();
    server.connect(&["ben", "cat", "ann2"]);
    server.seat("tea", &["ben", "cat"]);
    assert_eq!(names(&server.resume("tea", "ann2", &token)), ["full"]);
}

#[test]
fn who_is_new_since_the_restart_hears_of_a_restored_seat_as_of_a_newcomer() {
    let mut server = Server::without_turn(2);
    let token = server.seat_for_good("tea", "ann");
    server.restart();
    server.connect(&["ben", "ann2"]);
    server.seat("tea", &["ben"]);
    let said = server.resume("tea", "ann2", &token);
    assert_eq!(names(&said), ["joined", "ben: otherjoined"]);
    assert_eq!((&said[0].body["userId"], &said[0].body["polite"]), (&json!("ann"), &json!(true)));
}

#[test]
fn to_a_newcomer_nobody_gives_way_whatever_it_did_before() {
    let mut server = Server::without_turn(2);
    server.seat_for_good("tea", "ann");
    let token = server.seat_for_good("tea", "ben");
    server.restart();
    server.connect(&["ben2", "cat"]);
    assert_eq!(server.resume("tea", "ben2", &token)[0].body["polite"], true);
    let said = server.request("cat", "join", json!({"roomId": "tea"}));
    assert_eq!(said[0].body["polite"], true);
    let again = server.request("ben2", "join", json!({"roomId": "tea"}));
    assert_eq!(again[0].body["polite"], false);
}

#[test]
fn two_who_both_gave_way_do_not_both_do_so_after_a_restart() {
    let mut server = Server::without_turn(2);
    server.seat_for_good("tea", "ann");
    let ben = server.seat_for_good("tea", "ben");
    server.close("ann");
    let cat = server.seat_for_good("tea", "cat");
    server.restart();
    server.connect(&["1", "2"]);
    let first = server.resume("tea", "1", &ben)[0].body["polite"].clone();
    let second = server.resume("tea", "2", &cat)[0].body["polite"].clone();
    assert_eq!((first, second), (json!(true), json!(false)));
}

#[test]
fn a_restored_seat_that_has_ended_is_not_restored_again() {
    for goodbye in [true, false] {
        let mut server = Server::without_turn(2);
        let token = server.seat_for_good("tea", "ann");
        server.restart();
        server.connect(&["ann2", "ann3", "ann4"]);
        assert_eq!(server.resume("tea", "ann2", &token)[0].body["resumed"], true);
        if goodbye {
            server.close("ann2");
        } else {
            server.lose("ann2");
            server.pass(GRACE);
            server.timeout();
        }
        assert_eq!(server.rooms.take_ended().len(), 1);
        assert_eq!(server.resume("tea", "ann3", &token)[0].body.get("resumed"), None);
        server.close("ann3");
        server.pass(store::CLAIM_LIFETIME);
        assert_eq!(server.resume("tea", "ann4", &token)[0].body.get("resumed"), None);
    }
}

#[test]
fn a_forgotten_seat_can_be_restored_for_a_day() {
    let mut server = Server::without_turn(2);
    let token = server.seat_for_good("tea", "ann");
    server.restart();
    server.pass(store::CLAIM_LIFETIME - Duration::from_secs(1));
    server.connect(&["ann2"]);
    assert_eq!(server.resume("tea", "ann2", &token)[0].body["resumed"], true);
    server.restart();
    server.pass(Duration::from_secs(1));
    server.connect(&["ann3"]);
    assert_eq!(server.resume("tea", "ann3", &token)[0].body.get("resumed"), None);
}

#[test]
fn with_another_secret_no_seat_is_restored() {
    let mut server = Server::without_turn(2);
    let token = server.seat_for_good("tea", "ann");
    server.config.secret = "another secret".into();
    server.restart();
    server.connect(&["ann2"]);
    assert_eq!(server.resume("tea", "ann2", &token)[0].body.get("resumed"), None);
}

#[test]
fn a_seat_is_restored_once_and_then_taken_over() {
    let mut server = Server::without_turn(2);
    let token = server.seat_for_good("tea", "ann");
    server.restart();
    server.connect(&["ann2", "ann3"]);
    server.resume("tea", "ann2", &token);
    assert_eq!(names(&server.resume("tea", "ann3", &token)), ["ann2: replaced", "joined"]);
    assert_eq!(server.rooms.figures().seats, 1);
}

#[test]
fn a_call_goes_on_after_a_restart_though_the_tokens_of_its_site_have_expired() {
    let join_control = Some(JoinControl::from_secret("a secret of the site"));
    let mut server = Server::without_turn(2);
    let token = server.seat_for_good("tea", "ann");
    server.config.join_control = join_control;
    server.restart();
    server.connect(&["ann2"]);
    let said = server.resume("tea", "ann2", &token);
    assert_eq!(said[0].body["resumed"], true);

    // Once it has ended here, its token lets nobody in.
    server.request("ann2", "leave", json!({"roomId": "tea"}));
    assert_eq!(said_code(&server.resume("tea", "ann2", &token)), Code::Unauthorized.as_str());
}

fn said_code(said: &[Said]) -> &str {
    said[0].body["code"].as_str().unwrap_or_default()
}
