//! A class comes back from its journal.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use preau_protocol::{PersonId, Phase, Reduction, Role, UnixMs};

use crate::{
    Classroom, Entry, Identity, Limits, Setup,
    agenda::{Agenda, Alarm},
    chair::{Chair, Occupant},
    lesson::Lesson,
    lobby::Lobby,
    people::People,
    waits::{SEAT_KEPT_MS, TEACHER_GRACE_MS, UNATTENDED_MS_MAX},
};

impl Classroom {
    /// The class that its journal tells of. `people` are the identities kept beside the journal. Seats come back as
    /// away and are kept for a while; whoever waited has to knock again.
    pub fn restore(
        setup: Setup,
        people: BTreeMap<PersonId, Identity>,
        entries: impl IntoIterator<Item = Entry>,
        now: UnixMs,
    ) -> Classroom {
        let mut lesson = Lesson::default();
        for entry in entries {
            lesson.apply(&entry, &people);
        }
        // An identity that was erased from the records leaves no seat behind.
        lesson.seats.retain(|person, _| people.contains_key(person));
        let mut class = Classroom {
            setup,
            limits: Limits::default(),
            now,
            lesson,
            people: People::default(),
            lobby: Lobby::default(),
            chairs: BTreeMap::new(),
            visits: BTreeMap::new(),
            teachers: BTreeSet::new(),
            listed: BTreeSet::new(),
            crowd_told: None,
            agenda: Agenda::default(),
            reduction: Reduction::Nothing,
            seats_wanted: false,
            door_moved: false,
            was_full: Default::default(),
            outputs: VecDeque::new(),
            closing: Vec::new(),
        };
        class.set_up_chairs(people);
        class.list_anew();
        class.wind_up_clocks();
        class
    }

    /// Everyone who has a seat, or is kept out, is met again: those seated in the order in which they came, so that
    /// look-alikes are marked.
    fn set_up_chairs(&mut self, people: BTreeMap<PersonId, Identity>) {
        self.people.expect(&self.setup.roster);
        let number = |person| self.lesson.seats.get(&person).map_or(u32::MAX, |seat| seat.number);
        let mut held: Vec<Identity> = people.into_values().collect();
        held.retain(|who| self.lesson.seats.contains_key(&who.person) || self.lesson.barred.contains_key(&who.person));
        held.sort_by_key(|who| number(who.person));
        for identity in held {
            let (person, role) = (identity.person, identity.role);
            self.people.meet(identity, &self.setup, |other| self.lesson.seats.contains_key(&other));
            if self.lesson.seats.contains_key(&person) {
                self.chairs.insert(person, Chair::new(Occupant::Nobody, self.now));
                self.agenda.set(Alarm::Seat(person), self.now.plus_ms(SEAT_KEPT_MS));
                if role == Role::Teacher {
                    self.teachers.insert(person);
                }
            }
        }
    }

    fn wind_up_clocks(&mut self) {
        match self.lesson.phase {
            Phase::Open => self.agenda.set(Alarm::Grace, self.now.plus_ms(TEACHER_GRACE_MS)),
            Phase::Unattended => self.agenda.set(Alarm::Abandoned, self.now.plus_ms(UNATTENDED_MS_MAX)),
            Phase::Scheduled | Phase::Ended => {}
        }
    }
}
