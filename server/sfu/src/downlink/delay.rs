//! Whether a queue grows on the way: the trend of one-way delay (draft-ietf-rmcat-gcc-02 §5).

use std::collections::VecDeque;

/// Packets that left within this time are one group: pacing and batching blur what is finer.
const GROUP_US: u64 = 5_000;
/// Packets that the network held back and let go together arrive this close, and say nothing of its rate.
const BURST_US: i64 = 5_000;
/// Groups over which the trend is taken: about a second.
const TREND_GROUPS: usize = 20;
/// Weight of the past in the smoothed delay.
const SMOOTHING: f64 = 0.9;
/// Makes the slope comparable with the threshold.
const GAIN: f64 = 4.0;
const GROUPS_COUNTED_MAX: f64 = 60.0;
/// §5.4: the threshold follows the trend, so that a competing flow does not starve ours.
const THRESHOLD_MS: f64 = 12.5;
const THRESHOLD_MS_MIN: f64 = 6.0;
const THRESHOLD_MS_MAX: f64 = 600.0;
const FOLLOW_UP: f64 = 0.0087;
const FOLLOW_DOWN: f64 = 0.039;
/// A trend that much above the threshold is an outlier, and does not move it.
const OUTLIER_MS: f64 = 15.0;
/// Above the threshold for less than this is a hiccup.
const OVERUSE_MS: f64 = 10.0;
/// A pause after which the past says nothing any more.
const PAUSE_US: i64 = 3_000_000;

/// What the trend says of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Usage {
    #[default]
    Normal,
    /// A queue grows.
    Over,
    /// A queue drains.
    Under,
}

#[derive(Clone, Copy)]
struct Group {
    first_sent_us: u64,
    last_sent_us: u64,
    first_arrival_us: i64,
    last_arrival_us: i64,
}

pub struct Delay {
    group: Option<Group>,
    before: Option<Group>,
    origin_us: i64,
    accumulated_ms: f64,
    smoothed_ms: f64,
    points: VecDeque<(f64, f64)>,
    groups: f64,
    threshold_ms: f64,
    threshold_at_ms: Option<f64>,
    over_ms: f64,
    over_count: u32,
    trend_before: f64,
    usage: Usage,
}

impl Default for Delay {
    fn default() -> Delay {
        Delay {
            group: None,
            before: None,
            origin_us: 0,
            accumulated_ms: 0.0,
            smoothed_ms: 0.0,
            points: VecDeque::with_capacity(TREND_GROUPS + 1),
            groups: 0.0,
            threshold_ms: THRESHOLD_MS,
            threshold_at_ms: None,
            over_ms: 0.0,
            over_count: 0,
            trend_before: 0.0,
            usage: Usage::Normal,
        }
    }
}

impl Delay {
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// A packet left at `sent_us` and arrived at `arrival_us` on the receiver's clock.
    pub fn on_packet(&mut self, sent_us: u64, arrival_us: i64) {
        let fresh = Group {
            first_sent_us: sent_us,
            last_sent_us: sent_us,
            first_arrival_us: arrival_us,
            last_arrival_us: arrival_us,
        };
        let Some(group) = &mut self.group else {
            self.group = Some(fresh);
            self.origin_us = arrival_us;
            return;
        };
        if sent_us < group.first_sent_us {
            return;
        }
        let since_us = arrival_us - group.last_arrival_us;
        if since_us > PAUSE_US {
            let threshold_ms = self.threshold_ms;
            *self = Delay { threshold_ms, group: Some(fresh), origin_us: arrival_us, ..Delay::default() };
            return;
        }
        let is_burst = since_us <= BURST_US
            && since_us < sent_us as i64 - group.last_sent_us as i64
            && arrival_us - group.first_arrival_us < 20 * BURST_US;
        if sent_us - group.first_sent_us <= GROUP_US || is_burst {
            group.last_sent_us = group.last_sent_us.max(sent_us);
            group.last_arrival_us = group.last_arrival_us.max(arrival_us);
            return;
        }
        let done = std::mem::replace(group, fresh);
        if let Some(before) = self.before.replace(done) {
            let sent_ms = (done.last_sent_us as f64 - before.last_sent_us as f64) / 1000.0;
            let arrival_ms = (done.last_arrival_us - before.last_arrival_us) as f64 / 1000.0;
            self.on_group(arrival_ms - sent_ms, sent_ms, (done.last_arrival_us - self.origin_us) as f64 / 1000.0);
        }
    }

    /// One group came `later_ms` later than the one before, by their distance when they left.
    fn on_group(&mut self, later_ms: f64, sent_ms: f64, at_ms: f64) {
        self.groups += 1.0;
        self.accumulated_ms += later_ms;
        self.smoothed_ms = SMOOTHING * self.smoothed_ms + (1.0 - SMOOTHING) * self.accumulated_ms;
        self.points.push_back((at_ms, self.smoothed_ms));
        if self.points.len() <= TREND_GROUPS {
            return;
        }
        self.points.pop_front();
        let slope = slope(&self.points).unwrap_or(self.trend_before / (GAIN * GROUPS_COUNTED_MAX));
        let trend = slope * self.groups.min(GROUPS_COUNTED_MAX) * GAIN;
        self.judge(trend, sent_ms);
        self.follow(trend, at_ms);
        self.trend_before = trend;
    }

    fn judge(&mut self, trend: f64, sent_ms: f64) {
        if trend > self.threshold_ms {
            self.over_ms += sent_ms;
            self.over_count += 1;
            if self.over_ms > OVERUSE_MS && self.over_count > 1 && trend >= self.trend_before {
                self.over_ms = 0.0;
                self.over_count = 0;
                self.usage = Usage::Over;
            }
            return;
        }
        self.over_ms = 0.0;
        self.over_count = 0;
        self.usage = if trend < -self.threshold_ms { Usage::Under } else { Usage::Normal };
    }

    fn follow(&mut self, trend: f64, at_ms: f64) {
        let since_ms = self.threshold_at_ms.map_or(0.0, |before| (at_ms - before).clamp(0.0, 100.0));
        self.threshold_at_ms = Some(at_ms);
        let size = trend.abs();
        if size > self.threshold_ms + OUTLIER_MS {
            return;
        }
        let speed = if size < self.threshold_ms { FOLLOW_DOWN } else { FOLLOW_UP };
        self.threshold_ms += speed * (size - self.threshold_ms) * since_ms;
        self.threshold_ms = self.threshold_ms.clamp(THRESHOLD_MS_MIN, THRESHOLD_MS_MAX);
    }
}

/// Least squares; `None` if all points are at one instant.
fn slope(points: &VecDeque<(f64, f64)>) -> Option<f64> {
    let count = points.len() as f64;
    let (sum_x, sum_y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let (over, under) = points.iter().fold((0.0, 0.0), |(over, under), (x, y)| {
        (over + (x - mean_x) * (y - mean_y), under + (x - mean_x) * (x - mean_x))
    });
    (under > 0.0).then(|| over / under)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends a packet of 10 ms every 10 ms over a link that takes `service_us` for each, from an empty queue.
    fn through(delay: &mut Delay, packets: std::ops::Range<u64>, service_us: i64) -> bool {
        let mut free_us = packets.start as i64 * 10_000;
        let mut was_over = false;
        for n in packets {
            let sent_us = n * 10_000;
            free_us = free_us.max(sent_us as i64) + service_us;
            // The receiver's clock is another, and it is not quite exact.
            delay.on_packet(sent_us, free_us - 5_000_000 + (n as i64 * 7919 % 400));
            was_over |= delay.usage() == Usage::Over;
        }
        was_over
    }

    #[test]
    fn a_queue_that_grows_is_noticed_within_half_a_second() {
        let mut delay = Delay::default();
        assert!(!through(&mut delay, 0..200, 8_000));
        assert!(through(&mut delay, 200..250, 14_000));
    }

    #[test]
    fn jitter_without_a_trend_is_no_queue() {
        let mut delay = Delay::default();
        for n in 0..1_000_u64 {
            let jitter_us = (n * 7_919 % 20_000) as i64;
            delay.on_packet(n * 10_000, n as i64 * 10_000 + jitter_us);
            assert_ne!(delay.usage(), Usage::Over, "packet {n}");
        }
    }

    #[test]
    fn a_queue_that_drains_is_not_overuse() {
        let mut delay = Delay::default();
        through(&mut delay, 0..100, 8_000);
        through(&mut delay, 100..160, 15_000);
        let mut free_us = 160 * 10_000 + 300_000;
        for n in 160..230_u64 {
            free_us = (free_us + 2_000).max(n as i64 * 10_000);
            delay.on_packet(n * 10_000, free_us - 5_000_000);
        }
        assert_ne!(delay.usage(), Usage::Over);
    }
}
