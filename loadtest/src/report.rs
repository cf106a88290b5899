//! What a rehearsal found, for people and for machines.

use std::time::Duration;

use serde::Serialize;

/// The outcome of one class. Times are milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// The only server this run talked to.
    pub server: String,
    pub students: usize,
    pub knocked: usize,
    /// Students to whom media flowed.
    pub connected: usize,
    /// Students who received the teacher's picture and voice without a gap.
    pub saw_and_heard: usize,
    pub admit_to_seated_ms: Spread,
    pub offer_to_connected_ms: Spread,
    pub admit_to_first_packet_ms: Spread,
    pub packets_received: u64,
    pub gaps: u64,
    /// The server's CPU time per packet that arrived, in microseconds, and its memory per student; zero if not watched.
    pub forward_us: f64,
    pub seat_kb: f64,
    /// What went wrong, one line each.
    pub failures: Vec<String>,
}

/// Median, 95th percentile and maximum of a set of times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    pub p50: f64,
    pub p95: f64,
    pub max: f64,
}

impl Report {
    /// Everyone got in, saw and heard.
    pub fn passed(&self) -> bool {
        self.failures.is_empty() && self.saw_and_heard == self.students
    }
}

impl Spread {
    /// By nearest rank; zeros for no times.
    pub fn of(mut times: Vec<Duration>) -> Spread {
        times.sort();
        let at = |quantile: f64| {
            let rank = (quantile * times.len() as f64).ceil() as usize;
            let time = times.get(rank.saturating_sub(1));
            time.map_or(0.0, |time| (time.as_secs_f64() * 10_000.0).round() / 10.0)
        };
        Spread { p50: at(0.5), p95: at(0.95), max: at(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_takes_the_nearest_rank() {
        let times = (1..=20).rev().map(Duration::from_millis).collect();
        assert_eq!(Spread::of(times), Spread { p50: 10.0, p95: 19.0, max: 20.0 });
        assert_eq!(Spread::of(vec![]), Spread::default());
    }
}
