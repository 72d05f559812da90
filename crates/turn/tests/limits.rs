//! The bounds on what anyone may have.

#![allow(clippy::unwrap_used, reason = "a scenario ends where it goes otherwise than written")]

mod common;

use std::{num::NonZeroU64, time::Duration};

use common::{PEER, UNIX, User, World, address, channel_data};
use twocan_stun::{Message, Method};
use twocan_turn::{Limits, Rate};

fn rate(each_second: u64, seconds: u64) -> Option<Rate> {
    let each_second = NonZeroU64::new(each_second).unwrap();
    Some(Rate { each_second, burst: Duration::from_secs(seconds) })
}

/// Asks for an allocation; the code of the answer.
fn ask(world: &mut World, user: &mut User) -> u16 {
    user.meet(world);
    let request = user.allocate_request();
    world.request(user.client, &user.sign(request)).code()
}

#[test]
fn a_user_an_address_and_all_together_have_their_share() {
    let limits =
        Limits { for_user: Some(1), for_address: Some(2), in_total: Some(3), ..Limits::default() };
    let mut world = World::limited(limits);
    let mut first = User::named("198.51.100.1:4000", "a");
    assert_eq!(ask(&mut world, &mut first), 0);
    assert_eq!(ask(&mut world, &mut User::named("198.51.100.9:4000", "a")), 486);
    assert_eq!(ask(&mut world, &mut User::named("198.51.100.1:4001", "b")), 0);
    assert_eq!(ask(&mut world, &mut User::named("198.51.100.1:4002", "c")), 486);
    assert_eq!(ask(&mut world, &mut User::named("198.51.100.2:4000", "c")), 0);
    assert_eq!(ask(&mut world, &mut User::named("198.51.100.3:4000", "d")), 508);
    first.refresh(&mut world, 0);
    assert_eq!(ask(&mut world, &mut User::named("198.51.100.3:4000", "d")), 0);
    world.advance(Duration::from_secs(601));
    assert_eq!(ask(&mut world, &mut first), 0, "what expired counts no longer");
}

#[test]
fn a_failed_allocation_is_given_back() {
    let mut world = World::limited(Limits { for_user: Some(1), ..Limits::default() });
    let mut user = User::at("198.51.100.1:4000");
    world.failing_binds = 16;
    assert_eq!(ask(&mut world, &mut user), 508);
    assert_eq!(ask(&mut world, &mut user), 0);
}

#[test]
fn an_allocation_has_its_bandwidth_in_both_directions_together() {
    let mut world = World::limited(Limits { bandwidth: rate(1000, 1), ..Limits::default() });
    let mut user = User::at("198.51.100.1:4000");
    let (id, _) = user.allocate(&mut world);
    user.bind(&mut world, 0x4000, PEER);
    let data = channel_data(0x4000, &[1; 400]);
    assert!(world.feed(user.client, &data).is_some());
    assert!(world.receive(id, PEER, &[1; 400]).is_some());
    assert!(world.feed(user.client, &data).is_none());
    assert!(world.receive(id, PEER, &[1; 400]).is_none());
    world.advance(Duration::from_millis(250));
    assert!(world.feed(user.client, &data).is_some());

    let mut other = User::at("198.51.100.2:4000");
    other.allocate(&mut world);
    other.bind(&mut world, 0x4000, PEER);
    assert!(world.feed(other.client, &data).is_some(), "it has bandwidth of its own");
}

#[test]
fn a_packet_between_neighbours_counts_for_both() {
    let mut world = World::limited(Limits { bandwidth: rate(1000, 1), ..Limits::default() });
    let mut users = ["198.51.100.1:4000", "198.51.100.2:4000", "198.51.100.3:4000"].map(User::at);
    let relayed = [0, 1, 2].map(|n: usize| users[n].allocate(&mut world).1.to_string());
    assert_eq!(users[0].bind(&mut world, 0x4000, &relayed[2]).code(), 0);
    assert_eq!(users[1].bind(&mut world, 0x4000, &relayed[2]).code(), 0);
    assert_eq!(users[2].permit(&mut world, &[&relayed[0]]).code(), 0);
    let data = channel_data(0x4000, &[1; 600]);
    assert!(world.forward(users[0].client, &data).is_some());
    assert!(world.forward(users[1].client, &data).is_none(), "the receiver's is used up");
}

#[test]
fn all_together_have_their_bandwidth() {
    let mut world = World::limited(Limits { total_bandwidth: rate(1000, 1), ..Limits::default() });
    let data = channel_data(0x4000, &[1; 600]);
    for (client, passes) in [("198.51.100.1:4000", true), ("198.51.100.2:4000", false)] {
        let mut user = User::at(client);
        user.allocate(&mut world);
        user.bind(&mut world, 0x4000, PEER);
        assert_eq!(world.feed(user.client, &data).is_some(), passes);
    }
}

#[test]
fn ended_credentials_end_their_allocations_and_make_no_others() {
    let mut world = World::limited(Limits::default());
    let mut user = User::named("198.51.100.1:4000", "seat");
    user.allocate(&mut world);
    let mut other = User::named("198.51.100.2:4000", "other");
    other.allocate(&mut world);
    world.quotas.revoke("seat", UNIX + Duration::from_secs(24 * 3600), world.now.unix);
    world.server.handle_revoked("seat");
    assert_eq!(world.answers(), []);
    assert_eq!(world.open.len(), 1);
    let request = user.allocate_request();
    assert_eq!(world.request(user.client, &user.sign(request)).code(), 401);
    assert_eq!(other.refresh(&mut world, 600).code(), 0);
}

/// 500,000 strangers leave nothing behind; and a network is answered no faster than its rate.
#[test]
fn strangers_are_answered_at_a_rate_and_leave_nothing() {
    let mut world = World::limited(Limits { strangers: rate(50, 4), ..Limits::default() });
    let request = User::at("198.51.100.1:4000").allocate_request().finish();
    let mut answered = 0;
    for n in 0..10_000u32 {
        let mut user = User::at("198.51.100.1:4000");
        user.client.address = address(&format!("198.51.100.{}:{}", n % 256, 1024 + n % 50_000));
        assert_eq!(world.feed(user.client, &request), None);
        answered += world.answers().len();
    }
    assert_eq!(answered, 200);
    assert_eq!(world.server.allocation_count(), 0);
    assert_eq!(world.server.poll_timeout(), None);

    let mut elsewhere = User::at("203.0.113.1:4000");
    elsewhere.meet(&mut world);
    let mut over_tcp = User::at("198.51.100.1:4000");
    over_tcp.client.transport = twocan_turn::Transport::Tcp;
    over_tcp.meet(&mut world);
    let mut binding = User::at("198.51.100.1:4000");
    let request = binding.begin(Method::BINDING).finish();
    assert_eq!(world.feed(binding.client, &request), None);
    assert_eq!(world.answers(), [], "32 bytes for 20 are a gain too");
    let known = world.request(over_tcp.client, &request);
    assert!(Message::decode(&known.0).is_ok());
}
