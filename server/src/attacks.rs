//! What was tried against the server, counted by kind: since the start, lately, and by the hour. Nothing of who tried is
//! kept.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use preau_protocol::{Attack, AttackCount, UnixMs};

const KINDS: usize = Attack::ALL.len();
/// What is counted is looked at this often, and what is *lately* is exact to so much.
pub const LOOK_EVERY_MS: u64 = 10_000;
/// Five minutes of looks.
const LATELY_LOOKS: usize = 30;
const HOUR_MS: u64 = 60 * 60 * 1_000;
/// Thirty days: what an operator reports of a month, and 80 kB at most.
const HOURS_MAX: usize = 30 * 24;

type Counts = [u64; KINDS];

/// Counting is one addition, whatever floods in: it is what refusing may cost. Time comes in when somebody looks.
#[derive(Default)]
pub struct Attacks {
    totals: [AtomicU64; KINDS],
    story: Mutex<Story>,
}

#[derive(Default)]
struct Story {
    seen: Counts,
    /// What each look found new, the newest last.
    lately: VecDeque<(UnixMs, Counts)>,
    /// By hours since 1970. Those in which nothing was tried are not there.
    hours: BTreeMap<u64, Counts>,
    /// What the hours say is not kept yet.
    is_news: bool,
}

/// The hours as they are kept: by the wire's words, so that a later version may know other kinds.
type KeptHours = BTreeMap<u64, BTreeMap<Attack, u64>>;

impl Attacks {
    pub fn count(&self, kind: Attack) {
        self.totals[index(kind)].fetch_add(1, Ordering::Relaxed);
    }

    /// So many there have been in all: somebody else counts them.
    pub fn set(&self, kind: Attack, total: u64) {
        self.totals[index(kind)].fetch_max(total, Ordering::Relaxed);
    }

    /// Sorts what was counted since the last look into its time, and tells the metrics.
    pub fn look(&self, now: UnixMs) {
        let totals: Counts = std::array::from_fn(|at| self.totals[at].load(Ordering::Relaxed));
        for (kind, total) in Attack::ALL.into_iter().zip(totals) {
            metrics::counter!("attacks_total", "kind" => word(kind)).absolute(total);
        }
        self.story.lock().unwrap_or_else(PoisonError::into_inner).take(totals, now);
    }

    pub fn counts(&self, now: UnixMs) -> Vec<AttackCount> {
        self.look(now);
        let story = self.story.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |kind: Attack| {
            let at = index(kind);
            let lately: u64 = story.lately.iter().map(|(_, counts)| counts[at]).sum();
            AttackCount { kind, total: story.seen[at], lately: u32::try_from(lately).unwrap_or(u32::MAX) }
        };
        Attack::ALL.into_iter().map(count).collect()
    }

    /// What was tried in which hour, for a report: `hour,kind,count`, in UTC, the oldest first (RFC 4180).
    pub fn csv(&self, now: UnixMs) -> String {
        self.look(now);
        let story = self.story.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::from("hour,kind,count\r\n");
        for (hour, counts) in &story.hours {
            let Ok(start) = Timestamp::from_second((hour * HOUR_MS / 1_000).cast_signed()) else { continue };
            for (kind, count) in Attack::ALL.into_iter().zip(counts).filter(|(_, count)| **count > 0) {
                // Writing to a String does not fail.
                let _ = write!(text, "{start},{},{count}\r\n", word(kind));
            }
        }
        text
    }
}

/// What outlives the process: the report's hours. What is counted since the start begins anew.
impl Attacks {
    /// The hours, if there is anything in them that was not given out yet.
    pub fn news(&self) -> Option<Vec<u8>> {
        let mut story = self.story.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::take(&mut story.is_news) {
            return None;
        }
        let told = |counts: &Counts| {
            let tried = Attack::ALL.into_iter().zip(*counts).filter(|(_, count)| *count > 0);
            tried.collect::<BTreeMap<Attack, u64>>()
        };
        let hours: KeptHours = story.hours.iter().map(|(hour, counts)| (*hour, told(counts))).collect();
        Some(serde_json::to_vec(&hours).expect("hours are a map with keys that are numbers"))
    }

    /// They could not be written down: they are news still.
    pub fn is_news_still(&self) {
        self.story.lock().unwrap_or_else(PoisonError::into_inner).is_news = true;
    }

    /// Takes up the hours of an earlier process.
    pub fn restore(&self, kept: &[u8]) -> Result<(), serde_json::Error> {
        let hours: KeptHours = serde_json::from_slice(kept)?;
        let mut story = self.story.lock().unwrap_or_else(PoisonError::into_inner);
        for (hour, tried) in hours {
            let counts: Counts = Attack::ALL.map(|kind| tried.get(&kind).copied().unwrap_or(0));
            add(story.hours.entry(hour).or_default(), &counts);
        }
        Ok(())
    }
}

impl Story {
    fn take(&mut self, totals: Counts, now: UnixMs) {
        let new: Counts = std::array::from_fn(|at| totals[at].saturating_sub(self.seen[at]));
        self.seen = std::array::from_fn(|at| totals[at].max(self.seen[at]));
        self.lately.retain(|(at, _)| at.0 + LOOK_EVERY_MS * LATELY_LOOKS as u64 > now.0);
        if new == [0; KINDS] {
            return;
        }
        match self.lately.back_mut().filter(|(at, _)| at.0 + LOOK_EVERY_MS > now.0) {
            Some((_, counts)) => add(counts, &new),
            None => self.lately.push_back((now, new)),
        }
        self.is_news = true;
        add(self.hours.entry(now.0 / HOUR_MS).or_default(), &new);
        while self.hours.len() > HOURS_MAX {
            self.hours.pop_first();
        }
    }
}

fn add(counts: &mut Counts, new: &Counts) {
    counts.iter_mut().zip(new).for_each(|(count, new)| *count += new);
}

fn index(kind: Attack) -> usize {
    Attack::ALL.iter().position(|other| *other == kind).expect("ALL has every kind")
}

/// As the wire has it.
fn word(kind: Attack) -> &'static str {
    match kind {
        Attack::NoToken => "no_token",
        Attack::BadToken => "bad_token",
        Attack::WrongClass => "wrong_class",
        Attack::BadTicket => "bad_ticket",
        Attack::Silent => "silent",
        Attack::Malformed => "malformed",
        Attack::TooFast => "too_fast",
        Attack::Flood => "flood",
        Attack::ForeignPage => "foreign_page",
        Attack::SecretInAddress => "secret_in_address",
        Attack::Returned => "returned",
        Attack::Overreach => "overreach",
        Attack::Datagrams => "datagrams",
        Attack::OperatorToken => "operator_token",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EIGHT: UnixMs = UnixMs(1_617_688_800_000);

    fn of(attacks: &Attacks, kind: Attack, now: UnixMs) -> (u64, u32) {
        let counts = attacks.counts(now);
        let count = counts.iter().find(|count| count.kind == kind).unwrap();
        (count.total, count.lately)
    }

    #[test]
    fn what_was_tried_is_counted_for_good_and_lately() {
        let attacks = Attacks::default();
        (0..3).for_each(|_| attacks.count(Attack::Flood));
        assert_eq!(of(&attacks, Attack::Flood, EIGHT), (3, 3));
        attacks.count(Attack::Flood);
        assert_eq!(of(&attacks, Attack::Flood, EIGHT.plus_ms(299_000)), (4, 4));
        assert_eq!(of(&attacks, Attack::Flood, EIGHT.plus_ms(300_000)), (4, 1));
        assert_eq!(of(&attacks, Attack::Silent, EIGHT), (0, 0));
    }

    #[test]
    fn what_others_count_is_taken_as_it_is() {
        let attacks = Attacks::default();
        attacks.set(Attack::Datagrams, 40);
        attacks.set(Attack::Datagrams, 38);
        assert_eq!(of(&attacks, Attack::Datagrams, EIGHT), (40, 40));
    }

    #[test]
    fn a_report_tells_hours_and_forgets_after_thirty_days() {
        let attacks = Attacks::default();
        attacks.count(Attack::BadToken);
        attacks.look(EIGHT);
        attacks.count(Attack::BadToken);
        attacks.count(Attack::NoToken);
        let report = attacks.csv(EIGHT.plus_ms(HOUR_MS));
        let lines: Vec<&str> = report.split("\r\n").collect();
        let expected = [
            "hour,kind,count",
            "2021-04-06T06:00:00Z,bad_token,1",
            "2021-04-06T07:00:00Z,no_token,1",
            "2021-04-06T07:00:00Z,bad_token,1",
            "",
        ];
        assert_eq!(lines, expected);
        for hour in 0..2 * HOURS_MAX as u64 {
            attacks.count(Attack::Silent);
            attacks.look(EIGHT.plus_ms(hour * HOUR_MS));
        }
        assert_eq!(attacks.csv(EIGHT).lines().count(), HOURS_MAX + 1);
        assert_eq!(of(&attacks, Attack::BadToken, EIGHT.plus_ms(2_000 * HOUR_MS)).0, 2, "the total stays");
    }

    #[test]
    fn a_report_goes_on_after_a_restart() {
        let before = Attacks::default();
        assert_eq!(before.news(), None, "nothing was tried");
        before.count(Attack::BadToken);
        before.look(EIGHT);
        let kept = before.news().expect("something was tried");
        assert_eq!(before.news(), None, "and was given out");
        let after = Attacks::default();
        after.restore(&kept).expect("it is read as it was written");
        after.count(Attack::BadToken);
        assert!(after.csv(EIGHT).contains("2021-04-06T06:00:00Z,bad_token,2\r\n"));
        assert_eq!(of(&after, Attack::BadToken, EIGHT).0, 1, "since the start");
        assert!(after.restore(b"[]").is_err());
    }

    #[test]
    fn every_kind_has_the_wires_word() {
        for kind in Attack::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), word(kind));
            assert_eq!(Attack::ALL[index(kind)], kind);
        }
    }
}
