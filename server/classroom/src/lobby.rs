//! The line before the door, in order of arrival.

use std::collections::BTreeMap;

use preau_protocol::{PersonId, SessionId, UnixMs, WaitingFor};

use crate::{DeviceId, link::Link};

/// A number in the line: lower came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u64);

/// Somebody who waits. One person waits once, on one device.
#[derive(Clone, Debug)]
pub(crate) struct Waiter {
    pub session: SessionId,
    pub device: DeviceId,
    pub since: UnixMs,
    pub link: Link,
    /// Not on the roster.
    pub stranger: bool,
    /// When this device took the place of the same person's other one.
    pub swapped_at: Option<UnixMs>,
    /// What they were last told of where they stand.
    pub told: Option<(u32, WaitingFor)>,
    pub place: Place,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Lobby {
    waiting: BTreeMap<PersonId, Waiter>,
    line: BTreeMap<Place, PersonId>,
    next: u64,
    strangers: usize,
    /// From here on people have to be told anew where they stand.
    moved_from: Option<Place>,
}

impl Lobby {
    pub fn get(&self, person: PersonId) -> Option<&Waiter> {
        self.waiting.get(&person)
    }

    pub fn get_mut(&mut self, person: PersonId) -> Option<&mut Waiter> {
        self.waiting.get_mut(&person)
    }

    /// People waiting who are not on the roster.
    pub fn strangers(&self) -> usize {
        self.strangers
    }

    /// Everyone, first come first.
    pub fn in_order(&self) -> impl Iterator<Item = (PersonId, &Waiter)> {
        self.line.values().map(|person| (*person, &self.waiting[person]))
    }

    pub fn sessions(&self) -> Vec<SessionId> {
        self.in_order().map(|(_, waiter)| waiter.session).collect()
    }

    /// Puts somebody who does not wait yet at the end of the line.
    pub fn join(&mut self, person: PersonId, arrival: Arrival) {
        let place = Place(self.next);
        self.next += 1;
        let Arrival { session, device, since, stranger, swapped_at } = arrival;
        let waiter = Waiter { session, device, since, link: Link::Here, stranger, swapped_at, told: None, place };
        self.strangers += usize::from(stranger);
        self.line.insert(place, person);
        let before = self.waiting.insert(person, waiter);
        assert!(before.is_none(), "one person waits once");
        self.move_from(place);
    }

    /// Takes somebody out of the line: those behind them move up.
    pub fn leave(&mut self, person: PersonId) -> Option<Waiter> {
        let waiter = self.waiting.remove(&person)?;
        self.line.remove(&waiter.place);
        self.strangers -= usize::from(waiter.stranger);
        self.move_from(waiter.place);
        Some(waiter)
    }

    /// The roster has changed under somebody who waits.
    pub fn set_stranger(&mut self, person: PersonId, stranger: bool) {
        if let Some(waiter) = self.waiting.get_mut(&person) {
            self.strangers -= usize::from(waiter.stranger);
            self.strangers += usize::from(stranger);
            waiter.stranger = stranger;
        }
    }

    /// What everyone waits for has changed.
    pub fn move_all(&mut self) {
        self.move_from(Place(0));
    }

    /// What somebody waits for may have changed.
    pub fn move_one(&mut self, person: PersonId) {
        if let Some(place) = self.waiting.get(&person).map(|waiter| waiter.place) {
            self.move_from(place);
        }
    }

    /// Where somebody stands, counted from 1; 0 for one who does not wait.
    pub fn position(&self, person: PersonId) -> u32 {
        self.waiting.get(&person).map_or(0, |waiter| self.line.range(..=waiter.place).count() as u32)
    }

    fn move_from(&mut self, place: Place) {
        self.moved_from = Some(self.moved_from.map_or(place, |moved| moved.min(place)));
    }

    /// Those who have to be told where they stand, with their positions counted from 1. Costs as much as it returns.
    pub fn take_moved(&mut self) -> Vec<(u32, PersonId)> {
        let Some(from) = self.moved_from.take() else { return Vec::new() };
        let behind = self.line.range(from..).rev().map(|(_, person)| *person);
        (1..=self.line.len() as u32).rev().zip(behind).collect()
    }
}

/// Somebody new in the line.
pub(crate) struct Arrival {
    pub session: SessionId,
    pub device: DeviceId,
    pub since: UnixMs,
    pub stranger: bool,
    pub swapped_at: Option<UnixMs>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn join(lobby: &mut Lobby, n: u128, stranger: bool) -> PersonId {
        let (session, device) = (SessionId(Uuid::from_u128(n)), DeviceId(Uuid::from_u128(n)));
        lobby.join(
            PersonId(Uuid::from_u128(n)),
            Arrival { session, device, since: UnixMs(0), stranger, swapped_at: None },
        );
        PersonId(Uuid::from_u128(n))
    }

    #[test]
    fn only_those_behind_move_up() {
        let mut lobby = Lobby::default();
        let [nine, two, five] = [9, 2, 5].map(|n| join(&mut lobby, n, n == 5));
        assert_eq!(lobby.in_order().map(|(person, _)| person).collect::<Vec<_>>(), [nine, two, five]);
        assert_eq!(lobby.take_moved(), [(3, five), (2, two), (1, nine)]);
        assert_eq!(lobby.take_moved(), []);
        lobby.leave(two);
        assert_eq!(lobby.take_moved(), [(2, five)]);
        assert_eq!(lobby.strangers(), 1);
        lobby.set_stranger(five, false);
        assert_eq!(lobby.strangers(), 0);
        lobby.leave(five);
        assert_eq!((lobby.take_moved(), lobby.strangers()), (vec![], 0));
    }
}
