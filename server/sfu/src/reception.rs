//! How one published stream arrives: what is missing, how late, how much (RFC 3550 §6.4, RFC 4585 §6.2.1).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// More missing at once is an outage: a keyframe mends it, asking for each packet does not.
const MISSING_MAX: usize = 128;
/// A packet that did not come after so many requests is not worth another.
const REQUESTS_MAX: u8 = 6;
/// About one round trip of a slow network.
const REQUEST_EVERY: Duration = Duration::from_millis(100);
/// A stream from which nothing came for this long does not flow. Audio with DTX sends every 400 ms.
pub const FLOWS_WITHIN: Duration = Duration::from_millis(1500);

/// What a stream usually takes falls by this part of what it is too much, each interval.
const USUAL_FALLS_BY: u64 = 10;

struct Missing {
    index: u64,
    requests: u8,
    requested_at: Option<Instant>,
}

/// What an RTCP reception report block says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceptionBlock {
    pub fraction_lost: u8,
    pub total_lost: u32,
    pub highest: u32,
    pub jitter: u32,
    /// Middle of the last sender report's NTP time, and how long ago it came, in 1/65536 s.
    pub last_sr: u32,
    pub since_last_sr: u32,
}

#[derive(Default)]
pub struct Reception {
    first: Option<u64>,
    highest: u64,
    received: u64,
    expected_before: u64,
    received_before: u64,
    jitter_16th: u32,
    last_transit: Option<u32>,
    epoch: Option<Instant>,
    last_at: Option<Instant>,
    missing: VecDeque<Missing>,
    sender_report: Option<(u32, Instant)>,
    bytes: u64,
    bytes_before: u64,
    pub bits_per_second: u64,
    /// The same, smoothed: soon up, slowly down, as a picture that rests will move again.
    pub usual_bps: u64,
    /// Percent lost on the way here in the last interval, repairs apart.
    pub loss: u8,
}

impl Reception {
    /// A media packet arrived. Returns whether the gap before it is too large to ask for.
    pub fn on_packet(&mut self, index: u64, timestamp: u32, clock_hz: u32, len: usize, now: Instant) -> bool {
        self.received += 1;
        self.bytes += len as u64;
        self.note_jitter(timestamp, clock_hz, now);
        self.last_at = Some(now);
        if self.first.is_none() {
            self.first = Some(index);
            self.highest = index;
            return false;
        }
        if index <= self.highest {
            self.missing.retain(|missing| missing.index != index);
            return false;
        }
        let gap = (index - self.highest - 1) as usize;
        let is_outage = gap + self.missing.len() > MISSING_MAX;
        if is_outage {
            self.missing.clear();
        } else {
            let skipped = self.highest + 1..index;
            self.missing.extend(skipped.map(|index| Missing { index, requests: 0, requested_at: None }));
        }
        self.highest = index;
        is_outage
    }

    /// A packet of a spatial layer, which lacks nothing, or of one below it: it flows by its own.
    pub fn on_layer_packet(&mut self, is_own: bool, len: usize, now: Instant) {
        self.received += 1;
        self.highest += u64::from(self.first.is_some());
        self.first.get_or_insert(0);
        self.bytes += len as u64;
        self.last_at = if is_own { Some(now) } else { self.last_at };
    }

    /// RFC 3550 appendix A.8.
    fn note_jitter(&mut self, timestamp: u32, clock_hz: u32, now: Instant) {
        let epoch = *self.epoch.get_or_insert(now);
        let ticks = now.saturating_duration_since(epoch).as_micros() * u128::from(clock_hz) / 1_000_000;
        let transit = (ticks as u32).wrapping_sub(timestamp);
        if let Some(last) = self.last_transit.replace(transit) {
            let change = (transit.wrapping_sub(last) as i32).unsigned_abs();
            self.jitter_16th = self.jitter_16th.saturating_add(change) - ((self.jitter_16th + 8) >> 4);
        }
    }

    pub fn on_sender_report(&mut self, ntp: u64, now: Instant) {
        self.sender_report = Some(((ntp >> 16) as u32, now));
    }

    pub fn flows(&self, now: Instant) -> bool {
        self.last_at.is_some_and(|at| now.saturating_duration_since(at) < FLOWS_WITHIN)
    }

    pub fn has_missing(&self) -> bool {
        !self.missing.is_empty()
    }

    /// Sequence numbers to ask for now, oldest first.
    pub fn due_requests(&mut self, now: Instant, out: &mut Vec<u16>) {
        out.clear();
        self.missing.retain_mut(|missing| {
            let is_due = missing.requested_at.is_none_or(|at| now.saturating_duration_since(at) >= REQUEST_EVERY);
            if is_due && missing.requests < REQUESTS_MAX {
                missing.requests += 1;
                missing.requested_at = Some(now);
                out.push(missing.index as u16);
            }
            !is_due || missing.requests < REQUESTS_MAX
        });
    }

    /// The block for a receiver report; starts the next interval (RFC 3550 appendix A.3).
    pub fn report(&mut self, now: Instant, interval: Duration) -> Option<ReceptionBlock> {
        let expected = self.highest - self.first? + 1;
        let lost = expected.saturating_sub(self.received);
        let expected_now = expected - self.expected_before;
        let received_now = self.received - self.received_before;
        let lost_now = expected_now.saturating_sub(received_now);
        self.expected_before = expected;
        self.received_before = self.received;
        let bits = (self.bytes - self.bytes_before) * 8;
        self.bytes_before = self.bytes;
        self.bits_per_second = bits * 1000 / (interval.as_millis() as u64).max(1);
        self.usual_bps = usual(self.usual_bps, self.bits_per_second);
        self.loss = (lost_now * 100).checked_div(expected_now).unwrap_or(0).min(100) as u8;
        let (last_sr, since_last_sr) = self.sender_report.map_or((0, 0), |(middle, at)| {
            let since = now.saturating_duration_since(at).as_micros() * 65_536 / 1_000_000;
            (middle, since as u32)
        });
        Some(ReceptionBlock {
            fraction_lost: (lost_now * 256).checked_div(expected_now).unwrap_or(0).min(255) as u8,
            total_lost: lost.min(0x7f_ffff) as u32,
            highest: self.highest as u32,
            jitter: self.jitter_16th >> 4,
            last_sr,
            since_last_sr,
        })
    }
}

/// What follows `before` bits a second when `now` is measured. What pauses goes on as it was.
fn usual(before: u64, now: u64) -> u64 {
    match (before, now) {
        (0, now) => now,
        (before, 0) => before,
        (before, now) if now > before => before.midpoint(now),
        (before, now) => before - (before - now) / USUAL_FALLS_BY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_asked_for_until_it_closes() {
        let start = Instant::now();
        let mut reception = Reception::default();
        let mut due = Vec::new();
        for index in [10, 11, 14] {
            assert!(!reception.on_packet(index, 0, 90_000, 1000, start));
        }
        reception.due_requests(start, &mut due);
        assert_eq!(due, [12, 13]);
        reception.due_requests(start, &mut due);
        assert!(due.is_empty(), "not again before a round trip");
        reception.on_packet(12, 0, 90_000, 1000, start);
        reception.due_requests(start + REQUEST_EVERY, &mut due);
        assert_eq!(due, [13]);
        for round in 2..20 {
            reception.due_requests(start + round * REQUEST_EVERY, &mut due);
        }
        assert!(!reception.has_missing(), "given up");
    }

    #[test]
    fn an_outage_is_not_asked_for() {
        let now = Instant::now();
        let mut reception = Reception::default();
        reception.on_packet(1, 0, 90_000, 1000, now);
        assert!(reception.on_packet(5000, 0, 90_000, 1000, now));
        assert!(!reception.has_missing());
    }

    #[test]
    fn a_report_tells_the_loss_of_its_interval() {
        let now = Instant::now();
        let mut reception = Reception::default();
        for index in (0..100).filter(|index| index % 4 != 1) {
            reception.on_packet(index, 0, 90_000, 1000, now);
        }
        let block = reception.report(now, Duration::from_secs(1)).unwrap();
        assert_eq!((block.fraction_lost, block.total_lost, block.highest), (64, 25, 99));
        assert_eq!((reception.bits_per_second, reception.usual_bps), (600_000, 600_000));
        assert_eq!(reception.report(now, Duration::from_secs(1)).unwrap().fraction_lost, 0);
        assert_eq!((reception.bits_per_second, reception.usual_bps), (0, 600_000), "it pauses");
        assert_eq!((usual(600_000, 300_000), usual(600_000, 800_000)), (570_000, 700_000));
    }
}
