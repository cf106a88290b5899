//! Which packet numbers of one sender were seen (RFC 3711 §3.3.2).

/// Packets this much older than the newest are refused: about a tenth of a second of a busy video.
pub const WINDOW: u64 = 128;

/// A sliding window over numbers that never wrap (an SRTP index, an SRTCP index).
#[derive(Clone, Debug, Default)]
pub struct ReplayWindow {
    newest: u64,
    /// Bit n: `newest - n` was seen. Zero: nothing was seen yet.
    seen: u128,
}

impl ReplayWindow {
    /// Whether `index` may still be accepted. Nothing changes until [`ReplayWindow::accept`].
    pub fn is_fresh(&self, index: u64) -> bool {
        if self.seen == 0 || index > self.newest {
            return true;
        }
        let age = self.newest - index;
        age < WINDOW && self.seen & (1 << age) == 0
    }

    /// Marks `index` as seen; only after it authenticated.
    pub fn accept(&mut self, index: u64) {
        if self.seen == 0 {
            (self.newest, self.seen) = (index, 1);
        } else if index > self.newest {
            let step = index - self.newest;
            self.seen = if step < WINDOW { self.seen << step } else { 0 };
            self.seen |= 1;
            self.newest = index;
        } else if self.newest - index < WINDOW {
            self.seen |= 1 << (self.newest - index);
        }
    }

    /// The highest number accepted, if any was.
    pub fn newest(&self) -> Option<u64> {
        (self.seen != 0).then_some(self.newest)
    }
}

/// Every source of reports counts for itself (RFC 3711 §3.2.3): one may be a section, or a layer of the camera.
const REPORTERS_MAX: usize = 64;

/// A window for each SSRC that sends RTCP.
#[derive(Debug, Default)]
pub struct ReportWindows(Vec<(u32, ReplayWindow)>);

impl ReportWindows {
    /// What was seen of `ssrc`; nothing yet of one that is new.
    pub fn of(&self, ssrc: u32) -> ReplayWindow {
        self.0.iter().find(|(known, _)| *known == ssrc).map(|(_, window)| window.clone()).unwrap_or_default()
    }

    /// Remembers what was seen of `ssrc`, whose packet authenticated. False: it is one too many.
    pub fn keep(&mut self, ssrc: u32, window: ReplayWindow) -> bool {
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| *known == ssrc) {
            *known = window;
        } else if self.0.len() < REPORTERS_MAX {
            self.0.push((ssrc, window));
        } else {
            return false;
        }
        true
    }
}

/// A replaced track keeps its SSRC: browsers begin anew now and then, not for each picture.
const RETIRED_MAX: usize = 64;

/// SSRCs whose place another one took. Their windows are gone, so nothing of them can be told from a replay any more.
#[derive(Debug, Default)]
pub struct RetiredSsrcs(Vec<u32>);

impl RetiredSsrcs {
    pub fn contains(&self, ssrc: u32) -> bool {
        self.0.contains(&ssrc)
    }

    /// False: there are too many, and these must stay where they are.
    pub fn retire(&mut self, ssrcs: impl Iterator<Item = u32> + Clone) -> bool {
        let has_room = self.0.len() + ssrcs.clone().count() <= RETIRED_MAX;
        if has_room {
            self.0.extend(ssrcs);
        }
        has_room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_retired_stays_so_and_not_everybody_can() {
        let mut retired = RetiredSsrcs::default();
        for ssrc in 0..RETIRED_MAX as u32 {
            assert!(!retired.contains(ssrc));
            assert!(retired.retire([ssrc].into_iter()));
            assert!(retired.contains(ssrc));
        }
        assert!(!retired.retire([u32::MAX].into_iter()));
        assert!(retired.contains(0) && !retired.contains(u32::MAX));
    }

    #[test]
    fn reporters_count_for_themselves_and_are_not_without_number() {
        let mut windows = ReportWindows::default();
        let mut seen = ReplayWindow::default();
        seen.accept(1);
        for ssrc in 0..REPORTERS_MAX as u32 {
            assert!(windows.of(ssrc).is_fresh(1));
            assert!(windows.keep(ssrc, seen.clone()));
            assert!(!windows.of(ssrc).is_fresh(1));
        }
        assert!(!windows.keep(u32::MAX, seen));
    }

    #[test]
    fn nothing_passes_twice() {
        let mut window = ReplayWindow::default();
        for index in [5, 7, 6, 300, 299] {
            assert!(window.is_fresh(index));
            window.accept(index);
            assert!(!window.is_fresh(index));
        }
        assert!(!window.is_fresh(7), "too old to tell");
        assert_eq!(window.newest(), Some(300));
    }
}
