//! Clients that move about between two TURN servers of a process, which get each other's letters whenever
//! they do.

#![no_main]

use std::{
    collections::{HashMap, VecDeque},
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
        AdditionalAddressFamily, AddressFamily, ChannelNumber, Lifetime, MobilityTicket, Nonce,
        Realm, RequestedAddressFamily, RequestedTransport, Username, XorPeerAddress,
    },
    credentials::{long_term_key, time_limited_password},
};
use twocan_turn::{
    Client, Command, Config, ForFamily, Forward, HEADROOM, Limits, Link, Neighbours, Now, Order,
    Parcel, PeerPolicy, Quotas, Rate, RelayId, Server, ServerId, TAILROOM, Transport,
};

const UNIX: Duration = Duration::from_secs(1_700_000_000);

#[derive(Debug, Arbitrary)]
struct Run {
    limited: bool,
    steps: Vec<Step>,
}

#[derive(Debug, Arbitrary)]
enum Step {
    Allocate { who: u8, id: u8, dual: bool, mobile: bool },
    Refresh { who: u8, seconds: u16, family: Option<bool>, ticket: Option<u8> },
    Permit { who: u8, peer: Peer },
    Bind { who: u8, number: u16, peer: Peer },
    Channel { who: u8, number: u16, length: u8 },
    FromPeer { server: bool, relay: u8, peer: Peer, length: u8 },
    Disconnect { who: u8 },
    Revoke { who: u8 },
    Deliver { which: u8 },
    Wait { seconds: u16 },
    BindFails,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Peer {
    Public(u8),
    V6(u8),
    Relayed(u8),
}

/// What is on its way between the servers.
enum Letter {
    Move(Order),
    Parcel(Parcel, Vec<SocketAddr>),
}

struct World {
    servers: [Server; 2],
    quotas: Arc<Quotas>,
    now: Now,
    open: [HashMap<RelayId, SocketAddr>; 2],
    letters: VecDeque<Letter>,
    nonces: HashMap<u8, (String, Duration)>,
    /// The last nonce that was given to anybody.
    nonce: String,
    tickets: Vec<Vec<u8>>,
    bind_fails: bool,
}

impl World {
    fn new(limited: bool) -> World {
        let start = Instant::now();
        let rate = Rate {
            each_second: NonZeroU64::new(1000).expect("not zero"),
            burst: Duration::from_secs(1),
        };
        let limits = if limited {
            Limits {
                for_user: Some(2),
                for_address: Some(2),
                in_total: Some(4),
                bandwidth: Some(rate),
                ..Limits::default()
            }
        } else {
            Limits::default()
        };
        let quotas = Arc::new(Quotas::new(limits, start));
        let neighbours = Arc::<Neighbours>::default();
        let servers = [0, 1].map(|id| {
            let config = Config {
                id: ServerId(id),
                servers: NonZeroU32::new(2).expect("not zero"),
                listeners: Vec::new(),
                realm: "twocan".into(),
                secret: "a secret".into(),
                nonce_key: [5; 32],
                relay_ports: 50_000..=50_007,
                external: ForFamily::default(),
                local: ForFamily { v4: None, v6: "2620:fe::9".parse().ok() },
                own: vec![[9, 9, 9, 9].into()],
                peers: PeerPolicy::default(),
                alternates: Vec::new(),
            };
            let seed = [9 + id as u8; 32];
            Server::new(config, Arc::clone(&neighbours), Arc::clone(&quotas), seed, start)
        });
        World {
            servers,
            quotas,
            now: Now { instant: start, unix: UNIX },
            open: Default::default(),
            letters: VecDeque::new(),
            nonces: HashMap::new(),
            nonce: String::new(),
            tickets: Vec::new(),
            bind_fails: false,
        }
    }

    fn client(who: u8) -> Client {
        Client {
            // Some share an address.
            address: SocketAddr::new([198, 51, 100, who % 5].into(), 4000 + u16::from(who % 8)),
            server: "9.9.9.9:3478".parse().expect("an address"),
            transport: if who % 2 == 0 { Transport::Udp } else { Transport::Tcp },
            link: Link(usize::from(who % 8)),
        }
    }

    /// The server that a client's packets reach.
    fn server(who: u8) -> usize {
        usize::from(who % 8 / 2 % 2)
    }

    fn username(who: u8) -> String {
        format!("{}:{}", UNIX.as_secs() + 100_000, who / 8 % 2)
    }

    fn peer(peer: Peer) -> SocketAddr {
        match peer {
            Peer::Public(n) => SocketAddr::new([8, 8, 8, n % 2].into(), 5001 + u16::from(n % 3)),
            Peer::V6(n) => format!("[2001:4860::{}]:5001", 1 + n % 3).parse().expect("an address"),
            Peer::Relayed(n) => SocketAddr::new([9, 9, 9, 9].into(), 50_000 + u16::from(n % 8)),
        }
    }

    fn feed(&mut self, who: u8, bytes: &[u8]) {
        self.hear(World::server(who), World::client(who), bytes);
        self.carry_out();
    }

    fn hear(&mut self, server: usize, client: Client, bytes: &[u8]) {
        let mut buffer = vec![0; HEADROOM];
        buffer.extend(bytes);
        let message = HEADROOM..buffer.len();
        buffer.extend([0; TAILROOM]);
        match self.servers[server].handle_client(client, &mut buffer, message, self.now) {
            Some(Forward::ToPeer(to_peer)) => {
                assert!(self.open[server].contains_key(&to_peer.relay), "sent from no socket");
                assert!(buffer.get(to_peer.data).is_some());
            }
            Some(Forward::ToClient(to_client)) => {
                let known = self.servers.iter().any(|one| one.has_allocation(&to_client.client));
                assert!(known, "sent to nobody");
                assert!(buffer.get(to_client.message).is_some());
            }
            None => {}
        }
    }

    fn carry_out(&mut self) {
        for server in 0..2 {
            while let Some(command) = self.servers[server].poll_command() {
                self.carry_out_one(server, command);
            }
        }
    }

    fn carry_out_one(&mut self, server: usize, command: Command) {
        match command {
            Command::Send { bytes, .. } => {
                let Ok(message) = Message::decode(&bytes) else { return };
                if let Ok(Some(MobilityTicket(ticket))) = message.get() {
                    self.tickets.push(ticket.to_vec());
                }
                if let Ok(Some(Nonce(nonce))) = message.get() {
                    self.nonce = nonce.to_string();
                }
            }
            Command::Open { relay, local, .. } => {
                let travels = self.letters.iter().any(|letter| {
                    matches!(letter, Letter::Parcel(_, sockets) if sockets.contains(&local))
                });
                let mut open = self.open.iter().flat_map(HashMap::values);
                let bound = !travels && !self.bind_fails && !open.any(|other| *other == local);
                if bound {
                    let before = self.open[server].insert(relay, local);
                    assert!(before.is_none(), "opened twice");
                }
                self.servers[server].handle_opened(relay, bound, self.now);
            }
            Command::Close { relay } => {
                assert!(self.open[server].remove(&relay).is_some(), "closed what was not open");
            }
            Command::Move(order) => self.letters.push_back(Letter::Move(order)),
            Command::Again { client, bytes } => self.hear(server, client, &bytes),
            other => panic!("nobody has asked for {other:?}"),
        }
    }

    /// Delivers a letter; false if there is none.
    fn deliver(&mut self, which: u8) -> bool {
        let which = usize::from(which) % self.letters.len().max(1);
        match self.letters.remove(which) {
            None => return false,
            Some(Letter::Move(order)) => {
                let from = order.from().0;
                let parcel = self.servers[from].pack(order);
                let sockets = parcel.relays().map(|id| self.open[from].remove(&id).expect("open"));
                let sockets = sockets.collect();
                self.letters.push_back(Letter::Parcel(parcel, sockets));
            }
            Some(Letter::Parcel(parcel, sockets)) => {
                let to = parcel.to().0;
                let ids = self.servers[to].unpack(parcel, self.now);
                assert_eq!(ids.len(), sockets.len(), "a socket for each relayed address");
                for (id, local) in ids.into_iter().zip(sockets) {
                    assert!(self.open[to].insert(id, local).is_none(), "brought twice");
                }
            }
        }
        self.carry_out();
        true
    }

    /// Sends a request with credentials, and asks for a nonce before if there is none that is good.
    fn sign(&mut self, who: u8, mut request: MessageBuilder) {
        let known = self.nonces.get(&(who % 8));
        let is_good =
            |(_, given): &&(String, Duration)| self.now.unix - *given < Duration::from_secs(3600);
        let nonce = match known.filter(is_good) {
            Some((nonce, _)) => nonce.clone(),
            None => {
                let id = TransactionId([1; 12]);
                let ask = MessageBuilder::new(Class::Request, Method::ALLOCATE, id);
                self.feed(who, &ask.finish());
                self.nonces.insert(who % 8, (self.nonce.clone(), self.now.unix));
                self.nonce.clone()
            }
        };
        let username = World::username(who);
        let password = time_limited_password("a secret", &username);
        let key = long_term_key(username.as_bytes(), b"twocan", password.as_bytes());
        request.push(&Username(&username));
        request.push(&Realm("twocan"));
        request.push(&Nonce(&nonce));
        request.push_integrity(&key);
        self.feed(who, &request.finish());
    }

    fn step(&mut self, step: Step) {
        let begin =
            |method, id: u8| MessageBuilder::new(Class::Request, method, TransactionId([id; 12]));
        match step {
            Step::Allocate { who, id, dual, mobile } => {
                let mut request = begin(Method::ALLOCATE, id);
                request.push(&RequestedTransport::UDP);
                if dual {
                    request.push(&AdditionalAddressFamily(Some(AddressFamily::V6)));
                }
                if mobile {
                    request.push(&MobilityTicket(b""));
                }
                self.sign(who, request);
            }
            Step::Refresh { who, seconds, family, ticket } => {
                let mut request = begin(Method::REFRESH, 2);
                request.push(&Lifetime(Duration::from_secs(seconds.into())));
                if let Some(v6) = family {
                    let family = if v6 { AddressFamily::V6 } else { AddressFamily::V4 };
                    request.push(&RequestedAddressFamily(Some(family)));
                }
                if let Some(age) = ticket {
                    let ticket = self.tickets.iter().rev().nth(usize::from(age % 4));
                    request.push(&MobilityTicket(ticket.map_or(b"", Vec::as_slice)));
                }
                self.sign(who, request);
            }
            Step::Permit { who, peer } => {
                let mut request = begin(Method::CREATE_PERMISSION, 3);
                request.push(&XorPeerAddress(World::peer(peer)));
                self.sign(who, request);
            }
            Step::Bind { who, number, peer } => {
                let mut request = begin(Method::CHANNEL_BIND, 4);
                request.push(&ChannelNumber(0x4000 + number % 4));
                request.push(&XorPeerAddress(World::peer(peer)));
                self.sign(who, request);
            }
            Step::Channel { who, number, length } => {
                let number = 0x4000 + number % 4;
                let mut bytes = twocan_stun::ChannelData::header(number, length.into()).to_vec();
                bytes.resize(bytes.len() + usize::from(length).next_multiple_of(4), 0);
                self.feed(who, &bytes);
            }
            Step::FromPeer { server, relay, peer, length } => {
                let server = &mut self.servers[usize::from(server)];
                let place = HEADROOM..HEADROOM + usize::from(length);
                let mut buffer = vec![0; place.end + TAILROOM];
                let relay = RelayId(usize::from(relay % 8));
                let peer = World::peer(peer);
                let to_client = server.handle_peer(relay, peer, &mut buffer, place, self.now);
                if let Some(to_client) = to_client {
                    assert!(server.has_allocation(&to_client.client));
                    assert!(buffer.get(to_client.message).is_some());
                }
            }
            Step::Disconnect { who } => {
                let client = World::client(who);
                if client.transport == Transport::Tcp {
                    self.servers[World::server(who)].handle_disconnected(client);
                    assert!(!self.servers[World::server(who)].has_allocation(&client));
                    self.carry_out();
                }
            }
            Step::Revoke { who } => {
                let name = (who / 8 % 2).to_string();
                self.quotas.revoke(&name, self.now.unix + Duration::from_secs(60), self.now.unix);
                for server in &mut self.servers {
                    server.handle_revoked(&name);
                }
                self.carry_out();
            }
            Step::Deliver { which } => {
                self.deliver(which);
            }
            Step::Wait { seconds } => self.wait(seconds.into()),
            Step::BindFails => self.bind_fails = !self.bind_fails,
        }
    }

    fn wait(&mut self, seconds: u64) {
        self.now.instant += Duration::from_secs(seconds);
        self.now.unix += Duration::from_secs(seconds);
        for server in &mut self.servers {
            server.handle_timeout(self.now);
        }
        self.carry_out();
    }
}

fuzz_target!(|run: Run| {
    let mut world = World::new(run.limited);
    for step in run.steps {
        world.step(step);
        for (server, open) in world.servers.iter().zip(&world.open) {
            let allocations = server.allocation_count();
            assert!(open.len() >= allocations && open.len() <= 2 * allocations);
        }
    }
    while world.deliver(0) {}
    for _ in 0..3 {
        world.wait(3600);
    }
    for (server, open) in world.servers.iter().zip(&world.open) {
        assert_eq!(server.allocation_count(), 0);
        assert!(open.is_empty());
        assert_eq!(server.poll_timeout(), None);
    }
    for who in 0..8 {
        let client = World::client(who);
        assert!(world.servers.iter().all(|server| !server.has_allocation(&client)));
    }
    assert_eq!(world.quotas.drain(), Some(0), "the quotas count what is not there");
});
