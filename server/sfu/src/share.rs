//! What of a receiver's way is given to which picture, and when to divide it anew.

use crate::allot::Allotment;
use crate::link::Reduced;
use std::time::{Duration, Instant};

/// After something was taken away, nothing is added for this long, doubled each time it was too early…
const CALM_MIN: Duration = Duration::from_secs(3);
const CALM_MAX: Duration = Duration::from_secs(24);
/// …and a way that bore what it was given for this long is trusted again.
const TRUSTED_AFTER: Duration = Duration::from_secs(30);
/// Rates breathe so much, in percent: what is shown may stay.
const BREATH_PERCENT: u64 = 25;

/// The last division.
pub struct Share {
    used_bps: u64,
    floor_bps: u64,
    /// With so much, something more would fit.
    pub next_bps: Option<u64>,
    pub reduced: Reduced,
    cut_at: Option<Instant>,
    calm: Duration,
}

impl Default for Share {
    fn default() -> Share {
        Share { used_bps: 0, floor_bps: 0, next_bps: None, reduced: Reduced::Nothing, cut_at: None, calm: CALM_MIN }
    }
}

impl Share {
    /// Whether a way of `bps` is to be divided anew.
    pub fn is_due(&self, bps: u64, now: Instant) -> bool {
        bps < self.floor_bps || (self.next_bps.is_some_and(|next| bps >= next) && !self.is_calm(now))
    }

    /// What may be divided of a way of `bps`: soon after a cut no more than is used.
    pub fn budget(&self, bps: u64, now: Instant) -> u64 {
        if self.is_calm(now) { bps.min(self.used_bps + self.used_bps * BREATH_PERCENT / 100) } else { bps }
    }

    fn is_calm(&self, now: Instant) -> bool {
        self.cut_at.is_some_and(|at| now.saturating_duration_since(at) < self.calm)
    }

    /// Keeps a division of a way of `bps`.
    pub fn keep(&mut self, allotment: &Allotment, reduced: Reduced, bps: u64, now: Instant) {
        if bps < self.floor_bps && reduced > Reduced::Nothing && !self.is_calm(now) {
            let since = self.cut_at.map(|at| now.saturating_duration_since(at));
            self.calm = match since {
                Some(since) if since < TRUSTED_AFTER => (self.calm * 2).min(CALM_MAX),
                _ => CALM_MIN,
            };
            self.cut_at = Some(now);
        }
        self.used_bps = allotment.used_bps;
        self.floor_bps = allotment.floor_bps;
        self.next_bps = allotment.next_bps;
        self.reduced = reduced;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allotment(used_bps: u64) -> Allotment {
        Allotment { chosen: Vec::new(), used_bps, floor_bps: used_bps, next_bps: Some(used_bps + 300) }
    }

    #[test]
    fn a_cut_is_followed_by_calm_and_the_next_one_by_more() {
        let start = Instant::now();
        let mut share = Share::default();
        share.keep(&allotment(500), Reduced::Nothing, 900, start);
        assert!(share.is_due(499, start) && share.is_due(800, start) && !share.is_due(600, start));
        share.keep(&allotment(200), Reduced::Smaller, 400, start);
        assert!(!share.is_due(900, start), "it is calm");
        assert_eq!(share.budget(900, start), 250, "what is shown may breathe");
        let later = start + CALM_MIN;
        assert!(share.is_due(900, later));
        share.keep(&allotment(500), Reduced::Nothing, 900, later);
        share.keep(&allotment(200), Reduced::Smaller, 400, later);
        assert!(!share.is_due(900, later + CALM_MIN) && share.is_due(900, later + 2 * CALM_MIN));
    }
}
