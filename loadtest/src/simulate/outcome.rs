//! What came of a morning with each number of servers: one JSON document, the same to the byte for the same seed.

use preau_protocol::{Amounts, Reduction};
use serde::Serialize;

use super::Plan;
use super::figures::{Figures, GROUPS, Group, MINUTES, Waits};
use super::machine;

/// The question that a ministry asks: of a hundred pupils, ninety-five wait less than this.
pub const GOOD_WAIT_S: u32 = 60;
/// Minutes of the morning for which the line is told: 8:05, 8:15, 8:30, and the same after nine and ten, as far as the morning goes.
const TOLD_AT: [(usize, &str); 8] = [
    (35, "8:05"),
    (45, "8:15"),
    (60, "8:30"),
    (95, "9:05"),
    (105, "9:15"),
    (120, "9:30"),
    (155, "10:05"),
    (165, "10:15"),
];

#[derive(Debug, Serialize)]
pub struct Outcome {
    pub people: u32,
    pub classes: u32,
    pub seed: u64,
    /// What each server bears, and how many sockets it takes per second.
    pub machine: Amounts,
    pub accepts_per_s: u32,
    /// The fewest of these servers with which 95 of 100 students wait less than a minute.
    pub enough: Option<u32>,
    pub fleets: Vec<Fleet>,
}

#[derive(Debug, Serialize)]
pub struct Fleet {
    pub servers: u32,
    pub waits: Vec<Wait>,
    pub waiting: Vec<Moment>,
    /// Shares of the lessons at 8, 9 and 10 that were whole five minutes after the bell: the teacher, and everybody who had come.
    pub whole: [f64; 3],
    /// People called before somebody of an earlier bucket of their line. Must be 0.
    pub inversions: u32,
    /// Pages that knocked for nothing: at their turn, or their class's, there was no place any more.
    pub knocked_for_nothing: u32,
    pub gave_up: u32,
    pub announced: Ranges,
    pub attacks: Attacks,
    pub sockets_refused: u64,
    pub hellos_per_s_max: f64,
    /// Server-seconds on each step of the ladder above the first.
    pub reduced: Vec<Reduced>,
    pub above_mark_s: u32,
    pub above_limit_s: u32,
    pub fullest_server: u32,
    /// Seconds until 95 of 100 people of the server that died were back in their seats.
    pub reseated_s_p95: Option<u32>,
    /// By the minute from 7:30: people in each line (teachers, students, out of their hour, observers), and people inside.
    pub lines: [Vec<u32>; 4],
    pub inside: Vec<u32>,
    #[serde(skip)]
    pub distributions: Vec<Waits>,
}

/// Seconds; absent where so many never came in.
#[derive(Debug, Serialize)]
pub struct Wait {
    pub who: &'static str,
    pub people: u32,
    pub p50_s: Option<u32>,
    pub p95_s: Option<u32>,
    pub p99_s: Option<u32>,
    pub max_s: Option<u32>,
    /// Their lesson was over first.
    pub never: u32,
}

#[derive(Debug, Serialize)]
pub struct Moment {
    pub at: &'static str,
    pub people: u32,
}

#[derive(Debug, Serialize)]
pub struct Ranges {
    pub told: u32,
    pub later_than_told: u32,
    pub sooner_than_told: u32,
    pub worst_beyond_s: u32,
}

#[derive(Debug, Serialize)]
pub struct Attacks {
    pub flood_sockets: u64,
    pub flood_sockets_taken: u64,
    pub forged_tickets: u32,
    pub stolen_tickets: u32,
    pub replayed_tickets: u32,
    pub cloned_identities: u32,
    pub bad_tickets_noticed: u32,
    /// Must be 0.
    pub intruders: u32,
}

#[derive(Debug, Serialize)]
pub struct Reduced {
    pub to: Reduction,
    pub server_s: u32,
}

impl Outcome {
    pub fn new(plan: &Plan, mut fleets: Vec<Fleet>) -> Outcome {
        fleets.sort_by_key(|fleet| fleet.servers);
        Outcome {
            people: plan.people,
            classes: plan.classes,
            seed: plan.seed,
            machine: machine::LIMITS,
            accepts_per_s: machine::ACCEPTS_PER_S,
            enough: fleets.iter().filter(|fleet| fleet.is_enough()).map(|fleet| fleet.servers).min(),
            fleets,
        }
    }

    /// What must never be: somebody passed in line, or let in by what is not theirs.
    pub fn is_fair_and_safe(&self) -> bool {
        self.fleets.iter().all(|fleet| fleet.inversions == 0 && fleet.attacks.intruders == 0)
    }

    /// For a terminal.
    pub fn table(&self) -> String {
        let mut table = format!(
            "{:>7}  {:>26}  {:>26}  {:>27}  {:>16}  {:>9}  {:>9}\n{:>7}  {:>26}  {:>26}  {:>27}  {:>16}  {:>9}  {:>9}\n",
            "",
            "students wait (p50 p95 p99)",
            "teachers (p50 p95 p99)",
            "waiting 8:05 9:05 10:05",
            "whole 8 9 10, %",
            "passed",
            "intruders",
            "servers",
            "",
            "",
            "",
            "",
            "in line",
            "let in",
        );
        for fleet in &self.fleets {
            let wait = |group: Group| {
                let wait = &fleet.waits[group as usize];
                format!("{:>8} {:>8} {:>8}", told(wait.p50_s), told(wait.p95_s), told(wait.p99_s))
            };
            let at = |at: &str| fleet.waiting.iter().find(|moment| moment.at == at).map_or(0, |moment| moment.people);
            let whole = fleet.whole.map(|share| format!("{:>5.1}", share * 100.0)).join("");
            table += &format!(
                "{:>7}  {:>26}  {:>26}  {:>9}{:>9}{:>9}  {:>16}  {:>9}  {:>9}\n",
                fleet.servers,
                wait(Group::Students),
                wait(Group::Teachers),
                at("8:05"),
                at("9:05"),
                at("10:05"),
                whole,
                fleet.inversions,
                fleet.attacks.intruders,
            );
        }
        table += &match self.enough {
            Some(servers) => format!("{servers} servers are enough: 95 of 100 students wait less than a minute.\n"),
            None => "None of these is enough: more than 5 of 100 students wait longer than a minute.\n".to_owned(),
        };
        table
    }
}

impl Fleet {
    pub fn new(servers: u32, figures: Figures) -> Fleet {
        let waits = GROUPS.iter().zip(&figures.waits).map(|(group, waits)| Wait::new(*group, waits)).collect();
        let share = |bell: usize| f64::from(figures.whole[bell]) / f64::from(figures.lessons[bell].max(1));
        let reduced = Reduction::ALL.iter().zip(figures.reduced_s).skip(1);
        let (announced, attacks) = (&figures.announced, &figures.attacks);
        Fleet {
            servers,
            waits,
            waiting: TOLD_AT.map(|(minute, at)| Moment { at, people: figures.waiting_at(minute) }).into(),
            whole: [0, 1, 2].map(|bell| rounded(share(bell), 10_000.0)),
            inversions: figures.inversions,
            knocked_for_nothing: figures.false_turns,
            gave_up: figures.gave_up,
            announced: Ranges {
                told: announced.told,
                later_than_told: announced.later,
                sooner_than_told: announced.sooner,
                worst_beyond_s: announced.worst_s,
            },
            attacks: Attacks {
                flood_sockets: attacks.flood,
                flood_sockets_taken: attacks.flood_taken,
                forged_tickets: attacks.forged,
                stolen_tickets: attacks.stolen,
                replayed_tickets: attacks.replayed,
                cloned_identities: attacks.cloned,
                bad_tickets_noticed: attacks.bad_tickets,
                intruders: attacks.intruders,
            },
            sockets_refused: figures.refused.iter().map(|refused| u64::from(*refused)).sum(),
            hellos_per_s_max: rounded(f64::from(figures.hellos.iter().copied().max().unwrap_or(0)) / 60.0, 10.0),
            reduced: reduced
                .map(|(to, server_s)| Reduced { to: *to, server_s })
                .filter(|one| one.server_s > 0)
                .collect(),
            above_mark_s: figures.above_mark_s,
            above_limit_s: figures.above_limit_s,
            fullest_server: figures.fullest,
            reseated_s_p95: figures.reseated_s,
            lines: figures.waiting.map(|line| line[..MINUTES].to_vec()),
            inside: figures.inside.to_vec(),
            distributions: figures.waits.into(),
        }
    }

    pub fn is_enough(&self) -> bool {
        self.waits[Group::Students as usize].p95_s.is_some_and(|seconds| seconds < GOOD_WAIT_S)
    }
}

impl Wait {
    fn new(group: Group, waits: &Waits) -> Wait {
        Wait {
            who: group.name(),
            people: waits.people(),
            p50_s: waits.at(0.5),
            p95_s: waits.at(0.95),
            p99_s: waits.at(0.99),
            max_s: waits.at(1.0),
            never: waits.never,
        }
    }
}

/// As people say it; nobody says "infinite".
pub fn told(seconds: Option<u32>) -> String {
    match seconds {
        None => "never".into(),
        Some(0) => "at once".into(),
        Some(seconds @ ..120) => format!("{seconds} s"),
        Some(seconds) => format!("{} min", (seconds + 30) / 60),
    }
}

fn rounded(value: f64, to: f64) -> f64 {
    (value * to).round() / to
}
