//! The rooms on real sockets: many people at once do whatever comes to their minds, and in the end
//! nothing is left of them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

mod client;
mod person;
mod server;

use std::{collections::HashSet, sync::Arc};

use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::json;
use tokio::task::JoinSet;
use twocan_signal::{limits::Limits, protocol::Code};

use crate::{
    client::Client,
    person::{Heard, Person},
    server::Running,
};

const PEOPLE: u64 = 12;
const STEPS: usize = 80;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_who_come_and_go_at_random_leave_nothing_behind() {
    let (mut messages, mut resumes, mut takeovers) = (0, 0, 0);
    for seed in 0..4 {
        let server = Running::start().await;
        let heard = crowd(&server, seed).await;
        server.is_empty().await;
        let figures = server.signalling.figures();
        (messages, resumes, takeovers) =
            (messages + heard.count(), resumes + figures.resumes, takeovers + figures.takeovers);
        let ended = server.ended.lock().unwrap();
        assert_eq!(ended.iter().collect::<HashSet<_>>().len(), ended.len(), "credentials end once");
    }
    println!("{messages} messages heard, {resumes} seats taken back, {takeovers} taken over");
    assert!(messages > 0 && resumes > 0 && takeovers > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_in_the_midst_leaves_nothing_behind() {
    let server = Running::start().await;
    let (heard, stop) = (Arc::default(), server.sockets.clone());
    let mut people = JoinSet::new();
    for number in 0..PEOPLE {
        people.spawn(
            Person::new(number, server.address, rng(9, number), Arc::clone(&heard)).live(STEPS),
        );
    }
    // Once the first is through, the others are in the middle of it.
    people.join_next().await.unwrap().unwrap();
    stop.shutdown().await;
    assert_eq!(server.signalling.figures().sockets, 0, "every socket had its disconnect");
    while let Some(person) = people.join_next().await {
        person.unwrap();
    }
    server.is_empty().await;
}

#[tokio::test]
async fn one_socket_too_many_is_told_so_and_leaves_room_for_the_next() {
    let limits = Limits { sockets_of_an_address: 2, ..Limits::default() };
    let server = Running::with_limits(Some(limits)).await;
    let connect = || Client::connect(server.address);
    let (Ok(first), Ok(_second)) = (connect().await, connect().await) else {
        panic!("two may come");
    };
    let Ok(error) = Client::refused(server.address).await else {
        panic!("the third one is closed without a word");
    };
    assert_eq!(error["data"], json!({"code": "too_many_sockets"}));
    assert!(error["message"].as_str().unwrap().contains("from your network"), "{error}");
    assert!(first.close().await.is_ok());
    server.has_sockets(1).await;
    assert!(connect().await.is_ok());
}

#[tokio::test]
async fn a_seat_and_what_was_kept_come_with_the_connection() {
    let server = Running::start().await;
    let come = |join| Client::connect_with(server.address, json!({"join": join}));
    let (mut ann, id) = come(json!({"roomId": "tea"})).await.unwrap();
    let (event, joined) = ann.event().await.unwrap();
    assert_eq!((event.as_str(), &joined["userId"]), ("joined", &json!(id)));
    let message = json!({"roomId": "tea", "data": "an offer", "keep": true});
    let acknowledged = ann.ask("message", message, |event, _| panic!("{event}")).await.unwrap();
    assert_eq!(acknowledged, json!({"roomId": "tea"}));

    let join = json!({"roomId": "tea", "capabilities": {"kept": true}});
    let (mut ben, id) = come(join.clone()).await.unwrap();
    let (event, joined) = ben.event().await.unwrap();
    assert_eq!((event.as_str(), &joined["userNum"]), ("joined", &json!(2)));
    assert_eq!(ben.event().await.unwrap(), ("message".to_owned(), json!("an offer")));
    let (event, other) = ann.event().await.unwrap();
    assert_eq!((event.as_str(), &other["userId"]), ("otherjoined", &json!(id)));
    assert_eq!(other["kept"], true);

    // What cannot be done is refused as the event would be, and the connection stands.
    for (join, event, code) in [
        (join, "full", json!(null)),
        (json!({"roomId": ""}), "refused", json!("malformed")),
        (json!(null), "refused", json!("malformed")),
    ] {
        let (mut cat, _) = come(join).await.unwrap();
        let (name, answer) = cat.event().await.unwrap();
        assert_eq!((name.as_str(), &answer["code"]), (event, &code));
        let joined = cat.ask("join", json!({"roomId": "cup"}), |_, _| {}).await.unwrap();
        assert_eq!(joined["userNum"], 1);
        cat.close().await.unwrap();
        server.has_sockets(2).await;
    }
    let figures = server.signalling.figures();
    assert_eq!((figures.joins, figures.full), (5, 1));
    assert!(figures.refused.iter().any(|counted| counted == (Code::Malformed, 2)));
}

/// Lets people loose, and returns what they heard once all have gone.
async fn crowd(server: &Running, seed: u64) -> Arc<Heard> {
    let heard = Arc::<Heard>::default();
    let mut people = JoinSet::new();
    for number in 0..PEOPLE {
        let person = Person::new(number, server.address, rng(seed, number), Arc::clone(&heard));
        people.spawn(person.live(STEPS));
    }
    while let Some(person) = people.join_next().await {
        person.unwrap();
    }
    heard
}

fn rng(seed: u64, number: u64) -> StdRng {
    StdRng::seed_from_u64(seed * PEOPLE + number)
}
