//! A bench with one worker's sessions in virtual time, clients for it, and a whole relay.

use std::{
    collections::VecDeque,
    net::{SocketAddr, UdpSocket},
    num::NonZeroUsize,
    sync::{Arc, LazyLock},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use dimpl::{Output, crypto::Dtls12CipherSuite};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use twocan_stun::{
    ChannelData, Class, Message, MessageBuilder, Method, TransactionId,
    attributes::{
        ChannelNumber, Nonce, Realm, RequestedTransport, Username, XorPeerAddress,
        XorRelayedAddress,
    },
    credentials::{long_term_key, time_limited_password, time_limited_username},
};
use twocan_turn::{
    Client, ForFamily, Limits, Link, Neighbours, Now, PeerPolicy, Quotas, Server, ServerId,
    Transport,
};

use super::super::{
    Certificate, Dtls, Settings, TICK,
    crypto::{CHACHA20, provider},
    hello::{Hello, verify_request},
};
use crate::{
    Config, Listen, Relay, clock, listener::Listeners, poller::Poller, reserved::Reserved,
    sockets::Sockets,
};

const PATIENCE: Duration = Duration::from_secs(10);

/// When the credentials of all clients end: an allocation is for one username.
static EXPIRY: LazyLock<u64> =
    LazyLock::new(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 600);

/// One worker's sessions, in virtual time. What they send goes over a real socket.
pub(super) struct Bench {
    pub(super) dtls: Dtls,
    pub(super) sockets: Sockets,
    pub(super) server: Server,
    pub(super) address: SocketAddr,
    pub(super) now: Now,
}

impl Bench {
    pub(super) fn new() -> Bench {
        let listen = Listen { address: "127.0.0.1:0".parse().unwrap(), tcp: false };
        let (addresses, mut listeners) = Listeners::bind(&[listen], NonZeroUsize::MIN).unwrap();
        let now = clock::now();
        let config = twocan_turn::Config {
            id: ServerId::default(),
            servers: NonZeroUsize::MIN.try_into().unwrap(),
            listeners: addresses.clone(),
            realm: "twocan".into(),
            secret: "a secret".into(),
            nonce_key: [1; 32],
            relay_ports: 49_152..=65_535,
            external: ForFamily::default(),
            local: ForFamily::default(),
            own: vec![],
            peers: PeerPolicy::default(),
            alternates: vec![],
        };
        let quotas = Arc::new(Quotas::new(Limits::default(), now.instant));
        let neighbours = Arc::new(Neighbours::default());
        let poller = Poller::new().unwrap();
        Bench {
            dtls: Dtls::new(Settings::new(certificate(), &[2; 32]).unwrap()),
            sockets: Sockets::new(poller, listeners.remove(0), Arc::new(Reserved::default())),
            server: Server::new(config, neighbours, quotas, [3; 32], now.instant),
            address: addresses[0],
            now,
        }
    }

    pub(super) fn client(&self, peer: &Peer) -> Client {
        client(peer.address(), self.address)
    }

    /// Hands a datagram over; returns the messages in it.
    pub(super) fn receive(&mut self, client: Client, datagram: &[u8]) -> Vec<Vec<u8>> {
        let Bench { dtls, sockets, server, now, .. } = self;
        let mut messages = Vec::new();
        if dtls.receive(client, datagram, *now, sockets, server) {
            let mut room = vec![0; 1 << 16];
            while let Some(length) = dtls.next_message(client, &mut room, *now, sockets, server) {
                messages.push(room[..length].to_vec());
            }
        }
        messages
    }

    /// Hands over what a peer has to send.
    pub(super) fn deliver(&mut self, peer: &mut Peer) -> Vec<Vec<u8>> {
        let client = self.client(peer);
        peer.outgoing().iter().flat_map(|datagram| self.receive(client, datagram)).collect()
    }

    /// Begins a session for a client that never says more.
    pub(super) fn begin(&mut self, client: Client) {
        let mut peer = Peer::new(self.address);
        let hello = peer.outgoing().remove(0);
        let hello = Hello::parse(&hello).unwrap();
        let cookie = self.dtls.settings.cookies.issue(&client, &hello, self.now);
        peer.dtls.handle_packet(&verify_request(&cookie)).unwrap();
        self.receive(client, &peer.outgoing()[0]);
        assert!(self.dtls.sessions.contains_key(&client));
    }

    pub(super) fn until_connected(&mut self, peer: &mut Peer) {
        self.deliver(peer);
        while !peer.connected {
            peer.hear();
            self.deliver(peer);
        }
        assert!(self.dtls.sessions[&self.client(peer)].established);
    }

    pub(super) fn connected_peer(&mut self) -> Peer {
        let mut peer = Peer::new(self.address);
        self.until_connected(&mut peer);
        peer
    }

    /// Lets time pass, in ticks.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now.instant + time;
        while self.now.instant < end {
            self.now.instant += TICK;
            self.dtls.handle_timeout(self.now, &mut self.sockets, &mut self.server);
        }
    }
}

/// A client on a socket of its own; until [`Peer::connect`], one without DTLS.
pub(super) struct Peer {
    pub(super) socket: UdpSocket,
    pub(super) server: SocketAddr,
    pub(super) dtls: dimpl::Dtls,
    pub(super) connected: bool,
    pub(super) closed: bool,
    pub(super) inbox: VecDeque<Vec<u8>>,
}

impl Peer {
    pub(super) fn new(server: SocketAddr) -> Peer {
        Peer::with(CHACHA20, server)
    }

    pub(super) fn with(suite: Dtls12CipherSuite, server: SocketAddr) -> Peer {
        let config = dimpl::Config::builder()
            .with_crypto_provider(provider())
            .dtls12_cipher_suites(&[suite])
            .build()
            .unwrap();
        let unused = certificate().get().unwrap();
        let now = Instant::now();
        let mut dtls = dimpl::Dtls::new_12(Arc::new(config), (*unused).clone(), now);
        dtls.set_active(true);
        dtls.handle_timeout(now).unwrap();
        let socket = udp_socket();
        socket.connect(server).unwrap();
        let inbox = VecDeque::new();
        Peer { socket, server, dtls, connected: false, closed: false, inbox }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    pub(super) fn connect(&mut self) {
        self.flush();
        self.until(|peer| peer.connected);
    }

    /// What there is to send.
    pub(super) fn outgoing(&mut self) -> Vec<Vec<u8>> {
        let mut buffer = vec![0; 1 << 16];
        let mut datagrams = Vec::new();
        loop {
            match self.dtls.poll_output(&mut buffer) {
                Output::Packet(packet) => datagrams.push(packet.to_vec()),
                Output::ApplicationData(data) => self.inbox.push_back(data.to_vec()),
                Output::Connected => self.connected = true,
                Output::CloseNotify => self.closed = true,
                Output::Timeout(_) => return datagrams,
                _ => {}
            }
        }
    }

    pub(super) fn flush(&mut self) {
        for datagram in self.outgoing() {
            self.socket.send(&datagram).unwrap();
        }
    }

    /// Takes a datagram, which is on its way.
    pub(super) fn hear(&mut self) {
        let mut buffer = vec![0; 1 << 16];
        let length = self.socket.recv(&mut buffer).unwrap();
        self.dtls.handle_timeout(Instant::now()).unwrap();
        self.dtls.handle_packet(&buffer[..length]).unwrap();
    }

    /// Takes what has arrived, whatever it is.
    pub(super) fn hear_if_any(&mut self) {
        self.socket.set_nonblocking(true).unwrap();
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            let _ = self.dtls.handle_packet(&buffer[..length]);
        }
    }

    pub(super) fn until(&mut self, reached: impl Fn(&Peer) -> bool) {
        while !reached(self) {
            self.hear();
            self.flush();
        }
    }

    pub(super) fn write(&mut self, message: &[u8]) {
        self.dtls.send_application_data(message).unwrap();
    }

    pub(super) fn send(&mut self, message: &[u8]) {
        if self.connected {
            self.write(message);
            self.flush();
        } else {
            self.socket.send(message).unwrap();
        }
    }

    pub(super) fn receive(&mut self) -> Vec<u8> {
        if !self.connected {
            let mut buffer = vec![0; 2000];
            let length = self.socket.recv(&mut buffer).unwrap();
            buffer.truncate(length);
            return buffer;
        }
        self.until(|peer| !peer.inbox.is_empty());
        self.inbox.pop_front().unwrap()
    }

    pub(super) fn ask(&mut self, request: &[u8]) -> Vec<u8> {
        self.send(request);
        self.receive()
    }

    /// Makes an allocation; returns its address and the nonce.
    pub(super) fn allocate(&mut self) -> (SocketAddr, String) {
        let request = || {
            let mut request = request(Method::ALLOCATE);
            request.push(&RequestedTransport::UDP);
            request
        };
        let challenge = self.ask(&request().finish());
        let challenge = Message::decode(&challenge).unwrap();
        let nonce = challenge.get::<Nonce<'_>>().unwrap().unwrap().0;
        let answer = self.ask(&sign(request(), nonce));
        let relayed = Message::decode(&answer).unwrap().get::<XorRelayedAddress>().unwrap();
        (relayed.unwrap().0, nonce.to_string())
    }

    pub(super) fn bind(&mut self, nonce: &str, number: u16, peer: SocketAddr) {
        let mut request = request(Method::CHANNEL_BIND);
        request.push(&ChannelNumber(number));
        request.push(&XorPeerAddress(peer));
        let answer = self.ask(&sign(request, nonce));
        assert_eq!(Message::decode(&answer).unwrap().class(), Class::Success);
    }
}

/// The certificate of every server here.
pub(super) fn certificate() -> Certificate {
    static MADE: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(|| {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".into()]).unwrap();
        (params.self_signed(&key).unwrap().der().to_vec(), key.serialize_der())
    });
    let (certificate, key) = &*MADE;
    let fresh = Certificate::default();
    let key = PrivateKeyDer::Pkcs8(key.clone().into());
    fresh.set(&certificate.clone().into(), &key).unwrap();
    fresh
}

pub(super) fn relay(threads: usize) -> Relay {
    let config = Config {
        listeners: vec![Listen { address: "127.0.0.1:0".parse().unwrap(), tcp: false }],
        threads: NonZeroUsize::new(threads).unwrap(),
        realm: "twocan".into(),
        secret: "a secret".into(),
        external_ips: vec![],
        relay_ports: 49_152..=65_535,
        allowed_peers: vec!["127.0.0.0/8".parse().unwrap()],
        limits: Limits::default(),
        dtls: certificate(),
        alternates: vec![],
    };
    Relay::start(config, || panic!("a thread of the relay failed")).unwrap()
}

pub(super) fn udp_socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

pub(super) fn until_free(address: SocketAddr) {
    let begun = Instant::now();
    while UdpSocket::bind(address).is_err() {
        assert!(begun.elapsed() < PATIENCE, "{address} is still in use");
        thread::yield_now();
    }
}

pub(super) fn client(address: SocketAddr, server: SocketAddr) -> Client {
    Client { address, server, transport: Transport::Dtls, link: Link(0) }
}

/// One of many clients, at the discard port of loopback addresses.
pub(super) fn somebody(number: u16) -> Client {
    let [high, low] = number.to_be_bytes();
    client(SocketAddr::from(([127, 1, high, low], 9)), "127.0.0.1:3478".parse().unwrap())
}

pub(super) fn request(method: Method) -> MessageBuilder {
    MessageBuilder::new(Class::Request, method, TransactionId([1; 12]))
}

pub(super) fn binding() -> Vec<u8> {
    request(Method::BINDING).finish()
}

pub(super) fn channel_data(number: u16, data: &[u8]) -> Vec<u8> {
    [&ChannelData::header(number, data.len() as u16)[..], data].concat()
}

/// Signs a request with good credentials and this nonce.
pub(super) fn sign(mut request: MessageBuilder, nonce: &str) -> Vec<u8> {
    let username = time_limited_username(*EXPIRY, "seat");
    let password = time_limited_password("a secret", &username);
    request.push(&Username(&username));
    request.push(&Realm("twocan"));
    request.push(&Nonce(nonce));
    request.push_integrity(&long_term_key(username.as_bytes(), b"twocan", password.as_bytes()));
    request.finish()
}
