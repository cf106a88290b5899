//! What happened to everybody, as they tell it: one owner, and notes that come to it in order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use preau_protocol::{Place, Priority, Role, Wait};

use crate::Peer;
use crate::agenda::{Agenda, Intruder};
use crate::histogram::Histogram;
use crate::light;
use crate::visit::Over;

/// What somebody tells of themselves.
#[derive(Clone)]
pub enum News {
    /// The page was opened.
    Came,
    Dialled,
    Connected,
    /// The upgrade was refused with this status; with a time named, as intended at the limit, or without.
    Refused {
        status: u16,
        named: bool,
    },
    Unanswered(String),
    Queued {
        priority: Priority,
        place: Place,
        wait: Wait,
    },
    /// What it took from a hello to its answer, whatever that was.
    Verdict(Duration),
    /// Said hello with a ticket, and may come in.
    Redeemed,
    /// In the lobby, or beyond it.
    Welcomed,
    /// Seated.
    Admitted,
    /// The connection broke, by its own will or not.
    Lost {
        on_purpose: bool,
    },
    Medium(Medium),
    /// Bytes that nobody should have had before being seated.
    Leaked(usize),
    Over(Over),
    /// Something that should have worked.
    Failed(String),
}

/// Where somebody's sound and pictures arrive.
#[derive(Clone)]
pub enum Medium {
    Light(light::Place),
    Full(Arc<Peer>),
}

/// How an intruder fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Met {
    /// The socket was closed with this code.
    Closed(u16),
    /// The upgrade was answered with this status.
    Status(u16),
    Unanswered,
    /// A place in the line.
    Queued,
    /// Was let into the lobby, and no further.
    Waited,
    Seated,
    /// There was nobody to pretend to be, or no key to sign with.
    Skipped,
}

/// One thing that happened.
pub enum Note {
    Person { who: usize, at: Instant, news: News },
    Attempt { kind: Intruder, at: Instant, met: Met, leaked: usize },
    Flood(Flood),
}

/// What floods sent until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Flood {
    pub sockets: u64,
    pub datagrams: u64,
    pub datagram_bytes: u64,
    /// What the server answered to nobody.
    pub answered_bytes: u64,
}

/// One person's way.
#[derive(Clone, Default)]
pub struct Record {
    pub came: Option<Instant>,
    pub connected: Option<Instant>,
    pub queued: Option<(Instant, Priority, Place, Wait)>,
    pub redeemed: Option<Instant>,
    pub welcomed: Option<Instant>,
    pub admitted: Option<Instant>,
    /// When the connection broke, and when the seat or the place was there again.
    pub losses: Vec<(Instant, Option<Instant>)>,
    /// Where they stand now.
    pub is_seated: bool,
    pub is_lost: bool,
    pub media: Vec<Medium>,
    pub over: Option<Over>,
    pub leaked: usize,
    pub failures: u32,
}

/// What is counted of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub came: u64,
    pub dials: u64,
    pub connected: u64,
    pub welcomes: u64,
    pub queued: u64,
    /// 503 with a time to come again: what a server at its limit is meant to say.
    pub intended_503: u64,
    /// Any other answer to an upgrade.
    pub other_refusals: u64,
    pub unanswered: u64,
    /// Connections that broke and nobody meant to.
    pub lost: u64,
    pub failures: u64,
}

/// How one kind of intruder fared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fared {
    pub attempts: u64,
    pub met: BTreeMap<Met, u64>,
    pub leaked: u64,
}

/// Failures told word by word; further ones are a number.
const FAILURES_MAX: usize = 50;

pub struct Ledger {
    pub agenda: Agenda,
    /// When the run began: what the plans' times count from.
    pub began: Instant,
    pub records: Vec<Record>,
    pub counts: Counts,
    pub fared: BTreeMap<Intruder, Fared>,
    pub flood: Flood,
    pub verdicts: Histogram,
    /// Sockets that this process could not have.
    pub own_limit: u64,
    pub failures: Vec<String>,
    /// When the first intruder came, and the last was done with.
    pub intruded: Option<(Instant, Instant)>,
    /// When anything of the server's last came.
    pub answered_at: Instant,
}

impl Ledger {
    pub fn new(agenda: Agenda, began: Instant) -> Ledger {
        Ledger {
            records: vec![Record::default(); agenda.people.len()],
            agenda,
            began,
            counts: Counts::default(),
            fared: BTreeMap::new(),
            flood: Flood::default(),
            verdicts: Histogram::default(),
            own_limit: 0,
            failures: Vec::new(),
            intruded: None,
            answered_at: began,
        }
    }

    pub fn note(&mut self, note: Note) {
        match note {
            Note::Person { who, at, news } => self.note_person(who, at, news),
            Note::Attempt { kind, at, met, leaked } => {
                let fared = self.fared.entry(kind).or_default();
                fared.attempts += 1;
                fared.leaked += leaked as u64;
                *fared.met.entry(met).or_default() += 1;
                self.intruded = Some(self.intruded.map_or((at, at), |(first, last)| (first, last.max(at))));
            }
            Note::Flood(flood) => self.flood = flood,
        }
    }

    fn note_person(&mut self, who: usize, at: Instant, news: News) {
        let Some(record) = self.records.get_mut(who) else { return };
        let counts = &mut self.counts;
        if !matches!(news, News::Came | News::Dialled | News::Unanswered(_) | News::Lost { .. } | News::Failed(_)) {
            self.answered_at = self.answered_at.max(at);
        }
        match news {
            News::Came => {
                counts.came += 1;
                record.came = Some(at);
            }
            News::Dialled => counts.dials += 1,
            News::Connected => {
                counts.connected += 1;
                record.connected.get_or_insert(at);
            }
            News::Refused { status: 503, named: true } => counts.intended_503 += 1,
            News::Refused { status, .. } => {
                counts.other_refusals += 1;
                self.fail(format!("an upgrade was answered with {status}"));
            }
            News::Verdict(took) => self.verdicts.note(took),
            // EMFILE: this process may not open more, which is not the server's doing.
            News::Unanswered(why) if why.contains("os error 24") => self.own_limit += 1,
            News::Unanswered(why) => {
                counts.unanswered += 1;
                self.fail(why);
            }
            News::Queued { priority, place, wait } => {
                counts.queued += 1;
                record.queued.get_or_insert((at, priority, place, wait));
            }
            News::Redeemed => drop(record.redeemed.get_or_insert(at)),
            News::Welcomed => {
                counts.welcomes += 1;
                record.welcomed.get_or_insert(at);
                if !record.is_seated {
                    record.come_back(at);
                }
            }
            News::Admitted => {
                record.admitted.get_or_insert(at);
                record.is_seated = true;
                record.come_back(at);
            }
            News::Lost { on_purpose } => {
                counts.lost += u64::from(!on_purpose);
                record.is_lost = true;
                record.losses.push((at, None));
            }
            News::Medium(medium) => record.media.push(medium),
            News::Leaked(bytes) => record.leaked += bytes,
            News::Over(over) => record.over = Some(over),
            News::Failed(why) => {
                record.failures += 1;
                self.fail(why);
            }
        }
    }

    fn fail(&mut self, why: String) {
        self.counts.failures += 1;
        if self.failures.len() < FAILURES_MAX && !self.failures.contains(&why) {
            self.failures.push(why);
        }
    }

    /// How much later than planned everybody came: what the tester itself is to blame for.
    pub fn lag(&self) -> Vec<Duration> {
        let came = self.records.iter().zip(&self.agenda.people);
        came.filter_map(|(record, part)| {
            let planned = self.began + part.comes;
            Some(record.came?.saturating_duration_since(planned))
        })
        .collect()
    }

    /// People of this role, as planned and as it went.
    pub fn of_role(&self, role: Role) -> impl Iterator<Item = (&crate::agenda::Part, &Record)> {
        self.agenda.people.iter().zip(&self.records).filter(move |(part, _)| part.role == role)
    }
}

impl Record {
    fn come_back(&mut self, at: Instant) {
        self.is_lost = false;
        for (_, back) in self.losses.iter_mut().filter(|(_, back)| back.is_none()) {
            *back = Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    #[test]
    fn a_way_is_written_down() {
        let agenda = Agenda::draw(&Scenario::load("class", &[]).expect("ready"), 1);
        let began = Instant::now();
        let mut ledger = Ledger::new(agenda, began);
        let at = |ms| began + Duration::from_millis(ms);
        let mut tell = |ms, news| ledger.note(Note::Person { who: 3, at: at(ms), news });
        tell(10, News::Came);
        tell(12, News::Refused { status: 503, named: true });
        tell(13, News::Refused { status: 500, named: false });
        tell(20, News::Connected);
        tell(30, News::Welcomed);
        tell(40, News::Admitted);
        tell(50, News::Lost { on_purpose: false });
        tell(60, News::Welcomed);
        tell(70, News::Admitted);
        let record = &ledger.records[3];
        assert_eq!((record.connected, record.admitted), (Some(at(20)), Some(at(40))));
        assert_eq!(record.losses, [(at(50), Some(at(70)))], "seated again, not only heard");
        assert_eq!((ledger.counts.intended_503, ledger.counts.other_refusals, ledger.counts.lost), (1, 1, 1));
        assert_eq!(ledger.answered_at, at(70));
    }
}
