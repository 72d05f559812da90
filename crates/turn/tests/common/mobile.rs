//! Allocations that can move, and two servers that they move between.

use std::{net::SocketAddr, time::Duration};

use twocan_stun::{
    MessageBuilder, Method,
    attributes::{Lifetime, MobilityTicket},
};
use twocan_turn::{Client, Config, ForFamily, Limits, Link, Parcel, RelayId, Transport};

use super::{Answer, PEER, User, World, config};

pub(crate) const OLD: &str = "198.51.100.1:4000";
pub(crate) const NEW: &str = "203.0.113.1:4000";

/// The channel that a settled user has to [`PEER`].
pub(crate) const NUMBER: u16 = 0x4000;

/// Two servers, between which letters go when they are told to.
pub(crate) struct Process(pub(crate) [World; 2]);

impl Process {
    pub(crate) fn new() -> Process {
        Process::limited(Limits::default())
    }

    pub(crate) fn limited(limits: Limits) -> Process {
        let local = ForFamily { v4: None, v6: "2620:fe::9".parse().ok() };
        Process(World::pair(Config { local, ..config() }, limits))
    }

    /// The server that has the allocation hands it over: the parcel, and the sockets beside it.
    pub(crate) fn hand_over(&mut self) -> (Parcel, Vec<SocketAddr>) {
        for world in &mut self.0 {
            assert_eq!(world.answers(), []);
        }
        let order = self.0.iter_mut().find_map(|world| world.orders.pop()).unwrap();
        let from = &mut self.0[order.from().0];
        let parcel = from.server.pack(order);
        let sockets = parcel.relays().map(|id| {
            let place = from.open.iter().position(|(other, _)| *other == id).unwrap();
            from.open.remove(place).1
        });
        let sockets = sockets.collect();
        assert_eq!(from.answers(), []);
        (parcel, sockets)
    }

    /// The other server takes it over; returns what was sent to clients.
    pub(crate) fn take_over(
        &mut self,
        (parcel, sockets): (Parcel, Vec<SocketAddr>),
    ) -> Vec<(Client, Vec<u8>)> {
        let to = &mut self.0[parcel.to().0];
        let ids = to.server.unpack(parcel, to.now);
        assert_eq!(ids.len(), sockets.len());
        to.open.extend(ids.into_iter().zip(sockets));
        to.answers()
    }

    pub(crate) fn deliver(&mut self) -> Vec<(Client, Vec<u8>)> {
        let parcel = self.hand_over();
        self.take_over(parcel)
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        for world in &mut self.0 {
            world.advance(by);
        }
    }

    /// Both servers have nothing left.
    pub(crate) fn assert_empty(&mut self) {
        for world in &mut self.0 {
            assert_eq!(world.answers(), []);
            assert_eq!(world.server.allocation_count(), 0);
            assert_eq!(world.open, []);
            assert_eq!(world.orders, []);
        }
        assert_eq!(self.0[0].quotas.drain(), Some(0), "the quotas count nothing");
    }
}

/// Asks for an allocation with a ticket.
pub(crate) fn allocate(world: &mut World, user: &mut User) -> (RelayId, SocketAddr, String) {
    user.meet(world);
    let mut request = user.allocate_request();
    request.push(&MobilityTicket(b""));
    let answer = world.request(user.client, &user.sign(request));
    assert_eq!(answer.code(), 0);
    let (id, _) = *world.open.last().unwrap();
    (id, answer.relayed(), ticket(&answer))
}

pub(crate) fn ticket(answer: &Answer) -> String {
    String::from_utf8(answer.get::<MobilityTicket<'_>>().0.to_vec()).unwrap()
}

/// A user with an allocation that can move, a channel to a peer and a permission for another.
pub(crate) fn settled(world: &mut World) -> (User, RelayId, String) {
    let mut user = User::at(OLD);
    let (id, _, ticket) = allocate(world, &mut user);
    assert_eq!(user.bind(world, NUMBER, PEER).code(), 0);
    assert_eq!(user.permit(world, &["8.8.8.8:1"]).code(), 0);
    (user, id, ticket)
}

pub(crate) fn at(text: &str) -> Client {
    User::at(text).client
}

pub(crate) fn over_tcp(text: &str, link: usize) -> Client {
    Client { transport: Transport::Tcp, link: Link(link), ..at(text) }
}

pub(crate) fn refresh_request(user: &mut User, ticket: &str, seconds: u64) -> MessageBuilder {
    let mut request = user.begin(Method::REFRESH);
    request.push(&Lifetime(Duration::from_secs(seconds)));
    request.push(&MobilityTicket(ticket.as_bytes()));
    request
}

/// Goes to another address and shows the ticket there.
pub(crate) fn show(world: &mut World, user: &mut User, client: Client, ticket: &str) -> Answer {
    user.client = client;
    user.meet(world);
    let request = refresh_request(user, ticket, 600);
    world.request(user.client, &user.sign(request))
}
