//! Allocations whose peers are reached by TCP: RFC 6062.

#![allow(clippy::unwrap_used, reason = "a scenario ends where it goes otherwise than written")]

mod common;

use std::{
    net::SocketAddr,
    num::{NonZeroU32, NonZeroU64},
    sync::Arc,
    time::Duration,
};

use common::{Answer, PEER, UNIX, User, World, address, config};
use twocan_stun::{
    Attribute, Class, Method,
    attributes::{
        AdditionalAddressFamily, AddressFamily, ConnectionId, DontFragment, EvenPort, Lifetime,
        Nonce, RequestedAddressFamily, RequestedTransport, ReservationToken, XorPeerAddress,
    },
};
use twocan_turn::{
    Client, Command, Config, ForFamily, Limits, Link, Neighbours, Rate, RelayId, ServerId,
    Transport,
};

const SECOND: Duration = Duration::from_secs(1);

/// A user that came by TCP.
fn user(address_text: &str) -> User {
    named(address_text, "seat")
}

fn named(address_text: &str, name: &str) -> User {
    let mut user = User::named(address_text, name);
    user.client.transport = Transport::Tcp;
    user
}

fn tcp_request(user: &mut User) -> twocan_stun::MessageBuilder {
    let mut request = user.begin(Method::ALLOCATE);
    request.push(&RequestedTransport::TCP);
    request
}

/// Makes an allocation for TCP, and returns its number and its relayed address.
fn allocate(user: &mut User, world: &mut World) -> (RelayId, SocketAddr) {
    user.meet(world);
    let request = tcp_request(user);
    let answer = world.request(user.client, &user.sign(request));
    assert_eq!(answer.code(), 0);
    (world.open.last().unwrap().0, answer.relayed())
}

fn connect_request(user: &mut User, peer: &str) -> Vec<u8> {
    let mut request = user.begin(Method::CONNECT);
    request.push(&XorPeerAddress(address(peer)));
    user.sign(request)
}

/// Asks for a connection that is refused at once; returns the answer.
fn refused(user: &mut User, world: &mut World, peer: &str) -> Answer {
    let request = connect_request(user, peer);
    let answer = world.request(user.client, &request);
    assert_ne!(answer.code(), 0);
    answer
}

/// Asks for a connection; returns its name as the shell is told it, from where and to where.
fn ask(user: &mut User, world: &mut World, peer: &str) -> (ConnectionId, SocketAddr, SocketAddr) {
    let request = connect_request(user, peer);
    assert_eq!(world.feed(user.client, &request), None);
    assert_eq!(world.answers(), [], "the peer is not reached yet");
    match world.asked.pop() {
        Some(Command::Connect { connection, local, peer }) => (connection, local, peer),
        other => panic!("{other:?}"),
    }
}

/// Tells how a connection to a peer went; returns the answer to the client.
fn report(world: &mut World, connection: ConnectionId, connected: bool) -> Answer {
    world.server.handle_connected(connection, connected, world.now);
    let mut answers = world.answers();
    assert_eq!(answers.len(), 1);
    Answer(answers.remove(0).1)
}

/// Makes a connection to a peer; returns its name.
fn connect(user: &mut User, world: &mut World, peer: &str) -> ConnectionId {
    let (connection, ..) = ask(user, world, peer);
    let answer = report(world, connection, true);
    assert_eq!((answer.code(), answer.get::<ConnectionId>()), (0, connection));
    connection
}

/// Another connection of the same client.
fn data_client(user: &User) -> Client {
    let mut address = user.client.address;
    address.set_port(address.port() + 1);
    Client { address, link: Link(7), ..user.client }
}

fn bind_request(user: &mut User, connection: ConnectionId) -> Vec<u8> {
    let mut request = user.begin(Method::CONNECTION_BIND);
    request.push(&connection);
    user.sign(request)
}

/// Binds a client's new connection to a peer's.
fn bind(user: &mut User, world: &mut World, connection: ConnectionId) -> Answer {
    let request = bind_request(user, connection);
    world.request(data_client(user), &request)
}

/// What the shell is asked for beside the sockets, since the last time.
fn asked(world: &mut World) -> Vec<Command> {
    std::mem::take(&mut world.asked)
}

/// A peer connects; returns the connection's name and what the client is told.
fn incoming(world: &mut World, relay: RelayId, peer: &str) -> Option<(ConnectionId, Answer)> {
    let connection = world.server.handle_incoming(relay, address(peer), world.now);
    let mut told = world.answers();
    assert_eq!(told.len(), usize::from(connection.is_some()));
    Some((connection?, Answer(told.remove(0).1)))
}

#[test]
fn an_allocation_for_tcp_listens_at_its_relayed_address() {
    let mut world = World::new(config());
    let mut user = user("198.51.100.1:4000");
    let (relay, relayed) = allocate(&mut user, &mut world);
    assert_eq!(asked(&mut world), [Command::Listen { relay, local: relayed }]);
    assert_eq!(user.refresh(&mut world, 0).code(), 0);
    assert_eq!(world.open, []);
}

#[test]
fn an_allocation_for_tcp_is_asked_for_over_a_stream() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    user.meet(&mut world);
    let request = tcp_request(&mut user);
    assert_eq!(world.request(user.client, &user.sign(request)).code(), 400);
    assert_eq!(world.server.allocation_count(), 0);
}

#[test]
fn what_belongs_to_udp_is_refused() {
    let mut world = World::new(config());
    let mut user = user("198.51.100.1:4000");
    user.meet(&mut world);
    let mut refused = |attribute: &dyn Fn(&mut twocan_stun::MessageBuilder)| {
        let mut request = tcp_request(&mut user);
        attribute(&mut request);
        assert_eq!(world.request(user.client, &user.sign(request)).code(), 400);
    };
    refused(&|request| request.push(&DontFragment));
    refused(&|request| request.push(&EvenPort(false)));
    refused(&|request| request.push(&EvenPort(true)));
    refused(&|request| request.push(&ReservationToken([1; 8])));

    allocate(&mut user, &mut world);
    assert_eq!(user.bind(&mut world, 0x4000, PEER).code(), 400);
    assert_eq!(user.permit(&mut world, &[PEER]).code(), 0);
    let send = user.send_indication(PEER, b"hello");
    assert_eq!(world.forward(user.client, &send), None);
}

#[test]
fn data_goes_by_a_connection_of_its_own() {
    let mut world = World::new(config());
    let mut user = user("198.51.100.1:4000");
    let (_, relayed) = allocate(&mut user, &mut world);
    asked(&mut world);

    let (connection, local, to) = ask(&mut user, &mut world, PEER);
    assert_eq!((local, to), (relayed, address(PEER)));
    let answer = report(&mut world, connection, true);
    assert_eq!((answer.code(), answer.get::<ConnectionId>()), (0, connection));
    assert!(answer.message().verify_integrity(&user.key));
    assert_eq!(answer.message().verify_fingerprint(), Some(true));

    let answer = bind(&mut user, &mut world, connection);
    assert_eq!(answer.code(), 0);
    assert!(answer.message().verify_integrity(&user.key));
    assert_eq!(asked(&mut world), [Command::Join { client: data_client(&user), connection }]);
    world.advance(300 * SECOND);
    assert_eq!(world.server.connection_count(), 1, "it lasts as long as its allocation");
    world.server.handle_closed(connection);
    assert_eq!(world.server.connection_count(), 0);
    assert_eq!(asked(&mut world), [], "what ended by itself need not be closed");
}

#[test]
fn a_peer_has_one_connection() {
    let mut world = World::new(config());
    let mut user = user("198.51.100.1:4000");
    allocate(&mut user, &mut world);
    let (connection, ..) = ask(&mut user, &mut world, PEER);
    assert_eq!(refused(&mut user, &mut world, PEER).code(), 446, "being made");
    assert_eq!(report(&mut world, connection, true).code(), 0);
    assert_eq!(refused(&mut user, &mut world, PEER).code(), 446, "pending");
    assert_eq!(bind(&mut user, &mut world, connection).code(), 0);
    assert_eq!(refused(&mut user, &mut world, PEER).code(), 446, "active");
    connect(&mut user, &mut world, "8.8.4.4:5001");

    let mut other = named("198.51.100.2:4000", "other");
    allocate(&mut other, &mut world);
    connect(&mut other, &mut world, PEER);

    world.server.handle_closed(connection);
    connect(&mut user, &mut world, PEER);
}

#[test]
fn a_peer_that_cannot_be_reached_is_told_of_and_can_be_tried_again() {
    let mut world = World::new(config());
    let mut user = user("198.51.100.1:4000");
    allocate(&mut user, &mut world);
    asked(&mut world);
    let (connection, ..) = ask(&mut user, &mut world, PEER);
    let answer = report(&mut world, connection, false);
    assert_eq!(answer.code(), 447);
    assert!(answer.message().verify_integrity(&user.key));
    assert_eq!(world.server.connection_count(), 0);

    let (connection, ..) = ask(&mut user, &mut world, PEER);
    assert_eq!(world.pass(29 * SECOND), [], "at least 30 seconds");
    let mut answers = world.pass(3 * SECOND);
    assert_eq!(answers.len(), 1);
    assert_eq!(Answer(answers.remove(0).1).code(), 447);
    assert_eq!(asked(&mut world), [Command::Disconnect { connection }]);
    world.server.handle_connected(connection, true, world.now);
    assert_eq!(world.answers(), [], "too late");
    connect(&mut user, &mut world, PEER);
}

#[test]
fn peers_are_judged_as_for_permissions() {
    let config = Config {
        own: vec!["9.9.9.9".parse().unwrap()],
        peers: twocan_turn::PeerPolicy::new(vec!["10.1.0.0/16".parse().unwrap()]),
        ..config()
    };
    let mut world = World::new(config);
    let mut user = user("198.51.100.1:4000");
    allocate(&mut user, &mut world);
    for peer in
        ["127.0.0.1:8080", "10.0.0.1:8080", "169.254.169.254:8080", "0.0.0.0:8080", "9.9.9.9:2222"]
    {
        let answer = refused(&mut user, &mut world, peer);
        assert_eq!(answer.code(), 403, "{peer}");
        let reason = answer.get::<twocan_stun::attributes::ErrorCode<'_>>().reason;
        assert!(reason.starts_with("Forbidden: "), "{reason}");
    }
    for peer in ["8.8.4.4:25", "8.8.4.4:443", "10.1.2.3:1023"] {
        assert_eq!(refused(&mut user, &mut world, peer).code(), 403, "{peer} is a service's");
    }
    for peer in ["8.8.4.4:1024", "10.1.2.3:8080"] {
        connect(&mut user, &mut world, peer);
    }
    assert_eq!(refused(&mut user, &mut world, "[2001:4860::1]:8080").code(), 443);
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let mut world = World::new(config());
    let mut user = user("198.51.100.1:4000");
    user.meet(&mut world);
    assert_eq!(refused(&mut user, &mut world, PEER).code(), 437);
    user.allocate(&mut world);
    assert_eq!(refused(&mut user, &mut world, PEER).code(), 400, "its allocation is for UDP");
    assert_eq!(user.refresh(&mut world, 0).code(), 0);
    allocate(&mut user, &mut world);
    let request = user.begin(Method::CONNECT);
    assert_eq!(world.request(user.client, &user.sign(request)).code(), 400, "no peer");
    let mut foreign = named("198.51.100.1:4000", "another");
    foreign.nonce = user.nonce.clone();
    assert_eq!(refused(&mut foreign, &mut world, PEER).code(), 441);
}

#[test]
fn a_dual_allocation_connects_from_the_address_of_the_peers_family() {
    let local = ForFamily { v4: None, v6: Some("2620:fe::9".parse().unwrap()) };
    let mut world = World::new(Config { local, ..config() });
    let mut user = user("198.51.100.1:4000");
    user.meet(&mut world);
    let mut request = tcp_request(&mut user);
    request.push(&AdditionalAddressFamily(Some(AddressFamily::V6)));
    assert_eq!(world.request(user.client, &user.sign(request)).code(), 0);
    let [(_, v4), (_, v6)] = world.open[..] else { panic!("{:?}", world.open) };
    let (stays, local, _) = ask(&mut user, &mut world, PEER);
    assert_eq!(local, v4);
    let (ends, local, _) = ask(&mut user, &mut world, "[2001:4860::1]:8080");
    assert_eq!(local, v6);
    assert_eq!(report(&mut world, ends, true).code(), 0);

    asked(&mut world);
    let mut request = user.begin(Method::REFRESH);
    request.push(&RequestedAddressFamily(Some(AddressFamily::V6)));
    request.push(&Lifetime(Duration::ZERO));
    assert_eq!(world.request(user.client, &user.sign(request)).code(), 0);
    assert_eq!(asked(&mut world), [Command::Disconnect { connection: ends }]);
    assert_eq!(report(&mut world, stays, true).code(), 0);
}

#[test]
fn peers_with_a_permission_may_connect() {
    let mut world = World::new(config());
    let mut user = user("198.51.100.1:4000");
    let (relay, _) = allocate(&mut user, &mut world);
    assert!(incoming(&mut world, relay, PEER).is_none());
    assert_eq!(user.permit(&mut world, &[PEER]).code(), 0);
    assert!(incoming(&mut world, relay, "8.8.4.5:5000").is_none());

    let (connection, attempt) = incoming(&mut world, relay, PEER).unwrap();
    let message = attempt.message();
    assert_eq!(
        (message.class(), message.method()),
        (Class::Indication, Method::CONNECTION_ATTEMPT)
    );
    assert_eq!(attempt.get::<ConnectionId>(), connection);
    assert_eq!(attempt.get::<XorPeerAddress>().0, address(PEER));
    asked(&mut world);
    assert_eq!(bind(&mut user, &mut world, connection).code(), 0);
    assert_eq!(asked(&mut world), [Command::Join { client: data_client(&user), connection }]);

    world.advance(300 * SECOND);
    assert!(incoming(&mut world, relay, "8.8.4.4:5001").is_none(), "the permission has ended");
    assert_eq!(world.server.connection_count(), 1);
}

#[test]
fn what_no_client_asks_for_is_closed_after_half_a_minute() {
    let mut world = World::new(config());
    let mut user = user("198.51.100.1:4000");
    let (relay, _) = allocate(&mut user, &mut world);
    assert_eq!(user.permit(&mut world, &[PEER]).code(), 0);
    asked(&mut world);
    let (first, _) = incoming(&mut world, relay, PEER).unwrap();
    world.advance(20 * SECOND);
    let second = connect(&mut user, &mut world, "8.8.4.4:5001");
    world.advance(12 * SECOND);
    assert_eq!(asked(&mut world), [Command::Disconnect { connection: first }]);
    let mut late = named("198.51.100.1:4001", "seat");
    late.meet(&mut world);
    let request = bind_request(&mut late, first);
    assert_eq!(world.request(late.client, &request).code(), 400);
    world.advance(20 * SECOND);
    assert_eq!(asked(&mut world), [Command::Disconnect { connection: second }]);
    assert_eq!(world.server.connection_count(), 0);
}

#[test]
fn a_connection_is_bound_once_and_by_its_user() {
    let mut world = World::new(config());
    let mut user = user("198.51.100.1:4000");
    allocate(&mut user, &mut world);
    let (connection, ..) = ask(&mut user, &mut world, PEER);
    asked(&mut world);
    assert_eq!(bind(&mut user, &mut world, connection).code(), 400, "not made yet");
    report(&mut world, connection, true);

    let data = data_client(&user);
    let unknown = ConnectionId(connection.0 ^ 1);
    let request = bind_request(&mut user, unknown);
    let answer = world.request(data, &request);
    assert_eq!(answer.code(), 438, "a control connection's nonce is good for its own alone");
    let mut same = named("198.51.100.1:4001", "seat");
    same.nonce = answer.get::<Nonce<'_>>().0.to_string();
    let nameless = same.begin(Method::CONNECTION_BIND);
    assert_eq!(world.request(data, &same.sign(nameless)).code(), 400);
    let request = bind_request(&mut same, unknown);
    assert_eq!(world.request(data, &request).code(), 400);
    let request = bind_request(&mut user, connection);
    assert_eq!(world.request(user.client, &request).code(), 400, "its control connection");
    let request = bind_request(&mut same, connection);
    let datagram = Client { transport: Transport::Udp, ..data };
    assert_eq!(world.request(datagram, &request).code(), 400);

    let mut stranger = named("198.51.100.1:4001", "another");
    stranger.nonce = same.nonce.clone();
    let stolen = bind_request(&mut stranger, connection);
    assert_eq!(world.request(data, &stolen).code(), 441);
    let mut unsigned = user.begin(Method::CONNECTION_BIND);
    unsigned.push(&connection);
    assert_eq!(world.request(data, &unsigned.finish()).code(), 401);
    assert_eq!(asked(&mut world), []);

    assert_eq!(world.request(data, &request).code(), 0);
    assert_eq!(world.request(data, &request).code(), 400, "it is bound");
}

#[test]
fn connections_end_with_their_allocation() {
    for way in ["refresh", "hang up", "expiry", "revocation"] {
        let mut world = World::new(config());
        let mut user = user("198.51.100.1:4000");
        let (relay, _) = allocate(&mut user, &mut world);
        assert_eq!(user.permit(&mut world, &[PEER]).code(), 0);
        let (attempt, _) = incoming(&mut world, relay, PEER).unwrap();
        let outgoing = connect(&mut user, &mut world, "8.8.4.4:6001");
        let (making, ..) = ask(&mut user, &mut world, "8.8.4.4:6002");
        for connection in [attempt, outgoing] {
            assert_eq!(bind(&mut user, &mut world, connection).code(), 0);
        }
        let mut expected = vec![attempt, outgoing, making];
        if way == "expiry" {
            assert_eq!(world.pass(40 * SECOND).len(), 1, "the one that is being made times out");
            expected.pop();
        }
        asked(&mut world);
        match way {
            "refresh" => assert_eq!(user.refresh(&mut world, 0).code(), 0),
            "hang up" => world.server.handle_disconnected(user.client),
            "expiry" => world.advance(601 * SECOND),
            _ => {
                world.quotas.revoke("seat", UNIX + 90_000 * SECOND, world.now.unix);
                world.server.handle_revoked("seat");
            }
        }
        assert_eq!(world.answers(), []);
        let expected: Vec<Command> =
            expected.into_iter().map(|connection| Command::Disconnect { connection }).collect();
        assert_eq!(asked(&mut world), expected, "{way}");
        assert_eq!((world.server.connection_count(), world.open.len()), (0, 0));
    }
}

#[test]
fn an_allocation_has_a_bounded_number_of_connections() {
    let mut world = World::new(config());
    let mut user = user("198.51.100.1:4000");
    let (relay, _) = allocate(&mut user, &mut world);
    assert_eq!(user.permit(&mut world, &[PEER]).code(), 0);
    for port in 7001..=7031 {
        ask(&mut user, &mut world, &format!("8.8.4.4:{port}"));
    }
    let (connection, _) = incoming(&mut world, relay, PEER).unwrap();
    assert_eq!(refused(&mut user, &mut world, "8.8.4.4:6100").code(), 508);
    assert!(incoming(&mut world, relay, "8.8.4.4:5001").is_none());
    world.server.handle_closed(connection);
    ask(&mut user, &mut world, "8.8.4.4:6100");
}

#[test]
fn what_exceeds_the_bandwidth_waits() {
    let rate = Rate { each_second: NonZeroU64::new(1000).unwrap(), burst: SECOND };
    let mut world = World::limited(Limits { bandwidth: Some(rate), ..Limits::default() });
    let mut user = user("198.51.100.1:4000");
    allocate(&mut user, &mut world);
    let connection = connect(&mut user, &mut world, PEER);
    assert_eq!(bind(&mut user, &mut world, connection).code(), 0);
    let start = world.now.instant;
    assert_eq!(world.server.may_pass(connection, 4000, world.now), Ok(1000));
    let again = start + Duration::from_millis(300);
    assert_eq!(world.server.may_pass(connection, 300, world.now), Err(again));
    let another = connect(&mut user, &mut world, "8.8.4.4:6001");
    assert_eq!(world.server.may_pass(another, 300, world.now), Err(again), "all together");
    world.now.instant = again;
    assert_eq!(world.server.may_pass(connection, 300, world.now), Ok(300));
}

/// Two servers of a process.
fn two_servers(config: impl Fn() -> Config) -> [World; 2] {
    let neighbours = Arc::<Neighbours>::default();
    let servers = NonZeroU32::new(2).unwrap();
    [0, 1].map(|id| World::sharing(Config { id: ServerId(id), servers, ..config() }, &neighbours))
}

#[test]
fn a_connection_of_another_servers_client_is_handed_over() {
    let [mut one, mut other] = two_servers(config);
    let mut user = user("198.51.100.1:4000");
    allocate(&mut user, &mut one);
    let connection = connect(&mut user, &mut one, PEER);
    asked(&mut one);
    let data = data_client(&user);

    let mut unsigned = user.begin(Method::CONNECTION_BIND);
    unsigned.push(&connection);
    assert_eq!(other.request(data, &unsigned.finish()).code(), 401, "no trouble for strangers");
    let request = bind_request(&mut user, connection);
    let datagram = Client { transport: Transport::Udp, ..data };
    assert_eq!(other.request(datagram, &request).code(), 438);

    assert_eq!(other.feed(data, &request), None);
    assert_eq!(other.answers(), []);
    assert_eq!(asked(&mut other), [Command::HandOver { client: data, server: ServerId(0) }]);
    assert_eq!(one.request(data, &request).code(), 0);
    assert_eq!(asked(&mut one), [Command::Join { client: data, connection }]);
}

#[test]
fn neighbours_connect_to_each_others_relayed_addresses() {
    let external = ForFamily { v4: Some([8, 1, 2, 3].into()), v6: None };
    for external in [ForFamily::default(), external] {
        let [mut one, mut other] = two_servers(|| Config { external, ..config() });
        let (mut alice, mut bob) = (user("198.51.100.1:4000"), named("198.51.100.2:4000", "bob"));
        let (_, from) = allocate(&mut alice, &mut one);
        let (relay, to) = allocate(&mut bob, &mut other);
        let bound = other.open[0].1;
        let (_, local, peer) = ask(&mut alice, &mut one, &to.to_string());
        assert_eq!((local, peer), (one.open[0].1, bound), "behind the NAT");

        assert!(incoming(&mut other, relay, &local.to_string()).is_none());
        assert_eq!(bob.permit(&mut other, &[&from.to_string()]).code(), 0);
        let (_, attempt) = incoming(&mut other, relay, &local.to_string()).unwrap();
        assert_eq!(attempt.get::<XorPeerAddress>().0, from);
        let service = SocketAddr::new(local.ip(), 22).to_string();
        assert!(incoming(&mut other, relay, &service).is_none(), "no relayed address");
    }
}

#[test]
fn a_relayed_address_of_udp_is_none_of_tcp() {
    let mut world = World::new(config());
    let mut udp = named("198.51.100.2:4000", "udp");
    let (_, relayed) = udp.allocate(&mut world);
    let mut tcp = user("198.51.100.1:4000");
    let (_, listening) = allocate(&mut tcp, &mut world);
    assert_eq!(refused(&mut tcp, &mut world, &relayed.to_string()).code(), 403);

    assert_eq!(udp.permit(&mut world, &[&listening.to_string()]).code(), 0);
    assert_eq!(tcp.permit(&mut world, &[&relayed.to_string()]).code(), 0);
    let send = udp.send_indication(&listening.to_string(), b"hello");
    assert_eq!(world.forward(udp.client, &send), None);
    assert_eq!(udp.bind(&mut world, 0x4000, &listening.to_string()).code(), 0);
    assert_eq!(world.forward(udp.client, &common::channel_data(0x4000, b"hello")), None);
}

/// An attribute's value is of four bytes; anything else is no name.
#[test]
fn a_malformed_connection_id_is_refused() {
    struct Long;
    impl Attribute<'_> for Long {
        const TYPE: u16 = ConnectionId::TYPE;

        fn decode(
            _: &[u8],
            _: twocan_stun::TransactionId,
        ) -> Result<Self, twocan_stun::attributes::AttributeError> {
            Ok(Long)
        }

        fn encode(&self, _: twocan_stun::TransactionId, out: &mut Vec<u8>) {
            out.extend([0; 8]);
        }
    }
    let mut world = World::new(config());
    let mut user = user("198.51.100.1:4000");
    user.meet(&mut world);
    let mut request = user.begin(Method::CONNECTION_BIND);
    request.push(&Long);
    assert_eq!(world.request(user.client, &user.sign(request)).code(), 400);
}
