//! How large a publisher's picture is looked at, by anybody.

use crate::timers::PeerKey;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Who shrinks a picture often enlarges it again: a layer is let go only after this.
pub const LOWER_AFTER: Duration = Duration::from_secs(3);

/// Heights are told in these steps, so that a layout that moves by a pixel is no news.
const STEPS_PX: [u16; 9] = [0, 90, 180, 270, 360, 540, 720, 1080, u16::MAX];

/// Those who look at one source, and what its publisher was told of them.
#[derive(Default)]
pub struct Gazes {
    by: BTreeMap<PeerKey, u16>,
    /// `None`: not yet anything; the publisher sends everything.
    told_px: Option<u16>,
    lower_at: Option<Instant>,
}

impl Gazes {
    /// `receiver` looks at a picture of this height; 0: no longer.
    pub fn set(&mut self, receiver: PeerKey, height_px: u16) {
        if height_px == 0 {
            self.by.remove(&receiver);
        } else {
            self.by.insert(receiver, height_px);
        }
    }

    /// What to tell the publisher now. Lower heights wait: [`Gazes::due`] says until when.
    pub fn news(&mut self, now: Instant) -> Option<u16> {
        let highest = self.by.values().copied().max().unwrap_or(0);
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

    pub fn due(&self) -> Option<Instant> {
        self.lower_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOE: PeerKey = PeerKey { place: 1, serial: 1 };
    const ZOE: PeerKey = PeerKey { place: 2, serial: 2 };

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
