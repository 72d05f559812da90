//! Sequences of messages, packets from peers and time to the TURN server.

#![no_main]

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    num::{NonZeroU32, NonZeroU64},
    sync::Arc,
    time::{Duration, Instant},
};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use twocan_stun::{
    Class, Message, MessageBuilder, Method, TransactionId,
    attributes::{
        AdditionalAddressFamily, AddressFamily, ChannelNumber, ConnectionId, Data, EvenPort, Icmp,
        Lifetime, Nonce, Realm, RequestedAddressFamily, RequestedTransport, ReservationToken,
        Username, XorPeerAddress,
    },
    credentials::{long_term_key, time_limited_password},
};
use twocan_turn::{
    Client, Command, Config, ForFamily, Forward, HEADROOM, Limits, Link, Neighbours, Now,
    PeerPolicy, Quotas, Rate, RelayId, Server, ServerId, TAILROOM, Transport,
};

const UNIX: Duration = Duration::from_secs(1_700_000_000);

#[derive(Debug, Arbitrary)]
struct Run {
    external: bool,
    limited: bool,
    steps: Vec<Step>,
}

#[derive(Debug, Arbitrary)]
enum Step {
    Raw {
        who: u8,
        bytes: Vec<u8>,
    },
    Challenge {
        who: u8,
    },
    Allocate {
        who: u8,
        id: u8,
        tcp: bool,
        even: Option<bool>,
        family: Option<bool>,
        dual: bool,
        token: bool,
    },
    Refresh {
        who: u8,
        seconds: u16,
        family: Option<bool>,
    },
    Permit {
        who: u8,
        peers: Vec<Peer>,
    },
    Bind {
        who: u8,
        number: u16,
        peer: Peer,
    },
    Send {
        who: u8,
        peer: Peer,
        data: Vec<u8>,
    },
    Channel {
        who: u8,
        number: u16,
        data: Vec<u8>,
    },
    FromPeer {
        relay: u8,
        peer: Peer,
        data: Vec<u8>,
    },
    Unreachable {
        relay: u8,
        peer: Peer,
    },
    Connect {
        who: u8,
        peer: Peer,
    },
    Connected {
        which: u8,
        connected: bool,
    },
    Incoming {
        relay: u8,
        peer: Peer,
    },
    ConnectionBind {
        who: u8,
        which: u8,
        other: Option<u32>,
        control: bool,
    },
    MayPass {
        which: u8,
        bytes: u16,
    },
    Closed {
        which: u8,
    },
    Disconnect {
        who: u8,
    },
    Revoke {
        who: u8,
    },
    Wait {
        seconds: u16,
    },
    BindFails,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Peer {
    Public(u8),
    Private(u8),
    V6(u8),
    Relayed(u8),
}

/// How far a connection to a peer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Connecting,
    Unbound,
    Joined,
}

struct World {
    server: Server,
    quotas: Arc<Quotas>,
    now: Now,
    open: HashMap<RelayId, SocketAddr>,
    /// Those of `open` that speak TCP.
    listening: HashSet<RelayId>,
    /// The connections to peers, in the order of their beginning.
    connections: Vec<(ConnectionId, Stage)>,
    nonces: HashMap<u8, String>,
    token: [u8; 8],
    bind_fails: bool,
}

impl World {
    fn new(external: bool, limited: bool) -> World {
        let start = Instant::now();
        let rate = Rate {
            each_second: NonZeroU64::new(1000).expect("not zero"),
            burst: Duration::from_secs(1),
        };
        let limits = if limited {
            Limits {
                for_user: Some(2),
                for_address: Some(3),
                in_total: Some(4),
                bandwidth: Some(rate),
                total_bandwidth: Some(rate),
                strangers: Some(rate),
            }
        } else {
            Limits::default()
        };
        let quotas = Arc::new(Quotas::new(limits, start));
        let config = Config {
            id: ServerId(1),
            servers: NonZeroU32::new(3).expect("not zero"),
            listeners: Vec::new(),
            realm: "twocan".into(),
            secret: "a secret".into(),
            nonce_key: [5; 32],
            relay_ports: 50_000..=50_007,
            external: ForFamily { v4: external.then_some([8, 1, 2, 3].into()), v6: None },
            local: ForFamily { v4: None, v6: "2620:fe::9".parse().ok() },
            own: vec![[9, 9, 9, 9].into()],
            peers: PeerPolicy::default(),
            alternates: Vec::new(),
        };
        let server =
            Server::new(config, Arc::<Neighbours>::default(), Arc::clone(&quotas), [9; 32], start);
        World {
            server,
            quotas,
            now: Now { instant: start, unix: UNIX },
            open: HashMap::new(),
            listening: HashSet::new(),
            connections: Vec::new(),
            nonces: HashMap::new(),
            token: [0; 8],
            bind_fails: false,
        }
    }

    fn client(who: u8) -> Client {
        let who = who % 6;
        Client {
            address: SocketAddr::new([198, 51, 100, who].into(), 4000),
            server: "9.9.9.9:3478".parse().expect("an address"),
            transport: match who % 3 {
                0 => Transport::Udp,
                1 => Transport::Dtls,
                _ => Transport::Tcp,
            },
            link: Link(who.into()),
        }
    }

    /// The connection for data of the client with this number.
    fn data_client(who: u8) -> Client {
        let mut client = World::client(who);
        client.address.set_port(4001);
        Client { transport: Transport::Tcp, ..client }
    }

    /// The name of one of the connections.
    fn connection(&self, which: u8) -> ConnectionId {
        let at = usize::from(which) % self.connections.len().max(1);
        self.connections.get(at).map_or(ConnectionId(7), |(connection, _)| *connection)
    }

    fn stage(&mut self, connection: ConnectionId) -> Option<&mut Stage> {
        let found = self.connections.iter_mut().find(|(one, _)| *one == connection)?;
        Some(&mut found.1)
    }

    fn forget(&mut self, connection: ConnectionId) {
        let before = self.connections.len();
        self.connections.retain(|(one, _)| *one != connection);
        assert_eq!(self.connections.len() + 1, before, "no such connection");
    }

    fn username(who: u8) -> String {
        format!("{}:{}", UNIX.as_secs() + 100_000, who % 3)
    }

    fn peer(&self, peer: Peer) -> SocketAddr {
        match peer {
            Peer::Public(n) => SocketAddr::new([8, 8, 8, n % 4].into(), 5001 + u16::from(n % 3)),
            Peer::Private(n) => SocketAddr::new([10, 0, 0, n % 4].into(), 5001),
            Peer::V6(n) => format!("[2001:4860::{}]:5001", 1 + n % 3).parse().expect("an address"),
            Peer::Relayed(n) => SocketAddr::new([9, 9, 9, 9].into(), 50_000 + u16::from(n % 8)),
        }
    }

    fn feed(&mut self, who: u8, bytes: &[u8]) {
        self.feed_from(World::client(who), bytes);
    }

    fn feed_from(&mut self, client: Client, bytes: &[u8]) {
        let mut buffer = vec![0; HEADROOM];
        buffer.extend(bytes);
        let message = HEADROOM..buffer.len();
        if client.transport != Transport::Tcp {
            buffer.extend([0; TAILROOM]);
        }
        match self.server.handle_client(client, &mut buffer, message, self.now) {
            Some(Forward::ToPeer(to_peer)) => {
                assert!(self.open.contains_key(&to_peer.relay), "sent from no socket");
                assert!(!self.listening.contains(&to_peer.relay), "sent from a listener");
                let special = matches!(to_peer.peer, SocketAddr::V4(v4) if v4.ip().is_private());
                assert!(!special, "sent to a private address");
                assert!(buffer.get(to_peer.data).is_some());
            }
            Some(Forward::ToClient(to_client)) => {
                assert!(self.server.has_allocation(&to_client.client));
                assert!(buffer.get(to_client.message).is_some());
            }
            None => {}
        }
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(command) = self.server.poll_command() {
            match command {
                Command::Send { bytes, .. } => {
                    if let Ok(message) = Message::decode(&bytes) {
                        if let Ok(Some(ReservationToken(token))) = message.get() {
                            self.token = token;
                        }
                        if let Ok(Some(Nonce(nonce))) = message.get() {
                            // Good for the client of the last request alone, as it should be.
                            self.nonces.insert(u8::MAX, nonce.to_string());
                        }
                    }
                }
                Command::Open { relay, local, .. } => {
                    let taken = self.open.values().any(|other| *other == local);
                    let bound = !taken && !self.bind_fails;
                    if bound {
                        assert!(self.open.insert(relay, local).is_none(), "opened twice");
                    }
                    self.server.handle_opened(relay, bound, self.now);
                }
                Command::Listen { relay, local } => {
                    let bound = !self.bind_fails;
                    if bound {
                        assert!(self.open.insert(relay, local).is_none(), "opened twice");
                        self.listening.insert(relay);
                    }
                    self.server.handle_opened(relay, bound, self.now);
                }
                Command::Close { relay } => {
                    assert!(self.open.remove(&relay).is_some(), "closed what was not open");
                    self.listening.remove(&relay);
                }
                Command::Connect { connection, local, peer } => {
                    let special = matches!(peer, SocketAddr::V4(v4) if v4.ip().is_private());
                    assert!(!special, "connected to a private address");
                    let at_listener = |address| {
                        self.listening.iter().any(|relay| self.open.get(relay) == Some(&address))
                    };
                    assert!(at_listener(local), "connected from no relayed address");
                    let own = peer.ip() == World::client(0).server.ip();
                    assert!(!own || at_listener(peer), "connected to its own host");
                    self.connections.push((connection, Stage::Connecting));
                }
                Command::Join { client, connection } => {
                    assert_eq!(client.transport, Transport::Tcp);
                    assert!(!self.server.has_allocation(&client), "gave a control connection away");
                    let stage = self.stage(connection).expect("joined to no connection");
                    assert_eq!(std::mem::replace(stage, Stage::Joined), Stage::Unbound);
                }
                Command::Disconnect { connection } => self.forget(connection),
                Command::HandOver { client, server } => {
                    assert_eq!(client.transport, Transport::Tcp);
                    assert!(!self.server.has_allocation(&client), "gave a control connection away");
                    assert!(server == ServerId(0) || server == ServerId(2));
                }
                Command::Move(_) | Command::Again { .. } => panic!("nobody has asked for a ticket"),
            }
        }
    }

    fn sign(&mut self, who: u8, request: MessageBuilder) {
        self.sign_from(World::client(who), who, request);
    }

    fn sign_from(&mut self, client: Client, who: u8, mut request: MessageBuilder) {
        let username = World::username(who);
        let password = time_limited_password("a secret", &username);
        let key = long_term_key(username.as_bytes(), b"twocan", password.as_bytes());
        request.push(&Username(&username));
        request.push(&Realm("twocan"));
        request.push(&Nonce(self.nonces.get(&(who % 6)).map_or("", String::as_str)));
        request.push_integrity(&key);
        self.feed_from(client, &request.finish());
    }

    fn step(&mut self, step: Step) {
        let begin =
            |method, id: u8| MessageBuilder::new(Class::Request, method, TransactionId([id; 12]));
        let family = |v6| {
            RequestedAddressFamily(Some(if v6 { AddressFamily::V6 } else { AddressFamily::V4 }))
        };
        match step {
            Step::Raw { who, bytes } => self.feed(who, &bytes),
            Step::Challenge { who } => {
                self.feed(who, &begin(Method::ALLOCATE, 1).finish());
                if let Some(nonce) = self.nonces.get(&u8::MAX).cloned() {
                    self.nonces.insert(who % 6, nonce);
                }
            }
            Step::Allocate { who, id, tcp, even, family: asked, dual, token } => {
                let mut request = begin(Method::ALLOCATE, id);
                let protocol = if tcp { RequestedTransport::TCP } else { RequestedTransport::UDP };
                request.push(&protocol);
                if let Some(reserve) = even {
                    request.push(&EvenPort(reserve));
                }
                if let Some(v6) = asked {
                    request.push(&family(v6));
                }
                if dual {
                    request.push(&AdditionalAddressFamily(Some(AddressFamily::V6)));
                }
                if token {
                    request.push(&ReservationToken(self.token));
                }
                self.sign(who, request);
            }
            Step::Refresh { who, seconds, family: asked } => {
                let mut request = begin(Method::REFRESH, 2);
                request.push(&Lifetime(Duration::from_secs(seconds.into())));
                if let Some(v6) = asked {
                    request.push(&family(v6));
                }
                self.sign(who, request);
            }
            Step::Permit { who, peers } => {
                let mut request = begin(Method::CREATE_PERMISSION, 3);
                for peer in peers.into_iter().take(80) {
                    request.push(&XorPeerAddress(self.peer(peer)));
                }
                self.sign(who, request);
            }
            Step::Bind { who, number, peer } => {
                let mut request = begin(Method::CHANNEL_BIND, 4);
                request.push(&ChannelNumber(number));
                request.push(&XorPeerAddress(self.peer(peer)));
                self.sign(who, request);
            }
            Step::Send { who, peer, data } => {
                let mut message =
                    MessageBuilder::new(Class::Indication, Method::SEND, TransactionId([5; 12]));
                message.push(&XorPeerAddress(self.peer(peer)));
                message.push(&Data(&data));
                self.feed(who, &message.finish());
            }
            Step::Channel { who, number, data } => {
                let length = data.len().min(65_535);
                let mut bytes = twocan_stun::ChannelData::header(number, length as u16).to_vec();
                bytes.extend(&data[..length]);
                bytes.resize(bytes.len().next_multiple_of(4), 0);
                self.feed(who, &bytes);
            }
            Step::FromPeer { relay, peer, data } => {
                let mut buffer = vec![0; HEADROOM];
                buffer.extend(&data);
                buffer.extend([0; TAILROOM]);
                let peer = self.peer(peer);
                let relay = RelayId(usize::from(relay % 12));
                if self.listening.contains(&relay) {
                    return;
                }
                let place = HEADROOM..HEADROOM + data.len();
                let to_client =
                    self.server.handle_peer(relay, peer, &mut buffer, place, self.now);
                if let Some(to_client) = to_client {
                    assert!(self.server.has_allocation(&to_client.client));
                    assert!(buffer.get(to_client.message).is_some());
                }
            }
            Step::Unreachable { relay, peer } => {
                let icmp = Icmp { kind: 3, code: 3, data: [0; 4] };
                let relay = RelayId(usize::from(relay % 12));
                self.server.handle_icmp(relay, self.peer(peer), icmp, self.now);
                self.carry_out();
            }
            Step::Connect { who, peer } => {
                let mut request = begin(Method::CONNECT, 6);
                request.push(&XorPeerAddress(self.peer(peer)));
                self.sign(who, request);
            }
            Step::Connected { which, connected } => {
                let connection = self.connection(which);
                let stage = self.stage(connection).copied();
                self.server.handle_connected(connection, connected, self.now);
                match (stage, connected) {
                    (Some(Stage::Connecting), true) => {
                        *self.stage(connection).expect("it is there") = Stage::Unbound;
                    }
                    (Some(Stage::Connecting), false) => self.forget(connection),
                    _ => {}
                }
                self.carry_out();
            }
            Step::Incoming { relay, peer } => {
                let relay = RelayId(usize::from(relay % 12));
                let peer = self.peer(peer);
                if !self.listening.contains(&relay) {
                    return;
                }
                if let Some(connection) = self.server.handle_incoming(relay, peer, self.now) {
                    self.connections.push((connection, Stage::Unbound));
                }
                self.carry_out();
            }
            Step::ConnectionBind { who, which, other, control } => {
                let connection = other.map_or_else(|| self.connection(which), ConnectionId);
                let mut request = begin(Method::CONNECTION_BIND, 7);
                request.push(&connection);
                let client = if control { World::client(who) } else { World::data_client(who) };
                self.sign_from(client, who, request);
            }
            Step::MayPass { which, bytes } => {
                let connection = self.connection(which);
                match self.server.may_pass(connection, bytes.into(), self.now) {
                    Ok(granted) => {
                        assert!(granted <= bytes.into() && (granted > 0 || bytes == 0));
                    }
                    Err(time) => assert!(time > self.now.instant, "time stands still"),
                }
            }
            Step::Closed { which } => {
                let connection = self.connection(which);
                self.server.handle_closed(connection);
                if self.stage(connection).is_some() {
                    self.forget(connection);
                }
                self.carry_out();
            }
            Step::Disconnect { who } => {
                self.server.handle_disconnected(World::client(who));
                self.carry_out();
            }
            Step::Revoke { who } => {
                let name = (who % 3).to_string();
                self.quotas.revoke(&name, self.now.unix + Duration::from_secs(60), self.now.unix);
                self.server.handle_revoked(&name);
                self.carry_out();
            }
            Step::Wait { seconds } => self.wait(seconds.into()),
            Step::BindFails => self.bind_fails = !self.bind_fails,
        }
    }

    fn wait(&mut self, seconds: u64) {
        self.now.instant += Duration::from_secs(seconds);
        self.now.unix += Duration::from_secs(seconds);
        self.server.handle_timeout(self.now);
        self.carry_out();
    }
}

fuzz_target!(|run: Run| {
    let mut world = World::new(run.external, run.limited);
    for step in run.steps {
        world.step(step);
        let allocations = world.server.allocation_count();
        assert!(world.open.len() >= allocations && world.open.len() <= 2 * allocations);
        assert_eq!(world.server.connection_count(), world.connections.len());
        assert!(world.connections.len() <= 32 * allocations);
    }
    for _ in 0..3 {
        world.wait(3600);
    }
    assert_eq!(world.server.allocation_count(), 0);
    assert!(world.open.is_empty());
    assert_eq!((world.server.connection_count(), world.connections.len()), (0, 0));
    assert_eq!(world.server.poll_timeout(), None);
});
