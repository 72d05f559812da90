//! Random orders of everything that can happen, against a model so plain that it is seen to be right.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

mod model;
mod world;

use proptest::prelude::*;
use world::{Attempt, Step, Token, World};

const TABS: usize = 5;

fn step() -> impl Strategy<Value = Step> {
    // Few tabs and rooms, so that they meet; more rooms than one socket may sit in.
    let tab = 0..TABS;
    let room = prop_oneof![12 => Just(0_u8), 4 => Just(1), 1 => 2..6_u8];
    let token = prop_oneof![
        2 => Just(Token::None),
        6 => Just(Token::Own),
        2 => any::<prop::sample::Index>().prop_map(Token::Any),
    ];
    let count = prop_oneof![8 => Just(1_usize), 1 => Just(40)];
    let long = prop::bool::weighted(0.1);
    let keep = prop::bool::weighted(0.3);
    let attempt = prop_oneof![
        6 => Just(Attempt::None),
        3 => Just(Attempt::Next),
        1 => (1..4_u64).prop_map(Attempt::Late),
    ];
    let can_resume = prop::bool::weighted(0.8);
    let takes_kept = prop::bool::weighted(0.7);
    let seconds = prop_oneof![9 => 0..25_u64, 1 => Just(24 * 60 * 60)];
    prop_oneof![
        2 => tab.clone().prop_map(Step::Close),
        4 => tab.clone().prop_map(Step::Lose),
        12 => (tab.clone(), room.clone(), token, attempt, can_resume, takes_kept).prop_map(
            |(tab, room, token, attempt, can_resume, takes_kept)| {
                Step::Join { tab, room, token, attempt, can_resume, takes_kept }
            }
        ),
        2 => (tab.clone(), room.clone()).prop_map(|(tab, room)| Step::Leave { tab, room }),
        8 => (tab, room, count, long, keep).prop_map(
            |(tab, room, count, long, keep)| Step::Send { tab, room, count, long, keep }
        ),
        2 => seconds.prop_map(Step::Pass),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #[test]
    fn rooms_agree_with_a_plain_model(
        room_size in 2..4_usize,
        steps in prop::collection::vec(step(), 0..200),
    ) {
        let mut world = World::new(room_size);
        for step in steps {
            world.take(step);
        }
        world.end();
    }
}
