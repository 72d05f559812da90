//! A relay on loopback, and clients of it.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a test ends where it goes otherwise than written")]

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream, UdpSocket},
    num::NonZeroUsize,
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use twocan_relay::{Certificate, Config, Limits, Listen, Relay, StartError};
use twocan_stun::{
    Class, Message, MessageBuilder, Method, TransactionId,
    attributes::{
        AddressFamily, ChannelNumber, Nonce, Realm, RequestedAddressFamily, RequestedTransport,
        Username, XorPeerAddress, XorRelayedAddress,
    },
    credentials::{long_term_key, time_limited_password, time_limited_username},
    stream::message_length,
};

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// When the credentials of all clients end: an allocation is for one username.
static EXPIRY: LazyLock<u64> =
    LazyLock::new(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 600);

pub(crate) fn relay(listen: &str) -> Result<Relay, StartError> {
    relay_with(listen, 2)
}

pub(crate) fn relay_with(listen: &str, threads: usize) -> Result<Relay, StartError> {
    limited(listen, threads, Limits::default())
}

pub(crate) fn limited(listen: &str, threads: usize, limits: Limits) -> Result<Relay, StartError> {
    let config = Config {
        listeners: vec![Listen { address: listen.parse().unwrap(), tcp: true }],
        threads: NonZeroUsize::new(threads).unwrap(),
        realm: "twocan".into(),
        secret: "a secret".into(),
        external_ips: vec![],
        relay_ports: 49_152..=65_535,
        allowed_peers: ["127.0.0.0/8", "::1/128"].map(|range| range.parse().unwrap()).into(),
        limits,
        dtls: Certificate::default(),
        alternates: vec![],
    };
    Relay::start(config, || panic!("a thread of the relay failed"))
}

pub(crate) fn binding() -> Vec<u8> {
    MessageBuilder::new(Class::Request, Method::BINDING, TransactionId([1; 12])).finish()
}

/// Signs a request with good credentials and this nonce.
pub(crate) fn sign(mut request: MessageBuilder, nonce: &str) -> Vec<u8> {
    let username = time_limited_username(*EXPIRY, "seat");
    let password = time_limited_password("a secret", &username);
    request.push(&Username(&username));
    request.push(&Realm("twocan"));
    request.push(&Nonce(nonce));
    request.push_integrity(&long_term_key(username.as_bytes(), b"twocan", password.as_bytes()));
    request.finish()
}

/// A client over TCP.
pub(crate) struct Client(pub(crate) TcpStream);

impl Client {
    pub(crate) fn connect(server: SocketAddr) -> Client {
        let stream = TcpStream::connect(server).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Client(stream)
    }

    pub(crate) fn receive(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; 4];
        self.0.read_exact(&mut bytes).unwrap();
        let length = message_length(&bytes).unwrap().unwrap();
        bytes.resize(length, 0);
        self.0.read_exact(&mut bytes[4..]).unwrap();
        bytes
    }
}

impl Ask for Client {
    fn put(&mut self, message: &[u8]) {
        self.0.write_all(message).unwrap();
    }

    fn get(&mut self) -> Vec<u8> {
        self.receive()
    }
}

/// A client over UDP, connected to the server.
impl Ask for UdpSocket {
    fn put(&mut self, message: &[u8]) {
        self.send(message).unwrap();
    }

    fn get(&mut self) -> Vec<u8> {
        let mut buffer = vec![0; 2000];
        let length = self.recv(&mut buffer).unwrap();
        buffer.truncate(length);
        buffer
    }
}

pub(crate) trait Ask {
    /// Sends a message.
    fn put(&mut self, message: &[u8]);

    /// Waits for a message.
    fn get(&mut self) -> Vec<u8>;

    /// Sends a request and waits for its answer.
    fn ask(&mut self, request: &[u8]) -> Vec<u8> {
        self.put(request);
        self.get()
    }

    /// Sends a request as a user, with the nonce that it is answered with at first; returns the
    /// answer to that, and the nonce.
    fn ask_as_user(&mut self, request: &dyn Fn() -> MessageBuilder) -> (Vec<u8>, String) {
        let challenge = self.ask(&request().finish());
        let challenge = Message::decode(&challenge).unwrap();
        let nonce = challenge.get::<Nonce<'_>>().unwrap().unwrap().0;
        let answer = self.ask(&sign(request(), nonce));
        assert_eq!(Message::decode(&answer).unwrap().class(), Class::Success);
        (answer, nonce.to_string())
    }

    /// Makes an allocation; returns its address and the nonce.
    fn allocate(&mut self) -> (SocketAddr, String) {
        self.allocate_for(RequestedTransport::UDP, AddressFamily::V4)
    }

    /// Makes an allocation for peers of this family, which are reached by this protocol.
    fn allocate_for(
        &mut self,
        protocol: RequestedTransport,
        family: AddressFamily,
    ) -> (SocketAddr, String) {
        let request = || {
            let mut request =
                MessageBuilder::new(Class::Request, Method::ALLOCATE, TransactionId([2; 12]));
            request.push(&protocol);
            request.push(&RequestedAddressFamily(Some(family)));
            request
        };
        let (answer, nonce) = self.ask_as_user(&request);
        let relayed = Message::decode(&answer).unwrap().get::<XorRelayedAddress>().unwrap();
        (relayed.unwrap().0, nonce)
    }

    fn bind(&mut self, nonce: &str, number: u16, peer: SocketAddr) {
        let mut request =
            MessageBuilder::new(Class::Request, Method::CHANNEL_BIND, TransactionId([3; 12]));
        request.push(&ChannelNumber(number));
        request.push(&XorPeerAddress(peer));
        let answer = self.ask(&sign(request, nonce));
        assert_eq!(Message::decode(&answer).unwrap().class(), Class::Success);
    }
}
