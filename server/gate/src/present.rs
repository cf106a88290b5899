//! Who is inside, and who was until a moment ago: whoever reloads a page does not stand in a line for it.

use std::collections::{HashMap, VecDeque};

use preau_protocol::{PersonId, UnixMs};

use crate::ticket::seconds;

/// A reload takes seconds; a change of network, or a crash of the browser, takes longer.
const BACK_WITHIN_MS: u64 = 2 * 60_000;
/// Used tickets are remembered for as long as they are good.
const USED_MS: u64 = 12 * 60 * 60_000;
/// Used tickets remembered: everybody whom two full servers let in by tickets in one morning. The oldest are forgotten first, and
/// would let the same person, and nobody else, in by the same ticket again.
const USED_MAX: usize = 100_000;

#[derive(Clone, Debug, Default)]
pub(crate) struct Present {
    /// Whoever came in, while they have any socket.
    inside: HashMap<PersonId, Inside>,
    left: HashMap<PersonId, Gone>,
    leaving: VecDeque<(UnixMs, PersonId)>,
    /// How many of those who left have a seat that waits for them.
    away: u32,
    /// When somebody came in who held a ticket: what was given before is void, what is given later is not.
    used: HashMap<PersonId, UnixMs>,
    using: VecDeque<(UnixMs, PersonId)>,
}

#[derive(Clone, Copy, Debug)]
struct Inside {
    sockets: u32,
    /// As their class counts them, until they leave.
    on_roster: bool,
}

/// Somebody who left, and may come back at once.
#[derive(Clone, Copy, Debug)]
struct Gone {
    until: UnixMs,
    /// The connection was lost, and a place is kept.
    away: bool,
}

impl Present {
    /// Whether they were not inside yet.
    pub fn entered(&mut self, person: PersonId, on_roster: bool) -> bool {
        self.forget(person);
        let inside = self.inside.entry(person).or_insert(Inside { sockets: 0, on_roster });
        inside.sockets = inside.sockets.saturating_add(1);
        inside.sockets == 1
    }

    /// If that was their last socket: whether they were counted as on the roster.
    pub fn left(&mut self, person: PersonId, now: UnixMs) -> Option<bool> {
        let inside = self.inside.get_mut(&person)?;
        inside.sockets -= 1;
        if inside.sockets > 0 {
            return None;
        }
        let on_roster = inside.on_roster;
        self.inside.remove(&person);
        let until = now.plus_ms(BACK_WITHIN_MS);
        self.left.insert(person, Gone { until, away: false });
        self.leaving.push_back((until, person));
        Some(on_roster)
    }

    /// Of somebody who left just now: their connection broke, and they are on their way back.
    pub fn keep_place(&mut self, person: PersonId) {
        if let Some(gone) = self.left.get_mut(&person).filter(|gone| !gone.away) {
            gone.away = true;
            self.away += 1;
        }
    }

    pub fn is_inside(&self, person: PersonId) -> bool {
        self.inside.contains_key(&person)
    }

    /// Inside, or so lately that it is the same visit.
    pub fn is_here(&self, person: PersonId, now: UnixMs) -> bool {
        self.is_inside(person) || self.left.get(&person).is_some_and(|gone| now <= gone.until)
    }

    /// Places of those whose connection broke: they are on their way back.
    pub fn away(&self) -> u32 {
        self.away
    }

    /// Somebody has come in who held a ticket.
    pub fn used_ticket(&mut self, person: PersonId, now: UnixMs) {
        self.used.insert(person, now);
        self.using.push_back((now, person));
        if self.using.len() > USED_MAX {
            self.forget_oldest();
        }
    }

    /// Whether this ticket of theirs, given at that second, has let them in already.
    pub fn has_used_ticket(&self, person: PersonId, issued_s: u32) -> bool {
        self.used.get(&person).is_some_and(|at| issued_s <= seconds(*at))
    }

    pub fn pass(&mut self, now: UnixMs) {
        while let Some((until, person)) = self.leaving.pop_front_if(|(until, _)| *until < now) {
            if self.left.get(&person).is_some_and(|gone| gone.until == until) {
                self.forget(person);
            }
        }
        while self.using.front().is_some_and(|(at, _)| at.plus_ms(USED_MS) < now) {
            self.forget_oldest();
        }
    }

    fn forget(&mut self, person: PersonId) {
        if let Some(gone) = self.left.remove(&person) {
            self.away -= u32::from(gone.away);
        }
    }

    fn forget_oldest(&mut self) {
        let Some((at, person)) = self.using.pop_front() else { return };
        if self.used.get(&person) == Some(&at) {
            self.used.remove(&person);
        }
    }
}
