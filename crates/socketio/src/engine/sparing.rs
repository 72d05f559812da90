//! Log lines that anybody can cause, a few of them.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The time for which lines are counted.
const INTERVAL: Duration = Duration::from_secs(1);

/// How many lines are written in that time at most.
const LINES: u64 = 10;

/// Lets ten lines in each second through, and counts the others.
#[derive(Debug, Default)]
pub(crate) struct Sparing {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    since: Option<Instant>,
    written: u64,
    suppressed: u64,
}

impl Sparing {
    /// Whether a line may be written at `now`: if so, how many were suppressed since the last one.
    pub(crate) fn allow(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.since.is_none_or(|since| now >= since + INTERVAL) {
            state.since = Some(now);
            state.written = 0;
        }
        if state.written == LINES {
            state.suppressed += 1;
            return None;
        }
        state.written += 1;
        Some(std::mem::take(&mut state.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_lines_in_each_second_and_the_next_counts_the_others() {
        let (lines, start) = (Sparing::default(), Instant::now());
        let at = |millis| lines.allow(start + Duration::from_millis(millis));
        for millis in 0..10 {
            assert_eq!(at(millis), Some(0));
        }
        assert_eq!(at(10), None);
        assert_eq!(at(999), None);
        assert_eq!(at(1000), Some(2));
        assert_eq!(at(1001), Some(0));
        assert_eq!(at(9000), Some(0));
    }
}
