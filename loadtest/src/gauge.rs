//! What a run looks like second by second: counts, media, and what both processes use of the machine.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;
use crate::ledger::{Ledger, Record};
use crate::light::Logbook;
use crate::report::is_attack;
use crate::stage::Stage;
use crate::usage::Usage;

/// One second of a run. Counts are of people as they were then; rates are per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Second {
    /// Since the beginning of the run.
    pub at_s: f64,
    /// Who should have come by now, and who has.
    pub planned: u32,
    pub came: u32,
    pub queued: u32,
    pub waiting: u32,
    pub seated: u32,
    /// Peers that are connected.
    pub connected: u32,
    pub dials_per_s: f64,
    pub welcomes_per_s: f64,
    pub refused_per_s: f64,
    pub attempts_per_s: f64,
    pub failures: u64,
    pub packets_per_s: f64,
    /// Of a thousand packets that should have come in this second.
    pub lost_per_mille: f64,
    pub transit_ms_p50: Option<f64>,
    pub transit_ms_p99: Option<f64>,
    /// 1 is one core.
    pub server_cores: Option<f64>,
    pub server_mb: Option<f64>,
    pub own_cores: f64,
    pub own_mb: f64,
}

/// What was counted the last time.
struct Before {
    at: Instant,
    dials: u64,
    welcomes: u64,
    refused: u64,
    attempts: u64,
    got: u64,
    lost: u64,
    transit: Histogram,
    server: Option<Usage>,
    own: Usage,
}

pub struct Gauge {
    server: Option<u32>,
    before: Before,
    pub seconds: Vec<Second>,
    /// What everybody's media was at the last look.
    pub logbook: Logbook,
    /// Transit of media while intruders tried, and while nothing happened.
    pub attacked: Histogram,
    pub at_rest: Histogram,
}

impl Gauge {
    /// `server`: its process, if it is on this machine.
    pub fn new(server: Option<u32>) -> Gauge {
        let before = Before {
            at: Instant::now(),
            dials: 0,
            welcomes: 0,
            refused: 0,
            attempts: 0,
            got: 0,
            lost: 0,
            transit: Histogram::default(),
            server: server.map(Usage::of),
            own: Usage::of(std::process::id()),
        };
        Gauge {
            server,
            before,
            seconds: Vec::new(),
            logbook: Logbook::default(),
            attacked: Histogram::default(),
            at_rest: Histogram::default(),
        }
    }

    /// Takes everything down as it is now.
    pub async fn read(&mut self, ledger: &Ledger, stage: &Stage) {
        if let Some(fleet) = &stage.fleet
            && let Ok(logbook) = fleet.survey().await
        {
            self.logbook = logbook;
        }
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.before.at).as_secs_f64().max(1e-3);
        let counts = ledger.counts;
        let (got, lost) = self.media();
        let after = Before {
            at: now,
            dials: counts.dials,
            welcomes: counts.welcomes,
            refused: counts.intended_503 + counts.other_refusals,
            attempts: ledger.fared.values().map(|fared| fared.attempts).sum(),
            got,
            lost,
            transit: self.logbook.transit.clone(),
            server: self.server.map(Usage::of).filter(|usage| usage.memory_kb > 0),
            own: Usage::of(std::process::id()),
        };
        let before = std::mem::replace(&mut self.before, after);
        let after = &self.before;
        let per_s = |later: u64, earlier: u64| later.saturating_sub(earlier) as f64 / passed;
        let transit = after.transit.since(&before.transit);
        let ms = |q| transit.quantile(q).map(|time| round(time.as_secs_f64() * 1e3));
        let cores = |later: &Usage, earlier: &Usage| round(later.since(earlier).0.as_secs_f64() / passed);
        let (got, lost) = (per_s(after.got, before.got), per_s(after.lost, before.lost));
        let people = |test: fn(&Record) -> bool| ledger.records.iter().filter(|record| test(record)).count() as u32;
        let ran = now.saturating_duration_since(ledger.began);
        match is_attack(&stage.scenario, ran.as_secs_f64()) {
            Some(true) => self.attacked.add(&transit),
            Some(false) => self.at_rest.add(&transit),
            None => {}
        }
        self.seconds.push(Second {
            at_s: round(ran.as_secs_f64()),
            planned: ledger.agenda.people.partition_point(|part| part.comes <= ran) as u32,
            came: counts.came as u32,
            queued: stage.line.standing() as u32,
            waiting: people(|one| one.welcomed.is_some() && !one.is_seated && !one.is_lost && one.over.is_none()),
            seated: people(|one| one.is_seated && !one.is_lost && one.over.is_none()),
            connected: self.logbook.peers.iter().filter(|peer| peer.connected.is_some()).count() as u32,
            dials_per_s: round(per_s(after.dials, before.dials)),
            welcomes_per_s: round(per_s(after.welcomes, before.welcomes)),
            refused_per_s: round(per_s(after.refused, before.refused)),
            attempts_per_s: round(per_s(after.attempts, before.attempts)),
            failures: counts.failures,
            packets_per_s: round(got),
            lost_per_mille: if got + lost > 0.0 { round(1_000.0 * lost / (got + lost)) } else { 0.0 },
            transit_ms_p50: ms(0.5),
            transit_ms_p99: ms(0.99),
            server_cores: after.server.zip(before.server).map(|(later, earlier)| cores(&later, &earlier)),
            server_mb: after.server.map(|usage| round(usage.memory_kb as f64 / 1_024.0)),
            own_cores: cores(&after.own, &before.own),
            own_mb: round(after.own.memory_kb as f64 / 1_024.0),
        });
    }

    fn media(&self) -> (u64, u64) {
        let streams = || self.logbook.peers.iter().flat_map(|peer| &peer.streams);
        let got = streams().map(|stream| stream.got).sum();
        let lost = streams().map(|stream| stream.expected.saturating_sub(stream.got + stream.thrown)).sum();
        (got, lost)
    }
}

fn round(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}
