//! One person's way in and back, as a page goes it: what to do after each answer of the server's.
//!
//! Sans-I/O: it is told what happened, and says what comes next, with chance from a seed.

use std::time::Duration;

use preau_protocol::{Close, LineDocument, Place, Priority, Resume, SessionId, Turned, UnixMs};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A page that is not answered tries again after half a second at first…
const BACK_OFF_FIRST: Duration = Duration::from_millis(500);
/// …and after this long at most.
const BACK_OFF_MAX: Duration = Duration::from_secs(30);
/// A server that never said how long its return is spread gets this.
const RETURN_WITHIN: Duration = Duration::from_millis(500);
/// What a refusal without `Retry-After` is taken for.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Open a socket after this long, and say hello with these.
    Dial { after: Duration, ticket: Option<String>, resume: Option<Resume> },
    /// Read the line's document until it is one's turn.
    Line,
    /// It is over.
    Over(Over),
}

/// Why somebody does not come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Left, or the class is over.
    Done,
    NotAuthenticated,
    NotAllowed,
    /// A teacher said no.
    Refused,
    Removed,
    /// The same person came from elsewhere.
    Replaced,
    /// The operator keeps this priority out.
    Closed,
    /// The server takes our bytes for broken.
    Malformed,
}

/// A place in the line.
#[derive(Clone, Debug, PartialEq)]
struct Standing {
    ticket: String,
    priority: Priority,
    place: Place,
    class_sign: u32,
    /// The life of the line in which the ticket was last shown, and when the first document since then was made.
    seen: Option<(String, UnixMs)>,
}

pub struct Visit {
    chance: ChaCha8Rng,
    standing: Option<Standing>,
    session: Option<(SessionId, u32)>,
    return_within: Duration,
    /// Attempts in a row that were not answered.
    failures: u32,
}

impl Visit {
    pub fn new(seed: u64) -> Visit {
        Visit {
            chance: ChaCha8Rng::seed_from_u64(seed),
            standing: None,
            session: None,
            return_within: RETURN_WITHIN,
            failures: 0,
        }
    }

    /// The first thing a page does.
    pub fn begin(&mut self) -> Next {
        self.dial(Duration::ZERO)
    }

    /// The hello was answered with a welcome.
    pub fn welcomed(&mut self, session: SessionId) {
        self.failures = 0;
        // A ticket is used once.
        self.standing = None;
        self.session = Some((session, 0));
    }

    pub fn heard(&mut self, seq: u32) {
        if let Some((_, last)) = &mut self.session {
            *last = seq;
        }
    }

    pub fn beat(&mut self, return_within_ms: u32) {
        self.return_within = Duration::from_millis(return_within_ms.into());
    }

    /// The hello was answered with anything else.
    pub fn turned(&mut self, turned: Turned) -> Next {
        self.failures = 0;
        match turned {
            Turned::Queued(queued) => {
                let (ticket, priority, place) = (queued.ticket, queued.priority, queued.place);
                let class_sign = queued.class_sign;
                self.standing = Some(Standing { ticket, priority, place, class_sign, seen: None });
                Next::Line
            }
            Turned::Closed { .. } => Next::Over(Over::Closed),
            Turned::Unavailable { retry_after_ms } | Turned::SchoolFull { retry_after_ms } => {
                self.after_a_while(Duration::from_millis(retry_after_ms.into()))
            }
        }
    }

    /// The line as it is now. Nothing: wait for the next one.
    pub fn line(&mut self, document: &LineDocument) -> Option<Next> {
        let standing = self.standing.as_mut()?;
        let pages_read_within = Duration::from_millis(document.again_in_ms.into());
        let (life, first_at) = standing.seen.get_or_insert_with(|| (document.life.clone(), document.at));
        let changed = *life != document.life;
        // The first document may be older than the ticket: that it does not tell of a line means nothing yet.
        let is_newer = document.at > *first_at;
        let line = document.lines.iter().find(|line| line.priority == standing.priority);
        // A line in which nobody stands is not told of: then nobody is before us either.
        let is_served = match line {
            Some(line) => line.served.is_some_and(|served| standing.place <= served),
            None => is_newer,
        };
        if is_served || changed || document.opened.contains(&standing.class_sign) {
            // Every page reads the document at a moment of its own; here one copy is read for all.
            let after = pages_read_within.mul_f64(self.chance.random());
            return Some(self.dial(after));
        }
        None
    }

    /// The upgrade was refused, as with 503 and `Retry-After`.
    pub fn refused(&mut self, retry_after: Option<Duration>) -> Next {
        match retry_after {
            Some(after) => {
                self.failures = 0;
                self.after_a_while(after)
            }
            None => self.back_off(),
        }
    }

    /// Nobody answered at all.
    pub fn unanswered(&mut self) -> Next {
        self.back_off()
    }

    /// The socket broke, or was closed with this code.
    pub fn closed(&mut self, code: u16) -> Next {
        let known = Close::ALL.into_iter().find(|close| close.code() == code);
        let over = match known {
            Some(Close::Done) => Over::Done,
            Some(Close::Malformed) => Over::Malformed,
            Some(Close::NotAuthenticated) => Over::NotAuthenticated,
            Some(Close::NotAllowed) => Over::NotAllowed,
            Some(Close::Refused) => Over::Refused,
            Some(Close::Removed) => Over::Removed,
            Some(Close::Replaced) => Over::Replaced,
            Some(Close::TooFast | Close::Full | Close::HelloTooLate) => return self.back_off(),
            // Broken, going down, or too slow: everybody comes back, and not in the same moment.
            Some(Close::Draining | Close::Slow) | None => return self.come_back(),
        };
        Next::Over(over)
    }

    /// The page was loaded anew: what it remembered is gone, but not its ticket.
    pub fn reloaded(&mut self) -> Next {
        self.session = None;
        self.dial(Duration::ZERO)
    }

    fn come_back(&mut self) -> Next {
        if self.failures > 0 {
            return self.back_off();
        }
        let after = self.return_within.mul_f64(self.chance.random());
        self.failures = 1;
        self.dial(after)
    }

    /// Full jitter: anywhere below a ceiling that doubles.
    fn back_off(&mut self) -> Next {
        let ceiling = BACK_OFF_FIRST.saturating_mul(1 << self.failures.min(10)).min(BACK_OFF_MAX);
        self.failures += 1;
        let after = ceiling.mul_f64(self.chance.random());
        self.dial(after)
    }

    /// Not before the time that was named, and not all at that moment.
    fn after_a_while(&mut self, named: Duration) -> Next {
        let named = if named.is_zero() { RETRY_AFTER } else { named };
        let after = named + named.mul_f64(self.chance.random());
        self.dial(after)
    }

    fn dial(&self, after: Duration) -> Next {
        let ticket = self.standing.as_ref().map(|standing| standing.ticket.clone());
        let resume = self.session.map(|(session, last_seq)| Resume { session, last_seq });
        Next::Dial { after, ticket, resume }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_protocol::{Line, Pace, Queued, Wait};
    use uuid::Uuid;

    fn after(next: &Next) -> Duration {
        match next {
            Next::Dial { after, .. } => *after,
            other => panic!("{other:?}"),
        }
    }

    fn queued(since: u32) -> Turned {
        let place = Place { since, draw: 5 };
        let wait = Wait { from_s: 10, to_s: 20 };
        Turned::Queued(Queued {
            ticket: "T".into(),
            priority: Priority::Students,
            place,
            before: 3,
            wait,
            class_sign: 77,
        })
    }

    fn line(life: &str, served_since: Option<u32>) -> LineDocument {
        let line = Line {
            priority: Priority::Students,
            waiting: 3,
            served: served_since.map(|since| Place { since, draw: 9 }),
            marks: vec![],
            per_minute: Pace { slowest: 1, fastest: 2 },
            closed: false,
            closed_until: None,
        };
        LineDocument { life: life.into(), at: UnixMs(0), again_in_ms: 3_000, lines: vec![line], opened: vec![] }
    }

    #[test]
    fn whoever_is_queued_comes_with_the_ticket_when_it_is_their_turn() {
        let mut visit = Visit::new(1);
        assert_eq!(visit.begin(), Next::Dial { after: Duration::ZERO, ticket: None, resume: None });
        assert_eq!(visit.turned(queued(100)), Next::Line);
        assert_eq!(visit.line(&line("a", None)), None);
        assert_eq!(visit.line(&line("a", Some(99))), None);
        let Some(Next::Dial { after, ticket, .. }) = visit.line(&line("a", Some(100))) else { panic!("a turn") };
        assert_eq!(ticket.as_deref(), Some("T"));
        assert!(after <= Duration::from_secs(3));
        visit.welcomed(SessionId(Uuid::from_u128(1)));
        assert!(matches!(visit.closed(1006), Next::Dial { ticket: None, .. }), "a ticket is used once");
    }

    #[test]
    fn a_new_life_of_the_line_is_told_of_the_ticket() {
        let mut visit = Visit::new(1);
        visit.turned(queued(100));
        assert_eq!(visit.line(&line("a", Some(1))), None);
        let again = visit.line(&line("b", Some(1)));
        assert!(matches!(again, Some(Next::Dial { ticket: Some(_), .. })), "{again:?}");
        visit.turned(queued(100));
        let gone = LineDocument { lines: vec![], ..line("b", None) };
        assert_eq!(visit.line(&gone), None, "it may be older than the ticket");
        let still_gone = LineDocument { at: UnixMs(1_000), ..gone };
        assert!(visit.line(&still_gone).is_some(), "nobody stands in this line");
        visit.turned(queued(100));
        let opened = LineDocument { opened: vec![3, 77], ..line("b", Some(1)) };
        assert!(visit.line(&opened).is_some(), "their teacher has come in");
    }

    #[test]
    fn a_return_is_spread_as_the_server_said() {
        let session = SessionId(Uuid::from_u128(7));
        let times: Vec<Duration> = (0..200)
            .map(|seed| {
                let mut visit = Visit::new(seed);
                visit.welcomed(session);
                visit.heard(9);
                visit.beat(8_000);
                let next = visit.closed(1006);
                let Next::Dial { resume: Some(resume), .. } = &next else { panic!("{next:?}") };
                assert_eq!((resume.session, resume.last_seq), (session, 9));
                after(&next)
            })
            .collect();
        assert!(times.iter().all(|time| *time <= Duration::from_secs(8)));
        assert!(times.iter().filter(|time| **time < Duration::from_secs(2)).count() < 80, "not all at once");
        assert!(times.iter().any(|time| *time > Duration::from_secs(6)));
    }

    #[test]
    fn back_off_grows_to_thirty_seconds() {
        let most = |failures: u32| {
            (0..100)
                .map(|seed| {
                    let mut visit = Visit::new(seed);
                    (1..failures).for_each(|_| drop(visit.unanswered()));
                    after(&visit.unanswered())
                })
                .max()
                .unwrap_or_default()
        };
        assert!(most(1) <= Duration::from_millis(500));
        assert!(most(3) <= Duration::from_secs(2) && most(3) > Duration::from_millis(1_500));
        assert!(most(12) <= Duration::from_secs(30) && most(12) > Duration::from_secs(25));
    }

    #[test]
    fn a_named_time_is_kept() {
        for seed in 0..50 {
            let mut visit = Visit::new(seed);
            let named = Duration::from_secs(4);
            assert!((named..=2 * named).contains(&after(&visit.refused(Some(named)))));
            assert!(after(&visit.turned(Turned::Unavailable { retry_after_ms: 2_000 })) >= Duration::from_secs(2));
        }
    }

    #[test]
    fn some_closes_are_the_end() {
        let over = |code| Visit::new(1).closed(code);
        assert_eq!(over(4401), Next::Over(Over::NotAuthenticated));
        assert_eq!(over(4410), Next::Over(Over::Removed));
        assert_eq!(over(1000), Next::Over(Over::Done));
        assert!(matches!(over(1012), Next::Dial { .. }));
        assert!(matches!(over(4503), Next::Dial { .. }));
        assert_eq!(Visit::new(1).turned(Turned::Closed { until: None }), Next::Over(Over::Closed));
    }

    #[test]
    fn a_reload_forgets_the_session_and_keeps_the_ticket() {
        let mut visit = Visit::new(1);
        visit.turned(queued(100));
        let Next::Dial { ticket, resume, .. } = visit.reloaded() else { panic!("dials") };
        assert_eq!((ticket.as_deref(), resume), (Some("T"), None));
    }
}
