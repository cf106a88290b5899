//! What lies between the relay and one browser, as homes have it: a seed repeats it.

use std::time::{Duration, Instant};

/// The extra delay is drawn anew this often, and slides from one value to the next.
const WAVE: Duration = Duration::from_millis(150);
/// IPv4 and UDP headers: a rate counts what is on the wire.
const HEADER_BYTES: usize = 28;

#[derive(Clone, Copy, Debug)]
pub struct Way {
    pub bps: u64,
    pub delay_ms: u64,
    pub queue_bytes: usize,
    pub lost_percent: u64,
    /// How many are lost in a row, on average.
    pub burst: u64,
    /// Up to so much later, in waves: neighbours are late together.
    pub jitter_ms: u64,
}

pub const WIDE: Way =
    Way { bps: 20_000_000, delay_ms: 20, queue_bytes: 100_000, lost_percent: 0, burst: 1, jitter_ms: 0 };

/// Numbers that look random and are not.
pub struct Chance(pub u64);

impl Chance {
    /// Between 0 and 1.
    pub fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// One direction of a way.
pub struct Lane {
    chance: Chance,
    is_in_burst: bool,
    free_at: Instant,
    last_at: Instant,
    wave: Option<(Instant, f64, f64)>,
}

impl Lane {
    pub fn new(seed: u64, now: Instant) -> Lane {
        let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        chance.draw();
        Lane { chance, is_in_burst: false, free_at: now, last_at: now, wave: None }
    }

    /// When what leaves now arrives, and how long it stood in the queue; `None`: never.
    pub fn carry(&mut self, way: &Way, bytes: usize, now: Instant) -> Option<(Instant, Duration)> {
        let backlog = self.free_at.saturating_duration_since(now);
        let waiting = backlog.as_micros() as u64 * way.bps / 8_000_000;
        if waiting as usize + bytes > way.queue_bytes {
            return None;
        }
        let takes = Duration::from_micros(((bytes + HEADER_BYTES) * 8_000_000) as u64 / way.bps);
        self.free_at = self.free_at.max(now) + takes;
        if self.is_lost(way) {
            return None;
        }
        let extra = self.extra(way);
        self.last_at = self.last_at.max(self.free_at + Duration::from_millis(way.delay_ms) + extra);
        Some((self.last_at, backlog))
    }

    fn is_lost(&mut self, way: &Way) -> bool {
        let (share, burst) = (way.lost_percent as f64 / 100.0, way.burst.max(1) as f64);
        let enters = if self.is_in_burst { 1.0 - 1.0 / burst } else { share / (1.0 - share) / burst };
        self.is_in_burst = self.chance.draw() < if burst > 1.0 { enters } else { share };
        self.is_in_burst
    }

    fn extra(&mut self, way: &Way) -> Duration {
        if way.jitter_ms == 0 {
            return Duration::ZERO;
        }
        let at = self.free_at;
        let (mut began, mut from, mut to) = self.wave.unwrap_or((at, 0.0, self.chance.draw()));
        while at >= began + WAVE {
            (began, from, to) = (began + WAVE, to, self.chance.draw());
        }
        self.wave = Some((began, from, to));
        let share = from + (to - from) * (at - began).as_secs_f64() / WAVE.as_secs_f64();
        Duration::from_millis(way.jitter_ms).mul_f64(share)
    }
}
