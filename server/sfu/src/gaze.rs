//! How large a publisher's picture is looked at, by anybody.

use crate::names::RelayId;
use crate::timers::PeerKey;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Who shrinks a picture often enlarges it again: a layer is let go only after this.
pub const LOWER_AFTER: Duration = Duration::from_secs(3);

/// Heights are told in these steps, so that a layout that moves by a pixel is no news.
const STEPS_PX: [u16; 9] = [0, 90, 180, 270, 360, 540, 720, 1080, u16::MAX];

/// Who looks: somebody here, or all of another relay's people together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gazer {
    Peer(PeerKey),
    Relay(RelayId),
}

/// Those who look at one source, and what its publisher was told of them.
#[derive(Default)]
pub struct Gazes {
    by: BTreeMap<Gazer, u16>,
    /// `None`: not yet anything; the publisher sends everything.
    told_px: Option<u16>,
    lower_at: Option<Instant>,
}

impl Gazes {
    /// `gazer` looks at a picture of this height; 0: no longer.
    pub fn set(&mut self, gazer: Gazer, height_px: u16) {
        if height_px == 0 {
            self.by.remove(&gazer);
        } else {
            self.by.insert(gazer, height_px);
        }
    }

    /// What to tell the publisher now. Lower heights wait: [`Gazes::due`] says until when.
    pub fn news(&mut self, now: Instant) -> Option<u16> {
        let highest = self.highest();
        let step = STEPS_PX.into_iter().find(|step| *step >= highest).unwrap_or(u16::MAX);
        let told = self.told_px.unwrap_or(u16::MAX);
        if step >= told {
            self.lower_at = None;
            let is_news = self.told_px.is_some() && step > told;
            self.told_px = if is_news { Some(step) } else { self.told_px };
            return is_news.then_some(step);
        }
        let lower_at = *self.lower_at.get_or_insert(now + LOWER_AFTER);
        if now < lower_at {
            return None;
        }
        self.lower_at = None;
        self.told_px = Some(step);
        Some(step)
    }

    /// What to tell the relay that has the publisher: every change, as lowering is for that relay to put off.
    pub fn change(&mut self) -> Option<u16> {
        let highest = self.highest();
        (self.told_px.replace(highest).unwrap_or(0) != highest).then_some(highest)
    }

    fn highest(&self) -> u16 {
        self.by.values().copied().max().unwrap_or(0)
    }

    pub fn due(&self) -> Option<Instant> {
        self.lower_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOE: Gazer = Gazer::Peer(PeerKey { place: 1, serial: 1 });
    const ZOE: Gazer = Gazer::Relay(RelayId(1));

    #[test]
    fn the_largest_picture_counts_at_once_and_a_smaller_one_after_a_while() {
        let start = Instant::now();
        let mut gazes = Gazes::default();
        gazes.set(NOE, 700);
        assert_eq!(gazes.news(start), None, "everything is sent at first");
        assert_eq!(gazes.news(start + LOWER_AFTER), Some(720));
        gazes.set(ZOE, 1_000);
        assert_eq!(gazes.news(start), Some(1080));
        gazes.set(ZOE, 0);
        assert_eq!(gazes.news(start), None);
        gazes.set(ZOE, 900);
        assert_eq!(gazes.news(start + LOWER_AFTER), None, "she looks again");
        gazes.set(ZOE, 0);
        gazes.set(NOE, 0);
        assert_eq!((gazes.news(start), gazes.due()), (None, Some(start + LOWER_AFTER)));
        assert_eq!(gazes.news(start + LOWER_AFTER), Some(0));
        gazes.set(NOE, 40);
        assert_eq!(gazes.news(start), Some(90));
    }
}
