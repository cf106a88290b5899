//! A place in the line as a browser without a script keeps it: a cookie, and the document that everybody reads.

use axum::http::{HeaderMap, header};
use preau_protocol::{ClassId, LineDocument, Mark, Place, Priority, Queued, UnixMs, Wait, limits};

use super::line_page::Standing;

const NAME: &str = "preau-line";
/// As long as a ticket is good.
const MAX_AGE_S: u32 = 12 * 60 * 60;
/// No cookie of ours is longer: a ticket, a life, an id and numbers.
const VALUE_BYTES_MAX: usize = 256;
/// A place is found between marks: a rise within this part of the line is none.
const RANK_SLACK_PERCENT: u32 = 1;

/// What the cookie says. It is the browser's own word, and decides nothing but what that browser is shown: only the ticket
/// in it is believed, by the gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub ticket: String,
    class: ClassId,
    life: String,
    priority: Priority,
    place: Place,
    sign: u32,
    /// How many stood before it, as was told last.
    before: u32,
}

impl Kept {
    pub fn new(class: ClassId, life: &str, queued: &Queued) -> Kept {
        let Queued { ticket, priority, place, class_sign, before, .. } = queued.clone();
        Kept { ticket, class, life: life.into(), priority, place, sign: class_sign, before }
    }

    /// From the cookie, if it is whole.
    pub fn in_headers(headers: &HeaderMap) -> Option<Kept> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = pairs.into_iter().find(|(name, value)| *name == NAME && value.len() <= VALUE_BYTES_MAX)?;
        let mut parts = value.split('.');
        let mut next = || parts.next();
        let kept = Kept {
            ticket: next()?.into(),
            class: ClassId(next()?.parse().ok()?),
            life: next()?.into(),
            priority: number(next()?).and_then(|at| Priority::ALL.get(at as usize).copied())?,
            place: Place { since: number(next()?)?, draw: number(next()?)? },
            sign: number(next()?)?,
            before: number(next()?)?,
        };
        let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        (parts.next().is_none() && is_word(&kept.ticket) && is_word(&kept.life)).then_some(kept)
    }

    /// Good for this class, in this life of the line. In another one the gate is asked again, with the ticket.
    pub fn is_of(&self, class: ClassId, line: &LineDocument) -> bool {
        self.class == class && self.life == line.life
    }

    /// Where it stands now, and what to keep from here on.
    pub fn look(mut self, document: &LineDocument, now: UnixMs) -> (Standing, Option<Kept>) {
        let line = document.lines.iter().find(|line| line.priority == self.priority);
        let is_opened = document.opened.contains(&self.sign);
        let Some(line) = line.filter(|_| !is_opened) else { return (Standing::Turn, Some(self)) };
        if line.closed {
            return (Standing::closed(line.closed_until, true, now), Some(self));
        }
        if line.served.is_some_and(|served| self.place <= served) {
            return (Standing::Turn, Some(self));
        }
        let found = before(self.place, &line.marks, line.waiting);
        let slack = (self.before * RANK_SLACK_PERCENT / 100).max(1);
        let was = (found > self.before.saturating_add(slack)).then_some(self.before);
        self.before = if was.is_some() { found } else { found.min(self.before) };
        let wait = Wait {
            from_s: seconds(self.before, line.per_minute.fastest),
            to_s: seconds(self.before.saturating_add(1), line.per_minute.slowest),
        };
        (Standing::Queued { before: self.before, wait, was }, Some(self))
    }

    pub fn set_cookie(&self, class: ClassId) -> String {
        let Kept { ticket, life, place, sign, before, .. } = self;
        let priority = Priority::ALL.iter().position(|priority| *priority == self.priority).unwrap_or_default();
        let value =
            format!("{ticket}.{}.{life}.{priority}.{}.{}.{sign}.{before}", self.class.0, place.since, place.draw);
        cookie(class, &value, MAX_AGE_S)
    }

    pub fn clear_cookie(class: ClassId) -> String {
        cookie(class, "", 0)
    }
}

fn cookie(class: ClassId, value: &str, max_age_s: u32) -> String {
    format!("{NAME}={value}; Path=/class/{}/line; Max-Age={max_age_s}; HttpOnly; Secure; SameSite=Strict", class.0)
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok()
}

/// How many stand before a place: what lies between two marks is in proportion.
fn before(place: Place, marks: &[Mark], waiting: u32) -> u32 {
    let after = marks.partition_point(|mark| mark.place < place);
    let Some(high) = marks.get(after) else { return waiting.saturating_sub(1) };
    let Some(low) = after.checked_sub(1).map(|at| marks[at]) else { return high.before };
    let number = |place: Place| u64::from(place.since) << 32 | u64::from(place.draw);
    let (along, all) = (number(place) - number(low.place), number(high.place) - number(low.place));
    let between = u128::from(high.before.saturating_sub(low.before)) * u128::from(along) / u128::from(all.max(1));
    low.before.saturating_add(u32::try_from(between).unwrap_or(u32::MAX))
}

fn seconds(people: u32, per_minute: u32) -> u32 {
    match (people, per_minute) {
        (0, _) => 0,
        (_, 0) => limits::WAIT_S_MAX,
        _ => u32::try_from(u64::from(people) * 60 / u64::from(per_minute))
            .map_or(limits::WAIT_S_MAX, |s| s.min(limits::WAIT_S_MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use preau_protocol::{Line, Pace};
    use uuid::Uuid;

    const CLASS: ClassId = ClassId(Uuid::from_u128(7));

    fn place(since: u32) -> Place {
        Place { since, draw: 1 << 31 }
    }

    fn kept() -> Kept {
        let queued = Queued {
            ticket: "AQID-_BAU".into(),
            priority: Priority::Students,
            place: place(150),
            class_sign: 77,
            before: 500,
            wait: Wait { from_s: 60, to_s: 120 },
        };
        Kept::new(CLASS, "00ff", &queued)
    }

    fn line() -> Line {
        let mark = |since, before| Mark { place: place(since), before };
        Line {
            priority: Priority::Students,
            waiting: 1_000,
            served: None,
            marks: vec![mark(100, 0), mark(200, 600)],
            per_minute: Pace { slowest: 50, fastest: 100 },
            closed: false,
            closed_until: None,
        }
    }

    fn document(line: Line) -> LineDocument {
        LineDocument { life: "00ff".into(), at: UnixMs(0), again_in_ms: 3_000, lines: vec![line], opened: vec![] }
    }

    fn seen(document: &LineDocument) -> Standing {
        kept().look(document, UnixMs(0)).0
    }

    fn read(cookie: &str) -> Option<Kept> {
        let value = HeaderValue::from_str(cookie).expect("a header");
        Kept::in_headers(&HeaderMap::from_iter([(header::COOKIE, value)]))
    }

    #[test]
    fn a_place_survives_in_its_cookie() {
        let line = kept().set_cookie(CLASS);
        let pair = line.split(';').next().expect("a value");
        assert_eq!(read(&format!("a=b; {pair}")), Some(kept()));
        assert!(line.ends_with("HttpOnly; Secure; SameSite=Strict"));
        assert!(kept().is_of(CLASS, &document(super::tests::line())));
        assert!(!kept().is_of(ClassId(Uuid::nil()), &document(super::tests::line())));
    }

    #[test]
    fn a_cookie_that_was_made_up_is_none() {
        let class = CLASS.0;
        for value in [
            String::new(),
            "x".into(),
            format!("t.{class}.l.9.1.1.1.1"),
            format!("t.{class}.l.2.1.1.1"),
            format!("t.{class}.l.2.1.1.1.1.1"),
            format!("t.{class}.l.2.-1.1.1.1"),
            "t.nobody.l.2.1.1.1.1".into(),
            format!("t\"<.{class}.l.2.1.1.1.1"),
            format!("{}.{class}.l.2.1.1.1.1", "t".repeat(VALUE_BYTES_MAX)),
        ] {
            assert_eq!(read(&format!("{NAME}={value}")), None, "{value}");
        }
    }

    #[test]
    fn a_place_is_found_between_the_marks_and_falls() {
        assert_eq!(
            seen(&document(line())),
            Standing::Queued { before: 300, wait: Wait { from_s: 180, to_s: 361 }, was: None }
        );
        let late = Mark { place: place(151), before: 504 };
        let noise = document(Line { marks: vec![late], ..line() });
        assert_eq!(seen(&noise), Standing::Queued { before: 500, wait: Wait { from_s: 300, to_s: 601 }, was: None });
        let stopped = document(Line { per_minute: Pace { slowest: 0, fastest: 0 }, ..line() });
        let unknown = Wait { from_s: limits::WAIT_S_MAX, to_s: limits::WAIT_S_MAX };
        assert_eq!(seen(&stopped), Standing::Queued { before: 300, wait: unknown, was: None });
    }

    #[test]
    fn a_place_that_rises_says_so() {
        let longer = document(Line { marks: vec![Mark { place: place(150), before: 600 }], ..line() });
        let (standing, kept) = kept().look(&longer, UnixMs(0));
        assert!(matches!(standing, Standing::Queued { before: 600, was: Some(500), .. }), "{standing:?}");
        assert_eq!(kept.map(|kept| kept.before), Some(600));
    }

    #[test]
    fn ones_turn_is_when_everybody_before_was_served_or_the_teacher_came() {
        let served = |since| document(Line { served: Some(place(since)), ..line() });
        assert_eq!(seen(&served(150)), Standing::Turn);
        assert!(matches!(seen(&served(149)), Standing::Queued { .. }));
        assert_eq!(seen(&LineDocument { opened: vec![77], ..document(line()) }), Standing::Turn);
        assert_eq!(seen(&LineDocument { lines: vec![], ..document(line()) }), Standing::Turn);
        let closed = Line { closed: true, served: Some(place(150)), ..line() };
        assert!(matches!(seen(&document(closed)), Standing::Closed { kept: true, .. }));
    }

    #[test]
    fn no_document_makes_it_panic() {
        let marks = vec![Mark { place: place(200), before: 9 }, Mark { place: place(100), before: 3 }];
        let odd = Line { marks, per_minute: Pace { slowest: u32::MAX, fastest: 1 }, waiting: u32::MAX, ..line() };
        seen(&document(odd));
        let same = vec![Mark { place: place(150), before: 9 }; 3];
        seen(&document(Line { marks: same, ..line() }));
    }
}
