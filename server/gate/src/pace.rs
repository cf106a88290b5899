//! How fast a line has moved lately, minute by minute.

use preau_protocol::limits::WAIT_S_MAX;
use preau_protocol::{Pace, UnixMs, Wait};

/// Minutes remembered: long enough to see a slow one, short enough to forget the start.
const MINUTES: usize = 5;
const MINUTE_MS: u64 = 60_000;

/// People called per minute.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Minutes {
    /// The current minute first.
    called: [u32; MINUTES],
    /// Whole minutes that were counted since the line began.
    whole: usize,
    began: Option<UnixMs>,
}

impl Minutes {
    pub fn called(&mut self, now: UnixMs) {
        self.turn(now);
        self.called[0] += 1;
    }

    /// The slowest and the fastest minute. In the first one: what it will be if it goes on as it began.
    pub fn pace(&self, now: UnixMs) -> Pace {
        let mut minutes = *self;
        minutes.turn(now);
        let whole = &minutes.called[1..=minutes.whole.min(MINUTES - 1)];
        match (whole.iter().min(), whole.iter().max(), minutes.began) {
            (Some(slowest), Some(fastest), _) => Pace { slowest: *slowest, fastest: *fastest.max(&minutes.called[0]) },
            (_, _, Some(began)) => {
                let elapsed_ms = now.0.saturating_sub(began.0).max(1_000);
                let rate = u64::from(minutes.called[0]) * MINUTE_MS / elapsed_ms;
                let rate = u32::try_from(rate).unwrap_or(u32::MAX);
                Pace { slowest: rate / 2, fastest: rate }
            }
            (_, _, None) => Pace { slowest: 0, fastest: 0 },
        }
    }

    /// The line begins, or is empty: what was before says nothing of it.
    pub fn begin(&mut self, now: UnixMs) {
        *self = Minutes { began: Some(now), ..Minutes::default() };
    }

    fn turn(&mut self, now: UnixMs) {
        let Some(began) = self.began else { return };
        let minute = (now.0.saturating_sub(began.0) / MINUTE_MS) as usize;
        while self.whole < minute {
            self.called.rotate_right(1);
            self.called[0] = 0;
            // After a long silence the rest is zeros anyway.
            self.whole = if minute - self.whole > MINUTES { minute - MINUTES } else { self.whole + 1 };
        }
    }
}

/// How long it takes until it is the turn of somebody with `before` people in front. Where nothing is known the range says so: from
/// now to the longest.
pub(crate) fn wait(before: u32, pace: Pace) -> Wait {
    let seconds = |people: u32, per_minute: u32| {
        let seconds = (u64::from(people) * 60).div_ceil(u64::from(per_minute));
        u32::try_from(seconds).unwrap_or(u32::MAX).min(WAIT_S_MAX)
    };
    let from_s = if pace.fastest == 0 { 0 } else { seconds(before, pace.fastest) };
    // Oneself included: being first is not being called.
    let to_s = if pace.slowest == 0 { WAIT_S_MAX } else { seconds(before.saturating_add(1), pace.slowest) };
    Wait { from_s, to_s }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_between_the_slowest_and_the_fastest_minute() {
        let mut minutes = Minutes::default();
        minutes.begin(UnixMs(0));
        assert_eq!(minutes.pace(UnixMs(0)), Pace { slowest: 0, fastest: 0 });
        (0..100).for_each(|n| minutes.called(UnixMs(n * 600)));
        (0..50).for_each(|n| minutes.called(UnixMs(60_000 + n * 1_200)));
        let pace = minutes.pace(UnixMs(120_000));
        assert_eq!(pace, Pace { slowest: 50, fastest: 100 });
        assert_eq!(wait(200, pace), Wait { from_s: 120, to_s: 242 });
        assert_eq!(minutes.pace(UnixMs(3_600_000)), Pace { slowest: 0, fastest: 0 }, "nothing for an hour");
    }

    #[test]
    fn the_first_minute_is_a_guess_and_says_so() {
        let mut minutes = Minutes::default();
        minutes.begin(UnixMs(0));
        (0..10).for_each(|n| minutes.called(UnixMs(n * 1_000)));
        assert_eq!(minutes.pace(UnixMs(10_000)), Pace { slowest: 30, fastest: 60 });
        assert_eq!(wait(10, Pace { slowest: 0, fastest: 0 }), Wait { from_s: 0, to_s: WAIT_S_MAX });
    }
}
