//! What the way to one receiver bears: estimated from when its packets arrive (draft-ietf-rmcat-gcc-02), probed when
//! more would be of use. Media that nobody paces comes as its publisher's browser paced it.

mod delay;
mod feedback;
mod probe;
mod queue;
mod rate;
mod sent;

pub use feedback::Feedback;
pub use probe::STEP as PROBE_STEP;
pub use queue::Queue;

use delay::{Delay, Usage};
use probe::{Finding, Prober};
use queue::Standing;
use rate::{Arriving, Flow, Loss, Rate};
use sent::SentLog;
use std::time::{Duration, Instant};

/// Packets left and no report came for this long: the way is blocked.
const SILENCE_MAX: Duration = Duration::from_secs(1);
/// Jitter does not take away so much of what leaves in half a second; a way that has become narrow does.
const STEEP: f64 = 0.6;
/// Until the receiver's reports tell.
const RTT_START: Duration = Duration::from_millis(100);

pub struct Downlink {
    epoch: Instant,
    log: SentLog,
    delay: Delay,
    queue: Queue,
    leaving: Arriving,
    arriving: Arriving,
    loss: Loss,
    rate: Rate,
    prober: Prober,
    rtt: Option<Duration>,
    reported_at: Option<Instant>,
    /// Of the last report: its ordinal, and the last number it told of.
    reported: Option<(u8, u64)>,
    /// It was to report, and never did: nothing is known of its way.
    is_mute: bool,
}

impl Downlink {
    pub fn new(now: Instant) -> Downlink {
        Downlink {
            epoch: now,
            log: SentLog::default(),
            delay: Delay::default(),
            queue: Queue::default(),
            leaving: Arriving::default(),
            arriving: Arriving::default(),
            loss: Loss::default(),
            rate: Rate::default(),
            prober: Prober::default(),
            rtt: None,
            reported_at: None,
            reported: None,
            is_mute: false,
        }
    }

    /// A packet of this size leaves now. Returns its transport-wide number.
    pub fn send(&mut self, bytes: usize, now: Instant) -> u16 {
        let at_us = self.us(now);
        let bytes = u16::try_from(bytes).unwrap_or(u16::MAX);
        let number = self.log.push(at_us, bytes);
        self.prober.on_sent(number, at_us, bytes);
        number as u16
    }

    /// The receiver reports what arrived.
    pub fn on_feedback(&mut self, feedback: &Feedback<'_>, now: Instant) {
        self.reported_at = Some(now);
        self.is_mute = false;
        for (number, arrival_us) in feedback.arrivals() {
            let number = self.log.number(number);
            let Some(sent) = self.log.arrived(number) else { continue };
            self.delay.on_packet(sent.at_us, arrival_us);
            self.queue.on_packet(sent.at_us, arrival_us);
            self.arriving.on_packet(arrival_us, sent.bytes);
            self.prober.on_arrived(number, arrival_us);
        }
        let newest = self.log.number(feedback.last());
        if newest >= self.log.next() {
            // Of what was never sent: nothing of it counts.
            return;
        }
        // If none is missing between this report and the one before, it also tells of what lies between them.
        let ordinal = feedback.ordinal();
        let follows = self.reported.filter(|(before, _)| before.wrapping_add(1) == ordinal);
        let first = self.log.number(feedback.first());
        for sent in self.log.cover(follows.map_or(first, |(_, last)| first.min(last + 1))..=newest) {
            self.leaving.on_packet(sent.at_us as i64, sent.bytes);
        }
        self.reported = Some((ordinal, newest));
        let settled = self.log.settle(newest, self.us(now));
        self.loss.on_settled(settled, now);
        let usage = self.usage();
        if let Some(Finding::Bears(bps)) = self.prober.on_report(newest, now) {
            self.rate.on_probe(bps);
        }
        if usage == Usage::Over && self.prober.disturbs(now) {
            return;
        }
        let (leaving, arriving) = match self.standing() {
            Standing::Much => (self.leaving.bps(), self.arriving.bps()),
            _ => (self.leaving.bps_long(), self.arriving.bps_long()),
        };
        let flow = Flow { leaving, arriving, loss: self.loss.share() };
        self.rate.on_report(usage, &flow, self.rtt(), now);
        if usage == Usage::Over {
            self.prober.pause(now);
        }
    }

    /// A delay that grows or shrinks says something only where something stands in a queue.
    fn usage(&self) -> Usage {
        match self.standing() {
            Standing::Little => Usage::Normal,
            _ => self.delay.usage(),
        }
    }

    fn standing(&self) -> Standing {
        let lately = self.arriving.bps().zip(self.leaving.bps());
        self.queue.standing(lately.is_some_and(|(arriving, leaving)| arriving < STEEP * leaving))
    }

    /// The round trip that the receiver's own report tells.
    pub fn on_round_trip(&mut self, rtt: Duration) {
        self.rtt = Some(self.rtt.map_or(rtt, |before| (before * 3 + rtt) / 4));
    }

    /// Looks whether reports still come, while packets go out.
    pub fn look(&mut self, now: Instant) {
        let Some(waits_since) = self.log.waits_since_us() else { return };
        let waits_since = self.epoch + Duration::from_micros(waits_since);
        let last = self.reported_at.map_or(waits_since, |at| at.max(waits_since));
        if now.saturating_duration_since(last) < SILENCE_MAX {
            return;
        }
        self.log.forget();
        match self.reported_at.replace(now) {
            Some(_) if !self.is_mute => self.rate.on_silence(),
            _ => {
                self.is_mute = true;
                self.reported_at = None;
            }
        }
    }

    /// What may be sent, bits a second.
    pub fn bps(&self) -> u64 {
        if self.is_mute { u64::MAX } else { self.rate.bps() as u64 }
    }

    /// Between 0 and 1.
    pub fn loss(&self) -> f64 {
        self.loss.share()
    }

    pub fn rtt(&self) -> Duration {
        self.rtt.unwrap_or(RTT_START)
    }

    /// Nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.log.is_empty()
    }

    /// Begins a probe if `wanted_bps` is more than what is known, and it is time. Returns whether it did.
    pub fn probe(&mut self, wanted_bps: u64, now: Instant) -> bool {
        self.is_calm(now) && self.prober.begin(self.rate.bps(), wanted_bps as f64, self.log.next(), now)
    }

    /// The same where no probe can be sent, as the receiver knows no retransmissions.
    pub fn dare(&mut self, wanted_bps: u64, now: Instant) {
        if self.is_calm(now)
            && let Some(bps) = self.prober.dare(self.rate.bps(), wanted_bps as f64, now)
        {
            self.rate.on_probe(bps);
        }
    }

    fn is_calm(&self, now: Instant) -> bool {
        // What was told of a queue is true for a while. Where nothing is shown any more nobody tells of anything.
        let is_old = self.reported_at.is_none_or(|at| now.saturating_duration_since(at) >= SILENCE_MAX);
        !self.is_mute && (is_old || self.usage() == Usage::Normal)
    }

    pub fn probe_due(&self) -> Option<Instant> {
        self.prober.due()
    }

    /// How many bytes a probe wants sent now.
    pub fn probe_step(&mut self, now: Instant) -> usize {
        self.prober.step(now)
    }

    fn us(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.epoch).as_micros() as u64
    }
}
