//! How a NAT behaves, where the server has two addresses: RFC 5780.

#![allow(clippy::unwrap_used, reason = "a scenario ends where it goes otherwise than written")]

mod common;

use common::{User, World, address, config};
use twocan_stun::{
    Message, Method,
    attributes::{
        ChangeRequest, ErrorCode, MappedAddress, OtherAddress, Padding, ResponseOrigin,
        ResponsePort, XorMappedAddress,
    },
};
use twocan_turn::{Client, Link, Transport};

const GRID: [&str; 4] = ["9.9.9.9:3478", "9.9.9.9:3479", "9.9.9.10:3478", "9.9.9.10:3479"];

fn world(listeners: &[&str]) -> World {
    let listeners = listeners.iter().map(|one| address(one)).collect();
    World::new(twocan_turn::Config { listeners, ..config() })
}

/// Sends a Binding request; returns by which way the answer goes, and the answer.
fn ask(
    world: &mut World,
    client: Client,
    change: Option<ChangeRequest>,
    port: Option<u16>,
) -> (Client, Vec<u8>) {
    let mut request = User::at("198.51.100.1:4000").begin(Method::BINDING);
    if let Some(change) = change {
        request.push(&change);
    }
    if let Some(port) = port {
        request.push(&ResponsePort(port));
    }
    assert_eq!(world.feed(client, &request.finish()), None);
    let [answer] = <[_; 1]>::try_from(world.answers()).unwrap();
    answer
}

#[test]
fn the_answer_comes_from_where_it_was_asked_for() {
    let mut world = world(&GRID);
    let client = User::at("198.51.100.1:4000").client;
    for (ip, port, from) in [(false, false, 0), (false, true, 1), (true, false, 2), (true, true, 3)]
    {
        let (way, bytes) = ask(&mut world, client, Some(ChangeRequest { ip, port }), None);
        assert_eq!(way.server, address(GRID[from]));
        assert_eq!(way.link, Link(from));
        assert_eq!(way.address, client.address);
        let answer = Message::decode(&bytes).unwrap();
        assert_eq!(answer.get(), Ok(Some(XorMappedAddress(client.address))));
        assert_eq!(answer.get(), Ok(Some(MappedAddress(client.address))));
        assert_eq!(answer.get(), Ok(Some(ResponseOrigin(address(GRID[from])))));
        assert_eq!(answer.get(), Ok(Some(OtherAddress(address("9.9.9.10:3479")))));
    }
}

#[test]
fn the_answer_goes_to_another_port_of_the_client() {
    let mut world = world(&GRID);
    let client = User::at("198.51.100.1:4000").client;
    let (way, bytes) = ask(&mut world, client, None, Some(5000));
    assert_eq!(way.address, address("198.51.100.1:5000"));
    let answer = Message::decode(&bytes).unwrap();
    assert_eq!(answer.get(), Ok(Some(XorMappedAddress(client.address))), "still its own address");
}

#[test]
fn a_padded_question_gets_an_answer_as_long() {
    let mut world = world(&GRID);
    let client = User::at("198.51.100.1:4000").client;
    let padding = Padding(&[7; 1500]);
    let mut request = User::at("198.51.100.1:4000").begin(Method::BINDING);
    request.push(&padding);
    assert_eq!(world.feed(client, &request.finish()), None);
    let [(way, bytes)] = <[_; 1]>::try_from(world.answers()).unwrap();
    assert_eq!(way, client);
    let answer = Message::decode(&bytes).unwrap();
    assert_eq!(answer.get(), Ok(Some(padding)));
    assert_eq!(answer.get(), Ok(Some(XorMappedAddress(client.address))));

    let mut request = User::at("198.51.100.1:4000").begin(Method::BINDING);
    request.push(&padding);
    request.push(&ResponsePort(5000));
    assert_eq!(world.feed(client, &request.finish()), None);
    let [(way, bytes)] = <[_; 1]>::try_from(world.answers()).unwrap();
    assert_eq!(way, client, "an error goes to where the request came from");
    let error: ErrorCode<'_> = Message::decode(&bytes).unwrap().get().unwrap().unwrap();
    assert_eq!(error.code, 400);
}

#[test]
fn without_two_addresses_and_ports_or_over_tcp_there_is_no_discovery() {
    let udp = User::at("198.51.100.1:4000").client;
    let tcp = Client { transport: Transport::Tcp, ..udp };
    for (listeners, client) in
        [(&GRID[..1], udp), (&GRID[..2], udp), (&GRID[..3], udp), (&GRID, tcp)]
    {
        let mut world = world(listeners);
        let (_, bytes) = ask(&mut world, client, None, None);
        assert_eq!(Message::decode(&bytes).unwrap().get::<OtherAddress>(), Ok(None));
        let change = Some(ChangeRequest { ip: true, port: true });
        let (_, bytes) = ask(&mut world, client, change, None);
        let error: ErrorCode<'_> = Message::decode(&bytes).unwrap().get().unwrap().unwrap();
        assert_eq!(error.code, 420);
    }
}
