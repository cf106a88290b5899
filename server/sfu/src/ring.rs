//! The last packets of one published stream: the NACK cache of all its receivers.

use std::collections::VecDeque;
use std::time::Instant;

/// Two thirds of a second of a 1.5 Mbit/s camera; longer than a retransmission is of use.
pub const RING_BYTES: usize = 128 * 1024;

/// So that small packets do not make the index larger than what it points to.
const PACKETS_MAX: usize = 512;

/// Packets that come this much earlier than their turn, and gaps before one that is sought: more is an outage.
const SHUFFLED_MAX: usize = 32;
const LOOKED_AT_MAX: usize = 128;

/// A packet's place in time, as its publisher numbered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The sequence number with rollovers.
    pub index: u64,
    pub timestamp: u32,
    pub payload_type: u8,
    pub marker: bool,
    pub arrived: Instant,
    start: usize,
    len: usize,
}

/// Payloads lie one after the other and wrap around as a whole. Allocated by the first packet.
#[derive(Default)]
pub struct Ring {
    bytes: Vec<u8>,
    /// Oldest first.
    kept: VecDeque<Kept>,
    next: usize,
}

impl Ring {
    pub fn push(
        &mut self,
        index: u64,
        timestamp: u32,
        payload_type: u8,
        marker: bool,
        arrived: Instant,
        payload: &[u8],
    ) {
        if payload.len() > RING_BYTES / 8 {
            return;
        }
        if self.bytes.is_empty() {
            self.bytes.resize(RING_BYTES, 0);
            self.kept.reserve_exact(PACKETS_MAX);
        }
        let start = if self.next + payload.len() > RING_BYTES { 0 } else { self.next };
        let end = start + payload.len();
        // What lies where the new payload goes is the oldest there is.
        while let Some(oldest) = self.kept.front() {
            let overlaps = oldest.start < end.max(start + 1) && start < oldest.start + oldest.len.max(1);
            let skipped = start == 0 && self.next != 0 && oldest.start >= self.next;
            if !overlaps && !skipped && self.kept.len() < PACKETS_MAX {
                break;
            }
            self.kept.pop_front();
        }
        self.bytes[start..end].copy_from_slice(payload);
        self.kept.push_back(Kept { index, timestamp, payload_type, marker, arrived, start, len: payload.len() });
        self.next = end;
    }

    /// The packet numbered `index`, if it is still there.
    pub fn get(&self, index: u64) -> Option<(Kept, &[u8])> {
        // Nearly in order, with few gaps: it lies a little behind where it would without them.
        let since = self.kept.back()?.index.checked_sub(index).and_then(|since| usize::try_from(since).ok())?;
        let guess = (self.kept.len() - 1).saturating_sub(since).saturating_sub(SHUFFLED_MAX);
        let kept = *self.kept.range(guess..).take(LOOKED_AT_MAX).find(|kept| kept.index == index)?;
        Some((kept, self.bytes.get(kept.start..kept.start + kept.len)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_the_oldest_go() {
        let now = Instant::now();
        let mut ring = Ring::default();
        for index in 0..1000_u64 {
            ring.push(index, 0, 96, false, now, &[index as u8; 1100]);
        }
        for index in 900..1000_u64 {
            assert_eq!(ring.get(index).unwrap().1, [index as u8; 1100]);
        }
        assert!(ring.get(800).is_none());
        assert!(ring.kept.len() <= RING_BYTES / 1100);
    }

    #[test]
    fn sizes_of_all_kinds_stay_apart() {
        let now = Instant::now();
        let mut ring = Ring::default();
        for index in 0..5000_u64 {
            let len = (index * 7919 % 1400) as usize;
            ring.push(index, 0, 96, false, now, &vec![index as u8; len]);
            for kept in &ring.kept {
                let (_, payload) = ring.get(kept.index).unwrap();
                assert!(payload.iter().all(|byte| *byte == kept.index as u8));
            }
        }
    }
}
