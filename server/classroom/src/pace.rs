//! How often somebody may do something: one every so often, a few at once (the generic cell rate algorithm, ITU-T I.371).

use preau_protocol::UnixMs;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    every_ms: u64,
    at_once: u64,
    /// When all that was done so far would be done, had it been done evenly.
    even_at: UnixMs,
}

impl Pace {
    pub fn new(every_ms: u64, at_once: u64) -> Pace {
        Pace { every_ms, at_once, even_at: UnixMs(0) }
    }

    /// Counts one more at `now`, unless that is too soon.
    pub fn step(&mut self, now: UnixMs) -> bool {
        let even_at = self.even_at.max(now);
        if even_at.0 - now.0 > self.every_ms * (self.at_once - 1) {
            return false;
        }
        self.even_at = even_at.plus_ms(self.every_ms);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_at_once_then_one_a_second() {
        let mut pace = Pace::new(1_000, 3);
        let at = |ms: u64| UnixMs(50_000 + ms);
        assert_eq!([0, 0, 0, 0].map(|ms| pace.step(at(ms))), [true, true, true, false]);
        assert!(!pace.step(at(999)));
        assert_eq!([1_000, 1_001, 2_000].map(|ms| pace.step(at(ms))), [true, false, true]);
        assert_eq!([60_000; 4].map(|ms| pace.step(at(ms))), [true, true, true, false]);
    }
}
