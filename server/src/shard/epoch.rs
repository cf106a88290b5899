//! One clock for a whole run: wall time as it was at the start, plus what has passed since.

use std::time::{Duration, Instant};

use preau_protocol::UnixMs;

/// Where the monotonic clock and the calendar met. A wall clock that is set back later moves nothing here.
#[derive(Clone, Copy, Debug)]
pub struct Epoch {
    instant: Instant,
    unix: UnixMs,
}

impl Epoch {
    pub fn new(instant: Instant, unix: UnixMs) -> Epoch {
        Epoch { instant, unix }
    }

    pub fn unix(self, at: Instant) -> UnixMs {
        let since = at.saturating_duration_since(self.instant).as_millis();
        self.unix.plus_ms(u64::try_from(since).unwrap_or(u64::MAX))
    }

    /// The first instant that [`Epoch::unix`] calls `at` or later.
    pub fn instant(self, at: UnixMs) -> Instant {
        self.instant + Duration::from_millis(at.0.saturating_sub(self.unix.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let start = Instant::now();
        let epoch = Epoch::new(start, UnixMs(1_000));
        assert_eq!(epoch.unix(start + Duration::from_millis(5)), UnixMs(1_005));
        assert_eq!(epoch.unix(epoch.instant(UnixMs(1_234))), UnixMs(1_234));
        assert_eq!(epoch.instant(UnixMs(7)), start);
    }
}
