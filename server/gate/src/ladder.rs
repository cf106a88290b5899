//! The ladder of reductions: what all classes do with less of while the server itself is short.

use preau_protocol::{Reduction, UnixMs};

/// From which share of a limit on each step is stood on.
const STEPS: [(f64, Reduction); 6] = [
    // Above where newcomers are stopped: a server that is merely full of people in good order reduces nothing.
    (0.83, Reduction::LatecomersOut),
    (0.87, Reduction::StudentCamerasOff),
    (0.91, Reduction::SmallPictures),
    (0.95, Reduction::AudioOnly),
    (0.98, Reduction::TextOnly),
    (1.0, Reduction::Full),
];
/// A peak shorter than this is none. Up goes one step at a time, so that what one has freed is seen before the next.
const UP_AFTER_MS: u64 = 3_000;
/// Going down brings load back: only when there is room for it, and has been for a while.
const DOWN_BELOW: f64 = 0.15;
const DOWN_AFTER_MS: u64 = 20_000;
/// Whoever comes up again so soon after going down went down too early: the next time it takes twice as long, up to this. Otherwise what
/// a step frees and what it brings back would take turns, and pictures with them.
const SWINGS_WITHIN_MS: u64 = 5 * 60_000;
const DOWN_AFTER_MS_MAX: u64 = 10 * 60_000;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ladder {
    on: Reduction,
    /// Since when it should be on a higher, or a lower step.
    since: Option<(UnixMs, bool)>,
    /// When it was last left downwards, and how long that took.
    went_down: Option<(UnixMs, u64)>,
}

impl Ladder {
    pub fn on(&self) -> Reduction {
        self.on
    }

    /// Takes what was measured. Whether the step changed.
    pub fn measured(&mut self, fullness: f64, now: UnixMs) -> bool {
        let at = STEPS.iter().filter(|(_, step)| *step <= self.on).count();
        let up = STEPS.get(at).is_some_and(|(from, _)| fullness >= *from);
        let down = at > 0 && fullness < STEPS[at - 1].0 - DOWN_BELOW;
        if !up && !down {
            self.since = None;
            return false;
        }
        let since = match self.since {
            Some((since, was_up)) if was_up == up => since,
            _ => now,
        };
        self.since = Some((since, up));
        let waited = now.0.saturating_sub(since.0);
        let patience = self.went_down.map_or(DOWN_AFTER_MS, |(_, patience)| patience);
        if waited < if up { UP_AFTER_MS } else { patience } {
            return false;
        }
        let swings = self.went_down.is_some_and(|(at, _)| now.0.saturating_sub(at.0) < SWINGS_WITHIN_MS + patience);
        self.went_down = match up {
            true if swings => self.went_down.map(|(at, patience)| (at, (patience * 2).min(DOWN_AFTER_MS_MAX))),
            true => None,
            false => Some((now, patience)),
        };
        self.on = match (up, at) {
            (true, at) => STEPS[at].1,
            (false, 1) => Reduction::Nothing,
            (false, at) => STEPS[at - 2].1,
        };
        self.since = None;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_climbed_step_by_step_and_left_slowly() {
        let mut ladder = Ladder::default();
        let mut now = 0;
        let mut during = |fullness: f64, seconds: u64| {
            let mut seen = vec![ladder.on()];
            for _ in 0..seconds {
                now += 1_000;
                ladder.measured(fullness, UnixMs(now));
                if seen.last() != Some(&ladder.on()) {
                    seen.push(ladder.on());
                }
            }
            seen
        };
        assert_eq!(during(0.8, 60), [Reduction::Nothing], "full of people, in good order");
        assert_eq!(during(0.9, 2), [Reduction::Nothing], "a peak");
        assert_eq!(
            during(0.9, 60),
            [Reduction::Nothing, Reduction::LatecomersOut, Reduction::StudentCamerasOff],
            "no higher than it must"
        );
        assert_eq!(during(0.75, 60), [Reduction::StudentCamerasOff], "it would only come back");
        assert_eq!(during(0.6, 15), [Reduction::StudentCamerasOff]);
        assert_eq!(during(0.6, 60), [Reduction::StudentCamerasOff, Reduction::LatecomersOut, Reduction::Nothing]);
        assert_eq!(during(1.2, 60).len(), Reduction::ALL.len());
    }

    #[test]
    fn it_does_not_swing() {
        // Students' cameras are half of the load: with them it is too much, without them there is plenty of room.
        let mut ladder = Ladder::default();
        let changes: Vec<u64> = (0..7_200)
            .filter(|second| {
                let fullness = if ladder.on() >= Reduction::StudentCamerasOff { 0.5 } else { 0.9 };
                ladder.measured(fullness, UnixMs(second * 1_000))
            })
            .collect();
        let late = changes.iter().filter(|second| **second >= 3_600).count();
        assert!(late <= 4 * 6, "in the second hour it still changes {late} times: {changes:?}");
    }
}
