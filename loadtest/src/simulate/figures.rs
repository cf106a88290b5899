//! What is counted of a morning: by each server, then added up for the fleet.

use preau_protocol::{Priority, Reduction, Role};

use super::country::{BELLS, END, MINUTE_MS};

pub const MINUTES: usize = (END / MINUTE_MS) as usize;
pub const GROUPS: [Group; 4] = [Group::Teachers, Group::Students, Group::OutOfHour, Group::Observers];

/// Whose waits are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Teachers,
    Students,
    OutOfHour,
    Observers,
}

impl Group {
    pub fn of(role: Role, in_their_hour: bool) -> Group {
        match role {
            _ if !in_their_hour => Group::OutOfHour,
            Role::Teacher => Group::Teachers,
            Role::Student => Group::Students,
            Role::Observer => Group::Observers,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Group::Teachers => "teachers",
            Group::Students => "students",
            Group::OutOfHour => "outside their hour",
            Group::Observers => "observers",
        }
    }
}

/// How long people waited, by the second, from their first try until they were in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Waits {
    by_second: Vec<u32>,
    in_all: u32,
    /// Their lesson, or the morning, was over first.
    pub never: u32,
}

impl Waits {
    pub fn add(&mut self, ms: u32) {
        let second = (ms / 1_000) as usize;
        if self.by_second.len() <= second {
            self.by_second.resize(second + 1, 0);
        }
        self.by_second[second] += 1;
        self.in_all += 1;
    }

    pub fn merge(&mut self, other: &Waits) {
        if self.by_second.len() < other.by_second.len() {
            self.by_second.resize(other.by_second.len(), 0);
        }
        self.by_second.iter_mut().zip(&other.by_second).for_each(|(sum, more)| *sum += more);
        self.in_all += other.in_all;
        self.never += other.never;
    }

    pub fn people(&self) -> u32 {
        self.in_all + self.never
    }

    /// The wait in seconds that a share of all was spared, or `None`: they never came in.
    pub fn at(&self, share: f64) -> Option<u32> {
        let rank = (f64::from(self.people()) * share).ceil().max(1.0) as u32;
        let mut sum = 0;
        let found = self.by_second.iter().position(|people| {
            sum += people;
            sum >= rank
        });
        found.map(|second| second as u32)
    }

    /// Of all, the share that was in after at most so many seconds.
    pub fn share_within(&self, seconds: usize) -> f64 {
        let sum: u32 = self.by_second.iter().take(seconds + 1).sum();
        f64::from(sum) / f64::from(self.people().max(1))
    }
}

/// How an announced range compared with what came.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Announced {
    pub told: u32,
    /// Their turn came later than the range and one look at the line.
    pub later: u32,
    pub sooner: u32,
    /// Seconds beyond the range, at worst.
    pub worst_s: u32,
}

/// What attackers tried.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Attacks {
    /// Sockets on which nobody said hello, and those of them that were taken.
    pub flood: u64,
    pub flood_taken: u64,
    pub forged: u32,
    pub stolen: u32,
    pub replayed: u32,
    pub cloned: u32,
    /// Bad tickets that the gate called bad.
    pub bad_tickets: u32,
    /// People who came in, or stood in front, by a ticket that was none of theirs. Must be 0.
    pub intruders: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    pub waits: [Waits; 4],
    /// By the minute: people waiting in each line (P1 to P4), people inside, hellos, sockets refused.
    pub waiting: [[u32; MINUTES]; 4],
    pub inside: [u32; MINUTES],
    pub hellos: [u32; MINUTES],
    pub refused: [u32; MINUTES],
    /// By bell: lessons with a teacher and everybody there who had come, five minutes after it; and all lessons.
    pub whole: [u32; 3],
    pub lessons: [u32; 3],
    pub inversions: u32,
    /// Told to come in, and turned away at the door all the same.
    pub false_turns: u32,
    pub announced: Announced,
    pub attacks: Attacks,
    /// Server-seconds on each step of the ladder.
    pub reduced_s: [u32; Reduction::ALL.len()],
    /// Server-seconds above 80 % and above 100 % of any limit.
    pub above_mark_s: u32,
    pub above_limit_s: u32,
    /// The most people on one server.
    pub fullest: u32,
    pub asked: u64,
    pub gave_up: u32,
    /// Seconds until 95 of 100 of a crashed server's people were back.
    pub reseated_s: Option<u32>,
}

impl Default for Figures {
    fn default() -> Figures {
        Figures {
            waits: Default::default(),
            waiting: [[0; MINUTES]; 4],
            inside: [0; MINUTES],
            hellos: [0; MINUTES],
            refused: [0; MINUTES],
            whole: [0; 3],
            lessons: [0; 3],
            inversions: 0,
            false_turns: 0,
            announced: Announced::default(),
            attacks: Attacks::default(),
            reduced_s: [0; Reduction::ALL.len()],
            above_mark_s: 0,
            above_limit_s: 0,
            fullest: 0,
            asked: 0,
            gave_up: 0,
            reseated_s: None,
        }
    }
}

impl Figures {
    pub fn merge(&mut self, other: &Figures) {
        self.waits.iter_mut().zip(&other.waits).for_each(|(sum, more)| sum.merge(more));
        self.waiting.iter_mut().zip(&other.waiting).for_each(|(sum, more)| add(sum, more));
        add(&mut self.inside, &other.inside);
        add(&mut self.hellos, &other.hellos);
        add(&mut self.refused, &other.refused);
        add(&mut self.whole, &other.whole);
        add(&mut self.lessons, &other.lessons);
        add(&mut self.reduced_s, &other.reduced_s);
        self.inversions += other.inversions;
        self.false_turns += other.false_turns;
        self.above_mark_s += other.above_mark_s;
        self.above_limit_s += other.above_limit_s;
        self.fullest = self.fullest.max(other.fullest);
        self.asked += other.asked;
        self.gave_up += other.gave_up;
        self.reseated_s = self.reseated_s.max(other.reseated_s);
        let (announced, more) = (&mut self.announced, &other.announced);
        announced.told += more.told;
        announced.later += more.later;
        announced.sooner += more.sooner;
        announced.worst_s = announced.worst_s.max(more.worst_s);
        let (attacks, more) = (&mut self.attacks, &other.attacks);
        attacks.flood += more.flood;
        attacks.flood_taken += more.flood_taken;
        attacks.forged += more.forged;
        attacks.stolen += more.stolen;
        attacks.replayed += more.replayed;
        attacks.cloned += more.cloned;
        attacks.bad_tickets += more.bad_tickets;
        attacks.intruders += more.intruders;
    }

    /// People in all lines at the beginning of a minute of the morning.
    pub fn waiting_at(&self, minute: usize) -> u32 {
        self.waiting.iter().map(|line| line[minute]).sum()
    }
}

/// Which line of [`Figures::waiting`] a priority is.
pub fn line_of(priority: Priority) -> usize {
    Priority::ALL[1..].iter().position(|of| *of == priority).unwrap_or(0)
}

/// Which bell a lesson begins with, if any.
pub fn bell_of(at: u32) -> Option<usize> {
    BELLS.iter().position(|bell| *bell == at)
}

fn add(sums: &mut [u32], more: &[u32]) {
    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}
