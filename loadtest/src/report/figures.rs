//! The numbers of a run that can be held against a budget and compared with another run's, each with its noise.

use std::collections::BTreeMap;

use preau_protocol::Role;
use serde::{Deserialize, Serialize};

use super::funnel::Stage;
use super::spread::mean;
use super::{Report, Spread, Step};
use crate::ledger::Ledger;
use crate::scenario::Kind;

/// One number. Between `low` and `high` it may be by chance alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    pub better: Better,
    /// The tester was the limit: the server may be better than this.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub limited: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    Lower,
    Higher,
    /// It says what was done, not how well.
    Neither,
}

/// All names that a figure may have: a budget that names another is wrong.
pub fn is_name(name: &str) -> bool {
    let roles = ["student", "teacher"];
    let of_role = |rest: &str| {
        let steps = Stage::ALL.iter().map(|stage| stage.word());
        steps.into_iter().any(|step| {
            rest.strip_prefix(step)
                .is_some_and(|rest| ["_share", "_ms_p50", "_ms_p95", "_ms_p99", "_ms_max"].contains(&rest))
        })
    };
    let by_role =
        roles.iter().any(|role| name.strip_prefix(role).and_then(|rest| rest.strip_prefix('_')).is_some_and(of_role));
    by_role || OTHERS.contains(&name)
}

/// The names that are not steps of a role.
pub const OTHERS: [&str; 40] = [
    "verdict_ms_p50",
    "verdict_ms_p99",
    "people",
    "failures",
    "unanswered",
    "lost_connections",
    "not_back",
    "return_ms_p50",
    "return_ms_p95",
    "accepts_per_s_max",
    "intended_503",
    "other_refusals",
    "queued",
    "overtaken",
    "beyond_range",
    "worst_of_range",
    "line_ms_p95",
    "received_share",
    "loss_per_mille",
    "loss_per_mille_worst",
    "audio_jitter_ms_p95",
    "video_jitter_ms_p95",
    "freezes",
    "transit_ms_p50",
    "transit_ms_p95",
    "transit_ms_p99",
    "unopened",
    "unconnected",
    "packets_per_s",
    "checked_faults",
    "intruders_seated",
    "leaked_bytes",
    "refused_cpu_us",
    "attack_transit_ratio",
    "server_cores_mean",
    "server_mb_max",
    "server_kb_each",
    "hello_cpu_us",
    "own_cores_max",
    "arrivals_late_ms_p99",
];

struct Sheet {
    figures: BTreeMap<String, Figure>,
    limited: bool,
}

impl Sheet {
    /// A number without chance in it.
    fn count(&mut self, name: &str, value: f64, better: Better) {
        self.put(name, (value, value, value), better, false);
    }

    /// A count of what may happen to each of many: about as uncertain as its square root.
    fn events(&mut self, name: &str, value: f64, better: Better) {
        let wide = 1.96 * value.sqrt();
        self.put(name, (value, (value - wide).max(0.0), value + wide), better, false);
    }

    fn put(&mut self, name: &str, (value, low, high): (f64, f64, f64), better: Better, is_time: bool) {
        debug_assert!(is_name(name), "{name} is not listed");
        let round = |number: f64| (number * 1e4).round() / 1e4;
        let limited = is_time && self.limited;
        let figure = Figure { value: round(value), low: round(low), high: round(high), better, limited };
        self.figures.insert(name.to_owned(), figure);
    }

    /// A share of `n`: normal approximation of a binomial, never narrower than one of them.
    fn share(&mut self, name: &str, part: usize, n: usize) {
        if n == 0 {
            return;
        }
        let (share, n) = (part as f64 / n as f64, n as f64);
        let wide = (1.96 * (share * (1.0 - share) / n).sqrt()).max(1.0 / n);
        self.put(name, (share, (share - wide).max(0.0), (share + wide).min(1.0)), Better::Higher, false);
    }

    fn spread(&mut self, name: &str, spread: &Spread) {
        if spread.n == 0 {
            return;
        }
        let lower = Better::Lower;
        self.put(&format!("{name}_p50"), (spread.p50, spread.p50_low, spread.p50_high), lower, true);
        self.put(&format!("{name}_p95"), (spread.p95, spread.p95_low, spread.p95_high), lower, true);
    }
}

pub fn of(report: &Report, ledger: &Ledger) -> BTreeMap<String, Figure> {
    let mut sheet = Sheet { figures: BTreeMap::new(), limited: !report.honesty.limits.is_empty() };
    sheet.count("people", report.people as f64, Better::Neither);
    sheet.events("failures", report.failures_in_all as f64, Better::Lower);
    the_way_in(&mut sheet, report);
    troubles(&mut sheet, report, ledger);
    media(&mut sheet, report);
    guests(&mut sheet, report, ledger);
    machine(&mut sheet, report, ledger);
    sheet.figures
}

fn the_way_in(sheet: &mut Sheet, report: &Report) {
    for step in &report.funnel {
        let role = if step.role == Role::Teacher { "teacher" } else { "student" };
        let name = format!("{role}_{}", step.step.word());
        if step.reached == 0 && matches!(step.step, Stage::Queued | Stage::Ticket) {
            continue;
        }
        // Who comes into the line is as the server's limit has it; who gets out of it is not.
        match step.step {
            Stage::Queued => {}
            Stage::Ticket => {
                sheet.share(&format!("{name}_share"), step.reached, report.fairness.queued.max(step.reached))
            }
            Stage::FirstAudio | Stage::FirstVideo if !expects(report, step) => {}
            _ => sheet.share(&format!("{name}_share"), step.reached, step.came),
        }
        let spread = &step.since_before_ms;
        sheet.spread(&format!("{name}_ms"), spread);
        if spread.n > 0 {
            // Of a tail nobody knows how far chance made it: a tenth at least.
            let tail = |value: f64| {
                (
                    value,
                    value * 0.9 - (spread.p95_high - spread.p95_low),
                    value * 1.1 + (spread.p95_high - spread.p95_low),
                )
            };
            sheet.put(&format!("{name}_ms_p99"), tail(spread.p99), Better::Lower, true);
            sheet.put(&format!("{name}_ms_max"), tail(spread.max), Better::Lower, true);
        }
    }
}

/// Whether everybody of this role should have got it: students their teacher's. What a teacher gets is up to chance.
fn expects(report: &Report, step: &Step) -> bool {
    let devices = &report.scenario.devices;
    let (sounds, pictures) = match report.scenario.media.kind {
        Kind::None => (false, false),
        Kind::Audio => (devices.teacher_microphone, false),
        Kind::Video => (devices.teacher_microphone, devices.teacher_camera),
    };
    step.role == Role::Student && if step.step == Stage::FirstAudio { sounds } else { pictures }
}

fn troubles(sheet: &mut Sheet, report: &Report, ledger: &Ledger) {
    let (counts, fairness) = (ledger.counts, &report.fairness);
    for (name, q) in [("verdict_ms_p50", 0.5), ("verdict_ms_p99", 0.99)] {
        if let Some(took) = ledger.verdicts.quantile(q) {
            let ms = took.as_secs_f64() * 1e3;
            sheet.put(name, (ms, ms * 0.9, ms * 1.1), Better::Lower, true);
        }
    }
    sheet.events("unanswered", counts.unanswered as f64, Better::Lower);
    sheet.events("lost_connections", counts.lost as f64, Better::Lower);
    sheet.events("not_back", report.not_back as f64, Better::Lower);
    sheet.spread("return_ms", &report.returns_ms);
    sheet.events("intended_503", counts.intended_503 as f64, Better::Neither);
    sheet.events("other_refusals", counts.other_refusals as f64, Better::Lower);
    let most = report.seconds.iter().map(|second| second.welcomes_per_s).fold(0.0, f64::max);
    sheet.put("accepts_per_s_max", (most, most * 0.9, most * 1.1), Better::Neither, false);
    sheet.count("queued", fairness.queued as f64, Better::Neither);
    sheet.count("overtaken", fairness.overtaken as f64, Better::Lower);
    if fairness.queued > 0 {
        sheet.events("beyond_range", fairness.beyond_range as f64, Better::Lower);
        let worst = fairness.worst_of_range;
        sheet.put("worst_of_range", (worst, worst * 0.9, worst * 1.1), Better::Lower, true);
        let line = &fairness.line_ms;
        sheet.put("line_ms_p95", (line.p95, line.p95_low, line.p95_high), Better::Lower, true);
    }
}

fn media(sheet: &mut Sheet, report: &Report) {
    let Some(media) = &report.media else { return };
    let series = |pick: fn(&crate::gauge::Second) -> Option<f64>| -> Vec<f64> {
        report.seconds.iter().filter(|second| second.packets_per_s > 0.0).filter_map(pick).collect()
    };
    let noise = |pick| mean(&series(pick)).map_or(0.0, |(_, error)| error);
    let around = |value: f64, error: f64| (value, (value - error).max(0.0), value + error);
    sheet.share("received_share", media.got as usize, media.expected as usize);
    let loss = around(media.lost_per_mille.all, noise(|second| Some(second.lost_per_mille)));
    sheet.put("loss_per_mille", loss, Better::Lower, true);
    sheet.put("loss_per_mille_worst", around(media.lost_per_mille.max, media.lost_per_mille.max), Better::Lower, true);
    for (name, spread) in [("audio_jitter_ms", media.audio_jitter_ms), ("video_jitter_ms", media.video_jitter_ms)] {
        if spread.n > 0 {
            sheet.put(&format!("{name}_p95"), (spread.p95, spread.p95_low, spread.p95_high), Better::Lower, true);
        }
    }
    sheet.events("freezes", media.freezes as f64, Better::Lower);
    if media.transit.n > 0 {
        sheet.put(
            "transit_ms_p50",
            around(media.transit.p50, noise(|second| second.transit_ms_p50)),
            Better::Lower,
            true,
        );
        let tail = noise(|second| second.transit_ms_p99);
        sheet.put("transit_ms_p95", around(media.transit.p95, tail), Better::Lower, true);
        sheet.put("transit_ms_p99", around(media.transit.p99, tail), Better::Lower, true);
    }
    if let Some((rate, error)) = mean(&series(|second| Some(second.packets_per_s))) {
        sheet.put("packets_per_s", around(rate, error), Better::Neither, false);
    }
    sheet.count("unopened", media.unopened as f64, Better::Lower);
    sheet.count("unconnected", media.unconnected as f64, Better::Lower);
    sheet.count("checked_faults", media.checked.faults.len() as f64, Better::Lower);
}

fn guests(sheet: &mut Sheet, report: &Report, ledger: &Ledger) {
    let leaked = match &report.intruders {
        Some(intruders) => {
            sheet.count("intruders_seated", intruders.seated as f64, Better::Lower);
            if let Some(cpu) = intruders.refused_cpu_us {
                sheet.put("refused_cpu_us", (cpu, cpu * 0.85, cpu * 1.15), Better::Lower, false);
            }
            if let (Some(rest), Some(attack)) = (intruders.transit_ms_p99_rest, intruders.transit_ms_p99_attack) {
                let ratio = attack / rest.max(1e-3);
                sheet.put("attack_transit_ratio", (ratio, ratio * 0.9, ratio * 1.1), Better::Lower, true);
            }
            intruders.leaked_bytes
        }
        None => ledger.records.iter().map(|record| record.leaked as u64).sum(),
    };
    sheet.count("leaked_bytes", leaked as f64, Better::Lower);
}

fn machine(sheet: &mut Sheet, report: &Report, ledger: &Ledger) {
    let seconds = &report.seconds;
    let cores: Vec<f64> = seconds.iter().filter_map(|second| second.server_cores).collect();
    if let Some((used, error)) = mean(&cores) {
        sheet.put("server_cores_mean", (used, (used - error).max(0.0), used + error), Better::Lower, false);
    }
    let memory = || seconds.iter().filter_map(|second| second.server_mb);
    if let (Some(first), Some(most)) = (memory().next(), memory().reduce(f64::max)) {
        sheet.put("server_mb_max", (most, most * 0.95, most * 1.05), Better::Lower, false);
        let there = seconds.iter().map(|second| second.waiting + second.seated).max().unwrap_or(0);
        if there > 0 {
            let each = (most - first) * 1_024.0 / f64::from(there);
            sheet.put("server_kb_each", (each, each * 0.9, each * 1.1), Better::Lower, false);
        }
    }
    // Without media and attacks, what the server does until all have come is to let them come.
    let is_door_alone = report.scenario.media.kind == Kind::None && ledger.fared.is_empty();
    if is_door_alone && ledger.counts.welcomes > 0 && !cores.is_empty() {
        let used: f64 =
            seconds.windows(2).map(|pair| pair[1].server_cores.unwrap_or(0.0) * (pair[1].at_s - pair[0].at_s)).sum();
        let each = used * 1e6 / ledger.counts.welcomes as f64;
        sheet.put("hello_cpu_us", (each, each * 0.9, each * 1.1), Better::Lower, false);
    }
    let honesty = &report.honesty;
    sheet.put(
        "own_cores_max",
        (honesty.own_cores_max, honesty.own_cores_max * 0.8, honesty.own_cores_max * 1.2),
        Better::Neither,
        false,
    );
    let late = &honesty.arrivals_late_ms;
    sheet.put("arrivals_late_ms_p99", (late.p99, late.p95, late.max), Better::Neither, false);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known() {
        for name in ["student_waiting_ms_p95", "teacher_first_video_share", "transit_ms_p99", "leaked_bytes"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["pupil_waiting_ms_p95", "student_waiting", "student_waiting_ms_p90", "transit"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
