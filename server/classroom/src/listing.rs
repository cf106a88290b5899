//! Who is on the list that students see: everybody in a class, and in a lecture those who matter to the others.

use preau_protocol::{ClassEvent, Event, PersonId, Role, Sending, SessionId, limits::LISTED_FOR_ACTING_MAX};

use crate::{Classroom, agenda::Alarm, waits::CROWD_TOLD_EVERY_MS};

impl Classroom {
    /// Puts somebody on the list if they belong there. True if they are new on it. Whoever is listed stays so.
    pub(crate) fn list(&mut self, person: PersonId) -> bool {
        let (room, listed) = (self.limits.listed_max, self.listed.len());
        let belongs = self.teachers.contains(&person)
            || listed < room
            || (listed < room + LISTED_FOR_ACTING_MAX && self.acts(person));
        belongs && self.lesson.seats.contains_key(&person) && self.listed.insert(person)
    }

    /// The list of those who have seats, first come first.
    pub(crate) fn list_anew(&mut self) {
        self.listed.clear();
        let mut seated: Vec<(u32, PersonId)> =
            self.lesson.seats.iter().map(|(person, seat)| (seat.number, *person)).collect();
        seated.sort_unstable();
        for (_, person) in seated {
            self.list(person);
        }
    }

    /// Whether others notice somebody: what they send, their hand, the spotlight.
    fn acts(&self, person: PersonId) -> bool {
        self.chairs.get(&person).is_some_and(|chair| chair.sending != Sending::default())
            || self.lesson.seats.get(&person).is_some_and(|seat| seat.hand.is_some())
            || self.lesson.spotlight == Some(person)
    }

    /// How many are seated, if not all of them are listed.
    pub(crate) fn crowd(&self) -> Option<u32> {
        let seated = self.lesson.seats.len();
        (seated > self.listed.len()).then_some(seated as u32)
    }

    /// The number of people has changed: students who do not see all of them hear of it by and by.
    pub(crate) fn mind_crowd(&mut self) {
        if (self.crowd().is_some() || self.crowd_told.is_some()) && !self.agenda.has(Alarm::Crowd) {
            self.agenda.set(Alarm::Crowd, self.now.plus_ms(CROWD_TOLD_EVERY_MS));
        }
    }

    pub(crate) fn tell_crowd(&mut self) {
        let crowd = self.crowd();
        if crowd == self.crowd_told {
            return;
        }
        self.crowd_told = crowd;
        let students = self.chairs.iter().filter(|(person, _)| self.people.role(**person) != Some(Role::Teacher));
        let to: Vec<SessionId> = students.filter_map(|(_, chair)| chair.session()).collect();
        let seated = self.lesson.seats.len() as u32;
        self.send(to, Event::Class(Box::new(ClassEvent::Crowd { seated })));
    }
}
