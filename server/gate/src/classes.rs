//! The class is the unit: a teacher who comes in keeps places for the whole roster, so that there are no half classes.

use std::collections::{BTreeSet, HashMap};

use preau_protocol::{ClassId, Role, UnixMs};

/// Beyond the roster: somebody forgotten on it, an assistant, a visitor.
const MORE_PERCENT: u32 = 10;
/// Places that nobody has taken for so long go to others.
const KEPT_MS: u64 = 10 * 60_000;
/// Of a class whose teacher has gone, earlier: a teacher who reloads the page is back by then.
const KEPT_WITHOUT_TEACHER_MS: u64 = 2 * 60_000;

/// A class with somebody inside, or places kept.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Class {
    pub teachers: u32,
    /// Students on the roster.
    pub students: u32,
    /// Students whom a portal sent, and no roster names: they use up nobody's place but what is kept for visitors.
    pub guests: u32,
    pub observers: u32,
    /// In a line before it.
    pub queued: u32,
    /// Whom it expects, and a few more; 0 until a teacher has come in.
    pub expected: u32,
    /// How many of these may be guests.
    more: u32,
    /// Until when places are kept for those who are still missing.
    keeps_until: Option<UnixMs>,
    /// When its last teacher left.
    unattended_since: UnixMs,
}

impl Class {
    /// Places kept for people who are not inside yet.
    pub fn reserved(&self) -> u32 {
        if self.keeps_until.is_some() { self.expected.saturating_sub(self.expected_here()) } else { 0 }
    }

    pub fn people(&self) -> u32 {
        self.teachers + self.students + self.guests + self.observers
    }

    pub fn is_open(&self) -> bool {
        self.teachers > 0
    }

    /// Somebody more is expected, whether or not a place is still kept: a seated teacher's pupils are never refused.
    pub fn expects_more(&self, on_roster: bool) -> bool {
        self.is_open() && self.expected_here() < self.expected && (on_roster || self.guests < self.more)
    }

    /// Of those for whom places are kept, how many have one.
    fn expected_here(&self) -> u32 {
        self.students + self.guests.min(self.more)
    }
}

/// All classes with anybody inside, and the sum of what they keep.
#[derive(Clone, Debug, Default)]
pub(crate) struct Classes {
    by_id: HashMap<ClassId, Class>,
    reserved: u32,
    people: u32,
    /// Whose places are given back when.
    giving_back: BTreeSet<(UnixMs, ClassId)>,
}

/// How many places a class needs in all for its roster.
pub(crate) fn expected(roster: u32) -> u32 {
    roster.saturating_add(roster.saturating_mul(MORE_PERCENT).div_ceil(100))
}

impl Classes {
    pub fn get(&self, class: ClassId) -> Class {
        self.by_id.get(&class).copied().unwrap_or_default()
    }

    /// Places kept by all classes.
    pub fn reserved(&self) -> u32 {
        self.reserved
    }

    pub fn people(&self) -> u32 {
        self.people
    }

    /// Classes with a teacher inside.
    pub fn open(&self) -> usize {
        self.by_id.values().filter(|class| class.is_open()).count()
    }

    pub fn iter(&self) -> impl Iterator<Item = (ClassId, &Class)> {
        self.by_id.iter().map(|(id, class)| (*id, class))
    }

    /// Keeps places for a roster, `most` of them at the most. Once: a teacher who reloads the page keeps no more, and no longer.
    pub fn reserve(&mut self, class: ClassId, roster: u32, most: u32, now: UnixMs) {
        if self.get(class).expected > 0 {
            return;
        }
        let until = now.plus_ms(KEPT_MS);
        self.change(class, |of| {
            of.expected = expected(roster).min(most.saturating_add(of.students));
            of.more = of.expected.saturating_sub(roster);
            of.keeps_until = Some(until);
        });
        self.giving_back.insert((until, class));
    }

    pub fn entered(&mut self, class: ClassId, role: Role, on_roster: bool) {
        self.people += 1;
        self.change(class, |of| *count(of, role, on_roster) += 1);
    }

    pub fn left(&mut self, class: ClassId, role: Role, on_roster: bool, now: UnixMs) {
        self.people = self.people.saturating_sub(1);
        self.change(class, |of| {
            let count = count(of, role, on_roster);
            *count = count.saturating_sub(1);
            if role == Role::Teacher {
                of.unattended_since = now;
            }
        });
        let left = self.get(class);
        if role == Role::Teacher && !left.is_open() && left.keeps_until.is_some() {
            self.giving_back.insert((now.plus_ms(KEPT_WITHOUT_TEACHER_MS), class));
        }
    }

    pub fn queued(&mut self, class: ClassId) {
        self.change(class, |of| of.queued += 1);
    }

    /// Called, or gone over to another line.
    pub fn unqueued(&mut self, class: ClassId) {
        self.change(class, |of| of.queued = of.queued.saturating_sub(1));
    }

    /// Gives back what was kept for long enough.
    pub fn give_back(&mut self, now: UnixMs) {
        while let Some((at, class)) = self.giving_back.first().copied().filter(|(at, _)| *at <= now) {
            self.giving_back.remove(&(at, class));
            let of = self.get(class);
            let is_given_up = !of.is_open() && of.unattended_since.plus_ms(KEPT_WITHOUT_TEACHER_MS) <= now;
            if of.keeps_until.is_some_and(|until| until <= now || is_given_up) {
                self.change(class, |of| of.keeps_until = None);
            }
        }
    }

    pub fn next_at(&self) -> Option<UnixMs> {
        self.giving_back.first().map(|(at, _)| *at)
    }

    fn change(&mut self, id: ClassId, act: impl FnOnce(&mut Class)) {
        let class = self.by_id.entry(id).or_default();
        let before = class.reserved();
        act(class);
        self.reserved = self.reserved - before + class.reserved();
        // Nobody inside, nobody in line, and nobody's places: nothing to remember.
        if class.people() == 0 && class.queued == 0 && class.keeps_until.is_none() {
            self.by_id.remove(&id);
        }
    }
}

fn count(class: &mut Class, role: Role, on_roster: bool) -> &mut u32 {
    match role {
        Role::Teacher => &mut class.teachers,
        Role::Student if on_roster => &mut class.students,
        Role::Student => &mut class.guests,
        Role::Observer => &mut class.observers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const MATHS: ClassId = ClassId(Uuid::from_u128(1));

    #[test]
    fn places_are_kept_taken_and_given_back() {
        let mut classes = Classes::default();
        classes.entered(MATHS, Role::Teacher, false);
        classes.reserve(MATHS, 28, 1_000, UnixMs(0));
        assert_eq!(classes.reserved(), 31, "the roster and a tenth");
        (0..20).for_each(|_| classes.entered(MATHS, Role::Student, true));
        assert_eq!((classes.reserved(), classes.people()), (11, 21));
        classes.give_back(UnixMs(599_999));
        assert_eq!(classes.reserved(), 11);
        classes.give_back(UnixMs(600_000));
        assert_eq!(classes.reserved(), 0);
        assert!(classes.get(MATHS).expects_more(true), "whoever is late is still expected");
        (0..20).for_each(|_| classes.left(MATHS, Role::Student, true, UnixMs(600_000)));
        classes.left(MATHS, Role::Teacher, false, UnixMs(600_000));
        assert_eq!((classes.people(), classes.iter().count()), (0, 0), "nothing is remembered");
    }

    #[test]
    fn guests_take_nobodys_place() {
        let mut classes = Classes::default();
        classes.entered(MATHS, Role::Teacher, false);
        classes.reserve(MATHS, 28, 1_000, UnixMs(0));
        (0..200).for_each(|_| classes.entered(MATHS, Role::Student, false));
        assert_eq!((classes.reserved(), classes.people()), (28, 201), "what was kept for visitors, and no more");
        assert!(classes.get(MATHS).expects_more(true) && !classes.get(MATHS).expects_more(false));
        (0..28).for_each(|_| classes.entered(MATHS, Role::Student, true));
        assert!(!classes.get(MATHS).expects_more(true), "everybody is there");
        (0..200).for_each(|_| classes.left(MATHS, Role::Student, false, UnixMs(1)));
        assert_eq!((classes.reserved(), classes.people()), (3, 29));
    }

    #[test]
    fn no_class_keeps_more_than_there_is() {
        let mut classes = Classes::default();
        classes.entered(MATHS, Role::Teacher, false);
        classes.reserve(MATHS, u32::MAX, 400, UnixMs(0));
        assert_eq!(classes.reserved(), 400);
        classes.reserve(MATHS, 5_000, 800, UnixMs(1));
        assert_eq!(classes.reserved(), 400, "once");
    }

    #[test]
    fn a_teacher_who_goes_and_does_not_come_back_keeps_nothing() {
        let mut classes = Classes::default();
        classes.entered(MATHS, Role::Teacher, false);
        classes.reserve(MATHS, 28, 400, UnixMs(0));
        classes.left(MATHS, Role::Teacher, false, UnixMs(1_000));
        classes.give_back(UnixMs(100_000));
        classes.entered(MATHS, Role::Teacher, false);
        classes.give_back(UnixMs(121_000));
        assert_eq!(classes.reserved(), 31, "back in time");
        classes.left(MATHS, Role::Teacher, false, UnixMs(130_000));
        classes.give_back(UnixMs(250_000));
        assert_eq!((classes.reserved(), classes.next_at().is_some()), (0, true));
        classes.give_back(UnixMs(600_000));
        assert_eq!((classes.iter().count(), classes.next_at()), (0, None), "nothing is remembered");
    }
}
