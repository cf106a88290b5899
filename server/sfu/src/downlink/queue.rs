//! How long packets stand in a queue on the way: the least one-way delay of late, above the least there ever was.
//! Jitter and a burst come back to the least; a queue that we fill does not.

/// The least of this time and of the one before says what stands.
const LATELY_US: i64 = 250_000;
/// The least of this time and of the one before is the way itself: clocks drift, and ways change.
const LONG_US: i64 = 15_000_000;

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

pub struct Queue {
    lately: Least,
    long: Least,
}

impl Default for Queue {
    fn default() -> Queue {
        Queue { lately: Least::new(LATELY_US), long: Least::new(LONG_US) }
    }
}

impl Queue {
    /// A packet left at `sent_us` and arrived at `arrival_us` on the receiver's clock.
    pub fn on_packet(&mut self, sent_us: u64, arrival_us: i64) {
        let delay_us = arrival_us - sent_us as i64;
        self.lately.add(arrival_us, delay_us);
        self.long.add(arrival_us, delay_us);
    }

    /// What stands in the queue, µs; 0 before anything is known.
    pub fn stands_us(&self) -> i64 {
        self.lately.get().zip(self.long.get()).map_or(0, |(lately, long)| lately - long)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_and_a_burst_stand_in_no_queue_and_a_filled_one_does() {
        let mut queue = Queue::default();
        let jitter_us = |n: u64| if n % 30 < 15 { 150_000 } else { 0 };
        let mut packets: Vec<(i64, u64)> =
            (15..1_000).map(|n| (n as i64 * 10_000 - 3_000_000 + jitter_us(n), n * 10_000)).collect();
        packets.sort_unstable();
        for (arrival_us, sent_us) in packets {
            queue.on_packet(sent_us, arrival_us);
            assert_eq!(queue.stands_us(), 0, "sent at {sent_us}");
        }
        for n in 1_000..1_100_u64 {
            queue.on_packet(n * 10_000, n as i64 * 10_000 - 3_000_000 + 80_000);
        }
        assert_eq!(queue.stands_us(), 80_000);
    }
}
