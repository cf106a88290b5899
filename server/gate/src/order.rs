//! People in the order of their places: who is first, and how many stand before anybody, without counting everybody.

use std::collections::VecDeque;

use preau_protocol::{PersonId, Place};

/// A run is split when it has grown to twice this: what is moved for one newcomer, and what is passed over by one step of a count.
const RUN: usize = 512;

type Entry = (Place, PersonId);

/// Runs of neighbours, in order; none is empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    runs: VecDeque<VecDeque<Entry>>,
    len: usize,
}

impl Order {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Nobody stands in it twice at the same place.
    pub fn insert(&mut self, place: Place, person: PersonId) {
        let entry = (place, person);
        let at = self.run_of(entry).min(self.runs.len().saturating_sub(1));
        let Some(run) = self.runs.get_mut(at) else {
            self.runs.push_back([entry].into());
            self.len = 1;
            return;
        };
        let Err(within) = run.binary_search(&entry) else { return };
        run.insert(within, entry);
        self.len += 1;
        if run.len() >= 2 * RUN {
            let upper = run.split_off(RUN);
            self.runs.insert(at + 1, upper);
        }
    }

    pub fn remove(&mut self, place: Place, person: PersonId) {
        let at = self.run_of((place, person));
        let Some(run) = self.runs.get_mut(at) else { return };
        let Ok(within) = run.binary_search(&(place, person)) else { return };
        run.remove(within);
        self.len -= 1;
        self.tidy(at);
    }

    pub fn first(&self) -> Option<Entry> {
        self.runs.front().and_then(VecDeque::front).copied()
    }

    pub fn pop_first(&mut self) -> Option<Entry> {
        let first = self.runs.front_mut()?.pop_front()?;
        self.len -= 1;
        if self.runs.front().is_some_and(VecDeque::is_empty) {
            self.runs.pop_front();
        }
        Some(first)
    }

    /// How many stand before `place`.
    pub fn before(&self, place: Place) -> usize {
        let at = self.runs.partition_point(|run| run.back().is_some_and(|(last, _)| *last < place));
        let passed: usize = self.runs.range(..at).map(VecDeque::len).sum();
        passed + self.runs.get(at).map_or(0, |run| run.partition_point(|(other, _)| *other < place))
    }

    /// The first place, every `step`th after it, and the last; with how many stand before each.
    pub fn every(&self, step: usize) -> Vec<(usize, Place)> {
        let mut found = Vec::new();
        let (mut passed, mut next) = (0, 0);
        for run in &self.runs {
            while let Some((place, _)) = run.get(next - passed) {
                found.push((next, *place));
                next += step.max(1);
            }
            passed += run.len();
        }
        if let Some((last, _)) = self.runs.back().and_then(VecDeque::back)
            && found.last().is_some_and(|(before, _)| before + 1 < self.len)
        {
            found.push((self.len - 1, *last));
        }
        found
    }

    /// The run that holds this entry, or would.
    fn run_of(&self, entry: Entry) -> usize {
        self.runs.partition_point(|run| run.back().is_some_and(|last| *last < entry))
    }

    /// Small neighbours become one run: otherwise a line that shrinks keeps as many as it ever had.
    fn tidy(&mut self, at: usize) {
        let len = |at: usize| self.runs.get(at).map_or(RUN, VecDeque::len);
        if len(at) == 0 {
            self.runs.remove(at);
        } else if len(at) + len(at + 1) < RUN
            && let Some(mut next) = self.runs.remove(at + 1)
        {
            self.runs[at].append(&mut next);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn it_is_what_a_sorted_set_is() {
        let mut chance = ChaCha8Rng::seed_from_u64(7);
        let (mut order, mut set) = (Order::default(), BTreeSet::new());
        for step in 0..60_000 {
            let place = Place { since: chance.random_range(0..50), draw: chance.random_range(0..400) };
            let person = PersonId(Uuid::from_u128(chance.random_range(0..3)));
            // It grows, then shrinks.
            match chance.random_range(0..10) {
                0..4 if step < 30_000 => {
                    order.insert(place, person);
                    set.insert((place, person));
                }
                8 => assert_eq!(order.pop_first(), set.pop_first()),
                _ => {
                    order.remove(place, person);
                    set.remove(&(place, person));
                }
            }
            assert_eq!((order.len(), order.first()), (set.len(), set.first().copied()));
            if step % 500 == 0 {
                let before = set.range(..(place, PersonId(Uuid::nil()))).count();
                assert_eq!(order.before(place), before);
                let all: Vec<(usize, Place)> = set.iter().map(|(place, _)| *place).enumerate().collect();
                assert_eq!(order.every(1), all);
                let some = order.every(63);
                assert!(some.iter().all(|mark| all.contains(mark)) && some.last() == all.last());
            }
        }
        assert!(order.runs.len() <= 1 + 2 * order.len().div_ceil(RUN), "{} runs for {}", order.runs.len(), order.len());
    }
}
