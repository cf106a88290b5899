//! How a set of times is spread, and how sure its quantiles are.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Milliseconds, by nearest rank; zeros for no times. `_low` and `_high` hold the quantile with 95 % confidence: what
/// chance alone could have made of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    pub n: usize,
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
    pub p50_low: f64,
    pub p50_high: f64,
    pub p95_low: f64,
    pub p95_high: f64,
}

impl Spread {
    pub fn of(mut times: Vec<Duration>) -> Spread {
        times.sort();
        let at_rank = |rank: f64| {
            let rank = (rank.ceil().max(1.0) as usize).min(times.len());
            let time = times.get(rank.saturating_sub(1));
            time.map_or(0.0, |time| (time.as_secs_f64() * 10_000.0).round() / 10.0)
        };
        let n = times.len() as f64;
        let at = |q: f64| at_rank(q * n);
        // How many of n lie below a quantile is binomial: about normal, two deviations to both sides.
        let sure = |q: f64| {
            let wide = 1.96 * (n * q * (1.0 - q)).sqrt();
            (at_rank(q * n - wide), at_rank(q * n + wide + 1.0))
        };
        let ((p50_low, p50_high), (p95_low, p95_high)) = (sure(0.5), sure(0.95));
        Spread {
            n: times.len(),
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            max: at(1.0),
            p50_low,
            p50_high,
            p95_low,
            p95_high,
        }
    }
}

/// The mean of a series, with the error that its own unrest leaves: means of neighbouring values are compared, as what
/// happens in one second goes on in the next.
pub fn mean(values: &[f64]) -> Option<(f64, f64)> {
    const NEIGHBOURS: usize = 5;
    if values.is_empty() {
        return None;
    }
    let all = values.iter().sum::<f64>() / values.len() as f64;
    let blocks: Vec<f64> =
        values.chunks(NEIGHBOURS).map(|block| block.iter().sum::<f64>() / block.len() as f64).collect();
    if blocks.len() < 3 {
        // Too few to know: anything may be chance.
        return Some((all, all.abs() / 2.0));
    }
    let n = blocks.len() as f64;
    let variance = blocks.iter().map(|block| (block - all).powi(2)).sum::<f64>() / (n - 1.0);
    Some((all, 1.96 * (variance / n).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_takes_the_nearest_rank() {
        let times = (1..=20).rev().map(Duration::from_millis).collect();
        let spread = Spread::of(times);
        assert_eq!((spread.n, spread.p50, spread.p95, spread.p99, spread.max), (20, 10.0, 19.0, 20.0, 20.0));
        assert!(spread.p50_low < 10.0 && spread.p50_high > 10.0, "{spread:?}");
        assert_eq!(Spread::of(vec![]), Spread::default());
    }

    #[test]
    fn more_times_are_surer() {
        let width = |n: u64| {
            let spread = Spread::of((1..=n).map(|time| Duration::from_millis(time * 1_000 / n)).collect());
            spread.p50_high - spread.p50_low
        };
        assert!(width(1_000) < width(20) / 3.0, "{} {}", width(1_000), width(20));
    }

    #[test]
    fn a_restless_series_is_less_sure() {
        let calm: Vec<f64> = (0..50).map(|n| 1.0 + f64::from(n % 2) / 100.0).collect();
        let restless: Vec<f64> = (0..50).map(|n| if (n / 10) % 2 == 0 { 0.5 } else { 1.5 }).collect();
        let (calm, restless) = (mean(&calm).expect("values"), mean(&restless).expect("values"));
        assert!(calm.1 < 0.01 && restless.1 > 0.1, "{calm:?} {restless:?}");
        assert_eq!(mean(&[]), None);
    }
}
