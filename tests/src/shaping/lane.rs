//! One direction of a link, without a clock and without sockets: what goes in comes out later, or never.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::Weather;

/// IPv4 and UDP headers: a rate counts what is on the wire.
const HEADER_BYTES: usize = 28;
/// The extra delay is drawn anew this often, and slides from one value to the next.
const WAVE: Duration = Duration::from_millis(150);
/// Whoever is held back is overtaken by what comes within this time.
const HOLD_MIN: Duration = Duration::from_millis(10);
const HOLD_MAX: Duration = Duration::from_millis(60);
/// How late a stream notices that something is missing.
const REPAIRED_WITHIN: Duration = Duration::from_millis(50);
/// On their way at once; more is no home's link.
const HELD_MAX: usize = 50_000;

/// What a lane has done since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    pub offered: u64,
    pub offered_bytes: u64,
    pub delivered: u64,
    pub delivered_bytes: u64,
    /// Lost by chance.
    pub lost: u64,
    /// Dropped because the queue was full.
    pub overflowed: u64,
    /// Held back for others to overtake.
    pub held: u64,
    /// Bytes that wait for the wire now.
    pub queued_bytes: u64,
}

/// Carries parcels `P`. The same seed, weather and arrivals make the same departures.
pub struct Lane<P> {
    weather: Weather,
    chance: ChaCha8Rng,
    in_burst: bool,
    /// When the wire has sent what it was given.
    wire_free_at: Option<Instant>,
    /// What waits for the wire: when each has left it, and its bytes.
    waiting: VecDeque<(Instant, usize)>,
    queued_bytes: usize,
    wave: Option<Wave>,
    /// Nobody overtakes but past those who are held back.
    last_at: Option<Instant>,
    held: BTreeMap<(Instant, u64), (P, usize)>,
    next: u64,
    traffic: Traffic,
}

/// An extra delay on its slide, as shares of the jitter.
struct Wave {
    began: Instant,
    from: f64,
    to: f64,
}

impl<P> Lane<P> {
    pub fn new(seed: u64, weather: Weather) -> Lane<P> {
        Lane {
            weather,
            chance: ChaCha8Rng::seed_from_u64(seed),
            in_burst: false,
            wire_free_at: None,
            waiting: VecDeque::new(),
            queued_bytes: 0,
            wave: None,
            last_at: None,
            held: BTreeMap::new(),
            next: 0,
            traffic: Traffic::default(),
        }
    }

    /// Holds for what is offered from now on.
    pub fn change(&mut self, weather: Weather) {
        self.weather = weather;
    }

    pub fn traffic(&mut self, now: Instant) -> Traffic {
        self.drain_wire(now);
        Traffic { queued_bytes: self.queued_bytes as u64, ..self.traffic }
    }

    /// Whether so many bytes would find room in the queue.
    pub fn has_room(&mut self, bytes: usize, now: Instant) -> bool {
        self.drain_wire(now);
        self.held.len() < HELD_MAX
            && (self.weather.rate_bps.is_none()
                || self.queued_bytes + bytes + HEADER_BYTES <= self.weather.queue_bytes_max())
    }

    /// A parcel of `bytes` arrives at the lane.
    pub fn offer(&mut self, parcel: P, bytes: usize, now: Instant) {
        self.traffic.offered += 1;
        self.traffic.offered_bytes += bytes as u64;
        let Some(sent_at) = self.send(bytes + HEADER_BYTES, now) else {
            self.traffic.overflowed += 1;
            return;
        };
        let mut at = sent_at + self.weather.delay() + self.extra(sent_at);
        if self.is_lost() {
            self.traffic.lost += 1;
            if !self.weather.is_repaired {
                return;
            }
            // Everything behind it waits for it as well.
            at += REPAIRED_WITHIN + self.weather.delay() * 2;
        }
        let in_order = self.last_at.map_or(at, |last| last.max(at));
        let at = if self.weather.reorder > 0.0 && self.chance.random_bool(self.weather.reorder.min(1.0)) {
            self.traffic.held += 1;
            in_order + self.chance.random_range(HOLD_MIN..HOLD_MAX)
        } else {
            self.last_at = Some(in_order);
            in_order
        };
        self.held.insert((at, self.next), (parcel, bytes));
        self.next += 1;
    }

    /// The next parcel that has arrived at the other end.
    pub fn poll_output(&mut self, now: Instant) -> Option<P> {
        let first = self.held.first_entry().filter(|entry| entry.key().0 <= now)?;
        let (parcel, bytes) = first.remove();
        self.traffic.delivered += 1;
        self.traffic.delivered_bytes += bytes as u64;
        Some(parcel)
    }

    /// When to ask again.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.held.first_key_value().map(|((at, _), _)| *at)
    }

    /// When the last byte has left through the wire; nothing if the queue has no room.
    fn send(&mut self, bytes: usize, now: Instant) -> Option<Instant> {
        if self.held.len() >= HELD_MAX {
            return None;
        }
        if self.weather.rate_bps.is_none() {
            return Some(now);
        }
        self.drain_wire(now);
        if self.queued_bytes + bytes > self.weather.queue_bytes_max() {
            return None;
        }
        let begins = self.wire_free_at.map_or(now, |free| free.max(now));
        let ends = begins + self.weather.wire_time(bytes);
        self.wire_free_at = Some(ends);
        self.waiting.push_back((ends, bytes));
        self.queued_bytes += bytes;
        Some(ends)
    }

    fn drain_wire(&mut self, now: Instant) {
        while let Some(&(_, bytes)) = self.waiting.front().filter(|(ends, _)| *ends <= now) {
            self.waiting.pop_front();
            self.queued_bytes -= bytes;
        }
    }

    /// Two states (Gilbert's model): in a burst everything is lost. Their mean lengths make the share come out.
    fn is_lost(&mut self) -> bool {
        let loss = self.weather.loss.clamp(0.0, 1.0);
        if loss == 0.0 || loss == 1.0 {
            return loss == 1.0;
        }
        let leave = 1.0 / self.weather.burst.max(1.0);
        let chance = if self.in_burst { 1.0 - leave } else { (leave * loss / (1.0 - loss)).min(1.0) };
        // Bursts of one are no state to stay in: each is lost for itself.
        let chance = if self.weather.burst <= 1.0 { loss } else { chance };
        self.in_burst = self.chance.random_bool(chance);
        self.in_burst
    }

    /// The jitter at `at`.
    fn extra(&mut self, at: Instant) -> Duration {
        if self.weather.jitter_ms == 0 {
            return Duration::ZERO;
        }
        let mut draw = || self.chance.random_range(0.0..1.0);
        let wave = match self.wave.take() {
            Some(wave) if at < wave.began + WAVE => wave,
            Some(wave) => Wave { began: at, from: wave.to, to: draw() },
            None => Wave { began: at, from: draw(), to: draw() },
        };
        let along = at.saturating_duration_since(wave.began).as_secs_f64() / WAVE.as_secs_f64();
        let share = wave.from + (wave.to - wave.from) * along.min(1.0);
        self.wave = Some(wave);
        self.weather.jitter().mul_f64(share.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Offers `count` parcels of 972 bytes (a thousand on the wire), one each `every`; gives what came out, and when.
    fn carried(weather: Weather, count: u32, every: Duration) -> Vec<(u32, Duration)> {
        let start = Instant::now();
        let mut lane = Lane::new(7, weather);
        let mut out = Vec::new();
        for n in 0..count {
            lane.offer(n, 972, start + every * n);
        }
        while let Some(at) = lane.poll_timeout() {
            while let Some(parcel) = lane.poll_output(at) {
                out.push((parcel, at - start));
            }
        }
        out
    }

    fn share_lost(weather: Weather) -> f64 {
        1.0 - carried(weather, 20_000, MS).len() as f64 / 20_000.0
    }

    #[test]
    fn a_clear_sky_carries_everything_at_once() {
        let out = carried(Weather::default(), 100, MS);
        assert!(out.iter().all(|(n, at)| *at == MS * *n));
        assert_eq!(out.len(), 100);
    }

    #[test]
    fn loss_comes_out_as_asked_alone_and_in_bursts() {
        for burst in [0.0, 1.0, 4.0, 10.0] {
            let lost = share_lost(Weather { loss: 0.1, burst, ..Weather::default() });
            assert!((0.085..0.115).contains(&lost), "{lost} at bursts of {burst}");
        }
    }

    #[test]
    fn bursts_are_as_long_as_asked() {
        let out = carried(Weather { loss: 0.1, burst: 5.0, ..Weather::default() }, 50_000, MS);
        let gaps: Vec<u32> = out.windows(2).map(|two| two[1].0 - two[0].0 - 1).filter(|gap| *gap > 0).collect();
        let mean = f64::from(gaps.iter().sum::<u32>()) / gaps.len() as f64;
        assert!((4.5..5.5).contains(&mean), "{mean}");
    }

    #[test]
    fn a_rate_is_kept_and_its_queue_overflows() {
        let weather = Weather { rate_bps: Some(800_000), queue_bytes: 10_000, ..Weather::default() };
        // A thousand bytes take 10 ms; they come four times as fast as they go.
        let out = carried(weather, 400, MS * 10 / 4);
        let (_, last) = out[out.len() - 1];
        assert!((99..=112).contains(&out.len()), "{} in one second and a queue of ten", out.len());
        assert_eq!(last.as_millis(), out.len() as u128 * 10);
        let longest = out.iter().map(|(n, at)| *at - MS * 10 / 4 * *n).max();
        assert_eq!(longest, Some(MS * 100), "nobody waits longer than a full queue");
    }

    #[test]
    fn jitter_is_late_together_and_never_overtakes() {
        let out = carried(Weather { delay_ms: 20, jitter_ms: 200, ..Weather::default() }, 5_000, MS * 5);
        assert!(out.is_sorted_by_key(|(n, _)| *n));
        let late: Vec<Duration> = out.iter().map(|(n, at)| *at - MS * 5 * *n).collect();
        assert!(late.iter().all(|late| (MS * 20..=MS * 220).contains(late)));
        assert!(late.iter().any(|late| *late > MS * 180) && late.iter().any(|late| *late < MS * 60));
    }

    #[test]
    fn some_are_overtaken() {
        let out = carried(Weather { reorder: 0.05, ..Weather::default() }, 2_000, MS * 5);
        assert_eq!(out.len(), 2_000);
        let late = out.windows(2).filter(|two| two[1].0 < two[0].0).count();
        assert!((60..140).contains(&late), "{late}");
    }

    #[test]
    fn a_seed_repeats_a_run() {
        let weather = Weather { loss: 0.2, burst: 3.0, jitter_ms: 50, reorder: 0.1, ..Weather::default() };
        assert_eq!(carried(weather, 1_000, MS), carried(weather, 1_000, MS));
    }

    #[test]
    fn what_is_lost_and_what_arrives_add_up() {
        let start = Instant::now();
        let weather =
            Weather { loss: 0.3, rate_bps: Some(1_000_000), queue_bytes: 5_000, jitter_ms: 30, ..Weather::default() };
        let mut lane = Lane::new(1, weather);
        for n in 0..1_000 {
            lane.offer(n, 1_000, start + MS * n);
        }
        while lane.poll_output(start + MS * 100_000).is_some() {}
        let traffic = lane.traffic(start + MS * 100_000);
        assert_eq!(traffic.delivered + traffic.lost + traffic.overflowed, 1_000);
        assert!(traffic.lost > 0 && traffic.overflowed > 0 && traffic.queued_bytes == 0, "{traffic:?}");
    }
}
