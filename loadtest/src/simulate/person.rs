//! Somebody on the morning, and what they remember.

use preau_protocol::{PersonId, Place, Priority, Role, Wait};
use uuid::Uuid;

use super::chance::Chance;
use super::country::{Country, END, Lesson, MINUTE_MS};
use super::figures::Group;

/// Beside those who have a class now, so many come outside their hour: for tomorrow's, to try it out.
const STRAYS: f64 = 0.03;
/// They stay so long.
const STRAY_STAYS_MS: u32 = 10 * MINUTE_MS;
/// Of all people so many are out to get in by somebody else's turn.
const IMPOSTORS: f64 = 0.003;
/// A lesson of tomorrow, in milliseconds of the morning.
const TOMORROW: u32 = 24 * 60 * MINUTE_MS;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// Not there yet, or between two tries.
    Outside,
    Waiting,
    Inside,
    /// Came in and left, or never came in: their visit is over.
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trick {
    Forged,
    Stolen,
    Cloned,
}

/// What a page was told about its place, and when.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    pub priority: Priority,
    pub place: Place,
    pub at: u32,
    pub wait: Wait,
}

#[derive(Clone, Debug)]
pub struct Person {
    pub id: PersonId,
    pub lesson: u32,
    pub role: Role,
    pub stands: Stands,
    pub came: u32,
    /// Counts stations: what was planned at an earlier one is void.
    pub turn: u16,
    pub tries: u8,
    pub has_seat: bool,
    /// The page knows that it is their turn.
    pub is_called: bool,
    /// Where the ticket stood by which they came in.
    pub used: Option<Place>,
    pub told: Option<Told>,
    pub ticket: Option<String>,
    pub trick: Option<Trick>,
}

/// Everybody who comes to one server, lesson by lesson.
pub struct Crowd {
    pub lessons: Vec<Lesson>,
    pub people: Vec<Person>,
    /// Where each lesson's people begin.
    pub first: Vec<u32>,
}

impl Crowd {
    pub fn gather(country: &Country, mut lessons: Vec<Lesson>, chance: &mut Chance) -> Crowd {
        let mut people = Vec::new();
        let mut first = Vec::new();
        for (number, lesson) in lessons.iter().enumerate() {
            first.push(people.len() as u32);
            country.people_of(lesson, |role, came| people.push(Person::new(number as u32, role, came, chance)));
        }
        let regular = people.len() as f64;
        for _ in 0..(regular * STRAYS) as u32 {
            let came = chance.below(END as usize) as u32;
            first.push(people.len() as u32);
            people.push(Person::new(lessons.len() as u32, Role::Student, came, chance));
            lessons.push(tomorrow(came, chance));
        }
        for n in 0..(regular * IMPOSTORS) as usize {
            let trick = [Trick::Forged, Trick::Stolen, Trick::Cloned][n % 3];
            first.push(people.len() as u32);
            let impostor = Person::new(lessons.len() as u32, Role::Student, 0, chance);
            people.push(Person { trick: Some(trick), ..impostor });
            lessons.push(tomorrow(0, chance));
        }
        first.push(people.len() as u32);
        Crowd { lessons, people, first }
    }

    pub fn of_lesson(&self, lesson: u32) -> std::ops::Range<u32> {
        self.first[lesson as usize]..self.first[lesson as usize + 1]
    }

    pub fn lesson(&self, who: u32) -> &Lesson {
        &self.lessons[self.people[who as usize].lesson as usize]
    }

    pub fn group(&self, who: u32) -> Group {
        Group::of(self.people[who as usize].role, self.lesson(who).bell < TOMORROW)
    }
}

impl Person {
    fn new(lesson: u32, role: Role, came: u32, chance: &mut Chance) -> Person {
        let id = PersonId(Uuid::from_u128((u128::from(chance.bits()) << 64) | u128::from(chance.bits())));
        Person {
            id,
            lesson,
            role,
            stands: Stands::Outside,
            came,
            turn: 0,
            tries: 0,
            has_seat: false,
            is_called: false,
            used: None,
            told: None,
            ticket: None,
            trick: None,
        }
    }
}

/// A class of one, tomorrow, for somebody who comes today.
fn tomorrow(came: u32, chance: &mut Chance) -> Lesson {
    let class = preau_protocol::ClassId(Uuid::from_u128((u128::from(chance.bits()) << 64) | u128::from(chance.bits())));
    Lesson { number: u32::MAX, class, bell: TOMORROW, ends: came + STRAY_STAYS_MS, others: 0, roster: 0, weight: 1.0 }
}
