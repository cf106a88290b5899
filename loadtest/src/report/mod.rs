//! What a run found: one JSON document, from which the page, the verdict and comparisons are made.

mod budget;
mod chart;
mod compare;
mod fairness;
mod figures;
mod funnel;
mod intruders;
mod media;
mod page;
mod spread;
mod summary;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::gauge::Gauge;
pub use crate::gauge::Second;
use crate::ledger::Ledger;
use crate::scenario::Scenario;
use crate::stage::Stage;

pub(crate) use chart::{Line, axis_lines};
pub(crate) use page::{shell, thousands};

pub use budget::{Budget, BudgetError, Verdict};
pub use compare::{Comparison, Shift};
pub use fairness::Fairness;
pub use figures::{Better, Figure};
pub use funnel::Step;
pub use intruders::{Intrusion, is_attack};
pub use media::Reception;
pub use spread::Spread;

/// Arrivals later than planned by more than this, of one in a hundred, are the tester's own doing.
const LATE_MS_MAX: f64 = 100.0;
/// Of one core: a tester that uses more of its event loop than this may answer late itself.
const BUSY_MAX: f64 = 0.9;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of this document.
    pub format: u32,
    /// The only server that was talked to.
    pub server: String,
    pub seed: u64,
    /// Milliseconds since 1970.
    pub began_at: u64,
    pub ran_s: f64,
    pub ended: Ended,
    pub people: usize,
    pub scenario: Scenario,
    pub honesty: Honesty,
    pub funnel: Vec<Step>,
    pub fairness: Fairness,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub media: Option<Reception>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub intruders: Option<Intrusion>,
    /// From a broken connection to the seat, where nobody meant it to break.
    pub returns_ms: Spread,
    /// Connections that broke and did not come back.
    pub not_back: usize,
    pub figures: BTreeMap<String, Figure>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verdict: Option<Verdict>,
    pub failures: Vec<String>,
    pub failures_in_all: u64,
    pub seconds: Vec<Second>,
}

/// How a run came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ended {
    Completed,
    /// Ctrl-C.
    Stopped,
    /// The server answered nobody any more, since then.
    ServerGone {
        at_s: f64,
    },
}

/// Whether the tester itself was the limit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Honesty {
    pub machine_cores: usize,
    pub own_cores_max: f64,
    /// Of one core: the thread that sends and counts media.
    pub fleet_busy: f64,
    pub arrivals_late_ms: Spread,
    /// Why figures of time cannot be taken as the server's; none when they can.
    pub limits: Vec<String>,
}

impl Report {
    pub fn of(ledger: &Ledger, gauge: &Gauge, stage: &Stage, seed: u64, began_at: Duration, ended: Ended) -> Report {
        let honesty = honesty(ledger, gauge);
        let losses = || ledger.records.iter().flat_map(|record| &record.losses);
        let returns = losses().filter_map(|(lost, back)| Some(back.as_ref()?.saturating_duration_since(*lost)));
        let mut report = Report {
            format: 1,
            server: stage.site.origin.clone(),
            seed,
            began_at: began_at.as_millis() as u64,
            ran_s: gauge.seconds.last().map_or(0.0, |second| second.at_s),
            ended,
            people: ledger.records.len(),
            scenario: stage.scenario.clone(),
            honesty,
            funnel: funnel::steps(ledger, &gauge.logbook),
            fairness: Fairness::of(ledger, stage.line.document().as_deref()),
            media: Reception::of(ledger, gauge),
            intruders: Intrusion::of(ledger, gauge, &stage.scenario),
            returns_ms: Spread::of(returns.collect()),
            not_back: losses().filter(|(_, back)| back.is_none()).count(),
            figures: BTreeMap::new(),
            verdict: None,
            failures: ledger.failures.clone(),
            failures_in_all: ledger.counts.failures,
            seconds: gauge.seconds.clone(),
        };
        report.figures = figures::of(&report, ledger);
        report
    }

    /// One page, whole in itself.
    pub fn page(&self) -> String {
        page::write(self)
    }

    /// Everybody had the time to come, and the server was there.
    pub fn is_whole(&self) -> bool {
        self.ended == Ended::Completed
    }
}

fn honesty(ledger: &Ledger, gauge: &Gauge) -> Honesty {
    let machine_cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let own_cores_max = gauge.seconds.iter().map(|second| second.own_cores).fold(0.0, f64::max);
    let ran = gauge.seconds.last().map_or(1.0, |second| second.at_s.max(1.0));
    let fleet_busy = (gauge.logbook.busy.as_secs_f64() / ran * 1_000.0).round() / 1_000.0;
    let arrivals_late_ms = Spread::of(ledger.lag());
    let mut limits = Vec::new();
    if arrivals_late_ms.p99 > LATE_MS_MAX {
        limits.push(format!("arrivals came {:.0} ms later than planned (p99)", arrivals_late_ms.p99));
    }
    let busy = gauge.seconds.iter().filter(|second| second.own_cores > BUSY_MAX * machine_cores as f64).count();
    if busy * 20 > gauge.seconds.len() {
        limits.push(format!("the tester used all {machine_cores} cores for {busy} s"));
    }
    if fleet_busy > BUSY_MAX {
        limits.push(format!("the media thread was busy {:.0} % of the time", fleet_busy * 100.0));
    }
    if ledger.own_limit > 0 {
        limits.push(format!("{} times this process could not open a socket: ulimit -n", ledger.own_limit));
    }
    Honesty { machine_cores, own_cores_max, fleet_busy, arrivals_late_ms, limits }
}
