//! Who takes part: teachers, pupils on the roster, strangers, an observer, and names that look like others.

use std::{collections::BTreeMap, sync::LazyLock};

use preau_classroom::{DeviceId, Identity, Limits, Setup};
use preau_protocol::{ClassId, DisplayName, Invited, PersonId, Policy, Proof, Role, UnixMs};
use uuid::Uuid;

use crate::reference::STILL_THERE_MS;

/// A lesson's length by the operator's rule: some mornings are longer.
pub const LESSON_MS: u64 = 90 * 60_000;

/// Whoever does nothing for so long is asked, while others wait: less than a long pause of a morning.
pub const IDLE_MS: u64 = 25_000;

/// Small, so that rooms fill up.
pub const LIMITS: Limits = Limits {
    seats_max: 7,
    seats_for_teachers: 2,
    strangers_max: 2,
    listed_max: 7,
    lesson_ms_max: Some(LESSON_MS),
    idle_ms: Some(IDLE_MS),
    still_there_ms: STILL_THERE_MS,
};

#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub name: &'static str,
    pub role: Role,
    /// On the roster when the morning begins.
    pub expected: bool,
    /// Their name looks like that of somebody who is always expected.
    pub looks_alike: bool,
    /// Comes with a token that runs out.
    pub token: bool,
}

const fn teacher(name: &'static str) -> Member {
    Member { name, role: Role::Teacher, expected: true, looks_alike: false, token: false }
}

const fn pupil(name: &'static str) -> Member {
    Member { name, role: Role::Student, expected: true, looks_alike: false, token: false }
}

const fn stranger(name: &'static str) -> Member {
    Member { name, role: Role::Student, expected: false, looks_alike: false, token: true }
}

pub const CAST: [Member; 13] = [
    teacher("Ada"),
    Member { token: true, ..teacher("Grace") },
    pupil("Basile"),
    pupil("Chloé"),
    Member { token: true, ..pupil("Driss") },
    pupil("Emma"),
    // The class's teacher, in Cyrillic letters; and one pupil twice.
    Member { looks_alike: true, ..pupil("Аdа") },
    Member { looks_alike: true, ..pupil("Noé Petit") },
    Member { looks_alike: true, ..pupil("Noe Petit") },
    stranger("Fatou"),
    stranger("Gaël"),
    stranger("Hugo"),
    Member { role: Role::Observer, ..stranger("Inès") },
];

/// Members who come and go from the roster during a morning. The look-alikes stay on it, so that they stay alike.
pub const ROSTER_TOUCHED: [usize; 5] = [2, 3, 4, 9, 10];

pub fn person(who: usize) -> PersonId {
    PersonId(Uuid::from_u128(0x1000 + who as u128))
}

pub fn member(person: PersonId) -> &'static Member {
    &CAST[index(person)]
}

pub fn device(who: usize, number: usize) -> DeviceId {
    DeviceId(Uuid::from_u128(0x2000 + 16 * who as u128 + number as u128))
}

/// The names, parsed once: the watch compares with them all the time.
static NAMES: LazyLock<Vec<DisplayName>> =
    LazyLock::new(|| CAST.iter().map(|member| DisplayName::parse(member.name).unwrap()).collect());

pub fn name(person: PersonId) -> &'static DisplayName {
    &NAMES[index(person)]
}

pub fn index(person: PersonId) -> usize {
    (person.0.as_u128() - 0x1000) as usize
}

pub fn identity(who: usize, setup: &Setup) -> Identity {
    let member = &CAST[who];
    Identity {
        person: person(who),
        name: name(person(who)).clone(),
        role: member.role,
        group: member.expected.then(|| "5e B".to_owned()),
        on_roster: member.role == Role::Teacher || setup.roster.contains_key(&person(who)),
        proof: match member.token {
            true => Proof::Portal { issuer: "portal".into() },
            false => Proof::Invitation {},
        },
    }
}

pub fn setup(policy: Policy, now: UnixMs) -> Setup {
    let pupils = CAST.iter().enumerate().filter(|(_, member)| member.role == Role::Student && member.expected);
    let roster: BTreeMap<_, _> = pupils.map(|(who, _)| (person(who), name(person(who)).clone())).collect();
    let class = Invited {
        class: ClassId(Uuid::from_u128(1)),
        title: "Fractions".into(),
        teacher: name(person(0)).clone(),
        starts_at: now,
        familiar: true,
    };
    Setup { class, policy, roster }
}
