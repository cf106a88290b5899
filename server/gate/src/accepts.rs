//! How many sockets are taken per second, so that even everybody at once comes in as a drizzle.

use preau_protocol::UnixMs;

/// Of a second's accepts, so many may come in one moment: the fullest second is at most a tenth above the rate.
const BURST_SHARE: f64 = 0.1;
/// Whoever is refused is told to come back when the window is over, but not later than this.
const RETRY_MS_MAX: f64 = 30_000.0;
/// Coming back sooner than this at the same moment as a few others does no harm.
const RETURN_MS_MIN: u32 = 500;

/// A token bucket, and the window over which clients are to come back.
#[derive(Clone, Copy, Debug)]
pub struct Accepts {
    per_s: f64,
    left: f64,
    at: UnixMs,
    /// Refused since there was last room: how long the wait will be.
    refused: f64,
    /// Taken in the current second, and in the one before.
    taken: [u32; 2],
    second: u64,
}

impl Accepts {
    pub fn new(per_s: u32, now: UnixMs) -> Accepts {
        let per_s = f64::from(per_s.max(1));
        Accepts { per_s, left: burst(per_s), at: now, refused: 0.0, taken: [0; 2], second: now.0 / 1_000 }
    }

    /// Takes one. An error: come again after so many milliseconds.
    pub fn take(&mut self, now: UnixMs) -> Result<(), u32> {
        let earned = now.0.saturating_sub(self.at.0) as f64 / 1_000.0 * self.per_s;
        self.left = (self.left + earned).min(burst(self.per_s));
        self.at = now;
        self.turn_second(now);
        if self.left >= burst(self.per_s) {
            self.refused = 0.0;
        }
        if self.left < 1.0 {
            self.refused += 1.0;
            return Err((1_000.0 + self.refused / self.per_s * 1_000.0).min(RETRY_MS_MAX) as u32);
        }
        self.left -= 1.0;
        self.refused = (self.refused - 1.0).max(0.0);
        self.taken[0] += 1;
        Ok(())
    }

    pub fn per_s(&self) -> u32 {
        self.per_s as u32
    }

    /// How many were taken in the last whole second.
    pub fn lately(&mut self, now: UnixMs) -> u32 {
        self.turn_second(now);
        self.taken[1]
    }

    /// Over how many milliseconds `connections` clients have to spread their return.
    pub fn return_within_ms(&self, connections: u32) -> u32 {
        ((f64::from(connections) / self.per_s * 1_000.0) as u32).max(RETURN_MS_MIN)
    }

    fn turn_second(&mut self, now: UnixMs) {
        let second = now.0 / 1_000;
        if second != self.second {
            self.taken = [0, if second == self.second + 1 { self.taken[0] } else { 0 }];
            self.second = second;
        }
    }
}

fn burst(per_s: f64) -> f64 {
    (per_s * BURST_SHARE).max(8.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_thousand_at_once_come_in_at_the_rate() {
        let mut accepts = Accepts::new(500, UnixMs(0));
        let mut taken = Vec::new();
        for second in 0..4_u64 {
            taken.push((0..5_000).filter(|n| accepts.take(UnixMs(second * 1_000 + n / 5)).is_ok()).count());
        }
        assert!(taken.iter().all(|taken| (450..=560).contains(taken)), "{taken:?}");
        let retry = accepts.take(UnixMs(3_999)).expect_err("the bucket is empty");
        assert!((10_000..=30_000).contains(&retry), "{retry}");
        assert_eq!(accepts.lately(UnixMs(4_000)), taken[3] as u32);
        assert_eq!(accepts.lately(UnixMs(9_000)), 0);
        let taken = (0..100).filter(|_| accepts.take(UnixMs(60_000)).is_ok()).count();
        assert_eq!(taken, 50);
        let retry = accepts.take(UnixMs(60_000)).expect_err("the bucket is empty");
        assert!(retry < 2_000, "the flood is forgotten: {retry}");
    }

    #[test]
    fn the_window_grows_with_those_who_would_come_back() {
        let accepts = Accepts::new(500, UnixMs(0));
        assert_eq!(accepts.return_within_ms(5_000), 10_000);
        assert_eq!(accepts.return_within_ms(30), 500);
    }
}
