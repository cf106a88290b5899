//! What arrived of one SSRC, by its headers alone.

use std::time::{Duration, Instant};

use super::offer::{OPUS, RTX};

/// A picture stands still where the next one comes later than three times as late as usual, and by this much
/// (`freezeCount` of W3C's webrtc-stats).
const FREEZE_OVER: Duration = Duration::from_millis(150);

#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    pub ssrc: u32,
    pub is_repair: bool,
    pub is_video: bool,
    pub packets: u64,
    /// Packets since one was opened.
    pub unread: u64,
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
    /// In ticks of the stream's clock (RFC 3550 §6.4.1).
    jitter: f64,
    pub freezes: u32,
    pub frozen: Duration,
    /// RTP time and arrival of the newest packet.
    newest_at: Option<(u32, Instant)>,
    /// When the last picture began to arrive, and the usual distance of two.
    picture_at: Option<Instant>,
    picture_every: Duration,
}

impl Tally {
    pub fn new(ssrc: u32, payload_type: u8, sequence: u16, now: Instant) -> Tally {
        // Room below, for what comes late.
        let first = 0x1_0000 + u64::from(sequence);
        Tally {
            ssrc,
            is_repair: payload_type == RTX,
            is_video: payload_type != OPUS,
            packets: 0,
            // The first is opened.
            unread: u64::MAX / 4,
            bytes: 0,
            first,
            newest: first,
            thrown: Vec::new(),
            thrown_in_all: 0,
            began: now,
            last_report: None,
            jitter: 0.0,
            freezes: 0,
            frozen: Duration::ZERO,
            newest_at: None,
            picture_at: None,
            picture_every: Duration::ZERO,
        }
    }

    pub fn count(&mut self, sequence: u16, timestamp: u32, len: usize, now: Instant) {
        self.packets += 1;
        self.unread += 1;
        self.bytes += len as u64;
        self.see(sequence);
        let newer = match self.newest_at.replace((timestamp, now)) {
            None => true,
            Some((before, at)) => {
                let ticks = timestamp.wrapping_sub(before) as i32;
                let real = now.saturating_duration_since(at).as_secs_f64() * self.clock_hz();
                // A pause of the sender's is not the way's doing.
                if (f64::from(ticks)).abs() < self.clock_hz() {
                    self.jitter += ((real - f64::from(ticks)).abs() - self.jitter) / 16.0;
                }
                ticks > 0
            }
        };
        if newer && self.is_video {
            self.see_picture(now);
        }
    }

    pub fn jitter(&self) -> Duration {
        Duration::from_secs_f64(self.jitter / self.clock_hz())
    }

    /// Numbers between the first and the newest.
    pub fn expected(&self) -> u64 {
        self.newest + 1 - self.first
    }

    fn clock_hz(&self) -> f64 {
        if self.is_video { 90_000.0 } else { 48_000.0 }
    }

    fn see_picture(&mut self, now: Instant) {
        let Some(last) = self.picture_at.replace(now) else { return };
        let gap = now.saturating_duration_since(last);
        let usual = self.picture_every;
        if !usual.is_zero() && gap > (usual * 3).max(usual + FREEZE_OVER) {
            self.freezes += 1;
            self.frozen += gap;
        } else {
            self.picture_every = if usual.is_zero() { gap } else { (usual * 15 + gap) / 16 };
        }
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
            tally.count(sequence, 0, 100, Instant::now());
        }
        tally.throw_away(3);
        assert_eq!((tally.packets, tally.missing(), tally.thrown_in_all), (5, 1, 1));
    }

    #[test]
    fn jitter_and_freezes_are_the_ways() {
        let start = Instant::now();
        let mut tally = Tally::new(7, 96, 0, start);
        let mut at = 0;
        for n in 0..40_u16 {
            // A picture of two packets each 33 ms; the 20th comes half a second late.
            at += if n == 20 { 533 } else { 33 };
            for half in 0..2 {
                tally.count(2 * n + half, u32::from(n) * 2_970, 100, start + Duration::from_millis(at));
            }
        }
        assert_eq!((tally.freezes, tally.frozen.as_millis(), tally.expected()), (1, 533, 80));
        assert!((1..20).contains(&tally.jitter().as_millis()), "{:?}", tally.jitter());
    }
}
