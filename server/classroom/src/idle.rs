//! Seats with which nothing is done while others wait: their people are asked, and without an answer they are free.

use preau_protocol::{Close, Event, Gone, PersonId, Sending, SessionEvent, UnixMs};

use crate::{Classroom, Fact, agenda::Alarm, chair::Chair};

impl Classroom {
    /// Others wait for seats, or no longer. A line that is empty for a moment takes no question back; whoever had their time to
    /// answer while nobody waited is asked anew.
    pub(crate) fn want_seats(&mut self, wanted: bool) {
        if wanted == self.seats_wanted {
            return;
        }
        self.seats_wanted = wanted;
        for chair in self.chairs.values_mut().filter(|_| wanted) {
            chair.asked_until.take_if(|until| *until <= self.now);
        }
        self.agenda.cancel(Alarm::Idle);
        self.mind_everybody();
    }

    /// Somebody sat down or did something: they are looked at again when they may have done nothing for long. People act
    /// all the time, so an alarm that is set for sooner stays, and may ring for nothing.
    pub(crate) fn mind_idle_of(&mut self, person: PersonId) {
        let Some(idle_ms) = self.limits.idle_ms.filter(|_| self.seats_wanted && !self.teachers.contains(&person))
        else {
            return;
        };
        if let Some(chair) = self.chairs.get(&person) {
            self.agenda.set_no_later(Alarm::Idle, chair.idle_at(idle_ms));
        }
    }

    /// Asks those who have done nothing until `at`, and takes the seats of those who were asked and said nothing.
    pub(crate) fn look_for_idle(&mut self, at: UnixMs) {
        let Some(idle_ms) = self.limits.idle_ms.filter(|_| self.seats_wanted) else { return };
        let due =
            |(person, chair): &(&PersonId, &Chair)| !self.teachers.contains(person) && chair.idle_at(idle_ms) <= at;
        let due: Vec<PersonId> = self.chairs.iter().filter(due).map(|(person, _)| *person).collect();
        for person in due {
            let Some(chair) = self.chairs.get_mut(&person) else { continue };
            if chair.asked_until.is_some() {
                self.give_back_seat(person);
            } else if chair.is_here() && chair.sending == Sending::default() {
                chair.asked_until = Some(self.now.plus_ms(self.limits.still_there_ms));
                self.ask_again_if_idle(person);
            } else {
                // Who is heard or seen does something; whose connection is lost has another alarm.
                chair.act(self.now);
            }
        }
        self.mind_everybody();
    }

    fn mind_everybody(&mut self) {
        let people: Vec<PersonId> = self.chairs.keys().copied().collect();
        for person in people {
            self.mind_idle_of(person);
        }
    }

    /// Asks somebody whether they are still there, if they have not yet answered.
    pub(crate) fn ask_again_if_idle(&mut self, person: PersonId) {
        let Some(chair) = self.chairs.get(&person) else { return };
        let open = chair.asked_until.filter(|until| self.seats_wanted && *until > self.now);
        if let (Some(session), Some(until)) = (chair.session(), open) {
            let within_ms = u32::try_from(until.0.saturating_sub(self.now.0)).unwrap_or(u32::MAX);
            self.send(vec![session], Event::Session(SessionEvent::StillThere { within_ms }));
        }
    }

    /// They were admitted: whenever there is room, they come back as they were.
    fn give_back_seat(&mut self, person: PersonId) {
        if let Some(role) = self.people.role(person) {
            self.vacate(person, Fact::Idle { person, role }, Gone::Idle, Close::Done);
        }
    }

    /// Somebody who gave an unused seat back waits for another one, and for nothing else.
    pub(crate) fn returns_once_there_is_room(&self, person: PersonId) -> bool {
        let (Some(waiter), Some(role)) = (self.lobby.get(person), self.people.role(person)) else { return false };
        self.is_full_for(role) && self.lesson.may_return(person, waiter.device, role)
    }
}

impl Chair {
    /// When its person is to be asked, or is out of time for an answer.
    fn idle_at(&self, idle_ms: u64) -> UnixMs {
        self.asked_until.unwrap_or(self.acted_at.plus_ms(idle_ms))
    }
}
