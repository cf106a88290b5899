//! What arrived of one SSRC, by its headers alone.

use std::time::Instant;

use super::offer::RTX;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    pub ssrc: u32,
    pub is_repair: bool,
    pub packets: u64,
    pub bytes: u64,
    /// Sequence numbers with rollovers.
    first: u64,
    newest: u64,
    /// Numbers thrown away on purpose and not yet asked for again.
    pub thrown: Vec<u16>,
    pub thrown_in_all: u64,
    pub began: Instant,
    /// Compact NTP of the last sender report, and when it came (RFC 3550 §6.4.1).
    pub last_report: Option<(u32, Instant)>,
}

impl Tally {
    pub fn new(ssrc: u32, payload_type: u8, sequence: u16, now: Instant) -> Tally {
        // Room below, for what comes late.
        let first = 0x1_0000 + u64::from(sequence);
        Tally {
            ssrc,
            is_repair: payload_type == RTX,
            packets: 0,
            bytes: 0,
            first,
            newest: first,
            thrown: Vec::new(),
            thrown_in_all: 0,
            began: now,
            last_report: None,
        }
    }

    pub fn count(&mut self, sequence: u16, len: usize) {
        self.packets += 1;
        self.bytes += len as u64;
        self.see(sequence);
    }

    /// Behaves as if the packet had been lost on the way.
    pub fn throw_away(&mut self, sequence: u16) {
        self.see(sequence);
        self.thrown.push(sequence);
        self.thrown_in_all += 1;
    }

    /// Numbers that never came, those thrown away not counted.
    pub fn missing(&self) -> u64 {
        (self.newest + 1 - self.first).saturating_sub(self.packets + self.thrown_in_all)
    }

    /// The extended highest number, as a receiver report has it.
    pub fn highest(&self) -> u32 {
        self.newest as u32
    }

    fn see(&mut self, sequence: u16) {
        let step = i64::from(sequence.wrapping_sub(self.newest as u16) as i16);
        let index = self.newest.saturating_add_signed(step);
        self.newest = self.newest.max(index);
        self.first = self.first.min(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_what_nobody_threw_away() {
        let mut tally = Tally::new(7, 96, 65_534, Instant::now());
        for sequence in [65_534, 65_535, 1, 0, 4] {
            tally.count(sequence, 100);
        }
        tally.throw_away(3);
        assert_eq!((tally.packets, tally.missing(), tally.thrown_in_all), (5, 1, 1));
    }
}
