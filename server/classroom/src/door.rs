//! What teachers do at the door.

use std::collections::BTreeSet;

use preau_protocol::{
    Close, DoorEvent, Event, LobbyEvent, PersonId, Phase, Policy, Refusal, Role,
    limits::{NOTE_CHARS_MAX, PEOPLE_PER_ASK_MAX},
};

use crate::{Classroom, Fact, Output, Way, waits::SWAP_SEEN_MS, words::cleaned};

impl Classroom {
    /// Seats those of `people` who wait, in the order of the line; all of them or nobody.
    pub(crate) fn admit(&mut self, by: PersonId, people: &[PersonId]) -> Result<(), Refusal> {
        if self.lesson.phase != Phase::Open {
            return Err(Refusal::DoorShut);
        }
        let named = self.waiting_among(people)?;
        let seen: Vec<PersonId> = named.into_iter().filter(|person| self.was_seen(*person)).collect();
        if seen.is_empty() {
            return Err(Refusal::TooSoon);
        }
        if !self.have_seats_for(&seen) {
            return Err(Refusal::ClassFull);
        }
        for person in seen {
            self.seat_from_lobby(person, Way::Admitted { by });
        }
        Ok(())
    }

    pub(crate) fn refuse(&mut self, by: PersonId, people: &[PersonId]) -> Result<(), Refusal> {
        for person in self.waiting_among(people)? {
            let Some(waiter) = self.lobby.get(person) else { continue };
            let device = waiter.device;
            self.record(Fact::Refused { person, device, by });
            self.withdraw(person, None, Close::Refused);
        }
        Ok(())
    }

    pub(crate) fn forgive(&mut self, by: PersonId, person: PersonId) -> Result<(), Refusal> {
        if !self.lesson.barred.contains_key(&person) {
            return Err(Refusal::NoSuchPerson);
        }
        self.record(Fact::Forgiven { person, by });
        self.tell_teachers(Event::Door(DoorEvent::Forgiven { person }));
        self.let_go(person);
        Ok(())
    }

    /// Opens the door for the roster. Under another policy there is nothing to open.
    pub(crate) fn open_door(&mut self, by: PersonId) -> Result<(), Refusal> {
        if self.policy() == Policy::Roster && !self.lesson.opened {
            self.record(Fact::DoorOpened { by });
            self.door_has_changed();
        }
        Ok(())
    }

    pub(crate) fn choose_policy(&mut self, by: PersonId, policy: Policy) -> Result<(), Refusal> {
        let opens = policy == Policy::Roster && !self.lesson.opened;
        if self.policy() != policy || opens {
            self.record(Fact::Policy { policy, by: Some(by) });
            self.door_has_changed();
        }
        Ok(())
    }

    pub(crate) fn write_note(&mut self, by: PersonId, text: &str) -> Result<(), Refusal> {
        let text = cleaned(text, NOTE_CHARS_MAX)?;
        if text != self.lesson.note {
            self.record(Fact::Note { text: text.clone(), by });
            let waiting = self.lobby.sessions();
            if !waiting.is_empty() {
                self.put(Output::Send { to: waiting, event: Event::Lobby(LobbyEvent::Note { text }) });
            }
            self.tell_door();
        }
        Ok(())
    }

    /// The policy, or whether the door is open, is not what it was: teachers hear it, and so do those who wait.
    pub(crate) fn door_has_changed(&mut self) {
        self.tell_door();
        self.lobby.move_all();
        self.door_moved = true;
    }

    /// Those of `people` who wait, first come first. Others may have gone since the teacher looked.
    fn waiting_among(&self, people: &[PersonId]) -> Result<Vec<PersonId>, Refusal> {
        if people.len() > PEOPLE_PER_ASK_MAX {
            return Err(Refusal::Limit);
        }
        let named: BTreeSet<PersonId> = people.iter().copied().collect();
        let mut waiting: Vec<_> =
            named.into_iter().filter_map(|person| Some((self.lobby.get(person)?.place, person))).collect();
        waiting.sort();
        match waiting.is_empty() {
            true => Err(Refusal::NoSuchPerson),
            false => Ok(waiting.into_iter().map(|(_, person)| person).collect()),
        }
    }

    /// The teacher who names this person can have seen on which device they wait. Otherwise somebody with the same
    /// link could slip into the line just before the click.
    fn was_seen(&self, person: PersonId) -> bool {
        let swapped_at = self.lobby.get(person).and_then(|waiter| waiter.swapped_at);
        swapped_at.is_none_or(|at| self.now >= at.plus_ms(SWAP_SEEN_MS))
    }

    fn have_seats_for(&self, people: &[PersonId]) -> bool {
        let newcomers = people.iter().filter(|person| !self.chairs.contains_key(person));
        let roles: Vec<_> = newcomers.map(|person| self.people.role(*person)).collect();
        let teachers = roles.iter().filter(|role| **role == Some(Role::Teacher)).count();
        self.has_room_for(teachers, roles.len() - teachers)
    }
}
