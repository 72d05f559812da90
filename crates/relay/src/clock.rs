//! The one place where the relay asks for the time.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use twocan_turn::Now;

/// The time by both clocks; a wall clock before 1970 reads as 1970.
pub(crate) fn now() -> Now {
    Now {
        instant: Instant::now(),
        unix: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
    }
}
