//! How long packets stand in a queue on the way: the least one-way delay of late, above the least there ever was.
//! Jitter and a burst come back to the least; a queue that we fill does not.

/// The least of this time and of the one before says what stands: soon, and beyond doubt.
const SOON_US: i64 = 250_000;
const SURELY_US: i64 = 750_000;
/// The least of this time and of the one before is the way itself: clocks drift, and ways change.
const LONG_US: i64 = 15_000_000;
/// A queue that stands for [`SURELY_US`] is worth a cut from here on…
const STANDS_US: f64 = 30_000.0;
/// …one that has just come from there on: homes have as much jitter. It may be less where much less arrives than leaves.
const FILLS_US: f64 = 220_000.0;
const FILLS_STEEPLY_US: f64 = 120_000.0;
/// …if it is more than this multiple of what usually stands there, learned and forgotten within these times.
const STANDS_UNUSUALLY: f64 = 1.5;
const FILLS_UNUSUALLY: f64 = 2.5;
const LEARNED_WITHIN_US: f64 = 4_000_000.0;
const FORGOTTEN_WITHIN_US: f64 = 30_000_000.0;
/// Jitter explains no more than this for long.
const JITTER_US_MAX: f64 = 100_000.0;
/// After a pause, one packet says no more than this much time does.
const STEP_US_MAX: i64 = 100_000;

/// The least value of a window that moves in steps.
struct Least {
    step_us: i64,
    step: i64,
    now_us: i64,
    before_us: i64,
}

impl Least {
    fn new(step_us: i64) -> Least {
        Least { step_us, step: i64::MIN, now_us: i64::MAX, before_us: i64::MAX }
    }

    fn add(&mut self, at_us: i64, value_us: i64) {
        let step = at_us.div_euclid(self.step_us);
        if step > self.step {
            self.before_us = if step == self.step.saturating_add(1) { self.now_us } else { i64::MAX };
            self.now_us = i64::MAX;
            self.step = step;
        }
        self.now_us = self.now_us.min(value_us);
    }

    fn get(&self) -> Option<i64> {
        let least = self.now_us.min(self.before_us);
        (least < i64::MAX).then_some(least)
    }
}

/// What is known of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing unusual.
    Little,
    /// Something stands there and does not go away.
    Some,
    /// A queue has come at once: the way has become much narrower than what is sent.
    Much,
}

/// What stands over one window, and what usually does.
struct Stand {
    least: Least,
    usual_us: f64,
}

impl Stand {
    fn new(step_us: i64) -> Stand {
        Stand { least: Least::new(step_us), usual_us: 0.0 }
    }

    fn us(&self, way_us: i64) -> f64 {
        self.least.get().map_or(0.0, |least| (least - way_us) as f64)
    }

    fn learn(&mut self, way_us: i64, since_us: i64) {
        let off_us = self.us(way_us) - self.usual_us;
        let within_us = if off_us > 0.0 { LEARNED_WITHIN_US } else { FORGOTTEN_WITHIN_US };
        self.usual_us += off_us * since_us as f64 / within_us;
    }
}

pub struct Queue {
    soon: Stand,
    surely: Stand,
    long: Least,
    newest_us: i64,
}

impl Default for Queue {
    fn default() -> Queue {
        Queue {
            soon: Stand::new(SOON_US),
            surely: Stand::new(SURELY_US),
            long: Least::new(LONG_US),
            newest_us: i64::MIN,
        }
    }
}

impl Queue {
    /// A packet left at `sent_us` and arrived at `arrival_us` on the receiver's clock.
    pub fn on_packet(&mut self, sent_us: u64, arrival_us: i64) {
        let delay_us = arrival_us - sent_us as i64;
        self.long.add(arrival_us, delay_us);
        let way_us = self.long.get().unwrap_or(delay_us);
        let since_us = arrival_us.saturating_sub(self.newest_us).clamp(0, STEP_US_MAX);
        self.newest_us = self.newest_us.max(arrival_us);
        for stand in [&mut self.soon, &mut self.surely] {
            stand.least.add(arrival_us, delay_us);
            stand.learn(way_us, since_us);
        }
    }

    /// How much later a packet came than it could have, µs.
    pub fn later_us(&self, sent_us: u64, arrival_us: i64) -> i64 {
        self.long.get().map_or(0, |way_us| (arrival_us - sent_us as i64 - way_us).max(0))
    }

    /// What stands there beyond what jitter explains, µs.
    pub fn unexplained_us(&self) -> f64 {
        let Some(way_us) = self.long.get() else { return 0.0 };
        let over = |stand: &Stand, from_us: f64| {
            stand.us(way_us) - from_us.max(FILLS_UNUSUALLY * stand.usual_us.min(JITTER_US_MAX))
        };
        over(&self.surely, STANDS_US).max(over(&self.soon, FILLS_STEEPLY_US)).max(0.0)
    }

    /// `is_steep`: much less arrives than leaves.
    pub fn standing(&self, is_steep: bool) -> Standing {
        let Some(way_us) = self.long.get() else { return Standing::Little };
        let (soon, surely) = (&self.soon, &self.surely);
        let fills_us = if is_steep { FILLS_STEEPLY_US } else { FILLS_US };
        if soon.us(way_us) > fills_us.max(FILLS_UNUSUALLY * soon.usual_us) {
            Standing::Much
        } else if surely.us(way_us) > STANDS_US.max(STANDS_UNUSUALLY * surely.usual_us) {
            Standing::Some
        } else {
            Standing::Little
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What packets every 10 ms make of it, each so much later than it left.
    fn after(queue: &mut Queue, packets: std::ops::Range<u64>, later_us: impl Fn(u64) -> i64) -> Vec<Standing> {
        let mut packets: Vec<(i64, u64)> =
            packets.map(|n| (n as i64 * 10_000 - 3_000_000 + later_us(n), n * 10_000)).collect();
        packets.sort_unstable();
        let mut found = Vec::new();
        for (arrival_us, sent_us) in packets {
            queue.on_packet(sent_us, arrival_us);
            found.push(queue.standing(false));
        }
        found
    }

    #[test]
    fn jitter_and_a_burst_stand_in_no_queue_and_a_filled_one_does() {
        let mut queue = Queue::default();
        let jitter = |n: u64| if n % 30 < 15 { 150_000 } else { 0 };
        assert!(after(&mut queue, 15..1_000, jitter).iter().all(|found| *found == Standing::Little));
        assert_eq!(after(&mut queue, 1_000..1_200, |_| 80_000).last(), Some(&Standing::Some));
        assert_eq!(after(&mut queue, 1_200..1_260, |_| 300_000).last(), Some(&Standing::Much));
    }

    #[test]
    fn what_always_stands_there_is_usual() {
        let mut queue = Queue::default();
        after(&mut queue, 0..100, |_| 0);
        let found = after(&mut queue, 100..1_400, |n| if n % 1_000 == 0 { 0 } else { 60_000 });
        assert_eq!((found[200], found[1_290]), (Standing::Some, Standing::Little));
    }
}
