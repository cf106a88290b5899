//! The class is changed on its set-up page while it goes on.

use std::collections::BTreeSet;

use preau_protocol::{PersonId, Role};

use crate::{Classroom, Fact, Setup};

impl Classroom {
    pub(crate) fn set_up_anew(&mut self, setup: Setup) {
        let before = std::mem::replace(&mut self.setup, setup);
        if before.policy != self.setup.policy {
            self.record(Fact::Policy { policy: self.setup.policy, by: None });
            self.door_has_changed();
        }
        if before.roster != self.setup.roster {
            self.change_roster(&before);
        }
    }

    fn change_roster(&mut self, before: &Setup) {
        self.people.no_longer_expect(&before.roster);
        let roster = self.setup.roster.clone();
        self.people.expect(&roster);
        let touched: BTreeSet<PersonId> = before
            .roster
            .keys()
            .chain(roster.keys())
            .filter(|person| before.roster.get(person) != roster.get(person))
            .copied()
            .collect();
        for person in touched {
            self.meet_again(person, before);
        }
        // The number expected is part of no single event.
        let teachers: Vec<PersonId> = self.teachers.iter().copied().collect();
        for teacher in teachers {
            self.tell_snapshot(teacher);
        }
        self.door_moved = true;
    }

    /// Somebody was added to the roster, taken off it, or renamed there.
    fn meet_again(&mut self, person: PersonId, before: &Setup) {
        let Some(known) = self.people.get(person).filter(|who| who.role == Role::Student) else { return };
        let mut identity = known.clone();
        let name = self.setup.roster.get(&person).cloned();
        identity.on_roster = name.is_some();
        let renamed = before.roster.contains_key(&person) && name.as_ref().is_some_and(|name| *name != identity.name);
        if let (true, Some(name)) = (renamed, name) {
            identity.name = name;
        }
        self.meet(identity);
        if let Some(device) = self.lobby.get(person).map(|waiter| waiter.device) {
            self.bind(person, device);
        }
    }
}
