//! Rates, and what has been used of them: the generic cell rate algorithm, whose whole state is the
//! time until which the past has used the rate up.

use std::{
    num::{NonZeroU32, NonZeroU64},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// A bound on how much may pass in a second, and on how much at once after a silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Units (bytes or answers) a second.
    pub each_second: NonZeroU64,
    /// How much may pass at once, as time at the full rate.
    pub burst: Duration,
}

impl Rate {
    /// One of so many equal parts, and at least one unit a second.
    pub(crate) fn shared_by(self, parts: NonZeroU32) -> Rate {
        let each_second = self.each_second.get() / u64::from(parts.get());
        Rate { each_second: NonZeroU64::new(each_second).unwrap_or(NonZeroU64::MIN), ..self }
    }

    /// The time that an amount takes at this rate, in nanoseconds.
    fn cost(self, amount: u64) -> u64 {
        amount.saturating_mul(1_000_000_000) / self.each_second
    }

    /// How much may pass at once after a silence.
    pub(crate) fn burst(self) -> u64 {
        let units = self.burst.as_nanos() * u128::from(self.each_second.get()) / 1_000_000_000;
        u64::try_from(units).unwrap_or(u64::MAX)
    }

    /// Where the used-up time stands after `amount` more; `None` if that is too much.
    fn advance(self, used_until: u64, amount: u64, now: u64) -> Option<u64> {
        let next = used_until.max(now).saturating_add(self.cost(amount));
        let limit = now.saturating_add(u64::try_from(self.burst.as_nanos()).unwrap_or(u64::MAX));
        (next <= limit).then_some(next)
    }
}

/// What has been used of a rate, by several threads.
#[derive(Debug)]
pub(crate) struct Meter {
    start: Instant,
    /// Nanoseconds since `start`.
    used_until: AtomicU64,
}

impl Meter {
    pub(crate) fn new(start: Instant) -> Meter {
        Meter { start, used_until: AtomicU64::new(0) }
    }

    /// Uses an amount up; false, and nothing used, if that is more than the rate allows.
    pub(crate) fn take(&self, rate: Rate, amount: u64, now: Instant) -> bool {
        let now = since(self.start, now);
        let used = self.used_until.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            rate.advance(used, amount, now)
        });
        used.is_ok()
    }

    /// When an amount, at most a burst, may pass: `now`, or later.
    pub(crate) fn free(&self, rate: Rate, amount: u64, now: Instant) -> Instant {
        let used = self.used_until.load(Ordering::Relaxed);
        let needed = Duration::from_nanos(used.saturating_add(rate.cost(amount)));
        now.max(self.start + needed.saturating_sub(rate.burst))
    }
}

/// Rates for many, in memory that does not grow: those who share a place share its rate.
#[derive(Debug)]
pub(crate) struct Meters {
    rate: Rate,
    start: Instant,
    used_until: Box<[u64]>,
}

impl Meters {
    pub(crate) fn new(rate: Rate, places: usize, start: Instant) -> Meters {
        Meters { rate, start, used_until: vec![0; places.max(1)].into() }
    }

    /// Uses one unit up for whoever has this hash; false if that is more than the rate allows.
    pub(crate) fn take(&mut self, hash: u64, now: Instant) -> bool {
        let place = (hash % self.used_until.len() as u64) as usize;
        let now = since(self.start, now);
        let Some(used) = self.used_until.get_mut(place) else {
            return true;
        };
        match self.rate.advance(*used, 1, now) {
            Some(next) => {
                *used = next;
                true
            }
            None => false,
        }
    }
}

fn since(start: Instant, now: Instant) -> u64 {
    u64::try_from(now.saturating_duration_since(start).as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(each_second: u64, burst: u64) -> Rate {
        Rate {
            each_second: NonZeroU64::new(each_second).unwrap(),
            burst: Duration::from_secs(burst),
        }
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let start = Instant::now();
        let meter = Meter::new(start);
        let rate = rate(1000, 2);
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert!(meter.take(rate, 1500, at(0)));
        assert!(!meter.take(rate, 501, at(0)), "too much, so nothing is used");
        assert!(meter.take(rate, 500, at(0)));
        assert!(!meter.take(rate, 1, at(0)));
        assert!(meter.take(rate, 100, at(100)));
        assert!(!meter.take(rate, 1, at(100)));
        assert!(meter.take(rate, 2000, at(60_000)), "a silence saves a burst, and no more");
        assert!(!meter.take(rate, 1, at(60_000)));
    }

    #[test]
    fn a_shared_rate_is_never_nothing() {
        let parts = |n| NonZeroU32::new(n).unwrap();
        assert_eq!(rate(100, 1).shared_by(parts(4)), rate(25, 1));
        assert_eq!(rate(2, 1).shared_by(parts(4)), rate(1, 1));
    }

    #[test]
    fn a_minute_of_constant_load_is_held_to_the_rate() {
        let start = Instant::now();
        let meter = Meter::new(start);
        let passed = (0..60_000u64)
            .filter(|ms| meter.take(rate(1000, 1), 10, start + Duration::from_millis(*ms)))
            .count();
        // 60 seconds at 1,000, and a burst of one second.
        assert_eq!(passed * 10, 61_000 - 10);
    }

    #[test]
    fn places_have_rates_of_their_own() {
        let start = Instant::now();
        let mut meters = Meters::new(rate(1, 2), 16, start);
        assert!(meters.take(3, start) && meters.take(3, start));
        assert!(!meters.take(3, start));
        assert!(!meters.take(19, start), "it shares the place");
        assert!(meters.take(4, start));
        assert!(meters.take(3, start + Duration::from_secs(1)));
    }
}
