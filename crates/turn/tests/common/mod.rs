//! A server in virtual time, and clients that speak to it in messages.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a scenario ends where it goes otherwise than written")]

pub(crate) mod mobile;

use std::{
    net::SocketAddr,
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use twocan_stun::{
    Attribute, Class, Message, MessageBuilder, Method, TransactionId,
    attributes::{
        ErrorCode, Nonce, Realm, RequestedTransport, Username, XorPeerAddress, XorRelayedAddress,
    },
    credentials::{long_term_key, time_limited_password, time_limited_username},
};
use twocan_turn::{
    Client, Command, Config, ForFamily, Forward, HEADROOM, Limits, Link, Neighbours, Now, Order,
    PeerPolicy, Quotas, RelayId, Server, ServerId, TAILROOM, Transport,
};

pub(crate) const REALM: &str = "twocan";
pub(crate) const SECRET: &str = "a secret";
pub(crate) const UNIX: Duration = Duration::from_secs(1_700_000_000);

/// A public address that a peer may have.
pub(crate) const PEER: &str = "8.8.4.4:5000";

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(crate) fn config() -> Config {
    Config {
        id: ServerId::default(),
        servers: NonZeroU32::MIN,
        listeners: Vec::new(),
        realm: REALM.into(),
        secret: SECRET.into(),
        nonce_key: [5; 32],
        relay_ports: 50_000..=50_099,
        external: ForFamily::default(),
        local: ForFamily::default(),
        own: Vec::new(),
        peers: PeerPolicy::default(),
        alternates: Vec::new(),
    }
}

/// A server, its time, and a shell that binds whatever is asked for.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) quotas: Arc<Quotas>,
    pub(crate) now: Now,
    /// The sockets that the server asked for and did not close.
    pub(crate) open: Vec<(RelayId, SocketAddr)>,
    /// How many of the next requests to bind will fail.
    pub(crate) failing_binds: usize,
    pub(crate) binds: usize,
    /// What else the server asked for, in its order.
    pub(crate) asked: Vec<Command>,
    /// Allocations that other servers are to hand over.
    pub(crate) orders: Vec<Order>,
    /// Data of clients whose allocation had to come first.
    pub(crate) late: Vec<Sent>,
}

impl World {
    pub(crate) fn new(config: Config) -> World {
        World::sharing(config, &Arc::default())
    }

    pub(crate) fn sharing(config: Config, neighbours: &Arc<Neighbours>) -> World {
        World::with(config, neighbours, Limits::default())
    }

    pub(crate) fn limited(limits: Limits) -> World {
        World::with(config(), &Arc::default(), limits)
    }

    /// Two servers of one process.
    pub(crate) fn pair(config: Config, limits: Limits) -> [World; 2] {
        let (start, neighbours) = (Instant::now(), Arc::default());
        let quotas = Arc::new(Quotas::new(limits, start));
        [0, 1].map(|id| {
            let config =
                Config { id: ServerId(id), servers: NonZeroU32::new(2).unwrap(), ..config.clone() };
            World::of(config, &neighbours, &quotas, start)
        })
    }

    fn with(config: Config, neighbours: &Arc<Neighbours>, limits: Limits) -> World {
        let start = Instant::now();
        World::of(config, neighbours, &Arc::new(Quotas::new(limits, start)), start)
    }

    fn of(
        config: Config,
        neighbours: &Arc<Neighbours>,
        quotas: &Arc<Quotas>,
        start: Instant,
    ) -> World {
        let (neighbours, quotas) = (Arc::clone(neighbours), Arc::clone(quotas));
        let seed = [9 + config.id.0 as u8; 32];
        World {
            server: Server::new(config, neighbours, Arc::clone(&quotas), seed, start),
            quotas,
            now: Now { instant: start, unix: UNIX },
            open: Vec::new(),
            failing_binds: 0,
            binds: 0,
            asked: Vec::new(),
            orders: Vec::new(),
            late: Vec::new(),
        }
    }

    /// Lets time pass, with the timeouts that fall into it.
    pub(crate) fn advance(&mut self, by: Duration) {
        assert_eq!(self.pass(by), [], "timeouts send nothing");
    }

    /// Lets time pass; returns what was sent to clients.
    pub(crate) fn pass(&mut self, by: Duration) -> Vec<(Client, Vec<u8>)> {
        let end = self.now.instant + by;
        while let Some(at) = self.server.poll_timeout().filter(|at| *at <= end) {
            self.now.unix += at - self.now.instant;
            self.now.instant = at;
            self.server.handle_timeout(self.now);
            assert!(self.server.poll_timeout().is_none_or(|next| next > at), "time stands still");
        }
        self.now.unix += end - self.now.instant;
        self.now.instant = end;
        self.answers()
    }

    /// Feeds bytes of a client; returns what is sent on.
    pub(crate) fn forward(&mut self, client: Client, bytes: &[u8]) -> Option<Sent> {
        let mut buffer = vec![0xEE; HEADROOM + bytes.len() + TAILROOM];
        let message = HEADROOM..HEADROOM + bytes.len();
        buffer[message.clone()].copy_from_slice(bytes);
        Some(match self.server.handle_client(client, &mut buffer, message, self.now)? {
            Forward::ToPeer(to_peer) => {
                let (_, from) = self.open.iter().find(|(id, _)| *id == to_peer.relay).unwrap();
                assert!(
                    !to_peer.dont_fragment || bytes.windows(4).any(|four| four == [0, 0x1A, 0, 0])
                );
                Sent::ToPeer(*from, to_peer.peer, buffer[to_peer.data].to_vec())
            }
            Forward::ToClient(to_client) => {
                Sent::ToClient(to_client.client, buffer[to_client.message].to_vec())
            }
        })
    }

    /// Feeds bytes of a client; returns what is sent to a peer.
    pub(crate) fn feed(&mut self, client: Client, bytes: &[u8]) -> Option<(SocketAddr, Vec<u8>)> {
        match self.forward(client, bytes)? {
            Sent::ToPeer(_, peer, data) => Some((peer, data)),
            Sent::ToClient(..) => panic!("sent to a client"),
        }
    }

    /// Carries out the commands; returns what was sent to clients.
    pub(crate) fn answers(&mut self) -> Vec<(Client, Vec<u8>)> {
        let mut sent = Vec::new();
        while let Some(command) = self.server.poll_command() {
            match command {
                Command::Send { client, bytes } => sent.push((client, bytes)),
                Command::Open { relay, local, keep } => {
                    self.binds += 1;
                    assert!(keep.is_none_or(|next| next.port() == local.port() + 1));
                    let bound = self.failing_binds == 0;
                    if bound {
                        self.open.push((relay, local));
                    } else {
                        self.failing_binds -= 1;
                    }
                    self.server.handle_opened(relay, bound, self.now);
                }
                Command::Listen { relay, local } => {
                    self.binds += 1;
                    self.open.push((relay, local));
                    self.asked.push(command);
                    self.server.handle_opened(relay, true, self.now);
                }
                Command::Connect { .. }
                | Command::Join { .. }
                | Command::Disconnect { .. }
                | Command::HandOver { .. } => self.asked.push(command),
                Command::Close { relay } => {
                    let before = self.open.len();
                    self.open.retain(|(id, _)| *id != relay);
                    assert_eq!(self.open.len() + 1, before, "closed what was not open");
                }
                Command::Move(order) => self.orders.push(order),
                Command::Again { client, bytes } => {
                    let forwarded = self.forward(client, &bytes);
                    self.late.extend(forwarded);
                }
            }
        }
        sent
    }

    /// Feeds a request; returns the one answer to it.
    pub(crate) fn request(&mut self, client: Client, bytes: &[u8]) -> Answer {
        assert_eq!(self.feed(client, bytes), None);
        let mut answers = self.answers();
        assert_eq!(answers.len(), 1, "one answer for one request");
        let (to, bytes) = answers.remove(0);
        assert_eq!(to, client);
        Answer(bytes)
    }

    /// Feeds a peer's packet; returns what is sent to the client.
    pub(crate) fn receive(
        &mut self,
        id: RelayId,
        peer: &str,
        data: &[u8],
    ) -> Option<(Client, Vec<u8>)> {
        let mut buffer = vec![0xEE; HEADROOM + data.len() + TAILROOM];
        let place = HEADROOM..HEADROOM + data.len();
        buffer[place.clone()].copy_from_slice(data);
        let to_client = self.server.handle_peer(id, address(peer), &mut buffer, place, self.now)?;
        Some((to_client.client, buffer[to_client.message].to_vec()))
    }
}

/// What the server sends on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// From a local address to a peer.
    ToPeer(SocketAddr, SocketAddr, Vec<u8>),
    /// To a client.
    ToClient(Client, Vec<u8>),
}

/// An answer of the server.
#[derive(Debug)]
pub(crate) struct Answer(pub(crate) Vec<u8>);

impl Answer {
    pub(crate) fn message(&self) -> Message<'_> {
        Message::decode(&self.0).unwrap()
    }

    /// The error's number, or 0 for a success.
    pub(crate) fn code(&self) -> u16 {
        match self.message().class() {
            Class::Success => 0,
            _ => self.message().get::<ErrorCode<'_>>().unwrap().unwrap().code,
        }
    }

    pub(crate) fn get<'a, A: Attribute<'a>>(&'a self) -> A {
        self.message().get().unwrap().unwrap()
    }

    pub(crate) fn relayed(&self) -> SocketAddr {
        self.get::<XorRelayedAddress>().0
    }
}

/// A client with credentials.
pub(crate) struct User {
    pub(crate) client: Client,
    pub(crate) username: String,
    pub(crate) key: [u8; 16],
    pub(crate) nonce: String,
    next_id: u8,
}

impl User {
    pub(crate) fn at(address_text: &str) -> User {
        User::named(address_text, "seat")
    }

    pub(crate) fn named(address_text: &str, name: &str) -> User {
        let client = Client {
            address: address(address_text),
            server: if address(address_text).is_ipv4() {
                address("9.9.9.9:3478")
            } else {
                address("[2620:fe::9]:3478")
            },
            transport: Transport::Udp,
            link: Link(0),
        };
        let username = time_limited_username(UNIX.as_secs() + 24 * 3600, name);
        let password = time_limited_password(SECRET, &username);
        let key = long_term_key(username.as_bytes(), REALM.as_bytes(), password.as_bytes());
        User { client, username, key, nonce: String::new(), next_id: 0 }
    }

    pub(crate) fn begin(&mut self, method: Method) -> MessageBuilder {
        self.next_id += 1;
        MessageBuilder::new(Class::Request, method, TransactionId([self.next_id; 12]))
    }

    /// Ends a request with this user's credentials.
    pub(crate) fn sign(&self, mut request: MessageBuilder) -> Vec<u8> {
        request.push(&Username(&self.username));
        request.push(&Realm(REALM));
        request.push(&Nonce(&self.nonce));
        request.push_integrity(&self.key);
        request.push_fingerprint();
        request.finish()
    }

    /// Fetches a nonce, as a client does with its first request.
    pub(crate) fn meet(&mut self, world: &mut World) {
        let request = self.begin(Method::ALLOCATE).finish();
        let answer = world.request(self.client, &request);
        assert_eq!(answer.code(), 401);
        self.nonce = answer.get::<Nonce<'_>>().0.to_string();
    }

    pub(crate) fn allocate_request(&mut self) -> MessageBuilder {
        let mut request = self.begin(Method::ALLOCATE);
        request.push(&RequestedTransport::UDP);
        request
    }

    /// Makes an allocation, and returns its number and its relayed address.
    pub(crate) fn allocate(&mut self, world: &mut World) -> (RelayId, SocketAddr) {
        self.meet(world);
        let request = self.allocate_request();
        let answer = world.request(self.client, &self.sign(request));
        assert_eq!(answer.code(), 0);
        let (id, _) = *world.open.last().unwrap();
        (id, answer.relayed())
    }

    /// Sends a request with these attributes for a peer; returns the code of the answer.
    pub(crate) fn permit(&mut self, world: &mut World, peers: &[&str]) -> Answer {
        let mut request = self.begin(Method::CREATE_PERMISSION);
        for peer in peers {
            request.push(&XorPeerAddress(address(peer)));
        }
        world.request(self.client, &self.sign(request))
    }

    pub(crate) fn bind(&mut self, world: &mut World, number: u16, peer: &str) -> Answer {
        let mut request = self.begin(Method::CHANNEL_BIND);
        request.push(&twocan_stun::attributes::ChannelNumber(number));
        request.push(&XorPeerAddress(address(peer)));
        world.request(self.client, &self.sign(request))
    }

    pub(crate) fn refresh(&mut self, world: &mut World, seconds: u64) -> Answer {
        let mut request = self.begin(Method::REFRESH);
        request.push(&twocan_stun::attributes::Lifetime(Duration::from_secs(seconds)));
        world.request(self.client, &self.sign(request))
    }

    /// A Send indication.
    pub(crate) fn send_indication(&mut self, peer: &str, data: &[u8]) -> Vec<u8> {
        let mut message =
            MessageBuilder::new(Class::Indication, Method::SEND, TransactionId([0xAA; 12]));
        message.push(&XorPeerAddress(address(peer)));
        message.push(&twocan_stun::attributes::Data(data));
        message.finish()
    }
}

/// ChannelData as a client sends it.
pub(crate) fn channel_data(number: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = twocan_stun::ChannelData::header(number, data.len() as u16).to_vec();
    bytes.extend(data);
    bytes
}
