//! Who waits in the lines before one server, as everybody's own page knows it: written beside the gate, to judge it by.

use std::collections::BTreeSet;

use preau_protocol::{Place, Priority};

use super::figures::line_of;

/// By line: places, and who has them. Whoever was told to come in is no longer in it.
#[derive(Default)]
pub struct Book {
    lines: [BTreeSet<(Place, u32)>; 4],
}

impl Book {
    pub fn enter(&mut self, priority: Priority, place: Place, who: u32) {
        self.lines[line_of(priority)].insert((place, who));
    }

    pub fn strike(&mut self, priority: Priority, place: Place, who: u32) {
        self.lines[line_of(priority)].remove(&(place, who));
    }

    pub fn waiting(&self, line: usize) -> u32 {
        self.lines[line].len() as u32
    }

    pub fn is_empty(&self) -> bool {
        self.lines.iter().all(BTreeSet::is_empty)
    }

    /// Takes out the first of a line, if their place is served.
    pub fn next_served(&mut self, priority: Priority, served: Option<Place>) -> Option<u32> {
        let line = &mut self.lines[line_of(priority)];
        let (first, _) = line.first()?;
        if served.is_some_and(|served| *first <= served) { line.pop_first().map(|(_, who)| who) } else { None }
    }

    /// Takes out the first of a line, whoever it is.
    pub fn next(&mut self, priority: Priority) -> Option<u32> {
        self.lines[line_of(priority)].pop_first().map(|(_, who)| who)
    }

    /// Whether anybody of an earlier bucket, who was not called, stands before `place`.
    pub fn passes_somebody(&self, priority: Priority, place: Place, served: Option<Place>) -> bool {
        let mut line = self.lines[line_of(priority)].iter().map(|(place, _)| *place);
        let first = line.find(|first| served.is_none_or(|served| *first > served));
        first.is_some_and(|first| first.since < place.since)
    }

    /// Somebody in a line, by lot.
    pub fn any(&self, lot: usize) -> Option<u32> {
        let line = self.lines.iter().find(|line| !line.is_empty())?;
        line.iter().nth(lot % line.len().min(64)).map(|(_, who)| *who)
    }
}
