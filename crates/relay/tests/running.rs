//! The running relay, over real sockets on loopback.

#![allow(clippy::unwrap_used, reason = "a test ends where it goes otherwise than written")]

mod common;

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, UdpSocket},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use common::{Ask as _, Client, PATIENCE, binding, relay, relay_with};
use twocan_stun::{
    ChannelData, Class, Message, Method,
    attributes::{Icmp, XorMappedAddress, XorPeerAddress},
};

#[test]
fn answers_over_udp_and_tcp_from_the_address_that_was_asked() {
    for (listen, host) in
        [("127.0.0.1:0", "127.0.0.1"), ("0.0.0.0:0", "127.0.0.2"), ("[::1]:0", "::1")]
    {
        let relay = relay(listen).unwrap();
        let server = SocketAddr::new(host.parse().unwrap(), relay.local_addrs()[0].port());

        let any: SocketAddr =
            if server.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" }.parse().unwrap();
        let udp = UdpSocket::bind(any).unwrap();
        udp.set_read_timeout(Some(PATIENCE)).unwrap();
        udp.send_to(&binding(), server).unwrap();
        let mut buffer = [0; 100];
        let (length, from) = udp.recv_from(&mut buffer).unwrap();
        assert_eq!(from, server);
        let mapped: XorMappedAddress =
            Message::decode(&buffer[..length]).unwrap().get().unwrap().unwrap();
        assert_eq!(mapped, XorMappedAddress(udp.local_addr().unwrap()));

        let mut tcp = Client::connect(server);
        let answer = tcp.ask(&binding());
        let mapped: XorMappedAddress = Message::decode(&answer).unwrap().get().unwrap().unwrap();
        assert_eq!(mapped, XorMappedAddress(tcp.0.local_addr().unwrap()));
        relay.shutdown();
    }
}

#[test]
fn an_address_in_use_is_named() {
    let first = relay("127.0.0.1:0").unwrap();
    let address = first.local_addrs()[0].to_string();
    let error = relay(&address).unwrap_err().to_string();
    assert!(error.contains(&address) && error.contains("UDP"), "{error}");
}

#[test]
fn messages_in_pieces_and_in_heaps_are_found() {
    let relay = relay("127.0.0.1:0").unwrap();
    let mut client = Client::connect(relay.local_addrs()[0]);
    client.0.set_nodelay(true).unwrap();
    let heap = binding().repeat(3);
    for byte in &heap {
        client.0.write_all(&[*byte]).unwrap();
    }
    client.0.write_all(&heap).unwrap();
    for _ in 0..6 {
        assert!(Message::decode(&client.receive()).is_ok());
    }
}

#[test]
fn a_stranger_that_fills_the_memory_is_hung_up_on() {
    let relay = relay("127.0.0.1:0").unwrap();
    let mut client = Client::connect(relay.local_addrs()[0]);
    let endless = [&ChannelData::header(0x4000, u16::MAX)[..], &[0; 20_000]].concat();
    // The connection may end before all of it is sent.
    let _ = client.0.write_all(&endless);
    assert!(matches!(client.0.read(&mut [0; 10]), Ok(0) | Err(_)));
}

#[test]
fn another_protocol_is_hung_up_on() {
    let relay = relay("127.0.0.1:0").unwrap();
    let mut client = Client::connect(relay.local_addrs()[0]);
    client.0.write_all(&[0xFF; 10]).unwrap();
    assert_eq!(client.0.read(&mut [0; 10]).unwrap(), 0);
}

#[test]
fn data_goes_both_ways_and_a_hung_up_client_leaves_nothing() {
    let relay = relay("127.0.0.1:0").unwrap();
    let mut client = Client::connect(relay.local_addrs()[0]);
    let (relayed, nonce) = client.allocate();
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    client.bind(&nonce, 0x4000, peer.local_addr().unwrap());

    for data in [&b"a"[..], b"four", b"seven b"] {
        let mut message = ChannelData::header(0x4000, data.len() as u16).to_vec();
        message.extend(data);
        message.resize(message.len().next_multiple_of(4), 0);
        client.0.write_all(&message).unwrap();
        let mut buffer = [0; 100];
        let (length, from) = peer.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], from), (data, relayed));
        peer.send_to(data, relayed).unwrap();
        assert_eq!(client.receive(), message);
    }

    assert!(UdpSocket::bind(relayed).is_err(), "the relayed address is in use");
    drop(client);
    let begun = Instant::now();
    while UdpSocket::bind(relayed).is_err() {
        assert!(begun.elapsed() < PATIENCE, "the relayed address is still in use");
        std::thread::yield_now();
    }
}

/// What a slow reader does not take is dropped; the relay goes on, and so does the connection.
#[test]
fn a_client_that_does_not_read_harms_nobody() {
    let relay = relay("127.0.0.1:0").unwrap();
    let server = relay.local_addrs()[0];
    let mut slow = Client::connect(server);
    let (relayed, nonce) = slow.allocate();
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    slow.bind(&nonce, 0x4000, peer.local_addr().unwrap());
    for _ in 0..20_000 {
        peer.send_to(&[7; 1200], relayed).unwrap();
    }
    let mut other = Client::connect(server);
    assert!(Message::decode(&other.ask(&binding())).is_ok());

    // What was queued arrives whole, and then the answer to a new request.
    slow.0.write_all(&binding()).unwrap();
    let mut packets = 0;
    loop {
        let message = slow.receive();
        if Message::decode(&message).is_ok() {
            break;
        }
        assert_eq!(ChannelData::decode(&message).unwrap().data, [7; 1200]);
        packets += 1;
    }
    assert!(packets > 100, "{packets}");
}

/// Packets of one size may leave together; what comes out is what went in.
#[test]
fn bursts_arrive_whole_and_in_order() {
    for listen in ["127.0.0.1:0", "0.0.0.0:0"] {
        let relay = relay_with(listen, 1).unwrap();
        let server = SocketAddr::new([127, 0, 0, 1].into(), relay.local_addrs()[0].port());
        let [peer, mut one, mut other] = [(); 3].map(|()| {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            socket
        });
        one.connect(server).unwrap();
        other.connect(server).unwrap();
        let (relayed, nonce) = one.allocate();
        let (neighbour, other_nonce) = other.allocate();
        one.bind(&nonce, 0x4000, peer.local_addr().unwrap());
        one.bind(&nonce, 0x4001, neighbour);
        other.bind(&other_nonce, 0x4001, relayed);

        let frame: Vec<Vec<u8>> = (0..30u8)
            .map(|number| vec![number; [1200, 1200, 1200, 1200, 700][usize::from(number) % 5]])
            .collect();
        let channel_data = |number, data: &Vec<u8>| {
            [&ChannelData::header(number, data.len() as u16)[..], data].concat()
        };
        let mut buffer = [0; 2000];
        for data in &frame {
            one.send(&channel_data(0x4000, data)).unwrap();
            one.send(&channel_data(0x4001, data)).unwrap();
        }
        for data in &frame {
            one.send(&channel_data(0x4001, data)).unwrap();
            peer.send_to(data, relayed).unwrap();
        }
        for data in &frame {
            let (length, from) = peer.recv_from(&mut buffer).unwrap();
            assert_eq!((&buffer[..length], from), (&data[..], relayed));
            let length = one.recv(&mut buffer).unwrap();
            assert_eq!(buffer[..length], channel_data(0x4000, data));
        }
        for data in frame.iter().chain(&frame) {
            let length = other.recv(&mut buffer).unwrap();
            assert_eq!(buffer[..length], channel_data(0x4001, data));
        }
    }
}

#[test]
fn ended_credentials_end_their_allocations_at_once() {
    let relay = relay("127.0.0.1:0").unwrap();
    let mut client = Client::connect(relay.local_addrs()[0]);
    let (relayed, _) = client.allocate();
    let begun = Instant::now();
    let day = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(86_400);
    relay.handle().revoke("seat", day);
    while UdpSocket::bind(relayed).is_err() {
        std::thread::yield_now();
        assert!(begun.elapsed() < Duration::from_secs(1), "the allocation is still there");
    }
}

/// What an ICMP error tells the kernel is told to the client, and ends nothing.
#[test]
fn an_unreachable_peer_is_told_of_and_the_allocation_goes_on() {
    let relay = relay("127.0.0.1:0").unwrap();
    let mut client = Client::connect(relay.local_addrs()[0]);
    let (_, nonce) = client.allocate();
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    let gone = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    client.bind(&nonce, 0x4000, gone);
    client.bind(&nonce, 0x4001, peer.local_addr().unwrap());
    let four = |number| [&ChannelData::header(number, 4)[..], b"data"].concat();

    client.0.write_all(&four(0x4000)).unwrap();
    let bytes = client.receive();
    let message = Message::decode(&bytes).unwrap();
    assert_eq!((message.class(), message.method()), (Class::Indication, Method::DATA));
    assert_eq!(message.get(), Ok(Some(XorPeerAddress(gone))));
    let icmp: Icmp = message.get().unwrap().unwrap();
    assert_eq!((icmp.kind, icmp.code), (3, 3), "port unreachable");

    client.0.write_all(&[four(0x4000), four(0x4001)].concat()).unwrap();
    let mut buffer = [0; 10];
    let (length, _) = peer.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..length], b"data");
}

/// Clients of the same relay, in one thread and spread over several.
#[test]
fn neighbours_reach_each_other() {
    for threads in [1, 4] {
        let relay = relay_with("127.0.0.1:0", threads).unwrap();
        let server = relay.local_addrs()[0];
        let mut clients: Vec<Client> = (0..6).map(|_| Client::connect(server)).collect();
        let allocations: Vec<_> = clients.iter_mut().map(Client::allocate).collect();
        for (from, (_, nonce)) in allocations.iter().enumerate() {
            for (to, (relayed, _)) in allocations.iter().enumerate() {
                clients[from].bind(nonce, 0x4000 + to as u16, *relayed);
            }
        }
        for from in 0..clients.len() {
            for to in 0..clients.len() {
                let message = |number: usize| {
                    [&ChannelData::header(0x4000 + number as u16, 5)[..], b"hello\0\0\0"].concat()
                };
                clients[from].0.write_all(&message(to)).unwrap();
                assert_eq!(clients[to].receive(), message(from), "{from} to {to}");
            }
        }
    }
}
