//! Probes: more than the pictures need, for a moment, to learn whether the link bears a larger one.

use std::ops::Range;
use std::time::{Duration, Instant};

/// Spread over this long, so that a bucket at the bottleneck does not swallow it whole.
const STEPS: u32 = 12;
pub const STEP: Duration = Duration::from_millis(5);
/// A leap further than this says little and costs much.
const LEAP_MAX: f64 = 2.5;
/// Fewer packets than this measure nothing.
const ARRIVED_MIN: u32 = 5;
/// A probe of which less arrives than this has found the end of the link.
const ARRIVED_SHARE_MIN: f64 = 0.8;
/// What arrives slower than it left by this has queued: the link is narrower than the probe.
const QUEUED: f64 = 0.9;
/// After that long without a report, a probe counts as lost.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// What a probe leaves in a queue is gone after this, and out of the trend.
const DRAINED_AFTER: Duration = Duration::from_millis(600);

const PAUSE_MIN: Duration = Duration::from_millis(100);
/// A link that was found narrower than asked for, but wider than was known, is asked again after this.
const PAUSE_FOUND: Duration = Duration::from_millis(800);
/// A link that was found no wider than known is tried again after this, doubled each time.
const PAUSE_FAILED: Duration = Duration::from_secs(2);
const PAUSE_MAX: Duration = Duration::from_secs(20);
/// What was found is wider than what was known if it is this much more…
const WIDER: f64 = 1.05;
/// …and a queue of its own making leaves so much of what came through.
const FOUND_SHARE: f64 = 0.9;

/// What a probe taught.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Finding {
    /// The link bears this many bits a second.
    Bears(f64),
    Nothing,
}

struct Cluster {
    known_bps: f64,
    target_bps: f64,
    steps_left: u32,
    due: Instant,
    numbers: Range<u64>,
    sent: Span,
    arrived: Span,
}

/// From the first to the last of some packets.
#[derive(Default)]
struct Span {
    from_us: Option<i64>,
    to_us: i64,
    bytes: u32,
    /// Of the first one, which is where the clock starts.
    first_bytes: u32,
    last_bytes: u32,
    packets: u32,
}

impl Span {
    fn add(&mut self, at_us: i64, bytes: u16) {
        let bytes = u32::from(bytes);
        if self.from_us.is_none_or(|from| at_us < from) {
            self.from_us = Some(at_us);
            self.first_bytes = bytes;
        }
        if at_us >= self.to_us || self.packets == 0 {
            self.to_us = at_us;
            self.last_bytes = bytes;
        }
        self.bytes += bytes;
        self.packets += 1;
    }

    fn bps(&self, without: u32) -> Option<f64> {
        let span_us = self.to_us - self.from_us?;
        (span_us > 0).then(|| f64::from(self.bytes - without) * 8.0 * 1_000_000.0 / span_us as f64)
    }
}

#[derive(Default)]
pub struct Prober {
    cluster: Option<Cluster>,
    not_before: Option<Instant>,
    failures: u32,
    over_at: Option<Instant>,
}

impl Prober {
    /// Begins a probe, if one is due: `bps` is known, `wanted_bps` would be of use.
    pub fn begin(&mut self, bps: f64, wanted_bps: f64, next: u64, now: Instant) -> bool {
        if !self.may_ask(bps, wanted_bps, now) {
            return false;
        }
        self.cluster = Some(Cluster {
            known_bps: bps,
            target_bps: target(bps, wanted_bps),
            steps_left: STEPS,
            due: now,
            numbers: next..u64::MAX,
            sent: Span::default(),
            arrived: Span::default(),
        });
        true
    }

    /// What to try without a probe, where none can be sent: the picture itself asks, and a queue or loss answers. The way is asked
    /// as seldom as one that was found too narrow.
    pub fn dare(&mut self, bps: f64, wanted_bps: f64, now: Instant) -> Option<f64> {
        self.may_ask(bps, wanted_bps, now).then(|| {
            self.pause_after_failure(now);
            target(bps, wanted_bps)
        })
    }

    fn may_ask(&self, bps: f64, wanted_bps: f64, now: Instant) -> bool {
        let is_early = self.not_before.is_some_and(|at| now < at);
        self.cluster.is_none() && !is_early && wanted_bps > bps
    }

    /// When [`Prober::step`] is to be called.
    pub fn due(&self) -> Option<Instant> {
        self.cluster.as_ref().map(|cluster| cluster.due)
    }

    /// How many bytes to send now, beside the pictures. Zero while the answer is awaited.
    pub fn step(&mut self, next: u64, now: Instant) -> usize {
        let Some(cluster) = &mut self.cluster else { return 0 };
        if cluster.due > now {
            return 0;
        }
        if cluster.numbers.end != u64::MAX {
            self.conclude(now);
            return 0;
        }
        if cluster.steps_left == 0 {
            cluster.numbers.end = next;
            cluster.due = now + ANSWER_MAX;
            return 0;
        }
        cluster.steps_left -= 1;
        cluster.due = now + STEP;
        let share = cluster.target_bps * STEP.as_secs_f64() / 8.0;
        let sent_so_far = f64::from(STEPS - cluster.steps_left) * share;
        (sent_so_far - f64::from(cluster.sent.bytes)).max(0.0) as usize
    }

    pub fn on_sent(&mut self, number: u64, at_us: u64, bytes: u16) {
        if let Some(cluster) = &mut self.cluster
            && cluster.numbers.contains(&number)
        {
            cluster.sent.add(at_us as i64, bytes);
        }
    }

    pub fn on_arrived(&mut self, number: u64, arrival_us: i64, bytes: u16) {
        if let Some(cluster) = &mut self.cluster
            && cluster.numbers.contains(&number)
        {
            cluster.arrived.add(arrival_us, bytes);
        }
    }

    /// A report covers everything up to `newest`. `None`: no probe is over.
    pub fn on_report(&mut self, newest: u64, now: Instant) -> Option<Finding> {
        let cluster = self.cluster.as_ref()?;
        (newest + 1 >= cluster.numbers.end).then(|| self.conclude(now))
    }

    fn conclude(&mut self, now: Instant) -> Finding {
        let Some(cluster) = self.cluster.take() else { return Finding::Nothing };
        self.over_at = Some(now);
        let (sent, arrived) = (&cluster.sent, &cluster.arrived);
        let is_whole = f64::from(arrived.packets) >= ARRIVED_SHARE_MIN * f64::from(sent.packets);
        let left = sent.bps(sent.last_bytes);
        let came = arrived.bps(arrived.first_bytes);
        let (Some(left), Some(came), true) = (left, came, is_whole && arrived.packets >= ARRIVED_MIN) else {
            self.pause_after_failure(now);
            return Finding::Nothing;
        };
        if came < QUEUED * left {
            let found = FOUND_SHARE * came;
            if found > WIDER * cluster.known_bps {
                self.not_before = Some(now + PAUSE_FOUND);
            } else {
                self.pause_after_failure(now);
            }
            return Finding::Bears(found);
        }
        self.failures = 0;
        self.not_before = Some(now + PAUSE_MIN);
        Finding::Bears(left.min(came))
    }

    /// A probe makes a short queue of its own: until it has drained, a growing one is no news.
    pub fn disturbs(&self, now: Instant) -> bool {
        self.cluster.is_some() || self.over_at.is_some_and(|at| now.saturating_duration_since(at) < DRAINED_AFTER)
    }

    /// A queue has just grown: not now.
    pub fn pause(&mut self, now: Instant) {
        self.not_before = self.not_before.max(Some(now + PAUSE_FAILED));
    }

    /// The link was found too narrow.
    fn pause_after_failure(&mut self, now: Instant) {
        let pause = (PAUSE_FAILED * 2_u32.pow(self.failures.min(4))).min(PAUSE_MAX);
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(now + pause);
    }
}

/// A little above what is wanted: what is measured is a little below.
fn target(bps: f64, wanted_bps: f64) -> f64 {
    (1.15 * wanted_bps).min(LEAP_MAX * bps)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A probe for `wanted` over a link of `link_bps`, from a known 500 kbit/s.
    fn probe(wanted: f64, link_bps: f64) -> Finding {
        let start = Instant::now();
        let mut prober = Prober::default();
        assert!(prober.begin(500_000.0, wanted, 0, start));
        let (mut number, mut free_us) = (0, 0.0_f64);
        let mut arrivals = Vec::new();
        for step in 0..=STEPS {
            let now = start + step * STEP;
            let at_us = u64::from(step) * STEP.as_micros() as u64;
            let mut left = prober.step(number, now);
            while left > 0 {
                let bytes = left.clamp(200, 1_100);
                left = left.saturating_sub(bytes);
                prober.on_sent(number, at_us, bytes as u16);
                free_us = free_us.max(at_us as f64) + bytes as f64 * 8.0e6 / link_bps;
                arrivals.push((number, free_us as i64, bytes as u16));
                number += 1;
            }
        }
        for (number, at_us, bytes) in arrivals {
            prober.on_arrived(number, at_us, bytes);
        }
        prober.on_report(number - 1, start + Duration::from_millis(200)).expect("it is over")
    }

    #[test]
    fn a_wide_link_bears_what_was_asked() {
        let Finding::Bears(bps) = probe(900_000.0, 50_000_000.0) else { panic!("nothing") };
        assert!((900_000.0..1_300_000.0).contains(&bps), "{bps}");
    }

    #[test]
    fn a_narrow_link_shows_its_own_rate() {
        let Finding::Bears(bps) = probe(1_200_000.0, 600_000.0) else { panic!("nothing") };
        assert!((500_000.0..620_000.0).contains(&bps), "{bps}");
    }

    #[test]
    fn a_probe_that_found_the_end_is_not_repeated_at_once() {
        let now = Instant::now();
        let mut prober = Prober::default();
        prober.pause_after_failure(now);
        prober.pause_after_failure(now);
        assert!(!prober.begin(1.0, 2.0, 0, now + PAUSE_FAILED));
        assert!(prober.begin(1.0, 2.0, 0, now + 2 * PAUSE_FAILED));
        assert!(!prober.begin(1.0, 2.0, 0, now + PAUSE_MAX), "one at a time");
    }

    #[test]
    fn what_cannot_be_probed_is_dared_step_by_step_and_ever_more_seldom() {
        let now = Instant::now();
        let mut prober = Prober::default();
        assert_eq!(prober.dare(60_000.0, 250_000.0, now), Some(150_000.0), "no further than a probe would leap");
        assert_eq!(prober.dare(150_000.0, 250_000.0, now), None, "once");
        assert_eq!(prober.dare(150_000.0, 250_000.0, now + PAUSE_FAILED), Some(287_500.0));
        assert_eq!(prober.dare(60_000.0, 250_000.0, now + 2 * PAUSE_FAILED), None);
        assert_eq!(prober.dare(300_000.0, 250_000.0, now + PAUSE_MAX), None, "there is room");
    }
}
