//! The line of one priority: who stands where, who was called, and how fast it moves.

use std::collections::{BTreeSet, HashMap, HashSet};

use preau_protocol::{ClassId, Mark, PersonId, Place, UnixMs, limits};

use crate::pace::Minutes;

/// Whoever was called has this long to come: a page asks every few seconds. Then the place goes on to somebody else, and whoever
/// comes later is still let in.
const CALLED_MS: u64 = 60_000;

/// People remembered who did not come at their turn. Past this they are forgotten, and stand at their old place in front of the line.
const LATE_MAX: usize = 100_000;
/// In a line of so many a place is counted, in tens of microseconds.
const COUNTED_MAX: usize = 4_096;
/// How often the line is counted. Pages ask every few seconds.
const MARK_EVERY_MS: u64 = 2_000;
/// Of a longer line so many are counted per millisecond that passes.
const COUNTED_PER_MS: u64 = 50;

/// Somebody in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub place: Place,
    pub class: ClassId,
    /// How many places they need: a teacher, those of the class.
    pub need: u32,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    order: BTreeSet<(Place, PersonId)>,
    standing: HashMap<PersonId, Standing>,
    /// Called, and not in yet: since when, and how many places each was promised.
    called: HashMap<PersonId, (UnixMs, u32)>,
    promised: u32,
    /// Called and not come: their turn is past, and still theirs.
    late: HashSet<PersonId>,
    /// The last place that was called.
    served: Option<Place>,
    /// Ranks of some places, evenly spread, the first and the last among them.
    marks: Vec<Mark>,
    mark_again: UnixMs,
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
        self.order.insert((standing.place, person));
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

    pub fn leave(&mut self, person: PersonId) -> Option<Standing> {
        if let Some((_, need)) = self.called.remove(&person) {
            self.promised -= need;
        }
        self.late.remove(&person);
        let standing = self.standing.remove(&person)?;
        self.order.remove(&(standing.place, person));
        Some(standing)
    }

    pub fn first(&self) -> Option<Standing> {
        self.order.first().and_then(|(_, person)| self.standing.get(person)).copied()
    }

    /// The first one's turn.
    pub fn call(&mut self, now: UnixMs) -> Option<Standing> {
        let (_, person) = self.order.pop_first()?;
        let standing = self.standing.remove(&person)?;
        self.called.insert(person, (now, standing.need));
        self.promised += standing.need;
        // A ticket older than some that were called may have come back after a restart: nobody is called off for it.
        self.served = self.served.max(Some(standing.place));
        self.minutes.called(now);
        Some(standing)
    }

    /// Whose turn it is, or was.
    pub fn was_called(&self, person: PersonId) -> bool {
        self.called.contains_key(&person) || self.late.contains(&person)
    }

    /// Promises that were not taken up go on to others.
    pub fn lapse(&mut self, now: UnixMs) {
        let lapsed = self.called.extract_if(|_, (at, _)| at.plus_ms(CALLED_MS) <= now);
        self.late.extend(lapsed.map(|(person, _)| person));
        self.promised = self.called.values().map(|(_, need)| need).sum();
        if self.late.len() > LATE_MAX {
            self.late.clear();
        }
    }

    /// How many stand before `place`, which is in this line: counted in a short one, whose marks soon say too little of it when many
    /// come at once; in a long one found in the marks, as everybody's page finds it.
    pub fn before(&self, place: Place) -> u32 {
        if self.order.len() <= COUNTED_MAX {
            return self.order.iter().take_while(|(other, _)| *other < place).count() as u32;
        }
        let after = self.marks.partition_point(|mark| mark.place < place);
        match (after.checked_sub(1).map(|at| self.marks[at]), self.marks.get(after)) {
            (None, _) => 0,
            (Some(_), None) => self.waiting() - 1,
            (Some(low), Some(high)) => {
                let along = share(place, low.place, high.place);
                low.before + (f64::from(high.before - low.before) * along) as u32
            }
        }
    }

    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Counts the line anew, if it is time to: a long one less often, so that counting costs little however long it is.
    pub fn mark(&mut self, now: UnixMs) {
        if now < self.mark_again {
            return;
        }
        let last = self.order.len().saturating_sub(1);
        let step = self.order.len().div_ceil(limits::LINE_MARKS_MAX - 1).max(1);
        let marked = self.order.iter().enumerate().filter(|(at, _)| at % step == 0 || *at == last);
        self.marks = marked.map(|(at, (place, _))| Mark { place: *place, before: at as u32 }).collect();
        self.mark_again = now.plus_ms(MARK_EVERY_MS.max(self.order.len() as u64 / COUNTED_PER_MS));
    }
}

/// How far `place` is on the way between two others, from 0 to 1.
fn share(place: Place, low: Place, high: Place) -> f64 {
    let number = |place: Place| f64::from(place.since) * 4_294_967_296.0 + f64::from(place.draw);
    ((number(place) - number(low)) / (number(high) - number(low)).max(1.0)).clamp(0.0, 1.0)
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
        (0..people).for_each(|n| line.join(person(n), Standing { place: place(n), class, need: 1 }, UnixMs(0)));
        line
    }

    #[test]
    fn a_place_found_in_the_marks_is_off_by_little() {
        let mut line = line_of(10_000);
        line.mark(UnixMs(2_000));
        assert!(line.marks().len() <= limits::LINE_MARKS_MAX, "{}", line.marks().len());
        let mut sorted: Vec<Place> = (0..10_000).map(place).collect();
        sorted.sort();
        for (rank, place) in sorted.iter().enumerate() {
            let off = (i64::from(line.before(*place)) - rank as i64).abs();
            assert!(off <= 50, "{rank}: off by {off}");
        }
    }

    #[test]
    fn a_called_place_lapses_and_its_owner_is_let_in_all_the_same() {
        let mut line = line_of(1);
        line.call(UnixMs(0));
        assert_eq!((line.promised(), line.waiting()), (1, 0));
        assert!(line.was_called(person(0)));
        line.lapse(UnixMs(59_999));
        assert_eq!(line.promised(), 1);
        line.lapse(UnixMs(60_000));
        assert_eq!(line.promised(), 0);
        assert!(line.was_called(person(0)), "late, and still let in");
    }

    #[test]
    fn a_newcomer_is_shuffled_among_those_who_were_not_called() {
        let mut line = line_of(1_000);
        (0..600).for_each(|_| assert!(line.call(UnixMs(0)).is_some()));
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
        assert!(line.leave(person(1)).is_some() && line.leave(person(1)).is_none());
        assert_eq!((line.waiting(), line.place_of(person(1))), (2, None));
        line.call(UnixMs(0));
        let called = if line.place_of(person(0)).is_none() { person(0) } else { person(2) };
        line.leave(called);
        assert_eq!(line.promised(), 0, "in, and no longer promised");
    }
}
