//! Who is inside, and who was until a moment ago: whoever reloads a page does not stand in a line for it.

use std::collections::{HashMap, VecDeque};

use preau_protocol::{PersonId, UnixMs};

/// A reload takes seconds; a change of network, or a crash of the browser, takes longer.
const BACK_WITHIN_MS: u64 = 2 * 60_000;
/// Used tickets are remembered for as long as they are good.
const USED_MS: u64 = 12 * 60 * 60_000;
/// Used tickets remembered: everybody whom two full servers let in by tickets in one morning. The oldest are forgotten first, and
/// would let the same person, and nobody else, in by the same ticket again.
const USED_MAX: usize = 100_000;

#[derive(Clone, Debug, Default)]
pub(crate) struct Present {
    /// How many sockets of somebody came in, while there are any.
    inside: HashMap<PersonId, u16>,
    /// Until when somebody who left may come back at once.
    left: HashMap<PersonId, UnixMs>,
    leaving: VecDeque<(UnixMs, PersonId)>,
    used: HashMap<PersonId, UnixMs>,
    using: VecDeque<(UnixMs, PersonId)>,
}

impl Present {
    pub fn entered(&mut self, person: PersonId) {
        self.left.remove(&person);
        *self.inside.entry(person).or_default() += 1;
    }

    pub fn left(&mut self, person: PersonId, now: UnixMs) {
        let Some(sockets) = self.inside.get_mut(&person) else { return };
        *sockets -= 1;
        if *sockets == 0 {
            self.inside.remove(&person);
            let until = now.plus_ms(BACK_WITHIN_MS);
            self.left.insert(person, until);
            self.leaving.push_back((until, person));
        }
    }

    /// Inside, or so lately that it is the same visit.
    pub fn is_here(&self, person: PersonId, now: UnixMs) -> bool {
        self.inside.contains_key(&person) || self.left.get(&person).is_some_and(|until| now <= *until)
    }

    /// Somebody has come in by their ticket.
    pub fn used_ticket(&mut self, person: PersonId, now: UnixMs) {
        self.used.insert(person, now);
        self.using.push_back((now, person));
        if self.using.len() > USED_MAX {
            self.forget_oldest();
        }
    }

    pub fn has_used_ticket(&self, person: PersonId) -> bool {
        self.used.contains_key(&person)
    }

    pub fn pass(&mut self, now: UnixMs) {
        while let Some((until, person)) = self.leaving.pop_front_if(|(until, _)| *until < now) {
            if self.left.get(&person) == Some(&until) {
                self.left.remove(&person);
            }
        }
        while self.using.front().is_some_and(|(at, _)| at.plus_ms(USED_MS) < now) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some((at, person)) = self.using.pop_front() else { return };
        if self.used.get(&person) == Some(&at) {
            self.used.remove(&person);
        }
    }
}
