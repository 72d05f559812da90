//! The rooms on real sockets: many people at once do whatever comes to their minds, and in the end
//! nothing is left of them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

mod client;
mod person;
mod server;

use std::{collections::HashSet, sync::Arc};

use rand::{SeedableRng as _, rngs::StdRng};
use tokio::task::JoinSet;

use crate::{
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
