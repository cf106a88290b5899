//! Probes: more than the pictures need, for a moment, to learn whether the link bears a larger one.

use std::time::{Duration, Instant};

/// Spread over this long, so that a bucket at the bottleneck does not swallow it whole…
const SPREAD: Duration = Duration::from_millis(60);
/// …or, where its steps come late, over this…
const SPREAD_MAX: Duration = Duration::from_millis(120);
/// …in steps of this length, of which each sends what is due until the next.
pub const STEP: Duration = Duration::from_millis(5);
/// More packets than this are not looked at: pictures and a probe at [`super::rate::BPS_MAX`].
const PACKETS_MAX: usize = 512;
/// A leap further than this says little and costs much.
const LEAP_MAX: f64 = 2.5;
/// Fewer packets than this measure nothing.
const ARRIVED_MIN: usize = 5;
/// A probe of which less arrives than this has found the end of the link.
const ARRIVED_SHARE_MIN: f64 = 0.8;
/// What arrives slower than it left by this has queued: the link is narrower than the probe.
const QUEUED: f64 = 0.9;
/// After that long without a report, a probe counts as lost.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// What a probe leaves in a queue is gone after this, and out of the trend.
const DRAINED_AFTER: Duration = Duration::from_millis(600);

/// A link that bore what it was asked is asked for more after this.
const PAUSE_BORNE: Duration = Duration::from_millis(100);
/// A link that was found narrower than asked for, but wider than was known, is asked again after this; one of which
/// nothing was learned as well.
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
    wanted_bps: f64,
    target_bps: f64,
    began: Instant,
    due: Instant,
    /// All is sent; the answer is awaited.
    is_sent: bool,
    /// The number of its first packet; those of the others follow.
    first: u64,
    packets: Vec<Probed>,
}

/// A packet that left during a probe.
#[derive(Clone, Copy)]
struct Probed {
    at_us: i64,
    bytes: u16,
    /// On the receiver's clock.
    arrival_us: Option<i64>,
}

impl Cluster {
    /// Rates at which some of it left and arrived, bits a second, as between two packets: those that came soonest after
    /// they left, one of the first third and one of the last. Who reads late makes packets late, but a queue all of them.
    fn rates(&self) -> Option<(f64, f64)> {
        let (from_us, to_us) = (self.packets.first()?.at_us, self.packets.last()?.at_us);
        let third_us = (to_us - from_us) / 3;
        let soonest = |is_among: &dyn Fn(&Probed) -> bool| {
            let arrived = self.packets.iter().enumerate().filter(|(_, packet)| is_among(packet));
            arrived.filter_map(|(i, packet)| Some((packet.arrival_us? - packet.at_us, i))).min().map(|(_, i)| i)
        };
        let early = soonest(&|packet| packet.at_us <= from_us + third_us)?;
        let late = soonest(&|packet| packet.at_us >= to_us - third_us)?;
        let between = self.packets.get(early + 1..=late)?;
        let bits = |packets: &mut dyn Iterator<Item = &Probed>| packets.map(|p| f64::from(p.bytes) * 8.0).sum::<f64>();
        let left_us = self.packets[late].at_us - self.packets[early].at_us;
        let came_us = self.packets[late].arrival_us? - self.packets[early].arrival_us?;
        let left = bits(&mut between.iter()) * 1e6 / left_us as f64;
        let came = bits(&mut between.iter().filter(|p| p.arrival_us.is_some())) * 1e6 / came_us.max(1) as f64;
        (left_us > 0).then_some((left, came))
    }

    fn is_whole(&self) -> bool {
        let arrived = self.packets.iter().filter(|packet| packet.arrival_us.is_some()).count();
        arrived >= ARRIVED_MIN && arrived as f64 >= ARRIVED_SHARE_MIN * self.packets.len() as f64
    }

    fn bytes(&self) -> f64 {
        self.packets.iter().map(|packet| f64::from(packet.bytes)).sum()
    }

    fn at(&mut self, number: u64) -> Option<&mut Probed> {
        self.packets.get_mut(usize::try_from(number.checked_sub(self.first)?).ok()?)
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
            wanted_bps,
            target_bps: target(bps, wanted_bps),
            began: now,
            due: now,
            is_sent: false,
            first: next,
            packets: Vec::new(),
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
    pub fn step(&mut self, now: Instant) -> usize {
        let Some(cluster) = &mut self.cluster else { return 0 };
        if cluster.due > now {
            return 0;
        }
        if cluster.is_sent {
            self.conclude(now);
            return 0;
        }
        let since = now.saturating_duration_since(cluster.began);
        let share = cluster.target_bps * (since + STEP).min(SPREAD).as_secs_f64() / 8.0;
        let left = (share - cluster.bytes()).max(0.0) as usize;
        if since < SPREAD || (left > 0 && since < SPREAD_MAX) {
            cluster.due = now + STEP;
            return left;
        }
        cluster.is_sent = true;
        cluster.due = now + ANSWER_MAX;
        0
    }

    /// Packet `number` leaves. What leaves while the answer is awaited is none of the probe.
    pub fn on_sent(&mut self, number: u64, at_us: u64, bytes: u16) {
        if let Some(cluster) = &mut self.cluster
            && !cluster.is_sent
            && cluster.packets.len() < PACKETS_MAX
            && cluster.first + cluster.packets.len() as u64 == number
        {
            cluster.packets.push(Probed { at_us: at_us as i64, bytes, arrival_us: None });
        }
    }

    pub fn on_arrived(&mut self, number: u64, arrival_us: i64) {
        if let Some(packet) = self.cluster.as_mut().and_then(|cluster| cluster.at(number)) {
            packet.arrival_us = Some(arrival_us);
        }
    }

    /// A report covers everything up to `newest`. `None`: no probe is over.
    pub fn on_report(&mut self, newest: u64, now: Instant) -> Option<Finding> {
        let cluster = self.cluster.as_ref().filter(|cluster| cluster.is_sent)?;
        (newest + 1 >= cluster.first + cluster.packets.len() as u64).then(|| self.conclude(now))
    }

    fn conclude(&mut self, now: Instant) -> Finding {
        let Some(cluster) = self.cluster.take() else { return Finding::Nothing };
        self.over_at = Some(now);
        let Some((left, came)) = cluster.rates().filter(|_| cluster.is_whole()) else {
            self.pause_after_failure(now);
            return Finding::Nothing;
        };
        let has_queued = came < QUEUED * left;
        let found = if has_queued { FOUND_SHARE * came } else { left.min(came) };
        let is_wider = found > WIDER * cluster.known_bps;
        if found >= cluster.wanted_bps || (is_wider && !has_queued) {
            self.failures = 0;
            self.not_before = Some(now + PAUSE_BORNE);
        } else if is_wider || !has_queued {
            // Not the link's end: nothing queued, so less left than was meant.
            self.not_before = Some(now + PAUSE_FOUND);
        } else {
            self.pause_after_failure(now);
        }
        Finding::Bears(found)
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

    /// A probe for `wanted` over a link of `link_bps`, from a known 500 kbit/s. Steps come `late_us` late, and what
    /// arrives is read when its reader is back: it is away for as long as `away_us` says of a packet's number.
    fn probe(wanted: f64, link_bps: f64, late_us: u64, away_us: impl Fn(u64) -> i64) -> Finding {
        let start = Instant::now();
        let mut prober = Prober::default();
        assert!(prober.begin(500_000.0, wanted, 0, start));
        let (mut number, mut free_us, mut read_us) = (0, 0.0_f64, 0);
        let mut arrivals = Vec::new();
        while let Some(due) = prober.due().filter(|due| *due < start + ANSWER_MAX) {
            let now = due + Duration::from_micros(late_us);
            let at_us = now.duration_since(start).as_micros() as u64;
            let mut left = prober.step(now);
            while left > 0 {
                let bytes = left.clamp(200, 1_100);
                left = left.saturating_sub(bytes);
                prober.on_sent(number, at_us, bytes as u16);
                free_us = free_us.max(at_us as f64) + bytes as f64 * 8.0e6 / link_bps;
                read_us = read_us.max(free_us as i64 + away_us(number));
                arrivals.push((number, read_us));
                number += 1;
            }
        }
        for (number, at_us) in arrivals {
            prober.on_arrived(number, at_us);
        }
        prober.on_report(number - 1, start + Duration::from_millis(200)).expect("it is over")
    }

    /// What a probe found, in kbit/s, over links of `link_bps`.
    fn found(wanted: f64, link_bps: f64, late_us: u64, away_us: impl Fn(u64) -> i64) -> u32 {
        match probe(wanted, link_bps, late_us, away_us) {
            Finding::Bears(bps) => bps as u32 / 1_000,
            Finding::Nothing => panic!("nothing"),
        }
    }

    #[test]
    fn a_wide_link_bears_what_was_asked() {
        let bears = found(900_000.0, 50_000_000.0, 0, |_| 0);
        assert!((900..1_300).contains(&bears), "{bears}");
    }

    #[test]
    fn a_narrow_link_shows_its_own_rate() {
        let bears = found(1_200_000.0, 600_000.0, 0, |_| 0);
        assert!((500..620).contains(&bears), "{bears}");
    }

    #[test]
    fn who_sends_late_asks_as_much() {
        for late_us in [1_000, 3_000, 8_000, 15_000] {
            let bears = found(900_000.0, 50_000_000.0, late_us, |_| 0);
            assert!((900..1_300).contains(&bears), "{late_us}: {bears}");
            let bears = found(1_200_000.0, 600_000.0, late_us, |_| 0);
            assert!((500..620).contains(&bears), "{late_us}: {bears}");
        }
    }

    #[test]
    fn who_reads_late_has_no_queue() {
        for seed in 0..40 {
            let away_us = |number: u64| (number * 7_919 + seed * 104_729) as i64 % 12_000;
            let bears = found(900_000.0, 50_000_000.0, 1_000, away_us);
            assert!(bears >= 800, "{seed}: {bears}");
            let bears = found(1_200_000.0, 600_000.0, 1_000, away_us);
            assert!((450..700).contains(&bears), "{seed}: {bears}");
        }
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
