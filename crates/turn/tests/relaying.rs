//! Permissions, channels and data: RFC 8656 §9 to §12.

#![allow(clippy::unwrap_used, reason = "a scenario ends where it goes otherwise than written")]

mod common;

use std::{sync::Arc, time::Duration};

use common::{PEER, Sent, User, World, address, channel_data, config};
use proptest::prelude::*;
use twocan_stun::{
    ChannelData, Class, Message, MessageBuilder, Method, TransactionId,
    attributes::{
        AdditionalAddressFamily, AddressFamily, Data, DontFragment, ErrorCode, Icmp, XorPeerAddress,
    },
};
use twocan_turn::{ForFamily, Forward, HEADROOM, PeerPolicy, Transport};

fn with_allocation() -> (World, User, twocan_turn::RelayId) {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    let (id, _) = user.allocate(&mut world);
    (world, user, id)
}

#[test]
fn nothing_passes_without_a_permission() {
    let (mut world, mut user, id) = with_allocation();
    let indication = user.send_indication(PEER, b"out");
    assert_eq!(world.feed(user.client, &indication), None);
    assert_eq!(world.receive(id, PEER, b"in"), None);
}

#[test]
fn a_permission_is_for_an_address_with_all_its_ports() {
    let (mut world, mut user, id) = with_allocation();
    assert_eq!(user.permit(&mut world, &[PEER]).code(), 0);
    let indication = user.send_indication("8.8.4.4:7", b"out");
    assert_eq!(world.feed(user.client, &indication), Some((address("8.8.4.4:7"), b"out".to_vec())));
    let other = user.send_indication("8.8.4.5:5000", b"out");
    assert_eq!(world.feed(user.client, &other), None);
    assert_eq!(world.receive(id, "8.8.4.5:5000", b"in"), None);

    let (client, bytes) = world.receive(id, "8.8.4.4:9", b"in").unwrap();
    assert_eq!(client, user.client);
    let message = Message::decode(&bytes).unwrap();
    assert_eq!((message.class(), message.method()), (Class::Indication, Method::DATA));
    assert_eq!(message.get(), Ok(Some(XorPeerAddress(address("8.8.4.4:9")))));
    assert_eq!(message.get(), Ok(Some(Data(b"in"))));
}

#[test]
fn a_permission_lasts_five_minutes() {
    let (mut world, mut user, id) = with_allocation();
    user.permit(&mut world, &[PEER]);
    world.advance(Duration::from_secs(299));
    assert!(world.receive(id, PEER, b"in").is_some());
    world.advance(Duration::from_secs(1));
    assert!(world.receive(id, PEER, b"in").is_none());
    user.permit(&mut world, &[PEER]);
    world.advance(Duration::from_secs(200));
    user.permit(&mut world, &[PEER]);
    world.advance(Duration::from_secs(95));
    assert!(world.receive(id, PEER, b"in").is_some(), "it was prolonged");
}

#[test]
fn all_peers_of_a_request_are_permitted_or_none() {
    let (mut world, mut user, id) = with_allocation();
    assert_eq!(user.permit(&mut world, &["8.8.8.8:1", "10.0.0.1:1"]).code(), 403);
    assert_eq!(user.permit(&mut world, &["8.8.8.8:1", "[2001:4860::8888]:1"]).code(), 443);
    assert_eq!(user.permit(&mut world, &[]).code(), 400);
    assert!(world.receive(id, "8.8.8.8:1", b"in").is_none());
    assert_eq!(user.permit(&mut world, &["8.8.8.8:1", "1.1.1.1:1"]).code(), 0);
    assert!(world.receive(id, "8.8.8.8:1", b"in").is_some());
    assert!(world.receive(id, "1.1.1.1:1", b"in").is_some());
}

#[test]
fn a_channel_carries_data_both_ways() {
    let (mut world, mut user, id) = with_allocation();
    assert_eq!(user.bind(&mut world, 0x4000, PEER).code(), 0);
    let out = world.feed(user.client, &channel_data(0x4000, b"out"));
    assert_eq!(out, Some((address(PEER), b"out".to_vec())));
    assert_eq!(world.feed(user.client, &channel_data(0x4001, b"out")), None);

    let (_, bytes) = world.receive(id, PEER, b"in").unwrap();
    assert_eq!(bytes, channel_data(0x4000, b"in"), "over UDP without padding");
    let (_, bytes) = world.receive(id, "8.8.4.4:9", b"in").unwrap();
    assert!(ChannelData::decode(&bytes).is_none(), "another port comes by indication");
}

#[test]
fn channel_data_is_padded_on_streams() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    user.client.transport = Transport::Tcp;
    let (id, _) = user.allocate(&mut world);
    user.bind(&mut world, 0x4000, PEER);
    for length in 0..9 {
        let data = vec![1; length];
        let (_, bytes) = world.receive(id, PEER, &data).unwrap();
        assert_eq!(bytes.len(), 4 + length.next_multiple_of(4));
        assert_eq!(ChannelData::decode(&bytes).unwrap().data, data);
        assert!(bytes[4 + length..].iter().all(|byte| *byte == 0), "no stray bytes in the padding");
    }
}

#[test]
fn a_channel_is_bound_to_one_peer_and_a_peer_to_one_channel() {
    let (mut world, mut user, _) = with_allocation();
    for (number, peer, code) in [
        (0x4000, "8.8.4.4:1", 0),
        (0x4000, "8.8.4.4:1", 0),
        (0x4000, "8.8.4.4:2", 400),
        (0x4001, "8.8.4.4:1", 400),
        (0x7FFF, "8.8.4.4:2", 0),
        (0x3FFF, "8.8.4.4:3", 400),
        (0x8000, "8.8.4.4:3", 400),
        (0x4002, "[2001:4860::8888]:1", 443),
        (0x4002, "192.168.0.1:1", 403),
    ] {
        assert_eq!(user.bind(&mut world, number, peer).code(), code, "{number:#x} {peer}");
    }
}

#[test]
fn a_channel_lasts_ten_minutes_and_then_its_number_is_free() {
    let (mut world, mut user, id) = with_allocation();
    user.refresh(&mut world, 3600);
    user.bind(&mut world, 0x4000, PEER);
    world.advance(Duration::from_secs(300));
    assert!(world.feed(user.client, &channel_data(0x4000, b"out")).is_some());
    assert!(world.receive(id, PEER, b"in").is_none(), "the permission ended after five");
    user.permit(&mut world, &[PEER]);
    let (_, bytes) = world.receive(id, PEER, b"in").unwrap();
    assert!(ChannelData::decode(&bytes).is_some());
    world.advance(Duration::from_secs(300));
    assert!(world.feed(user.client, &channel_data(0x4000, b"out")).is_none());
    assert_eq!(user.bind(&mut world, 0x4000, "8.8.8.8:1").code(), 0);
}

#[test]
fn permissions_and_channels_are_bounded() {
    let (mut world, mut user, _) = with_allocation();
    for n in 0..64u16 {
        assert_eq!(user.bind(&mut world, 0x4000 + n, &format!("8.8.8.8:{}", 1 + n)).code(), 0);
        assert_eq!(user.permit(&mut world, &[&format!("8.8.{n}.8:1")]).code(), 0);
    }
    assert_eq!(user.bind(&mut world, 0x5000, "8.8.8.8:1000").code(), 508);
    assert_eq!(user.permit(&mut world, &["1.1.1.1:1"]).code(), 508);
    assert_eq!(user.bind(&mut world, 0x5000, "1.1.1.1:1").code(), 508);
    assert_eq!(user.permit(&mut world, &["8.8.0.8:1"]).code(), 0, "known ones are prolonged");
}

#[test]
fn the_refusal_of_a_special_purpose_peer_says_why() {
    let (mut world, mut user, _) = with_allocation();
    for peer in ["127.0.0.1:1", "0.0.0.0:1", "169.254.169.254:80", "224.0.0.1:1", "192.168.1.1:1"] {
        let answer = user.permit(&mut world, &[peer]);
        assert_eq!(answer.code(), 403, "{peer}");
        assert!(answer.get::<ErrorCode<'_>>().reason.contains("special-purpose"));
        assert_eq!(user.bind(&mut world, 0x4000, peer).code(), 403, "{peer}");
        let indication = user.send_indication(peer, b"out");
        assert_eq!(world.feed(user.client, &indication), None, "{peer}");
    }
}

#[test]
fn an_allowed_range_is_relayed_to() {
    let peers = PeerPolicy::new(vec!["192.168.0.0/16".parse().unwrap()]);
    let mut world = World::new(twocan_turn::Config { peers, ..config() });
    let mut user = User::at("198.51.100.1:4000");
    user.allocate(&mut world);
    assert_eq!(user.permit(&mut world, &["192.168.1.1:1"]).code(), 0);
    assert_eq!(user.permit(&mut world, &["10.0.0.1:1"]).code(), 403);
}

/// On a private network the server's own address is special-purpose, and still the usual way
/// between two relayed clients; but nothing else on the host may be reached.
#[test]
fn of_the_server_itself_only_relayed_addresses_are_reached() {
    let relayed = Arc::default();
    let mut world = World::sharing(config(), &relayed);
    let mut other_thread = World::sharing(config(), &relayed);
    let mut one = User::at("192.168.1.10:4000");
    one.client.server = address("192.168.1.1:3478");
    let mut two = User::at("192.168.1.11:4000");
    two.client.server = address("192.168.1.1:3478");
    let (id, from) = one.allocate(&mut world);
    assert_eq!(one.permit(&mut world, &["192.168.1.2:80"]).code(), 403);
    let (_, to) = two.allocate(&mut other_thread);
    let to_text = to.to_string();
    assert_eq!(one.permit(&mut world, &[&to_text]).code(), 0);
    assert_eq!(one.bind(&mut world, 0x4000, &to_text).code(), 0);
    assert_eq!(one.bind(&mut world, 0x4001, "192.168.1.1:22").code(), 0);

    let data = channel_data(0x4000, b"hello");
    let indication = one.send_indication(&to_text, b"hello");
    assert_eq!(world.forward(one.client, &data), None, "the other has not permitted it");
    assert_eq!(two.permit(&mut other_thread, &[&from.to_string()]).code(), 0);
    for bytes in [&data, &indication] {
        let Some(Sent::ToClient(client, message)) = world.forward(one.client, bytes) else {
            panic!("not sent to the other client");
        };
        assert_eq!(client, two.client);
        let message = Message::decode(&message).unwrap();
        assert_eq!(message.get(), Ok(Some(XorPeerAddress(from))));
        assert_eq!(message.get(), Ok(Some(Data(b"hello"))));
    }
    assert_eq!(two.bind(&mut other_thread, 0x4ABC, &from.to_string()).code(), 0);
    for bytes in [&data, &indication] {
        let expected = Sent::ToClient(two.client, channel_data(0x4ABC, b"hello"));
        assert_eq!(world.forward(one.client, bytes), Some(expected));
    }
    for closed in ["192.168.1.1:22", "192.168.1.1:3478"] {
        let indication = one.send_indication(closed, b"hello");
        assert_eq!(world.feed(one.client, &indication), None);
        assert_eq!(world.receive(id, closed, b"hello"), None);
    }
    assert_eq!(world.feed(one.client, &channel_data(0x4001, b"hello")), None);
    assert!(world.receive(id, &to_text, b"hello").is_some());

    two.refresh(&mut other_thread, 0);
    assert_eq!(world.feed(one.client, &channel_data(0x4000, b"hello")), None, "nobody is there");
}

/// The host's other addresses are its own too, whatever is relayed on them; and so is the one that
/// is relayed on, before anything is.
#[test]
fn every_address_of_the_host_is_its_own() {
    let own = vec![address("9.9.9.9:0").ip(), address("9.9.9.10:0").ip()];
    let mut world = World::new(twocan_turn::Config { own, ..config() });
    let mut user = User::at("198.51.100.1:4000");
    user.allocate(&mut world);
    for (number, peer) in [(0x4000, "9.9.9.9:53"), (0x4001, "9.9.9.10:53")] {
        assert_eq!(user.bind(&mut world, number, peer).code(), 0);
        assert_eq!(world.forward(user.client, &channel_data(number, b"query")), None);
        let indication = user.send_indication(peer, b"query");
        assert_eq!(world.forward(user.client, &indication), None);
    }
}

/// The host's loopback and its other special-purpose addresses are refused as anybody's, by whatever
/// spelling; and the public one behind a translator is still its own.
#[test]
fn special_purpose_addresses_of_the_host_are_refused_unless_relayed_on() {
    let own = ["127.0.0.1:0", "10.0.0.5:0", "9.9.9.9:0", "[::1]:0"].map(|one| address(one).ip());
    let local =
        ForFamily { v4: Some([9, 9, 9, 9].into()), v6: Some("2620:fe::9".parse().unwrap()) };
    let mut world = World::new(twocan_turn::Config { own: own.to_vec(), local, ..config() });
    let mut user = User::at("198.51.100.1:4000");
    user.meet(&mut world);
    let mut request = user.allocate_request();
    request.push(&AdditionalAddressFamily(Some(AddressFamily::V6)));
    assert_eq!(world.request(user.client, &user.sign(request)).code(), 0);
    for peer in ["127.0.0.1:80", "10.0.0.5:80", "[::1]:80", "[::ffff:0:127.0.0.1]:80"] {
        assert_eq!(user.permit(&mut world, &[peer]).code(), 403, "{peer}");
    }
    let translated = "[64:ff9b::9.9.9.9]:80";
    assert_eq!(user.permit(&mut world, &[translated]).code(), 0);
    let indication = user.send_indication(translated, b"hello");
    assert_eq!(world.forward(user.client, &indication), None, "nothing is relayed there");
}

#[test]
fn far_too_many_peers_are_refused_before_they_are_looked_at() {
    let (mut world, mut user, _) = with_allocation();
    let peers: Vec<String> = (0..65).map(|n| format!("8.8.{n}.8:1")).collect();
    let mut peers: Vec<&str> = peers.iter().map(String::as_str).collect();
    peers.push("127.0.0.1:1");
    assert_eq!(user.permit(&mut world, &peers).code(), 508);
}

/// Another thread's connections are out of reach, so the packet goes through the sockets; and
/// packets from one external address to another seldom find the way back in through the NAT, so it
/// goes by the local addresses.
#[test]
fn a_neighbour_over_tcp_in_another_thread_is_reached_through_the_sockets() {
    let external = ForFamily { v4: Some([8, 1, 2, 3].into()), v6: None };
    let neighbours = Arc::default();
    let settings = twocan_turn::Config { external, ..config() };
    let mut world = World::sharing(settings.clone(), &neighbours);
    let mut other_thread = World::sharing(settings, &neighbours);
    let (mut one, mut two) = (User::at("198.51.100.1:4000"), User::at("198.51.100.2:4000"));
    two.client.transport = Transport::Tcp;
    let (_, from) = one.allocate(&mut world);
    let (id, to) = two.allocate(&mut other_thread);
    let local = |port| address(&format!("9.9.9.9:{port}"));
    assert_eq!(one.bind(&mut world, 0x4000, &to.to_string()).code(), 0);
    let sent = world.forward(one.client, &channel_data(0x4000, b"hello")).unwrap();
    assert_eq!(sent, Sent::ToPeer(local(from.port()), local(to.port()), b"hello".to_vec()));

    assert_eq!(two.bind(&mut other_thread, 0x4000, &from.to_string()).code(), 0);
    let (_, bytes) = other_thread.receive(id, &local(from.port()).to_string(), b"hello").unwrap();
    assert_eq!(bytes, [&channel_data(0x4000, b"hello")[..], &[0; 3]].concat());
}

#[test]
fn a_neighbour_over_tcp_in_the_same_thread_gets_padded_data() {
    let mut world = World::new(config());
    let (mut one, mut two) = (User::at("198.51.100.1:4000"), User::at("198.51.100.2:4000"));
    two.client.transport = Transport::Tcp;
    let (_, from) = one.allocate(&mut world);
    let (_, to) = two.allocate(&mut world);
    assert_eq!(one.bind(&mut world, 0x4000, &to.to_string()).code(), 0);
    assert_eq!(two.bind(&mut world, 0x4001, &from.to_string()).code(), 0);
    let padded = [&channel_data(0x4001, b"hello")[..], &[0; 3]].concat();
    let sent = world.forward(one.client, &channel_data(0x4000, b"hello"));
    assert_eq!(sent, Some(Sent::ToClient(two.client, padded)));
}

#[test]
fn an_unreachable_peer_is_told_of_to_whom_it_concerns() {
    let (mut world, mut user, id) = with_allocation();
    let icmp = Icmp { kind: 3, code: 3, data: [0; 4] };
    world.server.handle_icmp(id, address(PEER), icmp, world.now);
    assert_eq!(world.answers(), [], "no permission");
    user.permit(&mut world, &[PEER]);
    world.server.handle_icmp(id, address(PEER), icmp, world.now);
    let [(client, bytes)] = <[_; 1]>::try_from(world.answers()).unwrap();
    assert_eq!(client, user.client);
    let message = Message::decode(&bytes).unwrap();
    assert_eq!((message.class(), message.method()), (Class::Indication, Method::DATA));
    assert_eq!(message.get(), Ok(Some(XorPeerAddress(address(PEER)))));
    assert_eq!(message.get(), Ok(Some(icmp)));
    assert_eq!(message.get::<Data<'_>>(), Ok(None));
}

#[test]
fn a_send_indication_may_forbid_fragments() {
    let (mut world, mut user, _) = with_allocation();
    user.permit(&mut world, &[PEER]);
    for forbidden in [false, true] {
        let mut indication =
            MessageBuilder::new(Class::Indication, Method::SEND, TransactionId([1; 12]));
        indication.push(&XorPeerAddress(address(PEER)));
        if forbidden {
            indication.push(&DontFragment);
        }
        indication.push(&Data(b"out"));
        let mut buffer = [&[0; HEADROOM][..], &indication.finish()].concat();
        let message = HEADROOM..buffer.len();
        let forward = world.server.handle_client(user.client, &mut buffer, message, world.now);
        let Some(Forward::ToPeer(to_peer)) = forward else { panic!("not sent to the peer") };
        assert_eq!(to_peer.dont_fragment, forbidden);
        assert_eq!(&buffer[to_peer.data], b"out");
    }
}

#[test]
fn ipv6_peers_are_named_in_indications() {
    let mut world = World::new(twocan_turn::Config {
        local: ForFamily { v4: None, v6: Some("2620:fe::9".parse().unwrap()) },
        ..config()
    });
    let mut user = User::at("[2001:db8::1]:4000");
    let (id, _) = user.allocate(&mut world);
    let peer = "[2001:4860::8888]:53";
    assert_eq!(user.permit(&mut world, &[peer]).code(), 0);
    assert_eq!(user.permit(&mut world, &["8.8.8.8:53"]).code(), 443);
    let (_, bytes) = world.receive(id, peer, b"in").unwrap();
    let message = Message::decode(&bytes).unwrap();
    assert_eq!(message.get(), Ok(Some(XorPeerAddress(address(peer)))));
    assert_eq!(message.get(), Ok(Some(Data(b"in"))));
}

proptest! {
    #[test]
    fn any_data_arrives_as_it_was(data in proptest::collection::vec(any::<u8>(), 0..2000), tcp: bool) {
        let mut world = World::new(config());
        let mut user = User::at("198.51.100.1:4000");
        user.client.transport = if tcp { Transport::Tcp } else { Transport::Udp };
        let (id, _) = user.allocate(&mut world);
        user.permit(&mut world, &[PEER]);
        let (_, bytes) = world.receive(id, PEER, &data).unwrap();
        prop_assert_eq!(Message::decode(&bytes).unwrap().get(), Ok(Some(Data(&data))));
        let indication = user.send_indication(PEER, &data);
        prop_assert_eq!(world.feed(user.client, &indication), Some((address(PEER), data.clone())));
        user.bind(&mut world, 0x4000, PEER);
        let (_, bytes) = world.receive(id, PEER, &data).unwrap();
        prop_assert_eq!(ChannelData::decode(&bytes).unwrap().data, &data[..]);
        prop_assert_eq!(
            world.feed(user.client, &channel_data(0x4000, &data)),
            Some((address(PEER), data))
        );
    }

    /// Whatever arrives in whatever order, nothing panics, and in the end all is freed.
    #[test]
    fn everything_expires(
        steps in proptest::collection::vec((0u8..7, 0u8..4, any::<u16>(), 0u64..400), 1..60),
    ) {
        let mut world = World::new(config());
        let mut users: Vec<User> =
            (0..4).map(|n| User::at(&format!("198.51.100.1:{}", 4000 + n))).collect();
        for (kind, who, number, seconds) in steps {
            let user = &mut users[usize::from(who)];
            let peer = format!("8.8.8.{}:{}", number % 5, 1 + number % 3);
            user.meet(&mut world);
            match kind {
                0 | 1 => {
                    let request = user.allocate_request();
                    let code = world.request(user.client, &user.sign(request)).code();
                    prop_assert!(code == 0 || code == 437, "{}", code);
                }
                2 => drop(user.permit(&mut world, &[&peer])),
                3 => drop(user.bind(&mut world, 0x4000 | number, &peer)),
                4 => drop(user.refresh(&mut world, seconds * 2)),
                5 => drop(world.feed(user.client, &channel_data(0x4000 | number, b"data"))),
                _ => world.server.handle_disconnected(user.client),
            }
            prop_assert_eq!(world.answers(), []);
            world.advance(Duration::from_secs(seconds));
            prop_assert_eq!(world.open.len(), world.server.allocation_count());
        }
        world.advance(Duration::from_secs(3602));
        prop_assert_eq!(world.server.allocation_count(), 0);
        prop_assert_eq!(world.open.len(), 0);
        prop_assert_eq!(world.server.poll_timeout(), None);
    }
}
