//! The people a class has to do with just now: seated, waiting, or barred.

use std::collections::BTreeMap;

use preau_protocol::{About, DisplayName, PersonId, Role};

use crate::{
    Identity, Setup,
    look_alike::{LookAlikes, Looks, look_the_same, looks},
};

#[derive(Clone, Debug, Default)]
pub(crate) struct People {
    known: BTreeMap<PersonId, Known>,
    /// Everyone known, and everyone on the roster.
    looks: LookAlikes,
}

#[derive(Clone, Debug)]
struct Known {
    identity: Identity,
    /// Somebody whose name looked the same when this person came.
    look_alike: Option<DisplayName>,
}

impl People {
    pub fn get(&self, person: PersonId) -> Option<&Identity> {
        self.known.get(&person).map(|known| &known.identity)
    }

    pub fn role(&self, person: PersonId) -> Option<Role> {
        self.get(person).map(|identity| identity.role)
    }

    pub fn name(&self, person: PersonId) -> Option<&DisplayName> {
        self.get(person).map(|identity| &identity.name)
    }

    pub fn looks_like_another(&self, person: PersonId) -> bool {
        self.known.get(&person).is_some_and(|known| known.look_alike.is_some())
    }

    pub fn ids(&self) -> Vec<PersonId> {
        self.known.keys().copied().collect()
    }

    /// What teachers learn about somebody.
    pub fn about(&self, person: PersonId) -> Option<About> {
        let Known { identity, look_alike } = self.known.get(&person)?;
        Some(About {
            group: identity.group.clone(),
            on_roster: identity.on_roster,
            proof: identity.proof.clone(),
            look_alike: look_alike.clone(),
        })
    }

    /// Takes somebody in as their credential shows them now, and looks for names like theirs. True when that is not
    /// how they were known.
    pub fn meet(&mut self, identity: Identity, setup: &Setup, is_seated: impl Fn(PersonId) -> bool) -> bool {
        let person = identity.person;
        if self.get(person) == Some(&identity) {
            return false;
        }
        let looks = looks(&identity.name);
        let look_alike = self.look_alike_of(&identity, &looks, setup, is_seated);
        self.forget(person, setup);
        self.looks.insert_as(person, &identity.name, looks);
        self.known.insert(person, Known { identity, look_alike });
        true
    }

    /// Nothing holds this person here any more.
    pub fn forget(&mut self, person: PersonId, setup: &Setup) {
        if let Some(known) = self.known.remove(&person) {
            self.looks.remove(person, &known.identity.name);
            // The roster's own name stays to be compared with.
            if let Some(name) = setup.roster.get(&person) {
                self.looks.insert(person, name);
            }
        }
    }

    /// The roster's names are compared with, whether or not those people have come.
    pub fn expect(&mut self, roster: &BTreeMap<PersonId, DisplayName>) {
        for (person, name) in roster {
            self.looks.insert(*person, name);
        }
    }

    pub fn no_longer_expect(&mut self, roster: &BTreeMap<PersonId, DisplayName>) {
        for (person, name) in roster {
            self.looks.remove(*person, name);
            // They may be here, under the same name or one that looks like it.
            if let Some(known) = self.known.get(person) {
                self.looks.insert(*person, &known.identity.name);
            }
        }
    }

    /// A stranger is compared with everyone. Somebody expected is not put under suspicion by a stranger who waits.
    fn look_alike_of(
        &self,
        identity: &Identity,
        looks: &Looks,
        setup: &Setup,
        is_seated: impl Fn(PersonId) -> bool,
    ) -> Option<DisplayName> {
        let teacher = &setup.class.teacher;
        if identity.role != Role::Teacher && look_the_same(looks, teacher) {
            return Some(teacher.clone());
        }
        let expected = identity.on_roster || identity.role == Role::Teacher;
        self.looks
            .of(identity.person, looks)
            .find(|(other, _)| !expected || setup.roster.contains_key(other) || is_seated(*other))
            .map(|(_, name)| name.clone())
    }
}
