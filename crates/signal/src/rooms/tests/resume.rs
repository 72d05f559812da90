//! Seats that lose their socket, and are taken back or given up.

use super::*;
use crate::{
    join_control::{JoinControl, Unauthorized},
    memory::{MAX_WAITING_BYTES, MAX_WAITING_MESSAGES},
};

#[test]
fn a_seat_whose_socket_is_lost_is_held_and_taken_back() {
    let mut server = Server::without_turn(2);
    let token = server.seat_for_good("tea", "ann");
    server.seat_for_good("tea", "ben");
    assert_eq!(
        server.lose("ann"),
        [tell("ben", "peeraway", json!({"roomId": "tea", "userId": "ann"}))]
    );
    server.connect(&["ann2", "cat"]);
    let full = server.request("cat", "join", json!({"roomId": "tea"}));
    assert_eq!(full, [answer("full", json!({"roomId": "tea", "userNum": 2}))]);

    let mut said = server.resume("tea", "ann2", &token);
    let fresh = said[0].body.as_object_mut().unwrap().remove("resume").unwrap();
    assert!(fresh.is_string());
    let capabilities = json!({"resume": true});
    assert_eq!(
        said,
        [
            answer(
                "joined",
                json!({
                    "roomId": "tea", "userNum": 2, "userId": "ann", "polite": false,
                    "iceServers": [], "peer": {"userId": "ben", "capabilities": capabilities},
                    "resumed": true,
                })
            ),
            tell(
                "ben",
                "peerback",
                json!({"roomId": "tea", "userId": "ann", "capabilities": capabilities})
            ),
        ]
    );
    assert_eq!(names(&server.message("ben", 1)), ["ann2: message", "(acknowledged)"]);
    assert_eq!(names(&server.message("ann2", 1)), ["ben: message", "(acknowledged)"]);
    let figures = server.rooms.figures();
    assert_eq!((figures.seats, figures.away, figures.resumes), (2, 0, 1));
}

#[test]
fn a_seat_that_nobody_takes_back_ends_with_the_grace() {
    let mut server = Server::without_turn(2);
    let token = server.seat_for_good("tea", "ann");
    server.seat_for_good("tea", "ben");
    server.lose("ann");
    assert_eq!(server.rooms.poll_timeout(), Some(server.now.monotonic + GRACE));
    server.pass(GRACE - Duration::from_millis(1));
    assert_eq!(server.timeout(), []);
    server.pass(Duration::from_millis(1));
    assert_eq!(server.timeout(), [tell("ben", "bye", json!({"roomId": "tea", "userId": "ann"}))]);
    assert_eq!(server.rooms.poll_timeout(), None);
    assert_eq!(server.message("ben", 1), [refused("message", Code::Alone)]);

    server.connect(&["ann2"]);
    let said = server.resume("tea", "ann2", &token);
    assert_eq!(names(&said), ["joined", "ben: otherjoined"]);
    assert_eq!(said[0].body["userId"], "ann2", "a new seat");
    assert_eq!(said[0].body.get("resumed"), None);
}

#[test]
fn a_client_that_cannot_resume_gives_its_seat_up_at_once() {
    let mut server = Server::without_turn(2);
    for capabilities in [json!(null), json!({}), json!({"resume": false}), json!({"resume": 1})] {
        server.connect(&["ann", "ben"]);
        let join = json!({"roomId": "tea", "capabilities": capabilities});
        let said = server.request("ann", "join", join);
        assert_eq!(said[0].body.get("resume"), None);
        server.seat("tea", &["ben"]);
        let bye = json!({"roomId": "tea", "userId": "ann"});
        assert_eq!(server.lose("ann"), [tell("ben", "bye", bye)]);
        server.close("ben");
    }
    assert_eq!(server.rooms.figures().rooms, 0);
}

#[test]
fn a_goodbye_ends_a_seat_for_good() {
    let mut server = Server::without_turn(2);
    let first = server.seat_for_good("tea", "ann");
    let second = server.seat_for_good("tea", "ben");
    assert_eq!(names(&server.close("ann")), ["ben: bye"]);
    server.request("ben", "leave", json!({"roomId": "tea"}));
    assert_eq!(server.rooms.figures().rooms, 0);
    server.connect(&["ann2"]);
    assert_eq!(server.resume("tea", "ann2", &first)[0].body["userId"], "ann2");
    let again = server.resume("tea", "ben", &second);
    assert_eq!(names(&again), ["joined", "ann2: otherjoined"]);
    assert_eq!(again[0].body.get("resumed"), None);
}

#[test]
fn a_reload_takes_its_seat_over_before_the_old_socket_is_missed() {
    let mut server = Server::without_turn(2);
    server.seat_for_good("tea", "ann");
    let token = server.seat_for_good("tea", "ben");
    server.connect(&["ben2"]);
    let said = server.resume("tea", "ben2", &token);
    assert_eq!(names(&said), ["ben: replaced", "joined", "ann: peerback"]);
    assert_eq!(said[0].body, json!({"roomId": "tea"}));
    let joined = &said[1].body;
    assert_eq!((&joined["userId"], &joined["polite"]), (&json!("ben"), &json!(true)));
    assert_eq!(server.message("ben", 1), [refused("message", Code::NotJoined)]);
    let leave = json!({"roomId": "tea"});
    assert_eq!(server.request("ben", "leave", leave), [refused("leave", Code::NotJoined)]);
    assert_eq!(server.lose("ben"), [], "the seat is another's by then");
    assert_eq!(names(&server.message("ann", 1)), ["ben2: message", "(acknowledged)"]);
    let figures = server.rooms.figures();
    assert_eq!((figures.seats, figures.takeovers, figures.resumes), (2, 1, 0));
}

#[test]
fn every_token_of_a_seat_is_good_for_as_long_as_it_is_held() {
    let mut server = Server::without_turn(2);
    let first = server.seat_for_good("tea", "ann");
    server.pass(Duration::from_secs(1));
    server.connect(&["ann2"]);
    let second = server.resume("tea", "ann2", &first)[1].body["resume"].clone();
    assert!(second.is_string() && first != second);
    server.pass(store::CLAIM_LIFETIME * 2);
    for (socket, token) in [("ann3", &first), ("ann4", &second), ("ann5", &first)] {
        server.connect(&[socket]);
        let said = server.resume("tea", socket, token);
        assert_eq!(said[1].body["userId"], "ann", "{socket}");
    }
}

#[test]
fn a_token_that_is_none_is_no_obstacle() {
    let mut server = Server::without_turn(2);
    let foreign = server.seat_for_good("cup", "cat");
    for (socket, token) in [("ann", foreign), ("ben", json!("nonsense"))] {
        server.connect(&[socket]);
        let said = server.resume("tea", socket, &token);
        assert_eq!(said[0].body["userId"], socket);
        assert_eq!(said[0].body.get("resumed"), None);
    }
    server.connect(&["dan"]);
    assert_eq!(names(&server.resume("tea", "dan", &json!("nonsense"))), ["full"]);
}

#[test]
fn who_lost_a_seat_to_another_tab_may_take_one_more() {
    let mut server = Server::without_turn(3);
    let token = server.seat_for_good("tea", "ann");
    server.connect(&["ann2"]);
    server.resume("tea", "ann2", &token);
    let said = server.request("ann", "join", json!({"roomId": "tea"}));
    let user = said[0].body["userId"].as_str().unwrap();
    assert_ne!(user, "ann", "that is the other tab");
    assert_eq!(said[0].body["peer"]["userId"], "ann");
    // And back: the tab with the new seat takes the old one again, and holds two.
    server.connect(&["ann3"]);
    assert_eq!(names(&server.resume("tea", "ann3", &token))[..2], ["ann2: replaced", "joined"]);
    assert_eq!(server.rooms.figures().seats, 2);
}

#[test]
fn messages_wait_for_who_is_away_and_come_once_in_their_order() {
    let mut server = Server::without_turn(2);
    let token = server.seat_for_good("tea", "ann");
    server.seat_for_good("tea", "ben");
    server.lose("ann");
    for number in 0..3 {
        assert_eq!(server.message("ben", number), [acknowledge("tea")]);
    }
    server.connect(&["ann2", "ann3"]);
    let said = server.resume("tea", "ann2", &token);
    assert_eq!(
        names(&said),
        ["joined", "ann2: message", "ann2: message", "ann2: message", "ben: peerback"]
    );
    let data: Vec<_> = said[1..4].iter().map(|said| said.body.clone()).collect();
    assert_eq!(data, [0, 1, 2]);
    let again = server.resume("tea", "ann3", &token);
    assert_eq!(names(&again), ["ann2: replaced", "joined", "ben: peerback"]);
}

#[test]
fn what_waits_has_its_bounds_and_who_sends_more_is_told() {
    let mut server = Server::without_turn(2);
    let token = server.seat_for_good("tea", "ann");
    server.seat_for_good("tea", "ben");
    server.lose("ann");
    for number in 0..MAX_WAITING_MESSAGES {
        assert_eq!(server.message("ben", number), [acknowledge("tea")]);
    }
    assert_eq!(server.message("ben", 1), [refused("message", Code::QueueFull)]);
    server.connect(&["ann2"]);
    assert_eq!(server.resume("tea", "ann2", &token).len(), MAX_WAITING_MESSAGES + 2);

    server.lose("ann2");
    let half = "x".repeat(MAX_WAITING_BYTES / 2 - 2);
    assert_eq!(server.message("ben", half.clone()), [acknowledge("tea")]);
    assert_eq!(server.message("ben", half.clone() + "x"), [refused("message", Code::QueueFull)]);
    assert_eq!(server.message("ben", half), [acknowledge("tea")]);
    assert_eq!(server.message("ben", 1), [refused("message", Code::QueueFull)]);
}

#[test]
fn a_message_that_cannot_wait_for_one_reaches_nobody() {
    let mut server = Server::without_turn(3);
    server.seat_for_good("tea", "ann");
    server.seat_for_good("tea", "ben");
    server.seat_for_good("tea", "cat");
    server.lose("ann");
    for _ in 0..MAX_WAITING_MESSAGES {
        assert_eq!(names(&server.message("ben", 1)), ["cat: message", "(acknowledged)"]);
    }
    assert_eq!(server.message("ben", 1), [refused("message", Code::QueueFull)]);
    assert_eq!(server.message("cat", 1), [refused("message", Code::QueueFull)]);
}

#[test]
fn what_waits_is_for_its_seat_alone() {
    let mut server = Server::without_turn(2);
    server.seat_for_good("tea", "ann");
    server.seat_for_good("tea", "ben");
    server.lose("ann");
    server.message("ben", "for ann");
    server.pass(GRACE);
    assert_eq!(names(&server.timeout()), ["ben: bye"]);
    server.connect(&["cat"]);
    let said = server.request("cat", "join", json!({"roomId": "tea"}));
    assert_eq!(names(&said), ["joined", "ben: otherjoined"]);
}

#[test]
fn what_somebody_sent_who_has_left_waits_no_longer() {
    let mut server = Server::without_turn(2);
    let token = server.seat_for_good("tea", "ann");
    server.seat_for_good("tea", "ben");
    server.lose("ann");
    server.message("ben", "an offer of ben");
    server.close("ben");
    server.seat_for_good("tea", "cat");
    server.message("cat", "an offer of cat");
    server.connect(&["ann2"]);
    let said = server.resume("tea", "ann2", &token);
    assert_eq!(names(&said), ["joined", "ann2: message", "cat: peerback"]);
    assert_eq!(said[0].body["peer"]["userId"], "cat");
    assert_eq!(said[1].body, "an offer of cat");
}

#[test]
fn both_may_be_away_and_come_back_in_any_order() {
    let mut server = Server::without_turn(2);
    let ann = server.seat_for_good("tea", "ann");
    let ben = server.seat_for_good("tea", "ben");
    server.lose("ann");
    server.message("ben", "from ben");
    assert_eq!(server.lose("ben"), [], "nobody is there to hear it");
    server.connect(&["ann2", "ben2"]);
    let said = server.resume("tea", "ben2", &ben);
    assert_eq!(names(&said), ["joined"]);
    assert_eq!(said[0].body["polite"], true);
    assert_eq!(said[0].body["peer"]["away"], true);
    let said = server.resume("tea", "ann2", &ann);
    assert_eq!(names(&said), ["joined", "ann2: message", "ben2: peerback"]);
    assert_eq!(said[0].body["polite"], false);
    assert_eq!(said[0].body["peer"].get("away"), None);
}

#[test]
fn a_newcomer_is_told_that_the_other_one_is_away() {
    let mut server = Server::without_turn(2);
    let token = server.seat_for_good("tea", "ann");
    server.lose("ann");
    server.connect(&["ben", "ann2"]);
    let said = server.request("ben", "join", json!({"roomId": "tea"}));
    assert_eq!(names(&said), ["joined"]);
    let ann = json!({"userId": "ann", "capabilities": {"resume": true}, "away": true});
    assert_eq!(said[0].body["peer"], ann);
    assert_eq!(server.message("ben", "hello"), [acknowledge("tea")]);
    let said = server.resume("tea", "ann2", &token);
    assert_eq!(names(&said), ["joined", "ann2: message", "ben: peerback"]);
}

#[test]
fn every_room_of_a_lost_socket_is_held_by_itself() {
    let mut server = Server::without_turn(2);
    let tea = server.seat_for_good("tea", "ann");
    let cup = server.resume("cup", "ann", &Value::Null)[0].body["resume"].clone();
    server.seat("pot", &["ann"]);
    server.lose("ann");
    assert_eq!((server.rooms.figures().rooms, server.rooms.figures().away), (2, 2));
    server.connect(&["ann2"]);
    assert_eq!(server.resume("cup", "ann2", &tea)[0].body.get("resumed"), None, "foreign");
    assert_eq!(server.resume("tea", "ann2", &tea)[0].body["resumed"], true);
    server.pass(GRACE);
    assert_eq!(names(&server.timeout()), ["ann2: bye"], "the seat of ann in cup has ended");
    server.connect(&["ann3"]);
    assert_eq!(server.resume("cup", "ann3", &cup)[0].body.get("resumed"), None);
}

#[test]
fn without_grace_no_seat_is_held() {
    let mut server = Server::new(Config { grace: Duration::ZERO, ..config(2) });
    server.seat_for_good("tea", "ann");
    server.seat_for_good("tea", "ben");
    assert_eq!(names(&server.lose("ann")), ["ben: bye"]);
}

#[test]
fn what_a_client_can_do_is_what_its_last_join_says() {
    let mut server = Server::without_turn(2);
    let token = server.seat_for_good("tea", "ann");
    server.connect(&["ann2", "ben"]);
    server.seat("tea", &["ben"]);
    let join = json!({"roomId": "tea", "resume": token, "capabilities": {"v": 2}});
    let said = server.request("ann2", "join", join);
    assert_eq!(said[1].body.get("resume"), None);
    assert_eq!(said[2].body["capabilities"], json!({"v": 2}));
    assert_eq!(names(&server.lose("ann2")), ["ben: bye"]);
}

#[test]
fn who_has_a_seat_needs_no_leave_to_take_it_back() {
    let join_control = Some(JoinControl::from_secret("a secret of the site"));
    let mut server = Server::new(Config { join_control, ..config(2) });
    server.now.unix = 1_800_000_000;
    server.connect(&["ann", "ann2", "cat"]);
    // {"alg":"HS256"}, {"room":"tea","name":"Ann","exp":1800000060}
    let token = "eyJhbGciOiJIUzI1NiJ9.\
                 eyJyb29tIjoidGVhIiwibmFtZSI6IkFubiIsImV4cCI6MTgwMDAwMDA2MH0.\
                 zNuq3h28g76NmMM-8laDeNBVThUJdnHfKPGoBdkjdUs";
    let join = json!({"roomId": "tea", "token": token, "capabilities": {"resume": true}});
    let resume = server.request("ann", "join", join.clone())[0].body["resume"].clone();
    server.pass(Duration::from_secs(60));
    assert_eq!(names(&server.resume("tea", "ann2", &resume)), ["ann: replaced", "joined"]);

    for (join, why) in [
        (join, Unauthorized::Expired),
        (json!({"roomId": "tea"}), Unauthorized::Absent),
        (json!({"roomId": "cup", "token": token}), Unauthorized::ForeignRoom),
        (json!({"roomId": "cup", "resume": resume}), Unauthorized::Absent),
    ] {
        let expected = answer(
            "refused",
            json!({"event": "join", "code": "unauthorized", "message": why.message()}),
        );
        assert_eq!(server.request("cat", "join", join), [expected], "{why:?}");
    }
    server.now.unix -= 60;
    let join = json!({"roomId": "tea", "token": token});
    let said = server.request("cat", "join", join);
    assert_eq!(said[0].body["peer"]["name"], "Ann", "the name stays with the seat");
    assert_eq!(said[1].body["name"], "Ann");
}
