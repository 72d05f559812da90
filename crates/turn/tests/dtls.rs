//! Clients over DTLS: datagrams as over UDP, from an address that is beyond doubt as over TCP.

#![allow(clippy::unwrap_used, reason = "a test ends where it goes otherwise than written")]

mod common;

use std::{num::NonZeroU64, sync::Arc, time::Duration};

use common::{Sent, User, World, channel_data, config};
use twocan_stun::{Method, attributes::RequestedTransport};
use twocan_turn::{Limits, Rate, Transport};

fn user(address: &str) -> User {
    let mut user = User::at(address);
    user.client.transport = Transport::Dtls;
    user
}

#[test]
fn data_is_not_padded() {
    let mut world = World::new(config());
    let mut user = user("198.51.100.1:4000");
    let (id, _) = user.allocate(&mut world);
    user.bind(&mut world, 0x4000, "8.8.4.4:1");
    let (_, bytes) = world.receive(id, "8.8.4.4:1", b"hello").unwrap();
    assert_eq!(bytes, channel_data(0x4000, b"hello"));
}

#[test]
fn the_same_addresses_over_udp_are_another_client() {
    let mut world = World::new(config());
    let (mut encrypted, mut plain) = (user("198.51.100.1:4000"), User::at("198.51.100.1:4000"));
    let (_, one) = encrypted.allocate(&mut world);
    let (_, other) = plain.allocate(&mut world);
    assert_ne!(one, other);
    world.server.handle_disconnected(encrypted.client);
    assert!(!world.server.has_allocation(&encrypted.client));
    assert!(world.server.has_allocation(&plain.client));
}

#[test]
fn a_neighbour_is_reached_directly_in_the_same_thread_and_through_the_sockets_in_another() {
    let neighbours = Arc::default();
    let mut world = World::sharing(config(), &neighbours);
    let mut other_thread = World::sharing(config(), &neighbours);
    let mut one = User::at("198.51.100.1:4000");
    let (mut near, mut far) = (user("198.51.100.2:4000"), user("198.51.100.3:4000"));
    let (_, from) = one.allocate(&mut world);
    let (_, near_relayed) = near.allocate(&mut world);
    let (_, far_relayed) = far.allocate(&mut other_thread);
    one.bind(&mut world, 0x4000, &near_relayed.to_string());
    one.bind(&mut world, 0x4001, &far_relayed.to_string());
    near.bind(&mut world, 0x4002, &from.to_string());
    let sent = world.forward(one.client, &channel_data(0x4000, b"hello"));
    assert_eq!(sent, Some(Sent::ToClient(near.client, channel_data(0x4002, b"hello"))));
    let sent = world.forward(one.client, &channel_data(0x4001, b"hello"));
    assert_eq!(sent, Some(Sent::ToPeer(from, far_relayed, b"hello".to_vec())));
}

#[test]
fn an_allocation_for_tcp_is_none_for_datagrams() {
    let mut world = World::new(config());
    let mut user = user("198.51.100.1:4000");
    user.meet(&mut world);
    let mut request = user.begin(Method::ALLOCATE);
    request.push(&RequestedTransport::TCP);
    assert_eq!(world.request(user.client, &user.sign(request)).code(), 400);
}

#[test]
fn strangers_are_answered_without_a_limit() {
    let rate = Rate { each_second: NonZeroU64::MIN, burst: Duration::from_secs(1) };
    let mut world = World::limited(Limits { strangers: Some(rate), ..Limits::default() });
    let mut stranger = user("198.51.100.1:4000");
    for _ in 0..10 {
        let request = stranger.begin(Method::BINDING).finish();
        world.request(stranger.client, &request);
    }
}
