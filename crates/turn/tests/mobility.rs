//! Clients that come from another address with a ticket: RFC 8016.

#![allow(clippy::unwrap_used, reason = "a scenario ends where it goes otherwise than written")]

mod common;

use std::time::Duration;

use common::{
    Answer, PEER, User, World, address, channel_data, config,
    mobile::{
        NEW, NUMBER, OLD, Process, allocate, at, over_tcp, refresh_request, settled, show, ticket,
    },
};
use twocan_stun::{
    Attribute as _,
    attributes::{Lifetime, MobilityTicket, Nonce},
};
use twocan_turn::Limits;

#[test]
fn a_ticket_is_for_those_who_ask() {
    let mut world = World::new(config());
    let mut user = User::at(OLD);
    user.meet(&mut world);
    let mut request = user.allocate_request();
    request.push(&MobilityTicket(b"x"));
    assert_eq!(world.request(user.client, &user.sign(request)).code(), 400);

    let mut request = user.allocate_request();
    request.push(&MobilityTicket(b""));
    let request = user.sign(request);
    let answer = world.request(user.client, &request);
    assert!(ticket(&answer).len() == 32 && ticket(&answer).is_ascii());
    assert_eq!(world.request(user.client, &request).0, answer.0, "the same again");
    assert!(!user.refresh(&mut world, 600).message().has(MobilityTicket::TYPE));

    let mut other = User::at("198.51.100.2:4000");
    other.meet(&mut world);
    let request = other.allocate_request();
    let answer = world.request(other.client, &other.sign(request));
    assert!(!answer.message().has(MobilityTicket::TYPE));
}

#[test]
fn the_old_way_works_until_the_new_one_is_used() {
    for (message, to) in [
        (channel_data(NUMBER, b"up"), PEER),
        (User::at(OLD).send_indication("8.8.8.8:1", b"up"), "8.8.8.8:1"),
    ] {
        let mut world = World::new(config());
        let (mut user, id, old) = settled(&mut world);
        let new = ticket(&show(&mut world, &mut user, at(NEW), &old));
        assert_ne!(new, old);

        let up = channel_data(NUMBER, b"up");
        assert_eq!(world.feed(at(OLD), &up), Some((address(PEER), b"up".to_vec())));
        assert_eq!(
            world.receive(id, PEER, b"down"),
            Some((at(OLD), channel_data(NUMBER, b"down")))
        );

        assert_eq!(world.feed(at(NEW), &message), Some((address(to), b"up".to_vec())));
        assert_eq!(
            world.receive(id, PEER, b"down"),
            Some((at(NEW), channel_data(NUMBER, b"down")))
        );
        assert_eq!(world.feed(at(OLD), &up), None, "it has moved");
        assert_eq!((world.server.allocation_count(), world.open.len()), (1, 1));
    }
}

#[test]
fn a_request_uses_the_new_way_too() {
    let mut world = World::new(config());
    let (mut user, id, old) = settled(&mut world);
    show(&mut world, &mut user, at(NEW), &old);
    assert_eq!(user.permit(&mut world, &["8.8.8.9:1"]).code(), 0);
    assert_eq!(world.receive(id, "8.8.8.9:1", b"x").unwrap().0, at(NEW));
    assert_eq!(user.bind(&mut world, NUMBER, PEER).code(), 0, "its channel is where it was");
    let request = user.allocate_request();
    assert_eq!(world.request(user.client, &user.sign(request)).code(), 437, "it has an allocation");
    user.client = at(OLD);
    user.meet(&mut world);
    assert_eq!(user.refresh(&mut world, 600).code(), 437);
}

#[test]
fn a_lost_answer_is_given_again() {
    for server in [0, 1] {
        let mut process = Process::new();
        let (mut user, _, old) = settled(&mut process.0[0]);
        let new = ticket(&show(&mut process.0[server], &mut user, at(NEW), &old));
        process.advance(Duration::from_secs(10));
        assert_eq!(ticket(&show(&mut process.0[server], &mut user, at(NEW), &old)), new);
        // It may have moved on before it heard anything.
        let third = at("192.0.2.1:4000");
        assert_eq!(ticket(&show(&mut process.0[server], &mut user, third, &old)), new);
        assert_eq!(process.0[server].feed(at(NEW), &channel_data(NUMBER, b"up")), None);
        assert_eq!(process.0[server].orders, [], "nobody is expected there any longer");

        // A copy of the request may be on the road when the answer has come.
        process.0[server].feed(third, &channel_data(NUMBER, b"up"));
        process.0[server].answers();
        assert_eq!(ticket(&show(&mut process.0[server], &mut user, third, &old)), new);
        if server == 1 {
            process.deliver();
            assert_eq!(ticket(&show(&mut process.0[server], &mut user, third, &old)), new);
        }
        process.advance(Duration::from_secs(21));
        assert_eq!(show(&mut process.0[server], &mut user, third, &old).code(), 437);
        assert_eq!(show(&mut process.0[server], &mut user, at(NEW), &new).code(), 0);
    }
}

#[test]
fn a_ticket_is_good_for_its_user_and_its_allocation_alone() {
    let mut world = World::new(config());
    let (mut user, _, good) = settled(&mut world);
    let unknown = "0123456789abcdef0123456789abcdef";
    for (client, ticket, code) in
        [(NEW, unknown, 437), (NEW, "x", 400), (NEW, "", 400), (OLD, &good, 400)]
    {
        assert_eq!(show(&mut world, &mut user, at(client), ticket).code(), code, "{ticket}");
    }
    let mut other = User::named("198.51.100.2:4000", "other");
    assert_eq!(show(&mut world, &mut other, at(NEW), &good).code(), 441);
    // A five-tuple has one allocation.
    let own = "198.51.100.3:4000";
    let (_, _, another) = allocate(&mut world, &mut User::at(own));
    assert_eq!(show(&mut world, &mut user, at(own), &good).code(), 437);
    assert_eq!(show(&mut world, &mut user, at(NEW), &good).code(), 0);
    assert_eq!(show(&mut world, &mut user, at(NEW), &another).code(), 437);
}

/// Nonces are for an address; the answer to the ticket is a fresh one then.
#[test]
fn the_old_nonce_is_stale_at_the_new_address() {
    let mut world = World::new(config());
    let (mut user, _, ticket) = settled(&mut world);
    user.client = at(NEW);
    let request = refresh_request(&mut user, &ticket, 600);
    let answer = world.request(user.client, &user.sign(request));
    assert_eq!(answer.code(), 438);
    user.nonce = answer.get::<Nonce<'_>>().0.into();
    let request = refresh_request(&mut user, &ticket, 600);
    assert_eq!(world.request(user.client, &user.sign(request)).code(), 0);
}

#[test]
fn a_ticket_that_was_shown_and_never_used_leaves_nothing() {
    let mut process = Process::new();
    let (mut user, _, old) = settled(&mut process.0[0]);
    show(&mut process.0[1], &mut user, at(NEW), &old);
    assert!(process.0[1].server.has_allocation(&at(NEW)));
    process.advance(Duration::from_secs(602));
    assert!(!process.0[1].server.has_allocation(&at(NEW)));
    assert_eq!(process.0[1].feed(at(NEW), &channel_data(NUMBER, b"up")), None);
    process.assert_empty();
}

#[test]
fn who_is_expected_and_hangs_up_is_expected_no_longer() {
    let mut world = World::new(config());
    let (mut user, id, old) = settled(&mut world);
    let client = over_tcp(NEW, 3);
    show(&mut world, &mut user, client, &old);
    world.server.handle_disconnected(client);
    assert!(!world.server.has_allocation(&client));
    assert_eq!(world.feed(client, &channel_data(NUMBER, b"data")), None);
    assert_eq!(world.receive(id, PEER, b"down").unwrap().0, at(OLD), "the old way is as it was");
}

#[test]
fn it_counts_at_the_address_where_it_is() {
    for server in [0, 1] {
        let mut process = Process::limited(Limits { for_address: Some(1), ..Limits::default() });
        let (mut user, _, first) = settled(&mut process.0[0]);
        let mut there = User::named("203.0.113.1:5000", "there");
        let (_, _, _) = allocate(&mut process.0[1], &mut there);
        // Its new address has its share.
        assert_eq!(show(&mut process.0[server], &mut user, at(NEW), &first).code(), 405);
        there.refresh(&mut process.0[1], 0);
        let second = ticket(&show(&mut process.0[server], &mut user, at(NEW), &first));
        there.meet(&mut process.0[1]);
        let request = there.allocate_request();
        let answer = process.0[1].request(there.client, &there.sign(request));
        assert_eq!(answer.code(), 486);
        // Its old address is free again.
        let mut here = User::named("198.51.100.1:5000", "here");
        allocate(&mut process.0[0], &mut here);
        here.refresh(&mut process.0[0], 0);
        process.0[server].feed(at(NEW), &channel_data(NUMBER, b"up"));
        process.0[server].answers();
        if server == 1 {
            process.deliver();
        }
        assert_eq!(show(&mut process.0[0], &mut user, at(OLD), &second).code(), 0);
        allocate(&mut process.0[1], &mut there);
        there.refresh(&mut process.0[1], 0);
        process.advance(Duration::from_secs(602));
        allocate(&mut process.0[0], &mut here);
        here.refresh(&mut process.0[0], 0);
        process.assert_empty();
    }
}

#[test]
fn a_ticket_can_end_it() {
    for server in [0, 1] {
        let mut process = Process::new();
        let (mut user, _, old) = settled(&mut process.0[0]);
        user.client = at(NEW);
        user.meet(&mut process.0[server]);
        let request = refresh_request(&mut user, &old, 0);
        process.0[server].feed(at(NEW), &user.sign(request));
        let mut answers = process.0[server].answers();
        if server == 1 {
            assert_eq!(answers, []);
            answers = process.deliver();
        }
        assert_eq!(answers.len(), 1);
        let answer = Answer(answers.remove(0).1);
        assert_eq!(answer.code(), 0);
        assert_eq!(answer.get::<Lifetime>().0, Duration::ZERO);
        assert!(!answer.message().has(MobilityTicket::TYPE));
        process.assert_empty();
    }
}

#[test]
fn another_user_at_the_new_address_takes_nothing_over() {
    let mut world = World::new(config());
    let (mut user, id, old) = settled(&mut world);
    show(&mut world, &mut user, at(NEW), &old);
    let mut other = User::named(NEW, "other");
    other.meet(&mut world);
    assert_eq!(other.refresh(&mut world, 600).code(), 437);
    let (_, relayed, _) = allocate(&mut world, &mut other);
    assert_ne!(relayed, world.open[0].1);
    assert_eq!(world.feed(at(NEW), &channel_data(NUMBER, b"up")), None, "it has no such channel");
    assert_eq!(world.receive(id, PEER, b"down").unwrap().0, at(OLD));
    assert_eq!(world.server.allocation_count(), 2);
}

#[test]
fn a_server_that_drains_lets_clients_move() {
    let mut world = World::new(config());
    let (mut user, _, old) = settled(&mut world);
    assert_eq!(world.quotas.drain(), Some(1));
    assert_eq!(show(&mut world, &mut user, at(NEW), &old).code(), 0);
    assert!(world.feed(at(NEW), &channel_data(NUMBER, b"up")).is_some());
}
