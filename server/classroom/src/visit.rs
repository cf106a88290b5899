//! One session: whose it is, and how long its credential is good.

use preau_protocol::{Close, Event, Gone, PersonId, SessionEvent, SessionId, UnixMs};

use crate::{Classroom, Departure, Fact, Output, agenda::Alarm, chair::Occupant, link::Link, waits::REFRESH_BEFORE_MS};

#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub person: PersonId,
    pub spot: Spot,
    pub pass: Pass,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    Waiting,
    Seated,
}

/// The credential behind a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// It does not run out: an account or an invitation.
    Lasting,
    /// A token, whose holder has not yet been asked for a fresh one.
    Until(UnixMs),
    /// They have been asked; it runs out then.
    Asked(UnixMs),
}

impl Classroom {
    pub(crate) fn enter(&mut self, session: SessionId, person: PersonId, spot: Spot, until: Option<UnixMs>) {
        let pass = until.map_or(Pass::Lasting, Pass::Until);
        self.visits.insert(session, Visit { person, spot, pass });
        if let Some(until) = until {
            self.ask_for_fresh_pass_before(session, until);
        }
    }

    pub(crate) fn refreshed(&mut self, session: SessionId, until: UnixMs) {
        let Some(visit) = self.visits.get_mut(&session) else { return };
        visit.pass = Pass::Until(until);
        self.ask_for_fresh_pass_before(session, until);
    }

    fn ask_for_fresh_pass_before(&mut self, session: SessionId, until: UnixMs) {
        let ask_at = UnixMs(until.0.saturating_sub(REFRESH_BEFORE_MS));
        self.agenda.set(Alarm::Pass(session), ask_at.max(self.now));
    }

    /// It is time to ask for a fresh token, or too late for one.
    pub(crate) fn pass_runs_out(&mut self, session: SessionId) {
        let Some(visit) = self.visits.get_mut(&session) else { return };
        match visit.pass {
            Pass::Lasting => {}
            Pass::Until(until) => {
                visit.pass = Pass::Asked(until);
                self.agenda.set(Alarm::Pass(session), until);
                if until > self.now {
                    let within_ms = u32::try_from(until.0 - self.now.0).unwrap_or(u32::MAX);
                    let event = Event::Session(SessionEvent::RefreshDue { within_ms });
                    self.put(Output::Send { to: vec![session], event });
                }
            }
            Pass::Asked(_) => self.expire(session),
        }
    }

    fn expire(&mut self, session: SessionId) {
        let Some(Visit { person, spot, .. }) = self.visits.get(&session).cloned() else { return };
        match (spot, self.chairs.get(&person).map(|chair| chair.occupant)) {
            // They can't have got a fresh token while they were away. The session is over; the seat waits for them.
            (Spot::Seated, Some(Occupant::Session(_, Link::Away))) => {
                self.put(Output::Unseat { session });
                if let Some(chair) = self.chairs.get_mut(&person) {
                    chair.occupant = Occupant::Nobody;
                }
                self.hush(person);
                self.close(session, Close::NotAuthenticated);
            }
            (Spot::Seated, _) => {
                let fact = Fact::Left { person, why: Departure::Expired };
                self.vacate(person, fact, Gone::Expired, Close::NotAuthenticated);
            }
            (Spot::Waiting, _) => self.withdraw(person, Some(Gone::Expired), Close::NotAuthenticated),
        }
    }
}
