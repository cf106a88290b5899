//! What everybody will do and when, drawn from a seed before the run begins.
//!
//! Nothing here waits for a server: arrivals are an open loop, so a slow server is met by as many people as a fast one.

use std::time::Duration;

use preau_protocol::Role;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::scenario::{Intruders, Kind, PerHour, Scenario};

/// Hands stay up this long.
const HAND_UP: Duration = Duration::from_secs(8);
/// Acts of one person that are planned at most: a day of somebody busy.
const ACTS_MAX: usize = 10_000;

/// One person's plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub class: usize,
    pub role: Role,
    /// Among the students of the class; 0 for its teacher.
    pub number: usize,
    /// When they open the page, from the beginning of the run.
    pub comes: Duration,
    pub microphone: Microphone,
    pub camera: bool,
    pub screen: bool,
    /// A full peer, not a light one.
    pub full: bool,
    /// From the beginning of the run, in order.
    pub acts: Vec<(Duration, Act)>,
    /// What this person's own chance begins with.
    pub seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Microphone {
    Off,
    /// On, and nobody speaks.
    Silent,
    Speaks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    Say,
    HandUp,
    HandDown,
    /// The page is loaded anew: another socket, another peer.
    Reload,
    /// The connection breaks.
    Cut,
}

/// Somebody who has no business here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub kind: Intruder,
    /// From the beginning of the run.
    pub comes: Duration,
    /// The class tried.
    pub class: usize,
    pub number: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intruder {
    NoToken,
    Expired,
    Forged,
    OtherClass,
    ReplayedTicket,
    ClonedIdentity,
    Silent,
}

impl Intruder {
    pub const ALL: [Intruder; 7] = [
        Intruder::NoToken,
        Intruder::Expired,
        Intruder::Forged,
        Intruder::OtherClass,
        Intruder::ReplayedTicket,
        Intruder::ClonedIdentity,
        Intruder::Silent,
    ];

    fn count(self, of: &Intruders) -> usize {
        match self {
            Intruder::NoToken => of.no_token.get(),
            Intruder::Expired => of.expired.get(),
            Intruder::Forged => of.forged.get(),
            Intruder::OtherClass => of.other_class.get(),
            Intruder::ReplayedTicket => of.replayed_ticket.get(),
            Intruder::ClonedIdentity => of.cloned_identity.get(),
            Intruder::Silent => of.silent.get(),
        }
    }
}

/// Everybody's plans. People are in the order of their arrival.
#[derive(Clone, Debug, PartialEq)]
pub struct Agenda {
    pub people: Vec<Part>,
    pub attempts: Vec<Attempt>,
}

impl Agenda {
    pub fn draw(scenario: &Scenario, seed: u64) -> Agenda {
        let mut people = Vec::with_capacity(scenario.people());
        for class in 0..scenario.classes.count.get() {
            let students = scenario.classes.students.get();
            let first = usize::from(!scenario.classes.teachers);
            // Each has chance of their own: one student more changes nothing for the others.
            people.extend((first..=students).map(|number| part(scenario, class, number, seed)));
        }
        people.sort_by_key(|part| (part.comes, part.class, part.number));
        Agenda { people, attempts: attempts(scenario, seed) }
    }
}

fn part(scenario: &Scenario, class: usize, number: usize, seed: u64) -> Part {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    chance.set_stream(((class as u64) << 32) | number as u64);
    let devices = &scenario.devices;
    let own_seed = chance.random();
    let is_on = |share: f64, chance: &mut ChaCha8Rng| chance.random::<f64>() < share;
    if number == 0 {
        let early = scenario.arrivals.teachers_before_s.get().mul_f64(chance.random::<f64>());
        let on = scenario.media.kind != Kind::None;
        let has_pictures = scenario.media.kind == Kind::Video;
        return Part {
            class,
            role: Role::Teacher,
            number,
            comes: scenario.arrivals.bell_s.get().saturating_sub(early),
            microphone: if on && devices.teacher_microphone { Microphone::Speaks } else { Microphone::Off },
            camera: has_pictures && devices.teacher_camera,
            screen: has_pictures && is_on(devices.teacher_screens.get(), &mut chance),
            full: false,
            acts: Vec::new(),
            seed: own_seed,
        };
    }
    let late = scenario.arrivals.lateness.at(chance.random::<f64>());
    let comes = Duration::from_secs_f64((scenario.arrivals.bell_s.get().as_secs_f64() + late).max(0.0));
    let on = scenario.media.kind != Kind::None && is_on(devices.student_microphones.get(), &mut chance);
    let speaks = number <= devices.students_speaking.get() && devices.student_microphones.get() > 0.0;
    let camera = scenario.media.kind == Kind::Video && is_on(devices.student_cameras.get(), &mut chance);
    let sample = scenario.media.full_sample.get();
    Part {
        class,
        role: Role::Student,
        number,
        comes,
        microphone: match (speaks && scenario.media.kind != Kind::None, on) {
            (true, _) => Microphone::Speaks,
            (false, true) => Microphone::Silent,
            (false, false) => Microphone::Off,
        },
        camera,
        screen: false,
        // The last students of each class in turn: those who speak are light.
        full: scenario.media.kind != Kind::None
            && (scenario.classes.students.get() - number) * scenario.classes.count.get() + class < sample,
        acts: acts(scenario, comes, &mut chance),
        seed: own_seed,
    }
}

/// What a student does from the moment they come, or from the bell if that is later, to the end.
fn acts(scenario: &Scenario, comes: Duration, chance: &mut ChaCha8Rng) -> Vec<(Duration, Act)> {
    let (from, until) = (comes.max(scenario.arrivals.bell_s.get()), scenario.lasts());
    let rates: [(PerHour, Act); 4] = [
        (scenario.acts.chats_per_h, Act::Say),
        (scenario.acts.hands_per_h, Act::HandUp),
        (scenario.acts.reloads_per_h, Act::Reload),
        (scenario.network.cuts_per_h, Act::Cut),
    ];
    let mut acts = Vec::new();
    for (rate, act) in rates {
        if rate.per_s() == 0.0 {
            continue;
        }
        let mut at = from;
        while acts.len() < ACTS_MAX {
            // Gaps of a Poisson process are exponential.
            at += Duration::from_secs_f64(-(1.0 - chance.random::<f64>()).ln() / rate.per_s());
            if at >= until {
                break;
            }
            acts.push((at, act));
            if act == Act::HandUp {
                acts.push((at + HAND_UP, Act::HandDown));
            }
        }
    }
    acts.sort();
    acts
}

fn attempts(scenario: &Scenario, seed: u64) -> Vec<Attempt> {
    let intruders = &scenario.intruders;
    let classes = scenario.classes.count.get().max(1);
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    chance.set_stream(u64::MAX);
    let (from, lasts) = (intruders.from_s.get(), intruders.for_s.get());
    let mut attempts: Vec<Attempt> = Intruder::ALL
        .into_iter()
        .flat_map(|kind| (0..kind.count(intruders)).map(move |number| (kind, number)))
        .map(|(kind, number)| Attempt {
            kind,
            comes: from + lasts.mul_f64(chance.random::<f64>()),
            class: chance.random_range(0..classes),
            number,
        })
        .collect();
    attempts.sort_by_key(|attempt| (attempt.comes, attempt.kind, attempt.number));
    attempts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn morning() -> Scenario {
        Scenario::load("morning", &[]).expect("a ready scenario")
    }

    #[test]
    fn a_seed_repeats_a_morning() {
        let scenario = morning();
        assert_eq!(Agenda::draw(&scenario, 7), Agenda::draw(&scenario, 7));
        assert_ne!(Agenda::draw(&scenario, 7), Agenda::draw(&scenario, 8));
    }

    #[test]
    fn one_class_more_changes_nothing_for_the_others() {
        let larger = Scenario::load("morning", &["classes.count=41".into()]).expect("a change");
        let of_class = |scenario: &Scenario, class: usize| -> Vec<Part> {
            Agenda::draw(scenario, 7).people.into_iter().filter(|part| part.class == class && !part.full).collect()
        };
        assert_eq!(of_class(&morning(), 5), of_class(&larger, 5));
    }

    #[test]
    fn people_come_as_the_curve_says() {
        let scenario = morning();
        let agenda = Agenda::draw(&scenario, 1);
        let students: Vec<&Part> = agenda.people.iter().filter(|part| part.role == Role::Student).collect();
        assert_eq!((students.len(), agenda.people.len()), (1_000, 1_040));
        let bell = scenario.arrivals.bell_s.get();
        let by = |late: u64| {
            let come = students.iter().filter(|part| part.comes <= bell + Duration::from_secs(late)).count();
            come as f64 / students.len() as f64
        };
        for (late, share) in [(5, 0.75), (30, 0.95), (90, 1.0)] {
            assert!((by(late) - share).abs() < 0.05, "{} by {late} s, not {share}", by(late));
        }
        let teachers = agenda.people.iter().filter(|part| part.role == Role::Teacher);
        assert!(teachers.clone().all(|part| part.comes <= bell), "a teacher is there at the bell");
        assert_eq!(agenda.people.iter().filter(|part| part.full).count(), 4);
    }

    #[test]
    fn intruders_come_within_their_time() {
        let agenda = Agenda::draw(&morning(), 1);
        assert_eq!(agenda.attempts.len(), morning().intruders.attempts());
        assert!(agenda.attempts.iter().all(|one| (30..=90).contains(&one.comes.as_secs())));
        assert_eq!(agenda.attempts.iter().filter(|one| one.kind == Intruder::Forged).count(), 50);
    }
}
