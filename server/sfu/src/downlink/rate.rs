//! How much may be sent: raised while the link is quiet, cut when a queue grows or much gets lost
//! (draft-ietf-rmcat-gcc-02 §5.5, §6).

use super::delay::Usage;
use std::time::{Duration, Instant};

/// Three voices and their feedback: below this there is nothing left to save.
pub const BPS_MIN: f64 = 60_000.0;
/// Two dozen pictures and a screen; more is not asked of one browser.
pub const BPS_MAX: f64 = 30_000_000.0;
/// A small picture and its voice at once; what is larger waits for the first probe, a tenth of a second.
const BPS_START: f64 = 600_000.0;

/// Far from what the link once bore: so much a second.
const GROWTH: f64 = 1.08;
/// Near it: about one packet for each round trip.
const PACKET_BITS: f64 = 9_600.0;
/// A cut leaves this share of what arrives, so that the queue drains.
const CUT: f64 = 0.85;
/// With more than this share of what leaves arriving, no queue of ours grows…
const DELIVERED: f64 = 0.9;
/// …and a cut leaves nearly all of it.
const KEPT: f64 = 0.95;
/// A queue takes a while to drain after a cut.
const CUT_EVERY: Duration = Duration::from_millis(250);
/// What is not used proves nothing: the rate stays within this multiple of what arrives.
const UNUSED_MAX: f64 = 1.5;
const UNUSED_SLACK: f64 = 10_000.0;

/// Loss up to this is the air, not a queue: RTX repairs it.
const LOSS_GROWS_MAX: f64 = 0.12;
/// Above this the rate is cut, whatever the delay says: a link that drops instead of queueing.
const LOSS_CUT: f64 = 0.25;
const LOSS_CUT_EVERY: Duration = Duration::from_secs(1);

/// Packets are counted in slices of this length…
const SLICE_US: i64 = 50_000;
/// …over this many of them: half a second, and long enough for jitter to even out.
const SLICES_SOON: i64 = 10;
const SLICES: usize = 32;

/// What leaves or arrives, over a while of somebody's clock.
#[derive(Default)]
pub struct Arriving {
    slices: [u32; SLICES],
    newest: i64,
    first: Option<i64>,
}

impl Arriving {
    pub fn on_packet(&mut self, arrival_us: i64, bytes: u16) {
        let slice = arrival_us / SLICE_US;
        let first = *self.first.get_or_insert(slice);
        if self.newest == 0 || slice > self.newest + SLICES as i64 || slice < first {
            *self = Arriving { first: Some(slice), newest: slice, ..Arriving::default() };
        }
        while self.newest < slice {
            self.newest += 1;
            self.slices[self.newest as usize % SLICES] = 0;
        }
        if slice > self.newest - SLICES as i64 {
            self.slices[slice as usize % SLICES] += u32::from(bytes);
        }
    }

    /// Bits a second over half a second; `None` before there is a quarter to go by.
    pub fn bps(&self) -> Option<f64> {
        self.over(SLICES_SOON - 1)
    }

    /// Bits a second over one and a half.
    pub fn bps_long(&self) -> Option<f64> {
        self.over(SLICES as i64 - 1)
    }

    fn over(&self, slices_max: i64) -> Option<f64> {
        let slices = (self.newest - self.first?).min(slices_max);
        if slices < SLICES_SOON / 2 {
            return None;
        }
        // The newest slice is not over yet.
        let bytes: u32 = (1..=slices).map(|back| self.slices[(self.newest - back) as usize % SLICES]).sum();
        Some(f64::from(bytes) * 8.0 * 1_000_000.0 / (slices * SLICE_US) as f64)
    }
}

/// What gets lost, smoothed.
#[derive(Default)]
pub struct Loss {
    arrived: u32,
    lost: u32,
    since: Option<Instant>,
    share: f64,
}

impl Loss {
    /// A share of fewer packets than this says little.
    const PACKETS_MIN: u32 = 40;
    const EVERY: Duration = Duration::from_secs(1);

    pub fn on_settled(&mut self, (arrived, lost): (u32, u32), now: Instant) {
        self.arrived += arrived;
        self.lost += lost;
        let since = *self.since.get_or_insert(now);
        let packets = self.arrived + self.lost;
        if packets < Loss::PACKETS_MIN || now.saturating_duration_since(since) < Loss::EVERY {
            return;
        }
        let share = f64::from(self.lost) / f64::from(packets);
        *self = Loss { since: Some(now), share: 0.6 * self.share + 0.4 * share, ..Loss::default() };
    }

    /// Between 0 and 1.
    pub fn share(&self) -> f64 {
        self.share
    }
}

/// What moves, bits a second, as far as it is known.
pub struct Flow {
    pub leaving: Option<f64>,
    pub arriving: Option<f64>,
    /// Between 0 and 1.
    pub loss: f64,
}

pub struct Rate {
    bps: f64,
    /// What arrived when a queue grew, smoothed, with the deviation: the link's own rate, as far as it is known.
    link: Option<(f64, f64)>,
    raised_at: Option<Instant>,
    cut_at: Option<Instant>,
    loss_cut_at: Option<Instant>,
}

impl Default for Rate {
    fn default() -> Rate {
        Rate { bps: BPS_START, link: None, raised_at: None, cut_at: None, loss_cut_at: None }
    }
}

impl Rate {
    pub fn bps(&self) -> f64 {
        self.bps
    }

    /// After each report.
    pub fn on_report(&mut self, usage: Usage, flow: &Flow, rtt: Duration, now: Instant) {
        let Flow { arriving, loss, .. } = *flow;
        match usage {
            Usage::Over => self.cut(flow, rtt, now),
            // The queue that was there drains: wait for it.
            Usage::Under => self.raised_at = Some(now),
            Usage::Normal => self.raise(arriving, loss, rtt, now),
        }
        let may_cut = self.loss_cut_at.is_none_or(|at| now.saturating_duration_since(at) >= LOSS_CUT_EVERY);
        if loss > LOSS_CUT && may_cut {
            self.loss_cut_at = Some(now);
            self.bps = (self.bps * (1.0 - loss / 2.0)).max(BPS_MIN);
        }
    }

    fn cut(&mut self, flow: &Flow, rtt: Duration, now: Instant) {
        self.raised_at = Some(now);
        // One cut for each queue: the report of what was sent before it says nothing new.
        let since = self.cut_at.map(|at| now.saturating_duration_since(at));
        if since.is_some_and(|since| since < rtt + CUT_EVERY) {
            return;
        }
        self.cut_at = Some(now);
        let arriving = flow.arriving.unwrap_or(self.bps);
        // All that leaves arrives: the queue is not ours alone, and what we send says little of the way.
        if flow.leaving.is_none_or(|leaving| arriving > DELIVERED * (1.0 - flow.loss) * leaving) && arriving < self.bps
        {
            self.bps = (self.bps * CUT).max(KEPT * arriving).max(BPS_MIN);
            return;
        }
        let (mean, deviation) = self.link.unwrap_or((arriving, 0.05 * arriving));
        self.link = if (arriving - mean).abs() > 3.0 * deviation {
            Some((arriving, 0.05 * arriving))
        } else {
            let off = (arriving - mean).abs();
            Some((0.95 * mean + 0.05 * arriving, (0.95 * deviation + 0.05 * off).max(0.02 * mean)))
        };
        self.bps = self.bps.min(CUT * arriving).max(BPS_MIN);
    }

    fn raise(&mut self, arriving: Option<f64>, loss: f64, rtt: Duration, now: Instant) {
        let since = self.raised_at.replace(now).map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
        if loss > LOSS_GROWS_MAX {
            return;
        }
        let is_near = self.link.is_some_and(|(mean, deviation)| (self.bps - mean).abs() < 3.0 * deviation);
        let raised = if is_near {
            let response_s = rtt.as_secs_f64() + 0.1;
            self.bps + PACKET_BITS / response_s * since.min(1.0)
        } else {
            self.bps * GROWTH.powf(since.min(1.0))
        };
        let used = arriving.map_or(self.bps, |arriving| UNUSED_MAX * arriving + UNUSED_SLACK);
        self.bps = raised.min(used.max(self.bps)).min(BPS_MAX);
    }

    /// A probe got through at this rate.
    pub fn on_probe(&mut self, bps: f64) {
        if bps > self.bps {
            self.bps = bps.min(BPS_MAX);
            // What was believed of the link is refuted.
            self.link = self.link.filter(|(mean, deviation)| bps < mean + 3.0 * deviation);
        }
    }

    /// Reports stopped while packets went out.
    pub fn on_silence(&mut self) {
        self.bps = (self.bps / 2.0).max(BPS_MIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Duration = Duration::from_millis(50);

    fn flow(leaving: f64, arriving: f64, loss: f64) -> Flow {
        Flow { leaving: Some(leaving), arriving: Some(arriving), loss }
    }

    #[test]
    fn what_is_unused_does_not_grow_without_end() {
        let mut now = Instant::now();
        let mut rate = Rate::default();
        for _ in 0..600 {
            now += Duration::from_millis(100);
            rate.on_report(Usage::Normal, &flow(5e5, 5e5, 0.0), RTT, now);
        }
        assert!((700_000.0..=760_000.0).contains(&rate.bps()), "{}", rate.bps());
    }

    #[test]
    fn a_queue_cuts_once_below_what_arrives() {
        let mut now = Instant::now();
        let mut rate = Rate::default();
        rate.on_probe(2_000_000.0);
        for _ in 0..3 {
            now += Duration::from_millis(20);
            rate.on_report(Usage::Over, &flow(1.8e6, 1e6, 0.0), RTT, now);
        }
        assert!((rate.bps() - 850_000.0).abs() < 1.0, "{}", rate.bps());
    }

    #[test]
    fn a_queue_of_others_cuts_a_little() {
        let mut rate = Rate::default();
        rate.on_report(Usage::Over, &flow(1e5, 1e5, 0.0), RTT, Instant::now());
        assert!((rate.bps() - CUT * BPS_START).abs() < 1.0, "{}", rate.bps());
    }

    #[test]
    fn a_tenth_lost_in_the_air_is_borne_and_a_third_is_not() {
        let mut now = Instant::now();
        let mut rate = Rate::default();
        for loss in [0.1, 0.2] {
            for _ in 0..50 {
                now += Duration::from_millis(100);
                rate.on_report(Usage::Normal, &flow(5e5, 5e5, loss), RTT, now);
            }
            assert!(rate.bps() >= BPS_START, "{loss}");
        }
        for _ in 0..50 {
            now += Duration::from_millis(100);
            rate.on_report(Usage::Normal, &flow(5e5, 5e5, 0.33), RTT, now);
        }
        assert!(rate.bps() < 450_000.0, "{}", rate.bps());
    }

    #[test]
    fn arrivals_are_counted_over_half_a_second() {
        let mut arriving = Arriving::default();
        assert_eq!(arriving.bps(), None);
        for n in 0..200 {
            arriving.on_packet(7_000_000 + n * 10_000, 1_250);
        }
        let bps = arriving.bps().unwrap();
        assert!((950_000.0..1_050_000.0).contains(&bps), "{bps}");
        arriving.on_packet(60_000_000, 1_250);
        assert_eq!(arriving.bps(), None, "after a pause it begins anew");
    }
}
