//! What a teacher rules inside: rights, silence, the spotlight.

use preau_protocol::{
    ClassEvent, Event, OwnRights, PersonId, Refusal, Rights, Role, Sending, limits::PEOPLE_PER_ASK_MAX,
};

use crate::{
    Classroom, Fact, Output,
    chair::{allowed, permit},
};

impl Classroom {
    /// Turns microphones off, once: whoever may speak can turn theirs on again.
    pub(crate) fn mute(&mut self, people: &[PersonId]) -> Result<(), Refusal> {
        if people.len() > PEOPLE_PER_ASK_MAX {
            return Err(Refusal::Limit);
        }
        if !people.iter().any(|person| self.chairs.contains_key(person)) {
            return Err(Refusal::NoSuchPerson);
        }
        for person in people {
            self.turn_microphone_off(*person);
        }
        Ok(())
    }

    pub(crate) fn mute_all(&mut self) -> Result<(), Refusal> {
        for person in self.students() {
            self.turn_microphone_off(person);
        }
        Ok(())
    }

    pub(crate) fn set_rights(&mut self, by: PersonId, rights: Rights) -> Result<(), Refusal> {
        if rights == self.lesson.rights {
            return Ok(());
        }
        self.record(Fact::Rights { rights, by });
        self.tell_class(ClassEvent::Rights { rights });
        for person in self.students() {
            let silenced = self.silence_what_is_not_allowed(person);
            // The event said what everyone's rights are: it was not true of those who have their own.
            if silenced || self.lesson.own_rights.contains_key(&person) {
                self.tell_changed(person);
            }
        }
        Ok(())
    }

    pub(crate) fn set_own_rights(&mut self, by: PersonId, person: PersonId, rights: OwnRights) -> Result<(), Refusal> {
        if !self.chairs.contains_key(&person) {
            return Err(Refusal::NoSuchPerson);
        }
        if self.teachers.contains(&person) {
            return Err(Refusal::IsTeacher);
        }
        if self.people.role(person) == Some(Role::Observer) {
            return Err(Refusal::NoRight);
        }
        if self.lesson.own_rights.get(&person).copied().unwrap_or_default() != rights {
            self.record(Fact::OwnRights { person, rights, by });
            self.silence_what_is_not_allowed(person);
            self.tell_changed(person);
        }
        Ok(())
    }

    pub(crate) fn put_in_spotlight(&mut self, by: PersonId, person: Option<PersonId>) -> Result<(), Refusal> {
        if person.is_some_and(|person| !self.chairs.contains_key(&person)) {
            return Err(Refusal::NoSuchPerson);
        }
        if person != self.lesson.spotlight {
            self.record(Fact::Spotlight { person, by });
            self.tell_spotlight();
        }
        Ok(())
    }

    pub(crate) fn tell_spotlight(&mut self) {
        if let Some(person) = self.lesson.spotlight.filter(|person| !self.listed.contains(person)) {
            self.tell_changed(person);
        }
        self.tell_class(ClassEvent::Spotlight { person: self.lesson.spotlight });
    }

    /// Tells the relay what it may forward of somebody, if that has changed.
    pub(crate) fn permit(&mut self, person: PersonId) {
        let (Some(chair), Some(role)) = (self.chairs.get_mut(&person), self.people.role(person)) else { return };
        let permit = permit(chair.sending, role, self.lesson.phase);
        if let Some(session) = chair.session()
            && chair.permit != Some(permit)
        {
            chair.permit = Some(permit);
            self.put(Output::Permit { session, permit });
        }
    }

    fn students(&self) -> Vec<PersonId> {
        self.chairs.keys().filter(|person| !self.teachers.contains(person)).copied().collect()
    }

    fn turn_microphone_off(&mut self, person: PersonId) {
        let Some(chair) = self.chairs.get(&person) else { return };
        let sending = Sending { microphone: false, ..chair.sending };
        if self.silence(person, sending) {
            self.tell_changed(person);
        }
    }

    fn silence_what_is_not_allowed(&mut self, person: PersonId) -> bool {
        let (Some(chair), Some(role)) = (self.chairs.get(&person), self.people.role(person)) else { return false };
        self.silence(person, allowed(chair.sending, self.lesson.rights_of(person, role)))
    }

    /// Cuts what somebody sends down to `sending`, and tells them. False when nothing had to be cut.
    fn silence(&mut self, person: PersonId, sending: Sending) -> bool {
        let Some(chair) = self.chairs.get_mut(&person).filter(|chair| chair.sending != sending) else { return false };
        chair.sending = sending;
        let session = chair.session();
        self.permit(person);
        if let Some(session) = session {
            let event = Event::Class(Box::new(ClassEvent::Silenced { sending }));
            self.put(Output::Send { to: vec![session], event });
        }
        true
    }
}
