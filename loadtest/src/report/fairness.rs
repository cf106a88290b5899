//! Whether the line was kept: who was overtaken, and whether what was announced was true.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use preau_protocol::{LineDocument, Place, Priority, Role};
use serde::{Deserialize, Serialize};

use super::Spread;
use super::funnel::waited;
use crate::ledger::{Ledger, Record};

/// Pages read the line's document at moments of their own: who reads it later comes later, and was not overtaken.
const READ_WITHIN: Duration = Duration::from_millis(4_000);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fairness {
    pub queued: usize,
    /// People who came in later than somebody of the same priority whose place was of a later second, by more than the pages' own
    /// rhythm explains.
    pub overtaken: usize,
    /// Of those who were let in: whose wait was longer than the range that was announced to them first, and by how much at worst.
    pub beyond_range: usize,
    /// The longest wait divided by the end of the range announced to that person.
    pub worst_of_range: f64,
    /// From the arrival to the lobby, or beyond.
    pub teachers_ms: Spread,
    pub students_ms: Spread,
    /// From the place in the line to the door.
    pub line_ms: Spread,
}

impl Fairness {
    pub fn of(ledger: &Ledger, document: Option<&LineDocument>) -> Fairness {
        let records = || ledger.records.iter();
        let slack = document
            .map_or(READ_WITHIN, |document| READ_WITHIN.max(2 * Duration::from_millis(document.again_in_ms.into())));
        let of_range = |record: &Record| {
            let (.., announced) = record.queued?;
            Some(waited(record)?.as_secs_f64() / f64::from(announced.to_s.max(1)))
        };
        let ratios: Vec<f64> = records().filter_map(of_range).collect();
        let to_the_door = |role: Role| {
            let times = ledger.of_role(role).filter_map(|(part, record)| {
                Some(record.welcomed?.saturating_duration_since(ledger.began + part.comes))
            });
            Spread::of(times.collect())
        };
        Fairness {
            queued: records().filter(|record| record.queued.is_some()).count(),
            overtaken: overtaken(records(), slack),
            beyond_range: ratios.iter().filter(|ratio| **ratio > 1.0).count(),
            worst_of_range: (ratios.iter().copied().fold(0.0, f64::max) * 100.0).round() / 100.0,
            teachers_ms: to_the_door(Role::Teacher),
            students_ms: to_the_door(Role::Student),
            line_ms: Spread::of(records().filter_map(waited).collect()),
        }
    }
}

fn overtaken<'a>(records: impl Iterator<Item = &'a Record>, slack: Duration) -> usize {
    let mut lines: BTreeMap<Priority, Vec<(Place, Instant)>> = BTreeMap::new();
    for record in records {
        if let (Some((_, priority, place, _)), Some(welcomed)) = (record.queued, record.welcomed) {
            lines.entry(priority).or_default().push((place, welcomed));
        }
    }
    lines.into_values().map(|line| overtaken_in(line, slack)).sum()
}

/// Goes from the last place to the first, and remembers the earliest entry of all later seconds.
fn overtaken_in(mut line: Vec<(Place, Instant)>, slack: Duration) -> usize {
    line.sort();
    let (mut earliest_later, mut of_this_second) = (None::<Instant>, None::<Instant>);
    let (mut second, mut count) = (None, 0);
    for (place, welcomed) in line.into_iter().rev() {
        if second != Some(place.since) {
            earliest_later = earliest_later.into_iter().chain(of_this_second).min();
            (second, of_this_second) = (Some(place.since), None);
        }
        count += usize::from(earliest_later.is_some_and(|later| welcomed > later + slack));
        of_this_second = Some(of_this_second.map_or(welcomed, |earliest| earliest.min(welcomed)));
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_later_seconds_overtake_and_only_beyond_the_rhythm() {
        let start = Instant::now();
        let at = |s: u64| start + Duration::from_secs(s);
        let place = |since, draw| Place { since, draw };
        let slack = Duration::from_secs(4);
        let fair = vec![(place(1, 9), at(1)), (place(1, 2), at(20)), (place(2, 1), at(18)), (place(3, 1), at(30))];
        assert_eq!(overtaken_in(fair, slack), 0, "one bucket is shuffled, and two seconds are the pages' rhythm");
        let unfair = vec![(place(1, 9), at(40)), (place(1, 2), at(2)), (place(2, 1), at(18)), (place(3, 1), at(30))];
        assert_eq!(overtaken_in(unfair, slack), 1);
    }
}
