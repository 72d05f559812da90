//! Answers to those who have not authenticated. Their addresses may be forged, so that the answer
//! hits somebody else: answers larger than the question go to each network no faster than its honest
//! clients would ask.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    net::IpAddr,
    time::Instant,
};

use crate::meter::{Meters, Rate};

/// Networks share a rate if they share a place; this many are told apart. 32 KB.
const PLACES: usize = 4096;

/// The rates of the networks that strangers come from, in memory that does not grow.
#[derive(Debug)]
pub(super) struct Strangers {
    meters: Meters,
    /// Secret, so that nobody can choose to share a victim's place.
    seed: u64,
}

impl Strangers {
    pub(super) fn new(rate: Rate, seed: u64, start: Instant) -> Strangers {
        Strangers { meters: Meters::new(rate, PLACES, start), seed }
    }

    /// Whether an answer may go to this address.
    pub(super) fn may_answer(
        &mut self,
        address: IpAddr,
        question: usize,
        answer: usize,
        now: Instant,
    ) -> bool {
        // Whoever gains nothing by asking here need not be held back.
        if 2 * answer <= 3 * question {
            return true;
        }
        let mut hasher = DefaultHasher::new();
        self.seed.hash(&mut hasher);
        match address {
            IpAddr::V4(ip) => (ip.to_bits() >> 8).hash(&mut hasher),
            IpAddr::V6(ip) => (ip.to_bits() >> 72).hash(&mut hasher),
        }
        self.meters.take(hasher.finish(), now)
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU64, time::Duration};

    use super::*;

    #[test]
    fn a_network_is_answered_at_its_rate() {
        let start = Instant::now();
        let rate =
            Rate { each_second: NonZeroU64::new(10).unwrap(), burst: Duration::from_secs(2) };
        let mut strangers = Strangers::new(rate, 7, start);
        let mut answered = |ip: &str, question, at| {
            (0..100)
                .filter(|_| strangers.may_answer(ip.parse().unwrap(), question, 100, start + at))
                .count()
        };
        assert_eq!(answered("198.51.100.1", 28, Duration::ZERO), 20);
        assert_eq!(answered("198.51.100.2", 28, Duration::ZERO), 0, "the same network");
        assert_eq!(answered("198.51.101.1", 28, Duration::ZERO), 20);
        assert_eq!(answered("198.51.100.1", 28, Duration::from_secs(1)), 10);
        assert_eq!(answered("198.51.100.1", 67, Duration::from_secs(1)), 100, "nothing gained");
        assert_eq!(answered("2001:db8::1", 28, Duration::ZERO), 20);
        assert_eq!(answered("2001:db8:0:ff::1", 28, Duration::ZERO), 0, "the same /56");
    }
}
