//! Who is told what: every event leaves through here.

use preau_protocol::{ClassEvent, DoorEvent, Event, Gone, LobbyEvent, Person, PersonId, Reduction, Role, SessionId};

use crate::{Classroom, Output};

impl Classroom {
    /// Tells everyone seated, whether their connection stands or not: a resume finds what was missed.
    pub(crate) fn tell_everyone(&mut self, event: Event) {
        let to = self.chairs.values().filter_map(|chair| chair.session()).collect();
        self.send(to, event);
    }

    pub(crate) fn tell_class(&mut self, event: ClassEvent) {
        self.tell_everyone(Event::Class(Box::new(event)));
    }

    pub(crate) fn tell_teachers(&mut self, event: Event) {
        self.send(self.sessions_of_teachers(), event);
    }

    pub(crate) fn tell_joined(&mut self, person: PersonId) {
        let event = |person| ClassEvent::Joined { person };
        match self.listed.contains(&person) {
            true => self.tell_of(person, Some(person), event),
            false => self.tell_teachers_of(person, event),
        }
        self.mind_crowd();
    }

    pub(crate) fn tell_changed(&mut self, person: PersonId) {
        self.tell_changed_but(person, None);
    }

    /// To the others; the person themself has just had a snapshot.
    pub(crate) fn tell_changed_to_others(&mut self, person: PersonId) {
        self.tell_changed_but(person, Some(person));
    }

    fn tell_changed_but(&mut self, person: PersonId, but: Option<PersonId>) {
        let event = |person| ClassEvent::Changed { person };
        if self.listed.contains(&person) {
            self.tell_of(person, but, event);
        } else if self.list(person) {
            // From now on students see them; teachers did before.
            self.tell_teachers_of(person, event);
            self.tell_students_of(person, but, |person| ClassEvent::Joined { person });
        } else {
            self.tell_teachers_of(person, event);
            let own = self.session_of(person).filter(|_| but != Some(person));
            if let Some(seen) = self.person(person) {
                self.send(own.into_iter().collect(), Event::Class(Box::new(event(seen))));
            }
        }
    }

    pub(crate) fn tell_left(&mut self, person: PersonId, why: Gone) {
        let event = ClassEvent::Left { person, why };
        match self.listed.remove(&person) {
            true => self.tell_class(event),
            false => self.tell_teachers(Event::Class(Box::new(event))),
        }
        self.mind_crowd();
    }

    pub(crate) fn tell_snapshot(&mut self, person: PersonId) {
        let (Some(session), Some(role)) = (self.session_of(person), self.people.role(person)) else { return };
        let snapshot = self.snapshot(person, role);
        self.send(vec![session], Event::Class(Box::new(ClassEvent::Snapshot { snapshot })));
    }

    /// The server is short of something, or no longer: everybody inside knows why they see less.
    pub(crate) fn reduce(&mut self, reduction: Reduction) {
        if reduction != self.reduction {
            self.reduction = reduction;
            self.tell_class(ClassEvent::Reduced { reduction });
        }
    }

    pub(crate) fn tell_knock(&mut self, person: PersonId) {
        if let Some(knock) = self.knock_of(person) {
            self.tell_teachers(Event::Door(DoorEvent::Knock { knock }));
        }
    }

    pub(crate) fn tell_door(&mut self) {
        let (policy, opened, note) = (self.policy(), self.lesson.opened, self.lesson.note.clone());
        self.tell_teachers(Event::Door(DoorEvent::Changed { policy, opened, note }));
    }

    pub(crate) fn tell_barred(&mut self, person: PersonId) {
        if let Some(barred) = self.barred(person) {
            self.tell_teachers(Event::Door(DoorEvent::Barred { barred }));
        }
    }

    pub(crate) fn tell_note_to(&mut self, session: SessionId) {
        let text = self.lesson.note.clone();
        self.send(vec![session], Event::Lobby(LobbyEvent::Note { text }));
    }

    /// To somebody who has heard nothing yet.
    pub(crate) fn tell_note_if_any(&mut self, session: SessionId) {
        if !self.lesson.note.is_empty() {
            self.tell_note_to(session);
        }
    }

    /// Tells those in the line who stand, or wait, differently than they were told.
    pub(crate) fn tell_line(&mut self) {
        for (position, person) in self.lobby.take_moved() {
            self.tell_standing_at(position, person);
        }
    }

    /// Tells one person where they stand, whatever they were told.
    pub(crate) fn tell_standing(&mut self, person: PersonId) {
        if let Some(waiter) = self.lobby.get_mut(person) {
            waiter.told = None;
            let position = self.lobby.position(person);
            self.tell_standing_at(position, person);
        }
    }

    fn tell_standing_at(&mut self, position: u32, person: PersonId) {
        let Some(role) = self.people.role(person) else { return };
        let waiting_for = self.waiting_for(person, role);
        let Some(waiter) = self.lobby.get_mut(person) else { return };
        if waiter.told != Some((position, waiting_for)) {
            waiter.told = Some((position, waiting_for));
            let (session, device) = (waiter.session, waiter.device);
            let other_device = self.lesson.is_other_device(person, device);
            let event = LobbyEvent::Standing { position, waiting_for, other_device };
            self.send(vec![session], Event::Lobby(event));
        }
    }

    /// Tells of somebody in two versions: what they are is for everyone, what is known about them for teachers.
    fn tell_of(&mut self, person: PersonId, but: Option<PersonId>, event: impl Fn(Person) -> ClassEvent) {
        let teachers = self.teachers.iter().filter(|teacher| Some(**teacher) != but);
        let teachers = teachers.filter_map(|teacher| self.session_of(*teacher)).collect();
        self.tell_about(teachers, person, &event);
        self.tell_students_of(person, but, event);
    }

    fn tell_teachers_of(&mut self, person: PersonId, event: impl Fn(Person) -> ClassEvent) {
        let teachers = self.sessions_of_teachers();
        self.tell_about(teachers, person, event);
    }

    fn tell_about(&mut self, teachers: Vec<SessionId>, person: PersonId, event: impl Fn(Person) -> ClassEvent) {
        let Some(seen) = self.person(person) else { return };
        let about = self.about_for(Role::Teacher, person);
        self.send(teachers, Event::Class(Box::new(event(Person { about, ..seen }))));
    }

    fn tell_students_of(&mut self, person: PersonId, but: Option<PersonId>, event: impl Fn(Person) -> ClassEvent) {
        let Some(seen) = self.person(person) else { return };
        let students = self.chairs.iter().filter(|(other, _)| Some(**other) != but && !self.teachers.contains(other));
        let to = students.filter_map(|(_, chair)| chair.session()).collect();
        self.send(to, Event::Class(Box::new(event(seen))));
    }

    fn sessions_of_teachers(&self) -> Vec<SessionId> {
        self.teachers.iter().filter_map(|teacher| self.session_of(*teacher)).collect()
    }

    pub(crate) fn send(&mut self, to: Vec<SessionId>, event: Event) {
        if !to.is_empty() {
            self.put(Output::Send { to, event });
        }
    }
}
