//! Somebody goes: lost for now or for good, of their own will or not.

use preau_protocol::{Close, Event, Gone, PersonId, Refusal, Role, SessionEvent, SessionId};

use crate::{
    Classroom, Departure, DeviceId, Fact, Output,
    agenda::Alarm,
    chair::Occupant,
    link::Link,
    visit::Spot,
    waits::{KNOCK_KEPT_MS, SEAT_KEPT_MS},
};

impl Classroom {
    /// A socket is gone; who was behind it is waited for.
    pub(crate) fn lost(&mut self, session: SessionId) {
        let Some(visit) = self.visits.get(&session) else { return };
        let person = visit.person;
        if visit.spot == Spot::Waiting {
            if let Some(waiter) = self.lobby.get_mut(person)
                && waiter.link == Link::Here
            {
                waiter.link = Link::Away;
                self.agenda.set(Alarm::Place(person), self.now.plus_ms(KNOCK_KEPT_MS));
            }
        } else if self.chairs.get(&person).is_some_and(|chair| chair.is_here()) {
            self.set_link(person, Link::Away);
            self.keep_seat(person);
            self.tell_changed(person);
            self.mind_attendance();
        }
    }

    /// The same session is there again.
    pub(crate) fn back(&mut self, session: SessionId) {
        let Some(visit) = self.visits.get(&session) else { return };
        let person = visit.person;
        if visit.spot == Spot::Waiting {
            self.agenda.cancel(Alarm::Place(person));
            if let Some(waiter) = self.lobby.get_mut(person) {
                waiter.link = Link::Here;
            }
            self.let_in_by_rule_one(person);
        } else if self.chairs.get(&person).is_some_and(|chair| !chair.is_here()) {
            self.set_link(person, Link::Here);
            self.agenda.cancel(Alarm::Seat(person));
            if self.teachers.contains(&person) {
                self.attend(person);
            }
            self.tell_changed(person);
        }
    }

    /// The session is there again, and has missed too much.
    pub(crate) fn tell_everything_again(&mut self, session: SessionId) {
        self.back(session);
        let Some(visit) = self.visits.get(&session) else { return };
        let person = visit.person;
        match visit.spot {
            Spot::Seated => {
                self.tell_snapshot(person);
                self.ask_again_if_idle(person);
            }
            Spot::Waiting => {
                self.tell_standing(person);
                // Also when there is none: they may have seen one that has been taken away since.
                self.tell_note_to(session);
            }
        }
    }

    pub(crate) fn keep_seat(&mut self, person: PersonId) {
        self.agenda.set(Alarm::Seat(person), self.now.plus_ms(SEAT_KEPT_MS));
    }

    pub(crate) fn leave(&mut self, session: SessionId, person: PersonId) -> Result<(), Refusal> {
        match self.visits.get(&session).map(|visit| visit.spot) {
            Some(Spot::Seated) => {
                let fact = Fact::Left { person, why: Departure::Left };
                self.vacate(person, fact, Gone::Left, Close::Done);
            }
            Some(Spot::Waiting) => self.withdraw(person, Some(Gone::Left), Close::Done),
            None => {}
        }
        Ok(())
    }

    /// Nobody came back to this seat in time.
    pub(crate) fn give_up_seat(&mut self, person: PersonId) {
        let fact = Fact::Left { person, why: Departure::Lost };
        self.vacate(person, fact, Gone::Lost, Close::Done);
    }

    pub(crate) fn revoke(&mut self, person: PersonId) {
        let fact = Fact::Revoked { person };
        if self.lesson.seats.contains_key(&person) {
            self.vacate(person, fact, Gone::Removed, Close::Removed);
        } else if self.lesson.bound.contains_key(&person) {
            self.record(fact);
        }
        self.withdraw(person, Some(Gone::Removed), Close::Removed);
    }

    /// What a browser had is over, as when a token runs out: they may knock again with a new credential.
    pub(crate) fn sign_out(&mut self, person: PersonId, device: DeviceId) {
        if self.lesson.seats.get(&person).is_some_and(|seat| seat.device == device) {
            let fact = Fact::Left { person, why: Departure::Expired };
            self.vacate(person, fact, Gone::Expired, Close::NotAuthenticated);
        }
        if self.lobby.get(person).is_some_and(|waiter| waiter.device == device) {
            self.withdraw(person, Some(Gone::Expired), Close::NotAuthenticated);
        }
    }

    /// Sends a student out, seated or waiting, and keeps them out.
    pub(crate) fn expel(&mut self, by: PersonId, person: PersonId, block: bool) -> Result<(), Refusal> {
        use crate::lesson::Bar;
        let bar = if block { Bar::Blocked } else { Bar::Removed };
        let is_here = self.chairs.contains_key(&person) || self.lobby.get(person).is_some();
        match (self.people.role(person), self.lesson.barred.get(&person)) {
            (Some(Role::Teacher), _) => return Err(Refusal::IsTeacher),
            (_, Some(before)) if *before == bar || *before == Bar::Blocked => return Ok(()),
            (_, None) if !is_here => return Err(Refusal::NoSuchPerson),
            (_, Some(_) | None) => {}
        }
        let (fact, why) = match bar {
            Bar::Removed => (Fact::Removed { person, by }, Gone::Removed),
            Bar::Blocked => (Fact::Blocked { person, by }, Gone::Blocked),
        };
        if self.chairs.contains_key(&person) {
            self.vacate(person, fact, why, Close::Removed);
        } else {
            self.record(fact);
        }
        self.withdraw(person, Some(why), Close::Removed);
        self.tell_barred(person);
        Ok(())
    }

    /// Empties a seat. `fact` is what the journal calls it.
    pub(crate) fn vacate(&mut self, person: PersonId, fact: Fact, why: Gone, close: Close) {
        let was_shown = self.lesson.spotlight == Some(person);
        let session = self.chairs.get(&person).and_then(|chair| chair.session());
        if let Some(session) = session {
            self.put(Output::Unseat { session });
        }
        self.record(fact);
        self.chairs.remove(&person);
        self.agenda.cancel(Alarm::Seat(person));
        let was_teacher = self.teachers.remove(&person);
        if let Some(session) = session {
            self.say_goodbye(session, Some(why), close);
        }
        self.tell_left(person, why);
        if was_shown {
            self.tell_spotlight();
        }
        self.door_moved |= was_teacher;
        // On another device they may wait for something else now.
        self.lobby.move_one(person);
        self.mind_attendance();
        self.let_go(person);
    }

    /// Takes somebody out of the lobby and ends their session. Nothing happens when they do not wait.
    pub(crate) fn withdraw(&mut self, person: PersonId, why: Option<Gone>, close: Close) {
        if let Some(waiter) = self.take_out_of_line(person) {
            self.say_goodbye(waiter.session, why, close);
            self.let_go(person);
        }
    }

    fn say_goodbye(&mut self, session: SessionId, why: Option<Gone>, close: Close) {
        if let Some(why) = why {
            let event = Event::Session(SessionEvent::Gone { why });
            self.put(Output::Send { to: vec![session], event });
        }
        self.close(session, close);
    }

    /// Everything that a person sent is off, because their session is over while their seat is kept.
    pub(crate) fn hush(&mut self, person: PersonId) {
        if let Some(chair) = self.chairs.get_mut(&person) {
            assert_eq!(chair.occupant, Occupant::Nobody, "a session is hushed by its rights, or not at all");
            chair.sending = Default::default();
            chair.permit = None;
            self.tell_changed(person);
        }
    }
}
