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

#[cfg(test)]
mod tests {
    use super::*;

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
