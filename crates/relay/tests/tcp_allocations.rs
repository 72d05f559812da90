//! Peers that are reached by TCP, over real sockets on loopback: RFC 6062.

#![allow(clippy::unwrap_used, reason = "a test ends where it goes otherwise than written")]

mod common;

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    num::NonZeroU64,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use common::{Ask as _, Client, PATIENCE, limited, relay, relay_with, sign};
use twocan_relay::{Limits, Rate};
use twocan_stun::{
    Class, Message, MessageBuilder, Method, TransactionId,
    attributes::{
        AddressFamily, ConnectionId, ErrorCode, Lifetime, RequestedTransport, XorPeerAddress,
    },
};

/// A client with an allocation for TCP.
struct User {
    control: Client,
    relayed: SocketAddr,
    nonce: String,
}

impl User {
    fn allocate(server: SocketAddr) -> User {
        let mut control = Client::connect(server);
        let family = if server.is_ipv4() { AddressFamily::V4 } else { AddressFamily::V6 };
        let (relayed, nonce) = control.allocate_for(RequestedTransport::TCP, family);
        User { control, relayed, nonce }
    }

    /// Sends a request for a peer; returns the answer.
    fn ask(&mut self, method: Method, peer: SocketAddr) -> Vec<u8> {
        let mut request = begin(method);
        request.push(&XorPeerAddress(peer));
        self.control.ask(&sign(request, &self.nonce))
    }

    /// Connects to a peer, and returns the connection's name.
    fn connect(&mut self, peer: SocketAddr) -> ConnectionId {
        let answer = self.ask(Method::CONNECT, peer);
        let answer = Message::decode(&answer).unwrap();
        assert_eq!(answer.class(), Class::Success, "{:?}", answer.get::<ErrorCode<'_>>());
        answer.get().unwrap().unwrap()
    }

    fn permit(&mut self, peer: SocketAddr) {
        let answer = self.ask(Method::CREATE_PERMISSION, peer);
        assert_eq!(Message::decode(&answer).unwrap().class(), Class::Success);
    }

    /// Waits for a peer's connection, and returns its name.
    fn attempt(&mut self) -> ConnectionId {
        let indication = self.control.receive();
        let indication = Message::decode(&indication).unwrap();
        assert_eq!(indication.method(), Method::CONNECTION_ATTEMPT);
        indication.get().unwrap().unwrap()
    }

    /// Joins a new connection to a peer's, by the nonce that the control connection got.
    fn bind(&self, connection: ConnectionId) -> TcpStream {
        let mut data = Client::connect(self.control.0.peer_addr().unwrap());
        let mut request = begin(Method::CONNECTION_BIND);
        request.push(&connection);
        let answer = data.ask(&sign(request, &self.nonce));
        let answer = Message::decode(&answer).unwrap();
        assert_eq!(answer.class(), Class::Success, "{:?}", answer.get::<ErrorCode<'_>>());
        data.0
    }
}

fn begin(method: Method) -> MessageBuilder {
    MessageBuilder::new(Class::Request, method, TransactionId([6; 12]))
}

/// A peer that listens.
fn peer() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    let (stream, from) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    (stream, from)
}

fn read(stream: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

fn assert_ended(stream: &mut TcpStream) {
    let end = stream.read(&mut [0; 10]);
    assert!(matches!(end, Ok(0)) || end.is_err_and(|error| !is_timeout(&error)));
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
}

/// Bytes of which no two stretches are alike.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn a_peer_is_reached_from_the_relayed_address_and_each_side_ends_by_itself() {
    for (listen, host) in [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1")] {
        let relay = relay(listen).unwrap();
        let listener = TcpListener::bind((host, 0)).unwrap();
        let mut user = User::allocate(relay.local_addrs()[0]);
        let connection = user.connect(listener.local_addr().unwrap());
        let (mut peer, from) = accept(&listener);
        assert_eq!(from, user.relayed);
        peer.write_all(b"early").unwrap();
        let mut data = user.bind(connection);
        assert_eq!(read(&mut data, 5), b"early");
        data.write_all(b"\xFFnot STUN").unwrap();
        assert_eq!(read(&mut peer, 9), b"\xFFnot STUN");

        data.shutdown(Shutdown::Write).unwrap();
        assert_eq!(peer.read(&mut [0; 10]).unwrap(), 0);
        peer.write_all(b"after that").unwrap();
        assert_eq!(read(&mut data, 10), b"after that");
        drop(peer);
        assert_eq!(data.read(&mut [0; 10]).unwrap(), 0);
    }
}

#[test]
fn much_data_goes_both_ways_at_once() {
    let relay = relay("127.0.0.1:0").unwrap();
    let (listener, address) = peer();
    let mut user = User::allocate(relay.local_addrs()[0]);
    let connection = user.connect(address);
    let (peer, _) = accept(&listener);
    let data = user.bind(connection);
    let bytes = noise(8 << 20);
    thread::scope(|scope| {
        for stream in [&peer, &data] {
            let bytes = &bytes;
            scope.spawn(move || {
                let mut stream = stream.try_clone().unwrap();
                stream.write_all(bytes).unwrap();
                stream.shutdown(Shutdown::Write).unwrap();
            });
            scope.spawn(move || {
                let mut received = Vec::new();
                stream.try_clone().unwrap().read_to_end(&mut received).unwrap();
                assert!(received == *bytes, "{} bytes of {}", received.len(), bytes.len());
            });
        }
    });
}

/// Whoever does not read is waited for, and nothing grows meanwhile; nothing is lost either.
#[test]
fn a_slow_reader_makes_the_other_side_wait() {
    let relay = relay_with("127.0.0.1:0", 1).unwrap();
    let (listener, address) = peer();
    let mut user = User::allocate(relay.local_addrs()[0]);
    let connection = user.connect(address);
    let (mut peer, _) = accept(&listener);
    let mut data = user.bind(connection);
    peer.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let block = noise(1 << 16);
    let mut written = 0;
    let stopped = loop {
        match peer.write(&block[written % block.len()..]) {
            Ok(length) => written += length,
            Err(error) => break error,
        }
        assert!(written < 256 << 20, "nobody waits");
    };
    assert!(is_timeout(&stopped), "{stopped}");

    // Others are served meanwhile.
    let other = user.connect({
        let (listener, address) = self::peer();
        thread::spawn(move || accept(&listener));
        address
    });
    user.bind(other);

    peer.shutdown(Shutdown::Write).unwrap();
    let mut read = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = data.read(&mut buffer).unwrap();
        if length == 0 {
            break;
        }
        for byte in &buffer[..length] {
            assert_eq!(*byte, block[read % block.len()]);
            read += 1;
        }
    }
    assert_eq!(read, written);
}

#[test]
fn what_a_peer_sends_before_its_client_asks_is_kept() {
    let relay = relay("127.0.0.1:0").unwrap();
    let mut user = User::allocate(relay.local_addrs()[0]);

    let mut stranger = TcpStream::connect(user.relayed).unwrap();
    stranger.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_ended(&mut stranger);

    user.permit("127.0.0.1:9".parse().unwrap());
    let mut peer = TcpStream::connect(user.relayed).unwrap();
    peer.write_all(b"hello").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    let connection = user.attempt();
    let mut data = user.bind(connection);
    let mut received = Vec::new();
    data.read_to_end(&mut received).unwrap();
    assert_eq!(received, b"hello");
    data.write_all(b"welcome").unwrap();
    assert_eq!(read(&mut peer, 7), b"welcome");
}

#[test]
fn a_peer_that_refuses_is_told_of() {
    let relay = relay("127.0.0.1:0").unwrap();
    let (listener, address) = peer();
    drop(listener);
    let mut user = User::allocate(relay.local_addrs()[0]);
    let answer = user.ask(Method::CONNECT, address);
    let error: ErrorCode<'_> = Message::decode(&answer).unwrap().get().unwrap().unwrap();
    assert_eq!(error.code, 447);
}

/// The kernel gives a client's connections to different threads.
#[test]
fn connections_find_the_thread_of_their_allocation() {
    let relay = relay_with("127.0.0.1:0", 4).unwrap();
    let mut user = User::allocate(relay.local_addrs()[0]);
    // What comes in one piece with the request, and the end of the stream, go along.
    for number in 0..32u8 {
        let (listener, address) = peer();
        let connection = user.connect(address);
        let (mut peer, _) = accept(&listener);
        let mut data = Client::connect(relay.local_addrs()[0]);
        let mut request = begin(Method::CONNECTION_BIND);
        request.push(&connection);
        let request = [&sign(request, &user.nonce)[..], &[number; 100]].concat();
        data.0.write_all(&request).unwrap();
        data.0.shutdown(Shutdown::Write).unwrap();
        assert_eq!(Message::decode(&data.receive()).unwrap().class(), Class::Success);
        let mut received = Vec::new();
        peer.read_to_end(&mut received).unwrap();
        assert_eq!(received, [number; 100]);
        peer.write_all(&[number; 10]).unwrap();
        drop(peer);
        assert_eq!(read(&mut data.0, 10), [number; 10]);
        assert_ended(&mut data.0);
    }
}

#[test]
fn neighbours_connect_to_each_other() {
    for threads in [1, 4] {
        let relay = relay_with("127.0.0.1:0", threads).unwrap();
        let server = relay.local_addrs()[0];
        let (mut alice, mut bob) = (User::allocate(server), User::allocate(server));
        bob.permit(alice.relayed);
        let outgoing = alice.connect(bob.relayed);
        let incoming = bob.attempt();
        let (mut there, mut here) = (alice.bind(outgoing), bob.bind(incoming));
        there.write_all(b"ping").unwrap();
        assert_eq!(read(&mut here, 4), b"ping");
        here.write_all(b"pong").unwrap();
        assert_eq!(read(&mut there, 4), b"pong");
        drop(there);
        assert_ended(&mut here);
    }
}

#[test]
fn connections_end_with_their_allocation() {
    for way in ["refresh", "hang up", "revocation"] {
        let relay = relay("127.0.0.1:0").unwrap();
        let (listener, address) = peer();
        let mut user = User::allocate(relay.local_addrs()[0]);
        let joined = user.connect(address);
        let (mut one, _) = accept(&listener);
        let mut data = user.bind(joined);
        user.permit(address);
        let mut waiting = TcpStream::connect(user.relayed).unwrap();
        waiting.set_read_timeout(Some(PATIENCE)).unwrap();
        user.attempt();
        let User { mut control, relayed, nonce } = user;
        match way {
            "refresh" => {
                let mut request = begin(Method::REFRESH);
                request.push(&Lifetime(Duration::ZERO));
                control.ask(&sign(request, &nonce));
            }
            "hang up" => drop(control),
            _ => {
                let until = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + PATIENCE;
                relay.handle().revoke("seat", until);
            }
        }
        for stream in [&mut one, &mut data, &mut waiting] {
            assert_ended(stream);
        }
        let begun = Instant::now();
        while TcpStream::connect(relayed).is_ok() {
            assert!(begun.elapsed() < PATIENCE, "the relayed address still listens");
        }
    }
}

#[test]
fn what_exceeds_the_bandwidth_arrives_later() {
    let rate =
        Rate { each_second: NonZeroU64::new(100_000).unwrap(), burst: Duration::from_millis(500) };
    let limits = Limits { bandwidth: Some(rate), ..Limits::default() };
    let relay = limited("127.0.0.1:0", 2, limits).unwrap();
    let (listener, address) = peer();
    let mut user = User::allocate(relay.local_addrs()[0]);
    let connection = user.connect(address);
    let (mut peer, _) = accept(&listener);
    let mut data = user.bind(connection);
    let begun = Instant::now();
    let bytes = noise(150_000);
    data.write_all(&bytes).unwrap();
    assert_eq!(read(&mut peer, bytes.len()), bytes);
    // A burst of 50,000 at once, and 100,000 at the rate.
    assert!(begun.elapsed() > Duration::from_millis(900), "{:?}", begun.elapsed());
}

#[test]
fn data_before_the_answer_is_bounded() {
    let relay = relay_with("127.0.0.1:0", 1).unwrap();
    let (listener, address) = peer();
    let mut user = User::allocate(relay.local_addrs()[0]);
    let connection = user.connect(address);
    let (mut peer, _) = accept(&listener);
    let mut data = Client::connect(relay.local_addrs()[0]);
    let mut request = begin(Method::CONNECTION_BIND);
    request.push(&connection);
    data.0.write_all(&[&sign(request, &user.nonce)[..], &[0; 60_000]].concat()).unwrap();
    assert_ended(&mut peer);
}
