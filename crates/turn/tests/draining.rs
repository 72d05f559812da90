//! A server that lets nobody begin, so that it can be replaced: RFC 8489 §10.

#![allow(clippy::unwrap_used, reason = "a scenario ends where it goes otherwise than written")]

mod common;

use std::time::Duration;

use common::{Answer, PEER, User, World, address, channel_data, config};
use twocan_stun::{
    Attribute as _,
    attributes::{AlternateServer, MESSAGE_INTEGRITY},
};
use twocan_turn::Config;

const ELSEWHERE: [&str; 2] = ["9.9.9.8:443", "[2620:fe::8]:443"];

/// A world with these servers to send clients to.
fn world(alternates: &[&str]) -> World {
    let alternates = alternates.iter().map(|one| address(one)).collect();
    World::new(Config { alternates, ..config() })
}

/// Asks for an allocation, once it is known who asks.
fn ask(world: &mut World, client: &str) -> Answer {
    let mut user = User::at(client);
    user.meet(world);
    let request = user.allocate_request();
    world.request(user.client, &user.sign(request))
}

/// The servers that an answer names, in its order.
fn named(answer: &Answer) -> Vec<AlternateServer> {
    let message = answer.message();
    let alternates = message.attributes().filter(|one| one.kind == AlternateServer::TYPE);
    alternates
        .map(|one| AlternateServer::decode(one.value, message.transaction_id()).unwrap())
        .collect()
}

#[test]
fn newcomers_are_sent_to_the_server_of_their_family_first() {
    let mut world = world(&ELSEWHERE);
    assert_eq!(world.quotas.drain(), Some(0));
    let [v4, v6] = ELSEWHERE.map(|one| AlternateServer(address(one)));
    for (client, expected) in [("198.51.100.1:4000", [v4, v6]), ("[2001:db8::1]:4000", [v6, v4])] {
        let answer = ask(&mut world, client);
        assert_eq!(answer.code(), 300);
        assert_eq!(named(&answer), expected);
        assert!(answer.message().has(MESSAGE_INTEGRITY), "nobody else can send a client away");
    }
    assert_eq!(world.server.allocation_count(), 0);
}

#[test]
fn without_a_server_of_their_family_newcomers_are_refused() {
    for (alternates, client) in [
        (&[][..], "198.51.100.1:4000"),
        (&ELSEWHERE[1..], "198.51.100.1:4000"),
        (&ELSEWHERE[..1], "[2001:db8::1]:4000"),
    ] {
        let mut world = world(alternates);
        world.quotas.drain();
        let answer = ask(&mut world, client);
        assert_eq!(answer.code(), 508);
        assert_eq!(named(&answer), []);
    }
}

#[test]
fn whoever_was_there_goes_on_as_before() {
    let mut world = world(&ELSEWHERE);
    let mut user = User::at("198.51.100.1:4000");
    user.meet(&mut world);
    let request = user.allocate_request();
    let request = user.sign(request);
    let answer = world.request(user.client, &request);
    let (id, _) = world.open[0];
    assert_eq!(world.quotas.drain(), Some(1));
    assert_eq!(world.quotas.drain(), None, "once is enough");

    assert_eq!(
        world.request(user.client, &request).0,
        answer.0,
        "a repeated request is no newcomer"
    );
    assert_eq!(user.refresh(&mut world, 600).code(), 0);
    assert_eq!(user.permit(&mut world, &[PEER]).code(), 0);
    assert_eq!(user.bind(&mut world, 0x4000, PEER).code(), 0);
    let data = channel_data(0x4000, b"on");
    assert!(world.feed(user.client, &data).is_some());
    assert!(world.receive(id, PEER, b"on").is_some());
    assert_eq!(ask(&mut world, "198.51.100.2:4000").code(), 300);

    world.advance(Duration::from_secs(601));
    assert_eq!(world.server.allocation_count(), 0);
    assert_eq!(ask(&mut world, "198.51.100.1:4000").code(), 300, "its place is not given again");
}

#[test]
fn strangers_are_told_nothing() {
    let mut world = world(&ELSEWHERE);
    world.quotas.drain();
    let mut user = User::at("198.51.100.1:4000");
    let request = user.allocate_request();
    assert_eq!(world.request(user.client, &request.finish()).code(), 401);
}
