//! The line of one priority: who stands where, who was called, and how fast it moves.

use std::collections::{HashMap, VecDeque};

use preau_protocol::{ClassId, Mark, PersonId, Place, UnixMs, limits};

use crate::order::Order;
use crate::pace::Minutes;

/// Whoever was called has this long to come: a page asks every few seconds. Then the place goes on to somebody else, and whoever
/// comes later is let in while there is room, or stands in front.
const CALLED_MS: u64 = 60_000;

/// People remembered who did not come at their turn. Past this they are forgotten, and stand at their old place in front of the line.
const LATE_MAX: usize = 100_000;

/// Somebody in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub place: Place,
    pub class: ClassId,
    /// The roster that a teacher brings; `None` for everybody else.
    pub brings: Option<u32>,
}

/// Somebody whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Called {
    pub at: UnixMs,
    pub place: Place,
    /// How many places were promised.
    pub places: u32,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    order: Order,
    standing: HashMap<PersonId, Standing>,
    /// Called, and not in yet.
    called: HashMap<PersonId, Called>,
    calls: VecDeque<(UnixMs, PersonId)>,
    promised: u32,
    /// Called and not come: their turn is past, and their place is still theirs.
    late: HashMap<PersonId, Place>,
    /// The last place that was called.
    served: Option<Place>,
    pub minutes: Minutes,
}

impl Line {
    pub fn waiting(&self) -> u32 {
        u32::try_from(self.order.len()).unwrap_or(u32::MAX)
    }

    /// Promised places that nobody has taken yet.
    pub fn promised(&self) -> u32 {
        self.promised
    }

    pub fn served(&self) -> Option<Place> {
        self.served
    }

    pub fn place_of(&self, person: PersonId) -> Option<Place> {
        self.standing.get(&person).map(|standing| standing.place)
    }

    /// Puts somebody into the line who does not stand in it.
    pub fn join(&mut self, person: PersonId, standing: Standing, now: UnixMs) {
        if self.order.is_empty() && self.called.is_empty() {
            self.minutes.begin(now);
        }
        self.late.remove(&person);
        self.order.insert(standing.place, person);
        self.standing.insert(person, standing);
    }

    /// The place of a newcomer with this lot: among those of their moment who were not called yet.
    pub fn place_for(&self, since: u32, draw: u32) -> Place {
        match self.served {
            Some(served) if served.since == since => {
                let left = u64::from(u32::MAX - served.draw);
                let draw = u64::from(served.draw) + 1 + u64::from(draw) * left / (1 << 32);
                // Behind the very last lot there is nobody to shuffle with.
                Place { since, draw: u32::try_from(draw).unwrap_or(u32::MAX) }
            }
            Some(served) if served.since > since => self.place_for(served.since, draw),
            Some(_) | None => Place { since, draw },
        }
    }

    /// Where somebody comes back to whose turn is past: in front, and not among those who were called. Their page would knock for nothing.
    pub fn in_front(&self, place: Place) -> Place {
        match self.served {
            Some(served) if place <= served => match served.draw.checked_add(1) {
                Some(draw) => Place { draw, ..served },
                None => Place { since: served.since.saturating_add(1), draw: 0 },
            },
            Some(_) | None => place,
        }
    }

    /// Whoever stood in it, was called or was late does no more. Whether they were any of these.
    pub fn leave(&mut self, person: PersonId) -> (bool, Option<Standing>) {
        let called = self.called.remove(&person);
        self.promised -= called.map_or(0, |called| called.places);
        let late = self.late.remove(&person);
        let standing = self.standing.remove(&person);
        if let Some(standing) = standing {
            self.order.remove(standing.place, person);
        }
        (called.is_some() || late.is_some() || standing.is_some(), standing)
    }

    pub fn first(&self) -> Option<Standing> {
        self.order.first().and_then(|(_, person)| self.standing.get(&person)).copied()
    }

    /// The first one's turn, with so many places.
    pub fn call(&mut self, places: u32, now: UnixMs) -> Option<Standing> {
        let (place, person) = self.order.pop_first()?;
        let standing = self.standing.remove(&person)?;
        self.called.insert(person, Called { at: now, place, places });
        self.calls.push_back((now, person));
        self.promised += places;
        // A ticket older than some that were called may have come back after a restart: nobody is called off for it.
        self.served = self.served.max(Some(place));
        self.minutes.called(now);
        Some(standing)
    }

    /// What somebody was promised whose turn it is.
    pub fn called(&self, person: PersonId) -> Option<Called> {
        self.called.get(&person).copied()
    }

    /// The place of somebody who did not come at their turn.
    pub fn late(&self, person: PersonId) -> Option<Place> {
        self.late.get(&person).copied()
    }

    /// Promises that were not taken up go on to others.
    pub fn lapse(&mut self, now: UnixMs) {
        while let Some((at, person)) = self.calls.pop_front_if(|(at, _)| at.plus_ms(CALLED_MS) <= now) {
            if self.called.get(&person).is_some_and(|called| called.at == at)
                && let Some(called) = self.called.remove(&person)
            {
                self.promised -= called.places;
                self.late.insert(person, called.place);
            }
        }
        if self.late.len() > LATE_MAX {
            self.late.clear();
        }
    }

    /// How many stand before `place`.
    pub fn before(&self, place: Place) -> u32 {
        u32::try_from(self.order.before(place)).unwrap_or(u32::MAX)
    }

    /// Ranks of some places, evenly spread, the first and the last among them: from these a page finds its own.
    pub fn marks(&self) -> Vec<Mark> {
        let step = self.order.len().div_ceil(limits::LINE_MARKS_MAX - 1);
        let marks = self.order.every(step).into_iter();
        marks.map(|(before, place)| Mark { place, before: u32::try_from(before).unwrap_or(u32::MAX) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn person(n: u32) -> PersonId {
        PersonId(Uuid::from_u128(n.into()))
    }

    fn place(n: u32) -> Place {
        Place { since: 100, draw: n.wrapping_mul(2_654_435_761) }
    }

    fn line_of(people: u32) -> Line {
        let mut line = Line::default();
        let class = ClassId(Uuid::nil());
        (0..people).for_each(|n| line.join(person(n), Standing { place: place(n), class, brings: None }, UnixMs(0)));
        line
    }

    #[test]
    fn a_place_found_in_the_marks_is_off_by_little() {
        let line = line_of(10_000);
        let marks = line.marks();
        assert!(marks.len() <= limits::LINE_MARKS_MAX, "{}", marks.len());
        // As a page does: in proportion between the mark below and the one above.
        let found = |place: Place| {
            let after = marks.partition_point(|mark| mark.place < place);
            let (low, high) = (marks[after.saturating_sub(1)], marks[after]);
            let number = |place: Place| f64::from(place.draw);
            let part = (number(place) - number(low.place)) / (number(high.place) - number(low.place)).max(1.0);
            f64::from(low.before) + f64::from(high.before - low.before) * part
        };
        let mut sorted: Vec<Place> = (0..10_000).map(place).collect();
        sorted.sort();
        for (rank, place) in sorted.iter().enumerate() {
            assert_eq!(line.before(*place) as usize, rank);
            let off = (found(*place) - rank as f64).abs();
            assert!(off <= 50.0, "{rank}: off by {off}");
        }
    }

    #[test]
    fn a_called_place_lapses_and_its_owner_is_remembered() {
        let mut line = line_of(1);
        line.call(31, UnixMs(0));
        assert_eq!((line.promised(), line.waiting()), (31, 0));
        assert!(line.called(person(0)).is_some_and(|called| called.places == 31));
        line.lapse(UnixMs(59_999));
        assert_eq!(line.promised(), 31);
        line.lapse(UnixMs(60_000));
        assert_eq!(line.promised(), 0);
        assert_eq!((line.called(person(0)), line.late(person(0))), (None, Some(place(0))), "late, and in front");
    }

    #[test]
    fn a_newcomer_is_shuffled_among_those_who_were_not_called() {
        let mut line = line_of(1_000);
        (0..600).for_each(|_| assert!(line.call(1, UnixMs(0)).is_some()));
        let served = line.served().expect("600 were called");
        for draw in [0, 1, u32::MAX / 2, u32::MAX] {
            assert!(line.place_for(100, draw) > served, "{draw}");
            assert!(line.place_for(50, draw) > served, "of a moment before, {draw}");
            assert_eq!(line.place_for(101, draw), Place { since: 101, draw });
        }
    }

    #[test]
    fn whoever_leaves_is_forgotten() {
        let mut line = line_of(3);
        assert!(line.leave(person(1)).0 && !line.leave(person(1)).0);
        assert_eq!((line.waiting(), line.place_of(person(1))), (2, None));
        line.call(1, UnixMs(0));
        let called = if line.place_of(person(0)).is_none() { person(0) } else { person(2) };
        line.leave(called);
        assert_eq!(line.promised(), 0, "in, and no longer promised");
    }
}
