use super::*;

#[test]
fn each_seat_has_credentials_of_its_own() {
    let mut server = Server::with_turn();
    server.connect(&["ann", "ben"]);
    let ann = server.request("ann", "join", json!({"roomId": "tea"}));
    let ben = server.request("ben", "join", json!({"roomId": "tea"}));
    assert_eq!(ann[0].body["iceServers"][0], json!({"urls": ["stun:twocan.example:3478"]}));
    assert_eq!(username(&ann[0]), "87400:0000000000000002");
    assert_eq!(username(&ben[0]), "87400:0000000000000003");
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
    assert_eq!(username(&told[0]), "130600:0000000000000002");
    assert_eq!(server.timeout(), []);

    server.pass(LIFETIME / 2);
    assert_eq!(username(&server.timeout()[0]), "173800:0000000000000002");
}

#[test]
fn credentials_asked_for_put_off_those_that_come_by_themselves() {
    let mut server = Server::with_turn();
    server.connect(&["ann"]);
    server.seat("tea", &["ann"]);
    server.pass(LIFETIME / 4);
    let told = server.request("ann", "iceservers", json!({"roomId": "tea"}));
    assert_eq!((told[0].to.as_deref(), told[0].name), (None, "iceservers"));
    assert_eq!(username(&told[0]), "109000:0000000000000002");
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
    server.close("ben");
    server.pass(LIFETIME);
    assert_eq!(server.timeout(), []);
    assert_eq!(server.rooms.take_ended().len(), 2);
    assert_eq!(server.rooms.poll_timeout(), None);
}

#[test]
fn credentials_end_with_the_seat() {
    let mut server = Server::with_turn();
    server.connect(&["ann", "ben", "cat"]);
    server.seat("tea", &["ann", "ben"]);
    server.seat("cup", &["cat"]);
    assert_eq!(server.rooms.take_ended(), []);
    server.request("ann", "leave", json!({"roomId": "tea"}));
    assert_eq!(server.rooms.take_ended(), [SeatName(2)]);
    server.close("ben");
    assert_eq!(server.rooms.take_ended(), [SeatName(3)]);
    server.lose("cat");
    assert_eq!(server.rooms.take_ended(), [SeatName(4)], "its client cannot take the seat back");
    assert_eq!(server.rooms.poll_timeout(), None);
}

#[test]
fn credentials_of_a_seat_whose_socket_is_lost_live_as_long_as_it_is_held() {
    let mut server = Server::with_turn();
    let token = server.seat_for_good("tea", "ann");
    server.lose("ann");
    server.pass(GRACE - Duration::from_secs(1));
    assert_eq!(server.timeout(), []);
    assert_eq!(server.rooms.take_ended(), []);

    server.connect(&["ann2"]);
    let joined = server.resume("tea", "ann2", &token);
    assert_eq!(username(&joined[0]), "87419:0000000000000002", "a new end for the same name");
    server.pass(GRACE);
    server.timeout();
    assert_eq!(server.rooms.take_ended(), []);

    server.lose("ann2");
    assert_eq!(server.rooms.poll_timeout(), Some(server.now.monotonic + GRACE));
    server.pass(GRACE);
    assert_eq!(server.timeout(), []);
    assert_eq!(server.rooms.take_ended(), [SeatName(2)]);
    assert_eq!(server.rooms.poll_timeout(), None);
}

#[test]
fn who_is_away_is_sent_no_credentials_and_who_is_back_is() {
    let mut server = Server::with_turn();
    let token = server.seat_for_good("tea", "ann");
    server.pass(LIFETIME / 2 - Duration::from_secs(10));
    server.lose("ann");
    server.pass(Duration::from_secs(10));
    assert_eq!(server.timeout(), []);
    server.connect(&["ann2"]);
    server.resume("tea", "ann2", &token);
    server.pass(LIFETIME / 2);
    assert_eq!(names(&server.timeout()), ["ann2: iceservers"]);
}

#[test]
fn a_socket_that_was_replaced_is_sent_no_credentials() {
    let mut server = Server::with_turn();
    let token = server.seat_for_good("tea", "ann");
    server.connect(&["ann2"]);
    server.resume("tea", "ann2", &token);
    server.pass(LIFETIME / 2);
    assert_eq!(names(&server.timeout()), ["ann2: iceservers"]);
    let asked = server.request("ann", "iceservers", json!({"roomId": "tea"}));
    assert_eq!(asked, [refused("iceservers", Code::NotJoined)]);
}

fn username(said: &Said) -> &str {
    said.body["iceServers"][1]["username"].as_str().unwrap()
}
