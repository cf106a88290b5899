//! Counts of times in buckets that grow with them: any number of times in a few kilobytes, each known to 3 %.

use std::time::Duration;

/// Buckets for each doubling.
const STEPS: u64 = 32;
/// Up to 2^26 µs: a minute.
const DOUBLINGS: u64 = 22;

/// Times in microseconds. Longer ones than a minute count as one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Empty until something was noted.
    counts: Vec<u32>,
    most: Duration,
}

impl Histogram {
    pub fn note(&mut self, time: Duration) {
        if self.counts.is_empty() {
            self.counts = vec![0; ((DOUBLINGS + 1) * STEPS) as usize];
        }
        let at = bucket(time.as_micros() as u64).min(self.counts.len() - 1);
        self.counts[at] += 1;
        self.most = self.most.max(time);
    }

    pub fn add(&mut self, other: &Histogram) {
        if other.counts.is_empty() {
            return;
        }
        self.counts.resize(other.counts.len(), 0);
        self.counts.iter_mut().zip(&other.counts).for_each(|(own, theirs)| *own += theirs);
        self.most = self.most.max(other.most);
    }

    /// What was noted since `earlier`, a state of the same histogram. The longest of all stays known.
    pub fn since(&self, earlier: &Histogram) -> Histogram {
        let before = |at: usize| earlier.counts.get(at).copied().unwrap_or(0);
        let counts = self.counts.iter().enumerate().map(|(at, count)| count - before(at)).collect();
        Histogram { counts, most: self.most }
    }

    pub fn count(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    pub fn most(&self) -> Duration {
        self.most
    }

    /// By nearest rank; nothing where nothing was noted.
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        let wanted = ((q * self.count() as f64).ceil() as u64).max(1);
        let mut seen = 0;
        let at = self.counts.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted
        })?;
        Some(Duration::from_micros(middle(at as u64)).min(self.most))
    }
}

/// The first `STEPS` buckets are a microsecond each; then `STEPS` for each doubling.
fn bucket(micros: u64) -> usize {
    if micros < STEPS {
        return micros as usize;
    }
    let doubling = u64::from(micros.ilog2() - STEPS.ilog2());
    (STEPS * (doubling + 1) + ((micros >> doubling) - STEPS)) as usize
}

fn middle(bucket: u64) -> u64 {
    if bucket < STEPS {
        return bucket;
    }
    let doubling = bucket / STEPS - 1;
    ((STEPS + bucket % STEPS) << doubling) + ((1 << doubling) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_known_to_three_percent() {
        let mut all = Histogram::default();
        assert_eq!(all.quantile(0.5), None);
        (1..=100_000).for_each(|micros| all.note(Duration::from_micros(micros)));
        for (q, expected) in [(0.5, 50_000.0), (0.99, 99_000.0), (0.0001, 10.0)] {
            let found = all.quantile(q).expect("something was noted").as_micros() as f64;
            assert!((found / expected - 1.0).abs() < 0.03, "{q}: {found}, not {expected}");
        }
        assert_eq!((all.count(), all.most()), (100_000, Duration::from_millis(100)));
        let before = all.clone();
        all.note(Duration::from_secs(3_600));
        assert_eq!(all.since(&before).count(), 1);
    }
}
