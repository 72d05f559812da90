//! The making, prolonging and ending of allocations: RFC 8656 §7 and §8.

#![allow(clippy::unwrap_used, reason = "a scenario ends where it goes otherwise than written")]

mod common;

use std::{sync::Arc, time::Duration};

use common::{Answer, Sent, User, World, address, channel_data, config};
use twocan_stun::{
    Attribute as _, Message, Method,
    attributes::{
        AdditionalAddressFamily, AddressErrorCode, AddressFamily, DraftAdditionalAddressFamily,
        EvenPort, Lifetime, RequestedAddressFamily, RequestedTransport, ReservationToken,
        XorMappedAddress, XorPeerAddress, XorRelayedAddress,
    },
};
use twocan_turn::{ForFamily, Transport};

const V4: RequestedAddressFamily = RequestedAddressFamily(Some(AddressFamily::V4));
const V6: RequestedAddressFamily = RequestedAddressFamily(Some(AddressFamily::V6));

#[test]
fn an_allocation_tells_both_addresses_and_its_lifetime() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    user.meet(&mut world);
    let request = user.allocate_request();
    let answer = world.request(user.client, &user.sign(request));
    assert_eq!(answer.code(), 0);
    assert_eq!(answer.get::<XorMappedAddress>().0, user.client.address);
    assert_eq!(answer.get::<Lifetime>().0, Duration::from_secs(600));
    let relayed = answer.relayed();
    assert_eq!(relayed.ip(), user.client.server.ip());
    assert!((50_000..=50_099).contains(&relayed.port()));
    assert_eq!(world.open.len(), 1);
    assert_eq!(world.open[0].1, relayed);
    assert!(world.server.has_allocation(&user.client));
}

#[test]
fn lifetimes_are_bounded() {
    for (asked, granted) in [(0, 600), (1, 600), (1000, 1000), (3600, 3600), (100_000, 3600)] {
        let mut world = World::new(config());
        let mut user = User::at("198.51.100.1:4000");
        user.meet(&mut world);
        let mut request = user.allocate_request();
        request.push(&Lifetime(Duration::from_secs(asked)));
        let answer = world.request(user.client, &user.sign(request));
        assert_eq!(answer.get::<Lifetime>().0, Duration::from_secs(granted), "{asked}");
    }
}

#[test]
fn an_allocation_ends_when_it_is_not_refreshed() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    user.allocate(&mut world);
    world.advance(Duration::from_secs(590));
    assert_eq!(user.refresh(&mut world, 600).code(), 0);
    world.advance(Duration::from_secs(599));
    assert_eq!(world.open.len(), 1);
    world.advance(Duration::from_secs(2));
    assert_eq!(world.open.len(), 0);
    assert_eq!(world.server.allocation_count(), 0);
    assert_eq!(world.server.poll_timeout(), None, "nothing is left to wait for");
    assert_eq!(user.refresh(&mut world, 600).code(), 437);
}

#[test]
fn a_refresh_of_zero_ends_it_at_once() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    user.allocate(&mut world);
    let answer = user.refresh(&mut world, 0);
    assert_eq!(answer.code(), 0);
    assert_eq!(answer.get::<Lifetime>().0, Duration::ZERO);
    assert_eq!(world.open.len(), 0);
    user.allocate(&mut world);
    assert_eq!(world.open.len(), 1, "the five-tuple is free again");
}

#[test]
fn a_refresh_for_another_family_is_a_mismatch() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    user.allocate(&mut world);
    let mut request = user.begin(Method::REFRESH);
    request.push(&V6);
    assert_eq!(world.request(user.client, &user.sign(request)).code(), 443);
}

#[test]
fn a_closed_connection_ends_its_allocation() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    user.client.transport = Transport::Tcp;
    user.allocate(&mut world);
    world.server.handle_disconnected(user.client);
    assert_eq!(world.answers(), []);
    assert_eq!(world.open.len(), 0);
}

#[test]
fn a_repeated_request_gets_the_same_answer_and_another_one_437() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    user.meet(&mut world);
    let request = user.allocate_request();
    let request = user.sign(request);
    let first = world.request(user.client, &request);
    let again = world.request(user.client, &request);
    assert_eq!(first.0, again.0);
    assert_eq!(world.open.len(), 1);
    let another = user.allocate_request();
    assert_eq!(world.request(user.client, &user.sign(another)).code(), 437);
}

#[test]
fn nothing_but_udp_and_tcp_is_relayed() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    user.meet(&mut world);
    let mut sctp = user.begin(Method::ALLOCATE);
    sctp.push(&RequestedTransport(132));
    assert_eq!(world.request(user.client, &user.sign(sctp)).code(), 442);
    let none = user.begin(Method::ALLOCATE);
    assert_eq!(world.request(user.client, &user.sign(none)).code(), 400);
    assert_eq!(world.server.allocation_count(), 0);
}

#[test]
fn the_family_is_the_one_that_was_asked_for() {
    let dual = ForFamily { v4: Some([9, 9, 9, 9].into()), v6: Some("2620:fe::9".parse().unwrap()) };
    let v4_only = ForFamily { v6: None, ..dual };
    let v6_only = ForFamily { v4: None, ..dual };
    let neither = RequestedAddressFamily(None);
    for (client, local, asked, expected) in [
        ("198.51.100.1:4000", v4_only, None, Ok("9.9.9.9")),
        ("198.51.100.1:4000", v4_only, Some(V4), Ok("9.9.9.9")),
        ("198.51.100.1:4000", v4_only, Some(V6), Err(440)),
        ("198.51.100.1:4000", dual, Some(V6), Ok("2620:fe::9")),
        ("198.51.100.1:4000", dual, Some(neither), Err(440)),
        ("[2001:db8::1]:4000", dual, None, Ok("9.9.9.9")),
        ("[2001:db8::1]:4000", dual, Some(V6), Ok("2620:fe::9")),
        ("[2001:db8::1]:4000", v6_only, None, Ok("2620:fe::9")),
        ("[2001:db8::1]:4000", v6_only, Some(V4), Err(440)),
    ] {
        let mut world = World::new(twocan_turn::Config { local, ..config() });
        let mut user = User::at(client);
        user.meet(&mut world);
        let mut request = user.allocate_request();
        if let Some(asked) = asked {
            request.push(&asked);
        }
        let answer = world.request(user.client, &user.sign(request));
        match expected {
            Ok(ip) => assert_eq!(answer.relayed().ip().to_string(), ip, "{client} {asked:?}"),
            Err(code) => assert_eq!(answer.code(), code, "{client} {asked:?}"),
        }
    }
}

#[test]
fn behind_a_one_to_one_nat_the_external_address_is_told() {
    let external = ForFamily { v4: Some([8, 1, 2, 3].into()), v6: None };
    let mut world = World::new(twocan_turn::Config { external, ..config() });
    let mut user = User::at("198.51.100.1:4000");
    let (_, relayed) = user.allocate(&mut world);
    assert_eq!(relayed.ip().to_string(), "8.1.2.3");
    assert_eq!(world.open[0].1.ip(), user.client.server.ip());
    assert_eq!(world.open[0].1.port(), relayed.port());
}

#[test]
fn a_taken_port_is_replaced_and_in_the_end_there_is_no_capacity() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    world.failing_binds = 15;
    user.allocate(&mut world);
    assert_eq!(world.binds, 16);
    user.refresh(&mut world, 0);

    world.failing_binds = 16;
    let request = user.allocate_request();
    let answer = world.request(user.client, &user.sign(request));
    assert_eq!(answer.code(), 508);
    assert!(answer.message().verify_integrity(&user.key));
    assert_eq!(world.server.allocation_count(), 0);
    user.allocate(&mut world);
}

#[test]
fn an_even_port_is_even_and_its_neighbour_is_kept_for_the_token() {
    let relayed = Arc::default();
    let mut world = World::sharing(config(), &relayed);
    let mut user = User::at("198.51.100.1:4000");
    user.meet(&mut world);
    let mut request = user.allocate_request();
    request.push(&EvenPort(true));
    let answer = world.request(user.client, &user.sign(request));
    let port = answer.relayed().port();
    assert!(port.is_multiple_of(2));
    let token: ReservationToken = answer.get();

    // The second request may well reach another thread.
    let mut elsewhere = World::sharing(config(), &relayed);
    let mut second = User::at("198.51.100.1:4001");
    second.meet(&mut elsewhere);
    let mut request = second.allocate_request();
    request.push(&token);
    let answer = elsewhere.request(second.client, &second.sign(request));
    assert_eq!(answer.code(), 0);
    assert_eq!(answer.relayed().port(), port + 1);

    let mut third = User::at("198.51.100.1:4002");
    third.meet(&mut world);
    let mut request = third.allocate_request();
    request.push(&token);
    let answer = world.request(third.client, &third.sign(request));
    assert_eq!(answer.code(), 508, "a token is good once");
}

#[test]
fn even_ports_run_out_as_any_others() {
    let mut config = config();
    config.relay_ports = 50_001..=50_002;
    let mut world = World::new(config);
    let mut user = User::at("198.51.100.1:4000");
    user.meet(&mut world);
    let mut request = user.allocate_request();
    request.push(&EvenPort(true));
    let answer = world.request(user.client, &user.sign(request));
    assert_eq!(answer.code(), 508, "50003 is beyond the range");
    let mut request = user.allocate_request();
    request.push(&EvenPort(false));
    let answer = world.request(user.client, &user.sign(request));
    assert_eq!(answer.relayed().port(), 50_002);
    assert!(!answer.message().has(0x0022), "nothing was to be kept");
}

#[test]
fn a_token_goes_with_neither_family_nor_even_port() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    user.meet(&mut world);
    let token = ReservationToken([1; 8]);
    let mut request = user.allocate_request();
    request.push(&token);
    request.push(&EvenPort(false));
    assert_eq!(world.request(user.client, &user.sign(request)).code(), 400);
    let mut request = user.allocate_request();
    request.push(&token);
    request.push(&V4);
    assert_eq!(world.request(user.client, &user.sign(request)).code(), 400);
    let mut request = user.allocate_request();
    request.push(&token);
    assert_eq!(world.request(user.client, &user.sign(request)).code(), 508);
}

const DUAL: ForFamily =
    ForFamily { v4: None, v6: Some(std::net::Ipv6Addr::new(0x2620, 0xfe, 0, 0, 0, 0, 0, 9)) };

/// Asks for both families; the answer.
fn allocate_dual(world: &mut World, user: &mut User) -> Answer {
    user.meet(world);
    let mut request = user.allocate_request();
    request.push(&AdditionalAddressFamily(Some(AddressFamily::V6)));
    world.request(user.client, &user.sign(request))
}

fn relayed_addresses(answer: &Answer) -> Vec<String> {
    let message = answer.message();
    message
        .attributes()
        .filter(|attribute| attribute.kind == XorRelayedAddress::TYPE)
        .map(|attribute| {
            let address = XorRelayedAddress::decode(attribute.value, message.transaction_id());
            address.unwrap().0.ip().to_string()
        })
        .collect()
}

#[test]
fn a_dual_allocation_has_an_address_of_each_family() {
    let mut world = World::new(twocan_turn::Config { local: DUAL, ..config() });
    let mut user = User::at("198.51.100.1:4000");
    let answer = allocate_dual(&mut world, &mut user);
    assert_eq!(relayed_addresses(&answer), ["9.9.9.9", "2620:fe::9"]);
    assert_eq!(world.open.len(), 2);
    assert_eq!(world.server.allocation_count(), 1);
    assert_eq!(user.permit(&mut world, &["8.8.8.8:1", "[2001:4860::8888]:1"]).code(), 0);
    assert_eq!(user.bind(&mut world, 0x4000, "[2001:4860::8888]:1").code(), 0);
    let sent = world.forward(user.client, &channel_data(0x4000, b"out"));
    let v6 = world.open[1].1;
    assert_eq!(sent, Some(Sent::ToPeer(v6, address("[2001:4860::8888]:1"), b"out".to_vec())));

    let mut request = user.begin(Method::REFRESH);
    request.push(&V6);
    request.push(&Lifetime(Duration::ZERO));
    assert_eq!(world.request(user.client, &user.sign(request)).code(), 0);
    assert_eq!(world.open.len(), 1, "one of the two was given back");
    assert_eq!(user.bind(&mut world, 0x4000, "[2001:4860::8888]:1").code(), 443);
    assert_eq!(user.refresh(&mut world, 0).code(), 0);
    assert_eq!(world.open.len(), 0);
}

#[test]
fn both_families_may_be_asked_for_by_the_number_of_the_drafts() {
    let mut world = World::new(twocan_turn::Config { local: DUAL, ..config() });
    let mut user = User::at("198.51.100.1:4000");
    user.meet(&mut world);
    let mut request = user.allocate_request();
    let v6 = AdditionalAddressFamily(Some(AddressFamily::V6));
    request.push(&DraftAdditionalAddressFamily(v6));
    let answer = world.request(user.client, &user.sign(request));
    assert_eq!(relayed_addresses(&answer), ["9.9.9.9", "2620:fe::9"]);
}

#[test]
fn of_a_dual_allocation_one_family_may_fail() {
    let mut user = User::at("198.51.100.1:4000");
    let mut world = World::new(config());
    let answer = allocate_dual(&mut world, &mut user);
    assert_eq!(relayed_addresses(&answer), ["9.9.9.9"]);
    let error: AddressErrorCode<'_> = answer.get();
    assert_eq!((error.family, error.code), (AddressFamily::V6, 440));

    let mut world = World::new(twocan_turn::Config { local: DUAL, ..config() });
    // The two take turns: all 16 attempts of the one fail, and 15 of the other.
    world.failing_binds = 31;
    let answer = allocate_dual(&mut world, &mut user);
    assert_eq!(relayed_addresses(&answer).len(), 1);
    assert_eq!(answer.get::<AddressErrorCode<'_>>().code, 508);

    let mut world = World::new(twocan_turn::Config { local: DUAL, ..config() });
    world.failing_binds = 32;
    assert_eq!(allocate_dual(&mut world, &mut user).code(), 508);
    assert_eq!(world.server.allocation_count(), 0);
}

#[test]
fn the_second_family_is_ipv6_and_goes_with_no_first() {
    let mut world = World::new(twocan_turn::Config { local: DUAL, ..config() });
    let mut user = User::at("198.51.100.1:4000");
    user.meet(&mut world);
    let v4 = AdditionalAddressFamily(Some(AddressFamily::V4));
    let v6 = AdditionalAddressFamily(Some(AddressFamily::V6));
    let mut requests = [(); 3].map(|()| user.allocate_request());
    requests[0].push(&v4);
    requests[1].push(&v6);
    requests[1].push(&V4);
    requests[2].push(&v6);
    requests[2].push(&EvenPort(true));
    for request in requests {
        assert_eq!(world.request(user.client, &user.sign(request)).code(), 400);
    }
}

#[test]
fn two_allocations_never_share_a_port() {
    let mut config = config();
    config.relay_ports = 50_000..=50_001;
    let mut world = World::new(config);
    let mut ports: Vec<u16> = (0..2)
        .map(|n| User::at(&format!("198.51.100.1:{}", 4000 + n)).allocate(&mut world).1.port())
        .collect();
    ports.sort();
    assert_eq!(ports, [50_000, 50_001]);
    let mut third = User::at("198.51.100.1:4002");
    third.meet(&mut world);
    let request = third.allocate_request();
    assert_eq!(world.request(third.client, &third.sign(request)).code(), 508);
}

/// A client need not wait for an answer before it sends the next request.
#[test]
fn requests_ahead_of_the_answer_find_no_allocation() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    user.meet(&mut world);
    let allocate = user.allocate_request();
    let mut refresh = user.begin(Method::REFRESH);
    refresh.push(&Lifetime(Duration::ZERO));
    let mut permit = user.begin(Method::CREATE_PERMISSION);
    permit.push(&XorPeerAddress(address("9.9.9.9:53")));
    for request in [allocate, refresh, permit] {
        let bytes = user.sign(request);
        assert_eq!(world.feed(user.client, &bytes), None);
    }
    let codes: Vec<u16> =
        world.answers().into_iter().map(|(_, bytes)| Answer(bytes).code()).collect();
    assert_eq!(codes, [437, 437, 0]);
    assert_eq!(world.open.len(), 1);
}

#[test]
fn a_client_that_goes_before_its_socket_is_bound_leaves_none() {
    let mut world = World::new(config());
    let (mut one, mut two) = (User::at("198.51.100.1:4000"), User::at("198.51.100.2:4000"));
    one.meet(&mut world);
    two.meet(&mut world);
    let request = one.allocate_request();
    assert_eq!(world.feed(one.client, &one.sign(request)), None);
    world.server.handle_disconnected(one.client);
    // The other may get the number of the first, and must not get its socket.
    let request = two.allocate_request();
    let answer = world.request(two.client, &two.sign(request));
    assert_eq!(world.binds, 1);
    assert_eq!(world.open.len(), 1);
    assert_eq!(world.open[0].1.port(), answer.relayed().port());
}

#[test]
fn an_answer_lost_while_the_socket_opens_is_not_made_twice() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    user.meet(&mut world);
    let request = user.allocate_request();
    let request = user.sign(request);
    // The second arrives before the shell has bound the socket for the first.
    assert_eq!(world.feed(user.client, &request), None);
    assert_eq!(world.feed(user.client, &request), None);
    let answers = world.answers();
    assert_eq!(answers.len(), 1);
    assert!(Message::decode(&answers[0].1).is_ok());
    assert_eq!(world.open.len(), 1);
    assert_eq!(address("9.9.9.9:0").ip(), world.open[0].1.ip());
}
