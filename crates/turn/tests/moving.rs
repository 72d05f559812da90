//! Allocations that move with their clients, between two servers of a process: RFC 8016.

#![allow(clippy::unwrap_used, reason = "a scenario ends where it goes otherwise than written")]

mod common;

use std::time::Duration;

use common::{
    Answer, PEER, Sent, User, World, address, channel_data, config,
    mobile::{
        NEW, NUMBER, OLD, Process, allocate, at, over_tcp, refresh_request, settled, show, ticket,
    },
};
use twocan_stun::{
    Method,
    attributes::{AdditionalAddressFamily, AddressFamily, MobilityTicket, RequestedAddressFamily},
};
use twocan_turn::{Client, Transport};

#[test]
fn an_allocation_moves_to_the_server_that_the_client_reaches() {
    let mut process = Process::new();
    let (mut user, id, old) = settled(&mut process.0[0]);
    let relayed = process.0[0].open[0].1;
    show(&mut process.0[1], &mut user, at(NEW), &old);
    let up = channel_data(NUMBER, b"up");
    assert!(process.0[0].feed(at(OLD), &up).is_some());
    assert_eq!(process.0[0].receive(id, PEER, b"down").unwrap().0, at(OLD));

    // What the client sends first waits, and leaves in its order.
    let second = user.send_indication("8.8.8.8:1", b"second");
    assert_eq!(process.0[1].feed(at(NEW), &channel_data(NUMBER, b"first")), None);
    assert_eq!(process.0[1].feed(at(NEW), &second), None);
    assert_eq!(process.0[1].answers(), []);
    let parcel = process.hand_over();
    assert_eq!(process.0[0].server.allocation_count(), 0);
    assert_eq!(process.0[0].receive(id, PEER, b"down"), None, "its socket is on its way");
    assert_eq!(process.0[1].feed(at(NEW), &channel_data(NUMBER, b"third")), None);
    assert_eq!(process.take_over(parcel), []);
    let sent = |peer, data: &[u8]| Sent::ToPeer(relayed, address(peer), data.to_vec());
    assert_eq!(
        process.0[1].late,
        [sent(PEER, b"first"), sent("8.8.8.8:1", b"second"), sent(PEER, b"third")]
    );

    let (id, local) = process.0[1].open[0];
    assert_eq!(local, relayed);
    let world = &mut process.0[1];
    assert_eq!(world.receive(id, PEER, b"down"), Some((at(NEW), channel_data(NUMBER, b"down"))));
    assert_eq!(world.receive(id, "8.8.8.8:1", b"down").unwrap().0, at(NEW));
    assert_eq!(world.feed(at(NEW), &up), Some((address(PEER), b"up".to_vec())));
    assert_eq!(process.0[0].feed(at(OLD), &up), None);
    assert_eq!(user.refresh(&mut process.0[1], 0).code(), 0);
    process.assert_empty();
}

#[test]
fn a_request_waits_for_its_allocation() {
    let mut process = Process::new();
    let (mut user, _, old) = settled(&mut process.0[0]);
    show(&mut process.0[1], &mut user, at(NEW), &old);
    let request = user.begin(Method::REFRESH);
    let request = user.sign(request);
    assert_eq!(process.0[1].feed(at(NEW), &request), None);
    assert_eq!(process.0[1].answers(), []);
    let answers = process.deliver();
    assert_eq!(answers.len(), 1);
    assert_eq!((answers[0].0, Answer(answers[0].1.clone()).code()), (at(NEW), 0));
}

#[test]
fn it_moves_again_and_back() {
    let mut process = Process::new();
    let (mut user, _, mut ticket_in_hand) = settled(&mut process.0[0]);
    for (server, client) in [(1, NEW), (0, OLD), (0, NEW), (1, OLD)] {
        let answer = show(&mut process.0[server], &mut user, at(client), &ticket_in_hand);
        assert_eq!(answer.code(), 0);
        ticket_in_hand = ticket(&answer);
        let up = channel_data(NUMBER, b"up");
        if process.0[server].feed(at(client), &up).is_none() {
            process.deliver();
            assert_eq!(process.0[server].late.len(), 1);
            process.0[server].late.clear();
        }
        let (id, _) = process.0[server].open[0];
        assert_eq!(process.0[server].receive(id, PEER, b"down").unwrap().0, at(client));
        assert_eq!(process.0[1 - server].open, []);
    }
}

#[test]
fn a_ticket_prolongs_in_whichever_server_it_is_shown() {
    let mut process = Process::new();
    let (mut user, _, old) = settled(&mut process.0[0]);
    process.advance(Duration::from_secs(500));
    let new = ticket(&show(&mut process.0[1], &mut user, at(NEW), &old));
    process.advance(Duration::from_secs(590));
    assert_eq!(process.0[0].server.allocation_count(), 1);
    process.0[1].feed(at(NEW), &channel_data(NUMBER, b"up"));
    process.deliver();
    process.advance(Duration::from_secs(9));
    assert_eq!(process.0[1].server.allocation_count(), 1);
    process.advance(Duration::from_secs(3));
    process.assert_empty();
    assert_eq!(show(&mut process.0[0], &mut user, at(OLD), &new).code(), 437);
    assert_eq!(process.0[1].server.poll_timeout(), None);
}

#[test]
fn an_allocation_that_ends_before_it_is_handed_over_is_told_of() {
    let mut process = Process::new();
    let (mut user, _, old) = settled(&mut process.0[0]);
    show(&mut process.0[1], &mut user, at(NEW), &old);
    let request = user.begin(Method::REFRESH);
    process.0[1].feed(at(NEW), &user.sign(request));
    process.0[1].answers();
    process.advance(Duration::from_secs(602));
    let answers = process.deliver();
    assert_eq!(Answer(answers[0].1.clone()).code(), 437);
    process.assert_empty();
}

/// The name is ended before the parcel is packed, while it is on its way, or after.
#[test]
fn ended_credentials_end_it_wherever_it_is() {
    for moment in 0..3 {
        let mut process = Process::new();
        let (mut user, _, old) = settled(&mut process.0[0]);
        show(&mut process.0[1], &mut user, at(NEW), &old);
        let request = user.begin(Method::REFRESH);
        process.0[1].feed(at(NEW), &user.sign(request));
        process.0[1].answers();
        let revoke = |process: &mut Process, now: usize| {
            if now == moment {
                let [first, second] = &mut process.0;
                let day = Duration::from_secs(86_400);
                first.quotas.revoke("seat", first.now.unix + day, first.now.unix);
                first.server.handle_revoked("seat");
                second.server.handle_revoked("seat");
                assert_eq!((first.answers(), second.answers()), (vec![], vec![]));
            }
        };
        revoke(&mut process, 0);
        let parcel = process.hand_over();
        revoke(&mut process, 1);
        let answers = process.take_over(parcel);
        let code = Answer(answers[0].1.clone()).code();
        assert_eq!(code, if moment < 2 { 401 } else { 0 });
        revoke(&mut process, 2);
        process.assert_empty();
    }
}

#[test]
fn neighbours_reach_it_where_it_is() {
    let over_dtls = Client { transport: Transport::Dtls, ..at(NEW) };
    let ways = [at(NEW), over_tcp(NEW, 7), over_dtls];
    for (server, client) in [0, 1].into_iter().flat_map(|server| ways.map(|way| (server, way))) {
        let mut process = Process::new();
        let mut user = User::at(OLD);
        let (_, relayed, old) = allocate(&mut process.0[0], &mut user);
        let mut other = User::named("198.51.100.2:4000", "other");
        let (other_id, other_relayed, _) = allocate(&mut process.0[0], &mut other);
        assert_eq!(user.bind(&mut process.0[0], NUMBER, &other_relayed.to_string()).code(), 0);
        assert_eq!(other.bind(&mut process.0[0], NUMBER, &relayed.to_string()).code(), 0);
        let data = channel_data(NUMBER, b"data");
        let reached = Some(Sent::ToClient(at(OLD), data.clone()));
        assert_eq!(process.0[0].forward(other.client, &data), reached);

        show(&mut process.0[server], &mut user, client, &old);
        assert_eq!(process.0[0].forward(other.client, &data), reached);
        let sent = process.0[server].forward(client, &data);
        if server == 1 {
            let parcel = process.hand_over();
            if client.transport == Transport::Udp {
                let reached = Some(Sent::ToClient(client, data.clone()));
                assert_eq!(process.0[0].forward(other.client, &data), reached);
            }
            process.take_over(parcel);
            assert_eq!(process.0[1].late, [Sent::ToClient(other.client, data.clone())]);
        } else {
            assert_eq!(sent, Some(Sent::ToClient(other.client, data.clone())));
        }
        let sent = process.0[0].forward(other.client, &data);
        if server == 1 && client.transport != Transport::Udp {
            // Its connection or session is the other thread's, so the way leads through the sockets.
            assert_eq!(sent, Some(Sent::ToPeer(other_relayed, relayed, b"data".to_vec())));
            let (id, _) = process.0[1].open[0];
            let arrived = process.0[1].receive(id, &other_relayed.to_string(), b"data");
            assert_eq!(arrived, Some((client, data.clone())));
        } else {
            assert_eq!(sent, Some(Sent::ToClient(client, data.clone())));
        }
        assert_eq!(
            process.0[0].receive(other_id, &relayed.to_string(), b"data").unwrap().0,
            other.client
        );
    }
}

#[test]
fn a_closed_connection_leaves_it_for_the_ticket() {
    for server in [0, 1] {
        let mut process = Process::new();
        let mut user = User::at(OLD);
        user.client = over_tcp(OLD, 3);
        let (id, relayed, old) = allocate(&mut process.0[0], &mut user);
        assert_eq!(user.bind(&mut process.0[0], NUMBER, PEER).code(), 0);
        let mut other = User::named("198.51.100.2:4000", "other");
        let (_, other_relayed, _) = allocate(&mut process.0[0], &mut other);
        assert_eq!(user.permit(&mut process.0[0], &[&other_relayed.to_string()]).code(), 0);
        assert_eq!(other.bind(&mut process.0[0], NUMBER, &relayed.to_string()).code(), 0);
        process.0[0].server.handle_disconnected(user.client);
        assert_eq!(process.0[0].answers(), []);
        assert_eq!(process.0[0].open.len(), 2, "it is there");
        // The connection's number may be another client's by then.
        assert_eq!(process.0[0].receive(id, PEER, b"down"), None);
        assert_eq!(process.0[0].forward(other.client, &channel_data(NUMBER, b"hello")), None);

        // There is no old way, so the new one is used at once.
        let client = over_tcp(NEW, 3);
        user.client = client;
        user.meet(&mut process.0[server]);
        let request = refresh_request(&mut user, &old, 600);
        let request = user.sign(request);
        assert_eq!(process.0[server].feed(client, &request), None);
        assert_eq!(Answer(process.0[server].answers().remove(0).1).code(), 0);
        if server == 1 {
            assert_eq!(process.deliver(), []);
        }
        let (id, _) = *process.0[server].open.iter().find(|(_, local)| *local == relayed).unwrap();
        let world = &mut process.0[server];
        let received = world.receive(id, PEER, b"down").unwrap();
        assert_eq!((received.0, &received.1[..8]), (client, &channel_data(NUMBER, b"down")[..]));
        assert_eq!(world.request(client, &request).code(), 0, "the request again");
        world.server.handle_disconnected(client);
        assert_eq!(user.refresh(&mut process.0[1 - server], 600).code(), 437);
        process.advance(Duration::from_secs(602));
        process.assert_empty();
    }
}

#[test]
fn a_connection_that_closes_after_the_ticket_was_shown_leaves_data_the_new_way() {
    for server in [0, 1] {
        let mut process = Process::new();
        let mut user = User::at(OLD);
        user.client = over_tcp(OLD, 3);
        let (_, _, old) = allocate(&mut process.0[0], &mut user);
        assert_eq!(user.bind(&mut process.0[0], NUMBER, PEER).code(), 0);
        let before = user.client;
        show(&mut process.0[server], &mut user, at(NEW), &old);
        process.0[0].server.handle_disconnected(before);
        assert_eq!(process.0[0].answers(), []);
        if server == 1 {
            // The server that it goes to has not heard of it, but knows that it comes.
            assert_eq!(process.0[1].feed(at(NEW), &channel_data(NUMBER, b"up")), None);
            assert_eq!(process.0[1].answers(), []);
            assert_eq!(process.0[1].orders, [], "one order is enough");
            process.deliver();
            assert_eq!(process.0[1].late.len(), 1);
        }
        let (id, _) = process.0[server].open[0];
        assert_eq!(process.0[server].receive(id, PEER, b"down").unwrap().0, at(NEW));
    }
}

#[test]
fn a_connection_that_closes_while_its_allocation_is_on_its_way_gets_nothing() {
    let mut process = Process::new();
    let (mut user, _, old) = settled(&mut process.0[0]);
    let client = over_tcp(NEW, 3);
    let new = ticket(&show(&mut process.0[1], &mut user, client, &old));
    process.0[1].feed(client, &channel_data(NUMBER, b"data"));
    let parcel = process.hand_over();
    process.0[1].server.handle_disconnected(client);
    assert_eq!(process.take_over(parcel), []);
    assert_eq!(process.0[1].late, [], "nobody is there to have sent it");
    let (id, _) = process.0[1].open[0];
    assert_eq!(process.0[1].receive(id, PEER, b"down"), None);
    assert_eq!(show(&mut process.0[0], &mut user, at(OLD), &new).code(), 0);
    process.0[0].orders.clear();
}

#[test]
fn both_relayed_addresses_of_a_dual_allocation_move() {
    let mut process = Process::new();
    let mut user = User::at(OLD);
    user.meet(&mut process.0[0]);
    let mut request = user.allocate_request();
    request.push(&MobilityTicket(b""));
    request.push(&AdditionalAddressFamily(Some(AddressFamily::V6)));
    let answer = process.0[0].request(user.client, &user.sign(request));
    let old = ticket(&answer);
    let relayed: Vec<_> = process.0[0].open.iter().map(|(_, local)| *local).collect();
    assert_eq!(relayed.len(), 2);

    // Of the family that a ticket is shown for, the allocation's own server knows.
    user.client = at(NEW);
    user.meet(&mut process.0[1]);
    let mut request = refresh_request(&mut user, &old, 600);
    request.push(&RequestedAddressFamily(Some(AddressFamily::V6)));
    assert_eq!(process.0[1].feed(at(NEW), &user.sign(request)), None);
    let answers = process.deliver();
    assert_eq!(Answer(answers[0].1.clone()).code(), 0);
    let here: Vec<_> = process.0[1].open.iter().map(|(_, local)| *local).collect();
    assert_eq!(here, relayed);
    for peer in [PEER, "[2606:4700::1111]:5000"] {
        assert_eq!(user.permit(&mut process.0[1], &[peer]).code(), 0);
    }
    let [(v4, _), (v6, _)] = process.0[1].open[..] else { panic!("two relayed addresses") };
    assert!(process.0[1].receive(v4, PEER, b"x").is_some());
    assert!(process.0[1].receive(v6, "[2606:4700::1111]:5000", b"x").is_some());
    assert_eq!(user.refresh(&mut process.0[1], 0).code(), 0);
    process.assert_empty();
}

/// Whoever comes back so soon is asked to ask again.
#[test]
fn a_ticket_that_is_shown_while_the_allocation_is_on_its_way_is_good_a_moment_later() {
    let mut process = Process::new();
    let (mut user, _, old) = settled(&mut process.0[0]);
    let new = ticket(&show(&mut process.0[1], &mut user, at(NEW), &old));
    process.0[1].feed(at(NEW), &channel_data(NUMBER, b"up"));
    let parcel = process.hand_over();
    assert_eq!(show(&mut process.0[0], &mut user, at(OLD), &new).code(), 438);
    process.take_over(parcel);
    assert_eq!(show(&mut process.0[0], &mut user, at(OLD), &new).code(), 0);
}

#[test]
fn a_lost_socket_ends_its_allocation() {
    let mut world = World::new(config());
    let (_, id, _) = settled(&mut world);
    world.server.handle_broken(id);
    assert_eq!(world.answers(), []);
    assert_eq!((world.server.allocation_count(), world.open.len()), (0, 0));
}
