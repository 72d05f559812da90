//! Sessions with clients on loopback: those of a whole relay, and those of one worker in virtual time.

mod support;

use std::{net::UdpSocket, time::Duration};

use proptest::{collection::vec, prelude::*};
use rcgen::{CertificateParams, KeyPair, PKCS_ED25519};
use rustls::pki_types::PrivateKeyDer;
use twocan_stun::{Message, attributes::XorMappedAddress};

use self::support::{
    Bench, Peer, binding, certificate, channel_data, relay, somebody, udp_socket, until_free,
};
use super::*;

#[test]
fn requests_are_answered_and_data_goes_both_ways() {
    for suite in [CHACHA20, AES_128_GCM] {
        let relay = relay(2);
        let mut client = Peer::with(suite, relay.local_addrs()[0]);
        client.connect();
        let answer = client.ask(&binding());
        let mapped: XorMappedAddress = Message::decode(&answer).unwrap().get().unwrap().unwrap();
        assert_eq!(mapped.0, client.address());

        let (relayed, nonce) = client.allocate();
        let outside = udp_socket();
        client.bind(&nonce, 0x4000, outside.local_addr().unwrap());
        for data in [&b"a"[..], b"four", b"seven b", &[7; 1300]] {
            let message = channel_data(0x4000, data);
            client.send(&message);
            let mut buffer = [0; 2000];
            let (length, from) = outside.recv_from(&mut buffer).unwrap();
            assert_eq!((&buffer[..length], from), (data, relayed));
            outside.send_to(data, relayed).unwrap();
            assert_eq!(client.receive(), message, "without padding");
        }
    }
}

#[test]
fn the_end_of_a_session_is_the_end_of_its_allocation() {
    let relay = relay(1);
    let mut client = Peer::new(relay.local_addrs()[0]);
    client.connect();
    let (relayed, _) = client.allocate();
    assert!(UdpSocket::bind(relayed).is_err(), "the relayed address is in use");
    client.dtls.close().unwrap();
    client.flush();
    until_free(relayed);
}

#[test]
fn another_session_from_the_same_address_is_the_end_of_the_first() {
    let relay = relay(1);
    let mut first = Peer::new(relay.local_addrs()[0]);
    first.connect();
    let (relayed, _) = first.allocate();
    let mut second = Peer { socket: first.socket.try_clone().unwrap(), ..Peer::new(first.server) };
    second.connect();
    until_free(relayed);
    assert!(Message::decode(&second.ask(&binding())).is_ok());
}

/// Clients with DTLS and without, in one thread and spread over several.
#[test]
fn neighbours_reach_each_other() {
    for threads in [1, 4] {
        let relay = relay(threads);
        let mut clients: Vec<Peer> = (0..6).map(|_| Peer::new(relay.local_addrs()[0])).collect();
        for client in clients.iter_mut().skip(2) {
            client.connect();
        }
        let allocations: Vec<_> = clients.iter_mut().map(Peer::allocate).collect();
        for (from, (_, nonce)) in allocations.iter().enumerate() {
            for (to, (relayed, _)) in allocations.iter().enumerate() {
                clients[from].bind(nonce, 0x4000 + to as u16, *relayed);
            }
        }
        for from in 0..clients.len() {
            for to in 0..clients.len() {
                clients[from].send(&channel_data(0x4000 + to as u16, b"hello"));
                let expected = channel_data(0x4000 + from as u16, b"hello");
                assert_eq!(clients[to].receive(), expected, "{from} to {to}");
            }
        }
    }
}

#[test]
fn a_relay_that_stops_says_good_bye() {
    let relay = relay(1);
    let mut client = Peer::new(relay.local_addrs()[0]);
    client.connect();
    relay.shutdown();
    client.until(|client| client.closed);
}

#[test]
fn without_a_certificate_there_is_no_dtls() {
    let mut bench = Bench::new();
    bench.dtls.settings.certificate = Certificate::default();
    let mut peer = Peer::new(bench.address);
    bench.deliver(&mut peer);
    assert!(bench.dtls.sessions.is_empty());
    peer.socket.set_nonblocking(true).unwrap();
    assert!(peer.socket.recv(&mut [0; 100]).is_err(), "nothing is answered");
}

#[test]
fn a_key_that_is_not_ecdsa_is_refused() {
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let own = CertificateParams::new(["localhost".into()]).unwrap().self_signed(&key).unwrap();
    let certificate = certificate();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let error = certificate.set(own.der(), &key).unwrap_err().to_string();
    assert!(error.contains("P-256"), "{error}");
    assert!(certificate.get().is_none(), "there is no DTLS any longer");
}

#[test]
fn nothing_is_kept_of_those_who_only_say_hello() {
    let mut bench = Bench::new();
    let hello = hello::blank();
    for number in 0..20_000 {
        bench.receive(somebody(number), &hello);
    }
    assert!(bench.dtls.sessions.is_empty() && bench.dtls.strangers.is_empty());
    assert_eq!(bench.dtls.poll_timeout(), None);
}

#[test]
fn strangers_make_room_for_those_who_come_after_them() {
    let mut bench = Bench::new();
    let first = bench.connected_peer();
    for number in 0..MAX_STRANGERS as u16 - 1 {
        bench.begin(somebody(number));
    }
    assert_eq!(bench.dtls.sessions.len(), MAX_STRANGERS);
    assert!(bench.dtls.sessions.contains_key(&bench.client(&first)));
    for number in 0..100 {
        bench.begin(somebody(10_000 + number));
        assert_eq!(bench.dtls.sessions.len(), MAX_STRANGERS);
    }
    assert!(!bench.dtls.sessions.contains_key(&bench.client(&first)), "the oldest has gone");
    assert!(bench.dtls.sessions.contains_key(&somebody(10_099)));
    assert!(bench.dtls.strangers.len() <= MAX_STRANGERS);
}

#[test]
fn a_handshake_that_does_not_go_on_ends_within_seconds() {
    let mut bench = Bench::new();
    bench.begin(somebody(1));
    bench.pass(HANDSHAKE_TIMEOUT - TICK);
    assert_eq!(bench.dtls.sessions.len(), 1);
    bench.pass(TICK);
    assert!(bench.dtls.sessions.is_empty());
    assert_eq!(bench.dtls.poll_timeout(), None);
}

#[test]
fn what_is_lost_of_a_handshake_is_sent_again() {
    let mut bench = Bench::new();
    let mut peer = Peer::new(bench.address);
    bench.deliver(&mut peer);
    peer.hear();
    bench.deliver(&mut peer);
    // The server's flight does not arrive.
    peer.socket.recv(&mut [0; 2000]).unwrap();
    bench.pass(Duration::from_secs(2));
    bench.until_connected(&mut peer);
}

#[test]
fn a_silent_stranger_is_sent_away_and_one_that_speaks_is_not() {
    let mut bench = Bench::new();
    let (mut silent, mut speaking) = (bench.connected_peer(), bench.connected_peer());
    bench.pass(STRANGER_TIMEOUT - TICK);
    speaking.write(b"hello");
    assert_eq!(bench.deliver(&mut speaking), [b"hello"]);
    bench.pass(2 * TICK);
    assert_eq!(bench.dtls.sessions.len(), 1);
    silent.until(|silent| silent.closed);
    bench.pass(STRANGER_TIMEOUT);
    assert!(bench.dtls.sessions.is_empty());
}

#[test]
fn the_old_kind_of_nonces_wears_a_session_out() {
    let mut bench = Bench::new();
    let mut peer = Peer::with(AES_128_GCM, bench.address);
    bench.until_connected(&mut peer);
    let client = bench.client(&peer);
    bench.dtls.sessions.get_mut(&client).unwrap().records_left = 2;
    for expected in [true, true, false] {
        let Bench { dtls, sockets, server, .. } = &mut bench;
        dtls.send(client, b"hello", sockets, server);
        assert_eq!(dtls.sessions.contains_key(&client), expected);
    }
}

#[test]
fn a_message_that_fits_into_no_record_is_dropped() {
    let mut bench = Bench::new();
    let mut peer = bench.connected_peer();
    let client = bench.client(&peer);
    let longest = vec![7; LONGEST_RECORD];
    for message in [&[7; LONGEST_RECORD + 1][..], &longest] {
        let Bench { dtls, sockets, server, .. } = &mut bench;
        dtls.send(client, message, sockets, server);
    }
    assert_eq!(peer.receive(), longest);
}

#[test]
fn an_answer_between_two_messages_of_a_datagram_loses_none() {
    let mut bench = Bench::new();
    let mut peer = bench.connected_peer();
    let client = bench.client(&peer);
    // What is written before it is asked for leaves in one datagram.
    for message in [b"one", b"two"] {
        peer.dtls.send_application_data(message).unwrap();
    }
    let datagrams = peer.outgoing();
    assert_eq!(datagrams.len(), 1);
    let Bench { dtls, sockets, server, now, .. } = &mut bench;
    let mut room = vec![0; 2000];
    assert!(dtls.receive(client, &datagrams[0], *now, sockets, server));
    for message in [b"one", b"two"] {
        let length = dtls.next_message(client, &mut room, *now, sockets, server).unwrap();
        assert_eq!(&room[..length], message);
        dtls.send(client, message, sockets, server);
        assert_eq!(peer.receive(), message);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A panic of the library is none of the relay, but in tests.
    #[test]
    fn no_datagram_does_harm(
        noise in vec((20..64u8, vec(any::<u8>(), 0..80)), 0..8),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
    ) {
        let mut bench = Bench::new();
        let mut peer = Peer::new(bench.address);
        for step in 0..4 {
            let client = bench.client(&peer);
            for (first, rest) in &noise {
                bench.receive(client, &[&[*first][..], rest].concat());
                // With the header of a record, it is read further.
                let epoch = u8::from(step == 3);
                let header = [*first, 254, 253, 0, epoch, 0, 0, 0, 0, 0, 9, 0, rest.len() as u8];
                bench.receive(client, &[&header[..], rest].concat());
            }
            for datagram in peer.outgoing() {
                for (place, byte) in &changes {
                    let mut other = datagram.clone();
                    other[place.index(datagram.len())] ^= byte;
                    bench.receive(client, &other);
                }
                bench.receive(client, &datagram);
            }
            if step < 3 {
                peer.hear_if_any();
            }
        }
        let mut honest = Peer::new(bench.address);
        bench.until_connected(&mut honest);
    }
}
