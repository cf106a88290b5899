//! What left for one receiver lately, by its transport-wide number.

use crate::rtp::extend;
use std::collections::VecDeque;
use std::ops::RangeInclusive;

/// A second of a full link: feedback that is later than this is of no use.
const SENT_MAX: usize = 1_024;
/// A packet this far behind the newest one reported, and this old, is lost, not late: homes have jitter.
const REORDERED_MAX: u64 = 32;
const LATE_MAX_US: u64 = 600_000;

/// One packet that left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// On the downlink's own time line, µs.
    pub at_us: u64,
    /// On the wire, without IP and UDP.
    pub bytes: u16,
    /// It arrived.
    is_reported: bool,
    /// A report told whether it arrived: others were lost with their report, and say nothing.
    is_covered: bool,
}

/// Numbers begin at 2^16, so that all of the first ones have a predecessor.
pub struct SentLog {
    packets: VecDeque<Sent>,
    first: u64,
}

impl Default for SentLog {
    fn default() -> SentLog {
        SentLog { packets: VecDeque::new(), first: 0x1_0000 }
    }
}

impl SentLog {
    /// The number of the packet that leaves now.
    pub fn push(&mut self, at_us: u64, bytes: u16) -> u64 {
        if self.packets.len() == SENT_MAX {
            self.packets.pop_front();
            self.first += 1;
        }
        self.packets.push_back(Sent { at_us, bytes, is_reported: false, is_covered: false });
        self.next() - 1
    }

    pub fn next(&self) -> u64 {
        self.first + self.packets.len() as u64
    }

    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// When the oldest packet that nobody has reported left.
    pub fn waits_since_us(&self) -> Option<u64> {
        self.packets.front().map(|sent| sent.at_us)
    }

    /// The full number of what a report calls `number`.
    pub fn number(&self, number: u16) -> u64 {
        extend(self.next() - 1, number)
    }

    /// A packet that arrived, the first time it is reported.
    pub fn arrived(&mut self, number: u64) -> Option<Sent> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let sent = self.packets.get_mut(at)?;
        (!std::mem::replace(&mut sent.is_reported, true)).then_some(*sent)
    }

    /// A report tells of these: gives those that none told of before.
    pub fn cover(&mut self, numbers: RangeInclusive<u64>) -> impl Iterator<Item = Sent> {
        let at = |number: u64| usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let (from, to) = (at(*numbers.start()), at(*numbers.end() + 1).min(self.packets.len()));
        let fresh = |sent: &mut Sent| (!std::mem::replace(&mut sent.is_covered, true)).then_some(*sent);
        self.packets.range_mut(from.min(to)..to).filter_map(fresh)
    }

    /// Lets go of what will not be reported any more, given the newest number reported. Returns how many of them had
    /// arrived, and how many never did.
    pub fn settle(&mut self, newest: u64, now_us: u64) -> (u32, u32) {
        let (mut arrived, mut lost) = (0, 0);
        while self.first + REORDERED_MAX < newest
            && let Some(sent) = self.packets.pop_front_if(|sent| sent.is_reported || sent.at_us + LATE_MAX_US < now_us)
        {
            arrived += u32::from(sent.is_reported);
            lost += u32::from(!sent.is_reported && sent.is_covered);
            self.first += 1;
        }
        (arrived, lost)
    }

    /// Nothing of it was ever reported: begins anew behind it.
    pub fn forget(&mut self) {
        self.first = self.next();
        self.packets.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reported_late_is_not_lost_and_counts_once() {
        let mut log = SentLog::default();
        let first = log.push(0, 100);
        for _ in 0..99 {
            log.push(1, 100);
        }
        assert!(log.arrived(first + 3).is_some() && log.arrived(first + 3).is_none());
        let newest = first + 60;
        assert_eq!(log.cover(first..=newest).count(), 61);
        (0..=60).filter(|n| n % 10 != 3).for_each(|n| assert!(log.arrived(first + n).is_some() || n == 3));
        assert_eq!(log.settle(newest, 500_000), (13, 0), "13 may still come");
        assert_eq!(log.settle(newest, 1_000_000), (13, 2), "13 and 23 are gone, the last 32 may still come");
        assert_eq!(log.number((newest + 39) as u16), newest + 39);
        assert!(log.arrived(first + 1_000).is_none());
    }

    #[test]
    fn what_no_report_tells_of_is_not_lost() {
        let mut log = SentLog::default();
        let first = log.push(0, 100);
        for _ in 0..99 {
            log.push(1, 100);
        }
        assert_eq!(log.cover(first..=first + 9).count(), 10);
        assert_eq!(log.cover(first + 20..=first + 99).count(), 80);
        assert_eq!(log.cover(first + 90..=first + 120).count(), 0, "told of before");
        assert_eq!(log.settle(first + 99, 1_000_000), (0, 57), "10 of 67 are unknown");
    }

    #[test]
    fn the_log_is_bounded() {
        let mut log = SentLog::default();
        for i in 0..10 * SENT_MAX as u64 {
            log.push(i, 1);
        }
        assert_eq!(log.packets.len(), SENT_MAX);
    }
}
