//! What of a publisher's delays is jitter: its browser would take it for a queue, and send next to nothing.
//!
//! Browsers cut what they send whenever packets come later and later, also where each of them comes in the end and none
//! has to queue. They believe what they are told of arrivals; so arrivals are told as they would be without jitter, on
//! ways that have much of it; what stands in a queue is told.

use crate::downlink::Queue;
use std::time::{Duration, Instant};

/// The sender's clock: a second in this many ticks, 24 bits of them.
const TICKS_PER_S: i64 = 1 << 18;
const TICK_BITS: u32 = 24;
/// With less than this on average, browsers manage by themselves.
const MUCH_US: f64 = 30_000.0;
/// The average is taken over this time.
const AVERAGE_US: f64 = 2_000_000.0;
/// After a pause, one packet says no more than this much time does.
const STEP_US_MAX: i64 = 100_000;
/// So much of it is told all the same: it is there.
const TOLD_SHARE: f64 = 1.0 / 16.0;

#[derive(Default)]
pub struct Jitter {
    queue: Queue,
    epoch: Option<Instant>,
    /// The last packet's time on the sender's clock, with all its turns, and as it was sent.
    sent_ticks: i64,
    sent: u32,
    average_us: f64,
    arrived_us: i64,
}

impl Jitter {
    /// A packet that left at `sent` (abs-send-time, 24 bits) arrived now. Returns when to say that it did.
    pub fn told(&mut self, sent: [u8; 3], now: Instant) -> Instant {
        let arrival_us = now.saturating_duration_since(*self.epoch.get_or_insert(now)).as_micros() as i64;
        let sent_us = self.sent_us(u32::from_be_bytes([0, sent[0], sent[1], sent[2]]));
        self.queue.on_packet(sent_us, arrival_us);
        let later_us = self.queue.later_us(sent_us, arrival_us) as f64;
        let since_us = (arrival_us - self.arrived_us).clamp(0, STEP_US_MAX);
        self.arrived_us = arrival_us;
        self.average_us += (later_us - self.average_us) * since_us as f64 / AVERAGE_US;
        if self.average_us < MUCH_US {
            return now;
        }
        let kept_us = (TOLD_SHARE * later_us + self.queue.unexplained_us()).min(later_us);
        now - Duration::from_micros((later_us - kept_us) as u64)
    }

    /// The sender's clock turns over every minute: on a line of its own, µs.
    fn sent_us(&mut self, sent: u32) -> u64 {
        let step = sent.wrapping_sub(self.sent) << (u32::BITS - TICK_BITS);
        self.sent = sent;
        self.sent_ticks += i64::from(step as i32 >> (u32::BITS - TICK_BITS));
        (self.sent_ticks + (1 << 40)) as u64 * 1_000_000 / TICKS_PER_S as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// A packet every 10 ms, so much later than on the way itself: how much later each is told to have come.
    fn told(
        jitter: &mut Jitter,
        start: Instant,
        packets: std::ops::Range<u32>,
        later_ms: impl Fn(u32) -> u32,
    ) -> Vec<i64> {
        let told = packets.map(|n| {
            let ticks = (u64::from(n) * 10 * TICKS_PER_S as u64 / 1_000) as u32;
            let [_, sent @ ..] = ticks.to_be_bytes();
            let told = jitter.told(sent, start + MS * (10 * n + 30 + later_ms(n)));
            (told - start).as_millis() as i64 - i64::from(10 * n + 30)
        });
        told.collect()
    }

    /// Slides from one value below 200 ms to another within 150 ms.
    fn wave(n: u32) -> u32 {
        let drawn = |wave: u32| (wave.wrapping_mul(2_654_435_761) >> 7) % 200;
        let (before, after) = (drawn(n / 15), drawn(n / 15 + 1));
        (before * (15 - n % 15) + after * (n % 15)) / 15
    }

    #[test]
    fn jitter_is_not_told_and_a_queue_is() {
        let (start, mut jitter) = (Instant::now(), Jitter::default());
        told(&mut jitter, start, 0..600, wave);
        // The clock turns over within these.
        let evened = told(&mut jitter, start, 600..7_000, wave);
        let steps = evened.windows(2).filter(|two| two[1] - two[0] > 15).count();
        assert!(evened.iter().all(|ms| *ms < 40) && steps < 10, "{steps} steps, at most {:?}", evened.iter().max());
        let queued = told(&mut jitter, start, 7_000..7_200, |n| (n - 7_000) * 5);
        assert!(queued[190] > 400, "{}", queued[190]);
    }

    #[test]
    fn on_a_calm_way_everything_is_told() {
        let (start, mut jitter) = (Instant::now(), Jitter::default());
        let later = |n| if n % 100 == 0 { 60 } else { n % 7 };
        assert!(told(&mut jitter, start, 0..500, later).iter().zip(0..).all(|(ms, n)| *ms + 1 >= i64::from(later(n))));
    }
}
