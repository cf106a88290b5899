//! The morning's timetable: rooms, their lessons, and who comes to them when.
//!
//! PRODUCT gives two numbers, 500,000 people in some 150,000 classes at ten o'clock; the shapes between them are ours: half of the
//! rooms start at eight, a quarter at nine, a quarter at ten; three of ten stay together all morning, as in a primary school, the others
//! have lessons of 55 minutes, each of which is a class of its own to the gate. A room's size is log-normal: two in three hold
//! a teacher and one or two, few a whole class of thirty.

use preau_protocol::{ClassId, Role};
use uuid::Uuid;

use super::chance::Chance;

pub const MINUTE_MS: u32 = 60_000;
/// The morning begins at half past seven: all times of the simulation are milliseconds since then.
pub const BELLS: [u32; 3] = [30 * MINUTE_MS, 90 * MINUTE_MS, 150 * MINUTE_MS];
/// Half an hour after the last bell.
pub const END: u32 = 180 * MINUTE_MS;
/// 7:30 on 6 April 2021 in Paris, in Unix milliseconds.
pub const BEGIN_UNIX_MS: u64 = 1_617_687_000_000;

const LESSON_MS: u32 = 55 * MINUTE_MS;
const STARTS_AT_EIGHT: f64 = 0.5;
const STARTS_AT_NINE: f64 = 0.25;
const STAYS_ALL_MORNING: f64 = 0.3;
/// Of those on a roster so many come.
const ATTENDANCE: f64 = 0.85;
/// Of those in a class beside the teacher so many observe: parents, inspectors.
const OBSERVERS: f64 = 0.02;
/// How far rooms differ in size, and in what their pictures cost.
const SIZE_SPREAD: f64 = 1.0;
const SIZE_SPREAD_OF_LARGE: f64 = 0.25;
const WEIGHT_SPREAD: f64 = 0.3;

/// One lesson: a class to the gate.
#[derive(Clone, Copy, Debug)]
pub struct Lesson {
    pub number: u32,
    pub class: ClassId,
    pub bell: u32,
    pub ends: u32,
    /// Who comes, beside the teacher.
    pub others: u16,
    pub roster: u16,
    /// What one of its people costs, compared with an ordinary one.
    pub weight: f32,
}

pub struct Country {
    pub lessons: Vec<Lesson>,
    seed: u64,
}

impl Country {
    /// `people` of whom one in each of `classes` teaches, all of them there at ten o'clock.
    pub fn new(people: u32, classes: u32, seed: u64) -> Country {
        let sizes = sizes(people - classes, classes, &mut Chance::new(seed, 1));
        let mut chance = Chance::new(seed, 2);
        let mut lessons = Vec::new();
        for others in sizes {
            let draw = chance.unit();
            let first = usize::from(draw >= STARTS_AT_EIGHT) + usize::from(draw >= STARTS_AT_EIGHT + STARTS_AT_NINE);
            let stays = chance.happens(STAYS_ALL_MORNING);
            let roster = (f64::from(others) / ATTENDANCE).ceil() as u16;
            let bells = if stays { &BELLS[first..=first] } else { &BELLS[first..] };
            for bell in bells {
                let ends = if stays { END } else { bell + LESSON_MS };
                let class = ClassId(Uuid::from_u128((u128::from(chance.bits()) << 64) | u128::from(chance.bits())));
                let weight = (1.0 + WEIGHT_SPREAD * chance.normal()).clamp(0.2, 3.0) as f32;
                lessons.push(Lesson { number: lessons.len() as u32, class, bell: *bell, ends, others, roster, weight });
            }
        }
        Country { lessons, seed }
    }

    /// The lessons of each of `servers`: a class belongs to the one that its id names.
    pub fn spread(&self, servers: u32) -> Vec<Vec<Lesson>> {
        let mut spread = vec![Vec::new(); servers as usize];
        for lesson in &self.lessons {
            let node = (lesson.class.0.as_u128() as u64 as u128 * u128::from(servers)) >> 64;
            spread[node as usize].push(*lesson);
        }
        spread
    }

    /// Who comes to a lesson, and when: the same whatever the fleet.
    pub fn people_of(&self, lesson: &Lesson, mut each: impl FnMut(Role, u32)) {
        let mut chance = Chance::new(self.seed, (3 << 32) | u64::from(lesson.number));
        each(Role::Teacher, at(lesson.bell, teacher_min(&mut chance)));
        for _ in 0..lesson.others {
            let observes = chance.happens(OBSERVERS);
            let minutes = if observes { chance.between(-10.0, 20.0) } else { student_min(&mut chance) };
            each(if observes { Role::Observer } else { Role::Student }, at(lesson.bell, minutes));
        }
    }
}

/// How many come to each room beside its teacher, `people` in all.
fn sizes(people: u32, rooms: u32, chance: &mut Chance) -> Vec<u16> {
    let mean = f64::from(people) / f64::from(rooms);
    let (spread, most) = if mean < 8.0 { (SIZE_SPREAD, 35.0) } else { (SIZE_SPREAD_OF_LARGE, mean * 2.0 + 5.0) };
    // The mean of a log-normal lies above its middle.
    let middle = mean / power(spread * spread / 2.0);
    let draw = |chance: &mut Chance| (middle * power(spread * chance.normal())).min(most);
    let mut sizes: Vec<u16> = (0..rooms).map(|_| (draw(chance) + chance.unit()) as u16).collect();
    // To the person: what rounding and the largest rooms have left over is spread by lot.
    let mut have: u32 = sizes.iter().map(|size| u32::from(*size)).sum();
    while have != people {
        let room = chance.below(sizes.len());
        if have < people {
            sizes[room] += 1;
            have += 1;
        } else if sizes[room] > 0 {
            sizes[room] -= 1;
            have -= 1;
        }
    }
    sizes
}

/// e to the `x`, from products alone: the library's differs between machines in the last bit.
fn power(x: f64) -> f64 {
    let part = x / 1_024.0;
    let mut result = 1.0 + part * (1.0 + part * (0.5 + part / 6.0));
    (0..10).for_each(|_| result *= result);
    result
}

/// Teachers prepare: six minutes before, most of them within three.
fn teacher_min(chance: &mut Chance) -> f64 {
    -6.0 + 3.0 * chance.normal()
}

/// Most come within two minutes of the bell, some well before, some late.
fn student_min(chance: &mut Chance) -> f64 {
    match chance.unit() {
        early if early < 0.15 => chance.between(-15.0, -2.0),
        late if late > 0.85 => chance.exponential(6.0).min(35.0),
        _ => -0.5 + 1.5 * chance.normal(),
    }
}

fn at(bell: u32, minutes: f64) -> u32 {
    (f64::from(bell) + minutes * f64::from(MINUTE_MS)).max(0.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_ten_everybody_is_in_class() {
        for (people, classes) in [(500_000, 150_000), (5_000, 200), (300, 300)] {
            let country = Country::new(people, classes, 1);
            let at_ten = country.lessons.iter().filter(|lesson| (lesson.bell..lesson.ends).contains(&BELLS[2]));
            let (mut rooms, mut there) = (0, 0);
            at_ten.for_each(|lesson| {
                rooms += 1;
                there += 1 + u32::from(lesson.others);
            });
            assert_eq!((there, rooms), (people, classes));
        }
    }

    #[test]
    fn most_come_at_the_bell_and_teachers_before() {
        let country = Country::new(30_000, 1_000, 1);
        let (mut near, mut students, mut first) = (0, 0, 0);
        for lesson in &country.lessons {
            country.people_of(lesson, |role, at| match role {
                Role::Teacher => first += u32::from(at < lesson.bell),
                Role::Student => {
                    students += 1;
                    near += u32::from(at.abs_diff(lesson.bell) <= 3 * MINUTE_MS);
                }
                Role::Observer => {}
            });
        }
        assert!(f64::from(near) > 0.6 * f64::from(students), "{near} of {students}");
        assert!(f64::from(first) > 0.9 * country.lessons.len() as f64);
    }
}
