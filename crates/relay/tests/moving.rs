//! Clients that move, over real sockets on loopback.

#![allow(clippy::unwrap_used, reason = "a test ends where it goes otherwise than written")]

mod common;

use std::net::UdpSocket;

use common::{Ask, Client, PATIENCE, relay_with};
use twocan_stun::{
    ChannelData, Class, Message, MessageBuilder, Method, TransactionId,
    attributes::{MobilityTicket, RequestedTransport, XorRelayedAddress},
};

/// By UDP and by TCP in turns, to whichever of the threads each new socket leads.
#[test]
fn an_allocation_follows_its_client() {
    let relay = relay_with("127.0.0.1:0", 2).unwrap();
    let server = relay.local_addrs()[0];
    let udp = || {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    };
    let peer = udp();
    let mut neighbour = Client::connect(server);
    let (neighbour_address, neighbour_nonce) = neighbour.allocate();
    let mut client: Box<dyn Ask> = Box::new(Client::connect(server));
    let (answer, nonce) = client.ask_as_user(&|| {
        let mut request =
            MessageBuilder::new(Class::Request, Method::ALLOCATE, TransactionId([2; 12]));
        request.push(&RequestedTransport::UDP);
        request.push(&MobilityTicket(b""));
        request
    });
    let relayed: XorRelayedAddress = Message::decode(&answer).unwrap().get().unwrap().unwrap();
    let relayed = relayed.0;
    let mut ticket = ticket_of(&answer);
    client.bind(&nonce, 0x4000, peer.local_addr().unwrap());
    client.bind(&nonce, 0x4001, neighbour_address);
    neighbour.bind(&neighbour_nonce, 0x4001, relayed);
    let channel_data =
        |number, data: [u8; 4]| [&ChannelData::header(number, 4)[..], &data].concat();

    for round in 0..24u8 {
        let mut next: Box<dyn Ask> = if round % 3 == 0 {
            Box::new(Client::connect(server))
        } else {
            let socket = udp();
            socket.connect(server).unwrap();
            Box::new(socket)
        };
        let (answer, _) = next.ask_as_user(&|| {
            let mut request =
                MessageBuilder::new(Class::Request, Method::REFRESH, TransactionId([4; 12]));
            request.push(&MobilityTicket(&ticket));
            request
        });
        ticket = ticket_of(&answer);
        peer.send_to(&[round; 4], relayed).unwrap();
        assert_eq!(client.get(), channel_data(0x4000, [round; 4]), "the old way, in {round}");
        for number in 0..10 {
            next.put(&channel_data(0x4000, [round, number, 0, 0]));
        }
        let mut buffer = [0; 100];
        for number in 0..10 {
            let (length, from) = peer.recv_from(&mut buffer).unwrap();
            assert_eq!((&buffer[..length], from), (&[round, number, 0, 0][..], relayed));
        }
        peer.send_to(&[round; 4], relayed).unwrap();
        assert_eq!(next.get(), channel_data(0x4000, [round; 4]), "the new way, in {round}");
        neighbour.put(&channel_data(0x4001, [round; 4]));
        assert_eq!(next.get(), channel_data(0x4001, [round; 4]), "the neighbour, in {round}");
        next.put(&channel_data(0x4001, [round; 4]));
        assert_eq!(neighbour.get(), channel_data(0x4001, [round; 4]));
        client = next;
    }
}

/// The ticket that an answer gives.
fn ticket_of(answer: &[u8]) -> Vec<u8> {
    let ticket: MobilityTicket<'_> = Message::decode(answer).unwrap().get().unwrap().unwrap();
    ticket.0.to_vec()
}
