//! How the class looks to those who are told of it.

use preau_protocol::{About, Barred, Door, Knock, Person, PersonId, Phase, Policy, Role, Snapshot, WaitingFor};

use crate::{Classroom, lesson::Bar};

impl Classroom {
    /// A seated person, as students see them.
    pub(crate) fn person(&self, person: PersonId) -> Option<Person> {
        let identity = self.people.get(person)?;
        let seat = self.lesson.seats.get(&person)?;
        let chair = self.chairs.get(&person)?;
        Some(Person {
            person,
            name: identity.name.clone(),
            role: identity.role,
            away: !chair.is_here(),
            sending: chair.sending,
            hand: seat.hand,
            rights: self.lesson.rights_of(person, identity.role),
            about: None,
        })
    }

    /// All that somebody seated knows.
    pub(crate) fn snapshot(&self, of: PersonId, viewer: Role) -> Snapshot {
        let mut seats: Vec<_> = self.lesson.seats.iter().map(|(person, seat)| (seat.number, *person)).collect();
        let is_seen = |person: &PersonId| viewer == Role::Teacher || *person == of || self.listed.contains(person);
        seats.retain(|(_, person)| is_seen(person));
        seats.sort();
        let mut people = Vec::with_capacity(seats.len());
        people.extend(seats.into_iter().filter_map(|(_, person)| {
            let about = self.about_for(viewer, person);
            self.person(person).map(|seen| Person { about, ..seen })
        }));
        Snapshot {
            phase: self.lesson.phase,
            rights: self.lesson.rights,
            people,
            seated: self.crowd().filter(|_| viewer != Role::Teacher),
            spotlight: self.lesson.spotlight,
            chat: self.lesson.chat.backlog().cloned().collect(),
            reduction: self.reduction,
            ends_at: self.ends_at(),
            door: match viewer {
                Role::Teacher => Some(self.door()),
                Role::Student | Role::Observer => None,
            },
        }
    }

    /// What one of this role learns about somebody beyond what everyone sees.
    pub(crate) fn about_for(&self, viewer: Role, person: PersonId) -> Option<Box<About>> {
        match viewer {
            Role::Teacher => self.people.about(person).map(Box::new),
            Role::Student | Role::Observer => None,
        }
    }

    pub(crate) fn knock_of(&self, person: PersonId) -> Option<Knock> {
        let waiter = self.lobby.get(person)?;
        let identity = self.people.get(person)?;
        Some(Knock {
            person,
            name: identity.name.clone(),
            role: identity.role,
            about: self.people.about(person)?,
            since: waiter.since,
            other_device: self.lesson.is_other_device(person, waiter.device),
        })
    }

    pub(crate) fn barred(&self, person: PersonId) -> Option<Barred> {
        let bar = self.lesson.barred.get(&person)?;
        let name = self.people.name(person).or_else(|| self.setup.roster.get(&person))?.clone();
        Some(Barred { person, name, blocked: *bar == Bar::Blocked })
    }

    /// What somebody in the line waits for.
    pub(crate) fn waiting_for(&self, person: PersonId, role: Role) -> WaitingFor {
        match (self.lesson.phase, role) {
            (Phase::Scheduled | Phase::Ended, _) => WaitingFor::Opening,
            (Phase::Unattended, _) => WaitingFor::TeacherAway,
            // They are inside already, on another device: neither the door nor the seats keep them out.
            (Phase::Open, _) if self.chairs.contains_key(&person) => WaitingFor::Answer,
            (Phase::Open, _) if self.returns_once_there_is_room(person) => WaitingFor::Seat,
            (Phase::Open, Role::Student | Role::Observer) if self.policy() == Policy::Shut => WaitingFor::Shut,
            (Phase::Open, _) if self.is_full_for(role) => WaitingFor::Seat,
            (Phase::Open, _) => WaitingFor::Answer,
        }
    }

    fn door(&self) -> Door {
        Door {
            policy: self.policy(),
            opened: self.lesson.opened,
            note: self.lesson.note.clone(),
            expected: self.setup.roster.len() as u32,
            waiting: self.lobby.in_order().filter_map(|(person, _)| self.knock_of(person)).collect(),
            barred: self.lesson.barred.keys().filter_map(|person| self.barred(*person)).collect(),
        }
    }
}
