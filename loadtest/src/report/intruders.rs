//! How those fared who had no business there, and what it cost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::agenda::Intruder;
use crate::gauge::{Gauge, Second};
use crate::ledger::{Flood, Ledger, Met};
use crate::scenario::Scenario;

/// Attempts below this are too few to tell their cost from noise.
const ATTEMPTS_MIN: u64 = 100;
/// After the last arrival, and around an attack, a running class needs so long to be at rest.
pub const SETTLED_S: f64 = 3.0;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intrusion {
    pub kinds: BTreeMap<Intruder, Kind>,
    pub attempts: u64,
    /// Must be none.
    pub seated: u64,
    /// Of the class, to people who were not seated, intruders and others. Must be none.
    pub leaked_bytes: u64,
    pub flood: Flood,
    /// The server's CPU per attempt and flooded socket, above what it used at rest.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refused_cpu_us: Option<f64>,
    /// Media from one person to another, at rest and while intruders tried.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub transit_ms_p99_rest: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub transit_ms_p99_attack: Option<f64>,
}

/// One kind's attempts, and how they ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    pub attempts: u64,
    pub ends: BTreeMap<String, u64>,
}

impl Intrusion {
    /// Nothing where nobody tried; what leaked to others who waited is counted by the figures.
    pub fn of(ledger: &Ledger, gauge: &Gauge, scenario: &Scenario) -> Option<Intrusion> {
        if ledger.fared.is_empty() && ledger.flood == Flood::default() {
            return None;
        }
        let kinds: BTreeMap<Intruder, Kind> = ledger
            .fared
            .iter()
            .map(|(kind, fared)| {
                let ends = fared.met.iter().map(|(met, count)| (words(*met), *count)).collect();
                (*kind, Kind { attempts: fared.attempts, ends })
            })
            .collect();
        let fared = || ledger.fared.values();
        let attempts: u64 = fared().map(|fared| fared.attempts).sum();
        let seated = fared().filter_map(|fared| fared.met.get(&Met::Seated)).sum();
        let leaked = fared().map(|fared| fared.leaked).sum::<u64>();
        let ms = |time: Option<std::time::Duration>| time.map(|time| (time.as_secs_f64() * 1e6).round() / 1e3);
        Some(Intrusion {
            kinds,
            attempts,
            seated,
            leaked_bytes: leaked + ledger.records.iter().map(|record| record.leaked as u64).sum::<u64>(),
            flood: ledger.flood,
            refused_cpu_us: refused_cpu(attempts + ledger.flood.sockets, &gauge.seconds, scenario),
            transit_ms_p99_rest: ms(gauge.at_rest.quantile(0.99)),
            transit_ms_p99_attack: ms(gauge.attacked.quantile(0.99)),
        })
    }
}

/// Whether a moment lies in the attack, or at rest before or after it; neither while people come and settle.
pub fn is_attack(scenario: &Scenario, at_s: f64) -> Option<bool> {
    let intruders = &scenario.intruders;
    let (from, lasts) = (intruders.from_s.get().as_secs_f64(), intruders.for_s.get().as_secs_f64());
    let all_there = scenario.arrivals.bell_s.get().as_secs_f64() + scenario.arrivals.lateness.at(1.0) + SETTLED_S;
    let has_attack = lasts > 0.0;
    if has_attack && (from + 1.0..=from + lasts).contains(&at_s) {
        return Some(true);
    }
    let is_calm = at_s > all_there && (!has_attack || at_s < from || at_s > from + lasts + 2.0 * SETTLED_S);
    is_calm.then_some(false)
}

fn refused_cpu(attempts: u64, seconds: &[Second], scenario: &Scenario) -> Option<f64> {
    let cores = |attacked: bool| {
        let of = seconds.iter().filter(|second| is_attack(scenario, second.at_s) == Some(attacked));
        let values: Vec<f64> = of.filter_map(|second| second.server_cores).collect();
        super::spread::mean(&values).map(|(mean, _)| mean)
    };
    if attempts < ATTEMPTS_MIN {
        return None;
    }
    let (rest, attacked) = (cores(false)?, cores(true)?);
    let used_s = (attacked - rest).max(0.0) * scenario.intruders.for_s.get().as_secs_f64();
    Some((used_s * 1e7 / attempts as f64).round() / 10.0)
}

fn words(met: Met) -> String {
    match met {
        Met::Closed(code) => format!("closed {code}"),
        Met::Status(status) => format!("status {status}"),
        Met::Unanswered => "unanswered".into(),
        Met::Queued => "queued".into(),
        Met::Waited => "waited".into(),
        Met::Seated => "seated".into(),
        Met::Skipped => "not tried".into(),
    }
}
