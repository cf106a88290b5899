//! One room: its members, who is heard in it, whose screen is shown.

use crate::names::PeerId;
use crate::speakers::Speakers;
use crate::timers::PeerKey;
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Room {
    pub members: BTreeMap<PeerId, PeerKey>,
    pub speakers: Speakers,
    /// Who shares a screen, in the order in which they began; the last one is shown.
    pub screens: Vec<PeerId>,
}

impl Room {
    /// `peer`'s screen began: it is the one to show.
    pub fn begin_screen(&mut self, peer: PeerId) {
        self.end_screen(peer);
        self.screens.push(peer);
    }

    pub fn end_screen(&mut self, peer: PeerId) {
        self.screens.retain(|other| *other != peer);
    }

    pub fn leave(&mut self, peer: PeerId) {
        self.members.remove(&peer);
        self.speakers.remove(peer);
        self.end_screen(peer);
    }
}

/// Who sits in which of some equal slots: whoever is still wanted stays, the others follow in
/// order into what is free.
pub fn seat(now: &[Option<PeerId>], wanted: &[PeerId]) -> Vec<Option<PeerId>> {
    let wanted = &wanted[..wanted.len().min(now.len())];
    let mut next: Vec<Option<PeerId>> =
        now.iter().map(|person| person.filter(|person| wanted.contains(person))).collect();
    for person in wanted {
        if next.contains(&Some(*person)) {
            continue;
        }
        if let Some(free) = next.iter_mut().find(|slot| slot.is_none()) {
            *free = Some(*person);
        }
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: PeerId = PeerId(1);
    const B: PeerId = PeerId(2);
    const C: PeerId = PeerId(3);

    #[test]
    fn a_slot_stays_with_its_person_when_the_view_is_reordered() {
        let first = seat(&[None, None, None], &[A, B]);
        assert_eq!(first, [Some(A), Some(B), None]);
        assert_eq!(seat(&first, &[B, A]), first);
        assert_eq!(seat(&first, &[C, B]), [Some(C), Some(B), None]);
        assert_eq!(seat(&first, &[C, B, A]), [Some(A), Some(B), Some(C)]);
    }

    #[test]
    fn the_most_important_come_first_when_there_is_too_little_room() {
        assert_eq!(seat(&[Some(A), Some(B)], &[C, A, B]), [Some(A), Some(C)]);
        assert_eq!(seat(&[], &[A]), []);
    }

    #[test]
    fn the_last_screen_is_shown() {
        let mut room = Room::default();
        room.begin_screen(A);
        room.begin_screen(B);
        room.begin_screen(A);
        assert_eq!(room.screens, [B, A]);
    }
}
