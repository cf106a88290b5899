//! The rules of a class once more, written naively from the documents: lists, and a walk over everything each time.
//! It predicts who is where, which sessions end and how every request is answered.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use preau_classroom::{DeviceId, Input, MediaPermit, Setup};
use preau_protocol::{Close, OwnRights, PersonId, Phase, Policy, Reduction, Refusal, Rights, Role, Sending, SessionId};

use crate::cast::{IDLE_MS, LESSON_MS, LIMITS, member};

pub const GRACE_MS: u64 = 20_000;
pub const ABANDONED_MS: u64 = 3_600_000;
pub const SEAT_MS: u64 = 600_000;
pub const KNOCK_MS: u64 = 30_000;
pub const REFUSED_MS: u64 = 10_000;
pub const SWAP_MS: u64 = 1_500;
pub const STILL_THERE_MS: u64 = 120_000;

/// What must come of one input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    pub closes: BTreeMap<SessionId, Close>,
    pub reply: Option<Answer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Done,
    Refused(Refusal),
    /// Done, or refused as too soon: pace is not this reference's business.
    DoneUnlessTooSoon,
}

#[derive(Clone, Debug)]
pub struct RefSeat {
    pub person: PersonId,
    pub device: DeviceId,
    pub session: Option<SessionId>,
    pub away_until: Option<u64>,
    pub sending: Sending,
    pub hand: bool,
    pub acted_at: u64,
    pub asked_until: Option<u64>,
}

impl RefSeat {
    pub fn is_here(&self) -> bool {
        self.away_until.is_none()
    }
}

#[derive(Clone, Debug)]
pub struct RefWaiter {
    pub person: PersonId,
    pub session: SessionId,
    pub device: DeviceId,
    pub lost_until: Option<u64>,
    pub swapped_at: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct Reference {
    pub now: u64,
    /// Shared: the reference is copied at every step.
    pub setup: Rc<Setup>,
    pub phase: Phase,
    pub opened_at: Option<u64>,
    pub chosen: Option<Policy>,
    pub opened: bool,
    pub note: String,
    pub rights: Rights,
    pub own_rights: BTreeMap<PersonId, OwnRights>,
    /// In the order in which people came.
    pub seats: Vec<RefSeat>,
    pub line: Vec<RefWaiter>,
    pub first_device: BTreeMap<PersonId, DeviceId>,
    /// True for a block.
    pub barred: BTreeMap<PersonId, bool>,
    pub refused: Vec<(PersonId, DeviceId, u64)>,
    pub spotlight: Option<PersonId>,
    pub chat: Vec<(u32, String)>,
    pub said: u32,
    pub expected: BTreeSet<PersonId>,
    pub passes: BTreeMap<SessionId, u64>,
    pub returning: BTreeMap<PersonId, DeviceId>,
    pub wanted: bool,
    pub reduction: Reduction,
    pub alone_since: Option<u64>,
    pub unattended_since: Option<u64>,
    pub coming: Expected,
}

impl Reference {
    pub fn new(setup: Rc<Setup>, now: u64) -> Reference {
        Reference {
            now,
            setup,
            phase: Phase::Scheduled,
            opened_at: None,
            chosen: None,
            opened: false,
            note: String::new(),
            rights: Rights::STUDENTS,
            own_rights: BTreeMap::new(),
            seats: Vec::new(),
            line: Vec::new(),
            first_device: BTreeMap::new(),
            barred: BTreeMap::new(),
            refused: Vec::new(),
            spotlight: None,
            chat: Vec::new(),
            said: 0,
            expected: BTreeSet::new(),
            passes: BTreeMap::new(),
            returning: BTreeMap::new(),
            wanted: false,
            reduction: Reduction::Nothing,
            alone_since: None,
            unattended_since: None,
            coming: Expected::default(),
        }
    }

    pub fn handle(&mut self, input: &Input, now: u64) -> Expected {
        self.now = now;
        self.let_time_pass();
        match input {
            Input::Arrive { session, identity, device, until } => {
                self.arrive(*session, identity.person, identity.on_roster, *device, until.map(|until| until.0));
            }
            Input::Lost { session } => self.lost(*session),
            Input::Back { session } | Input::Snapshot { session } => self.back(*session),
            Input::Ask { session, ask, .. } => self.asked(*session, ask),
            Input::Refreshed { session, until } => {
                if self.is_known(*session) {
                    self.passes.insert(*session, until.0);
                }
            }
            Input::Setup(setup) => self.set_up(Rc::new(setup.clone())),
            Input::Revoked { person } => {
                self.returning.remove(person);
                self.first_device.remove(person);
                self.stand_up(*person, Close::Removed);
                self.leave_line(*person, Close::Removed);
            }
            Input::SignedOut { person, device } => {
                if self.seats.iter().any(|seat| seat.person == *person && seat.device == *device) {
                    self.stand_up(*person, Close::NotAuthenticated);
                }
                if self.line.iter().any(|waiter| waiter.person == *person && waiter.device == *device) {
                    self.leave_line(*person, Close::NotAuthenticated);
                }
            }
            Input::SeatsWanted(wanted) => {
                if *wanted && !self.wanted {
                    for seat in &mut self.seats {
                        seat.asked_until = seat.asked_until.filter(|until| *until > now);
                    }
                }
                self.wanted = *wanted;
            }
            Input::Reduced(reduction) => self.reduction = *reduction,
            Input::Timeout => {}
        }
        self.settle();
        std::mem::take(&mut self.coming)
    }

    /// The server has died; what was decided until this state is known again.
    pub fn crash(&mut self, setup: Setup, expected: BTreeSet<PersonId>, now: u64) {
        self.now = now;
        self.setup = Rc::new(setup);
        self.expected = expected;
        self.line.clear();
        self.passes.clear();
        (self.wanted, self.reduction) = (false, Reduction::Nothing);
        for seat in &mut self.seats {
            (seat.acted_at, seat.asked_until) = (now, None);
            seat.session = None;
            seat.sending = Sending::default();
            seat.away_until = Some(now + SEAT_MS);
        }
        self.alone_since = (self.phase == Phase::Open).then_some(now);
        self.unattended_since = (self.phase == Phase::Unattended).then_some(now);
    }

    pub fn policy(&self) -> Policy {
        self.chosen.unwrap_or(self.setup.policy)
    }

    pub fn seat_of(&self, person: PersonId) -> Option<&RefSeat> {
        self.seats.iter().find(|seat| seat.person == person)
    }

    pub fn seat_of_session(&self, session: SessionId) -> Option<&RefSeat> {
        self.seats.iter().find(|seat| seat.session == Some(session))
    }

    pub fn rights_of(&self, person: PersonId) -> Rights {
        match member(person).role {
            Role::Teacher => Rights::ALL,
            Role::Student => self.own_rights.get(&person).copied().unwrap_or_default().over(self.rights),
            Role::Observer => Rights::NONE,
        }
    }

    pub fn is_other_device(&self, person: PersonId, device: DeviceId) -> bool {
        self.first_device.get(&person).is_some_and(|first| *first != device)
    }

    /// What the relay may forward now, of each seated session.
    pub fn permits(&self) -> BTreeMap<SessionId, MediaPermit> {
        let seated = self.seats.iter().filter_map(|seat| Some((seat.session?, seat)));
        let permit = |seat: &RefSeat| {
            let rights = self.rights_of(seat.person);
            MediaPermit {
                microphone: seat.sending.microphone && rights.speak,
                camera: seat.sending.camera && rights.camera,
                screen: seat.sending.screen && rights.screen,
                to_students: self.phase == Phase::Open || member(seat.person).role == Role::Teacher,
            }
        };
        seated.map(|(session, seat)| (session, permit(seat))).collect()
    }

    pub fn has_room_for(&self, person: PersonId) -> bool {
        let teaches = member(person).role == Role::Teacher;
        self.room_for(usize::from(teaches), usize::from(!teaches))
    }

    pub fn room_for(&self, teachers: usize, students: usize) -> bool {
        let role = |seat: &&RefSeat| member(seat.person).role != Role::Teacher;
        let students_after = self.seats.iter().filter(role).count() + students;
        self.seats.len() + teachers + students <= LIMITS.seats_max
            && (students == 0 || students_after <= LIMITS.seats_max - LIMITS.seats_for_teachers)
    }

    pub fn end(&mut self) {
        for session in self.sessions() {
            self.coming.closes.insert(session, Close::Done);
        }
        let setup = self.setup.clone();
        let ended = std::mem::replace(self, Reference::new(setup, self.now));
        self.phase = Phase::Ended;
        self.rights = ended.rights;
        self.barred = ended.barred.into_iter().filter(|(_, blocked)| *blocked).collect();
        self.said = ended.said;
        self.expected = ended.expected;
        self.coming = ended.coming;
        (self.wanted, self.reduction) = (ended.wanted, ended.reduction);
    }

    pub fn ends_at(&self) -> Option<u64> {
        self.opened_at.map(|at| at + LESSON_MS)
    }

    /// Empties a person's seat, if they have one.
    pub fn stand_up(&mut self, person: PersonId, close: Close) {
        if let Some(at) = self.seats.iter().position(|seat| seat.person == person) {
            let seat = self.seats.remove(at);
            if let Some(session) = seat.session {
                self.close(session, close);
            }
            self.spotlight.take_if(|shown| *shown == person);
        }
    }

    pub fn leave_line(&mut self, person: PersonId, close: Close) {
        if let Some(at) = self.line.iter().position(|waiter| waiter.person == person) {
            let waiter = self.line.remove(at);
            self.close(waiter.session, close);
        }
    }

    /// Whoever waits gets a seat, or their seat on the device with which they wait.
    pub fn sit(&mut self, waiter: RefWaiter) {
        let RefWaiter { person, session, device, lost_until, .. } = waiter;
        self.first_device.insert(person, device);
        self.returning.remove(&person);
        let away_until = lost_until.map(|_| self.now + SEAT_MS);
        let fresh = RefSeat {
            person,
            device,
            session: Some(session),
            away_until,
            sending: Sending::default(),
            hand: false,
            acted_at: self.now,
            asked_until: None,
        };
        match self.seats.iter_mut().find(|seat| seat.person == person) {
            Some(seat) => {
                let old = seat.session;
                *seat = RefSeat { hand: seat.hand, ..fresh };
                if let Some(old) = old {
                    self.close(old, Close::Replaced);
                }
            }
            None => self.seats.push(fresh),
        }
        self.mind_teachers();
    }

    pub fn sessions(&self) -> Vec<SessionId> {
        let seated = self.seats.iter().filter_map(|seat| seat.session);
        seated.chain(self.line.iter().map(|waiter| waiter.session)).collect()
    }

    fn is_known(&self, session: SessionId) -> bool {
        self.sessions().contains(&session)
    }

    fn close(&mut self, session: SessionId, why: Close) {
        self.passes.remove(&session);
        let before = self.coming.closes.insert(session, why);
        assert_eq!(before, None, "the reference closes a session once");
    }

    fn arrive(&mut self, session: SessionId, person: PersonId, on_roster: bool, device: DeviceId, until: Option<u64>) {
        if self.is_known(session) {
            return;
        }
        let stranger = member(person).role != Role::Teacher && !on_roster;
        let waits = self.line.iter().position(|waiter| waiter.person == person);
        let own_seat = self.seats.iter().position(|seat| seat.person == person && seat.device == device);
        let refused =
            |(who, on, until): &(PersonId, DeviceId, u64)| *who == person && *on == device && *until > self.now;
        let full = self.strangers() >= LIMITS.strangers_max;
        let turned_away = if until.is_some_and(|until| until <= self.now) {
            Some(Close::NotAuthenticated)
        } else if self.barred.contains_key(&person) {
            Some(Close::Removed)
        } else if self.refused.iter().any(refused) {
            Some(Close::Refused)
        } else {
            (stranger && full && waits.is_none() && own_seat.is_none()).then_some(Close::Full)
        };
        if let Some(why) = turned_away {
            self.coming.closes.insert(session, why);
            return;
        }
        match on_roster {
            true => self.expected.insert(person),
            false => self.expected.remove(&person),
        };
        if let Some(until) = until {
            self.passes.insert(session, until);
        }
        let newcomer = RefWaiter { person, session, device, lost_until: None, swapped_at: None };
        if own_seat.is_some() {
            return self.sit(newcomer);
        }
        self.bind(person, device);
        let swapped_at = waits.filter(|at| self.line[*at].device != device).map(|_| self.now);
        if self.may_walk_in(&newcomer, true) {
            self.leave_line(person, Close::Replaced);
            self.sit(newcomer);
        } else if let (Some(at), None) = (waits, swapped_at) {
            let old = std::mem::replace(&mut self.line[at].session, session);
            self.line[at].lost_until = None;
            self.close(old, Close::Replaced);
        } else {
            self.leave_line(person, Close::Replaced);
            self.line.push(RefWaiter { swapped_at, ..newcomer });
        }
    }

    fn strangers(&self) -> usize {
        let is_stranger = |waiter: &&RefWaiter| {
            member(waiter.person).role != Role::Teacher && !self.expected.contains(&waiter.person)
        };
        self.line.iter().filter(is_stranger).count()
    }

    fn bind(&mut self, person: PersonId, device: DeviceId) {
        if member(person).role == Role::Student && self.expected.contains(&person) {
            self.first_device.entry(person).or_insert(device);
        }
    }

    fn may_walk_in(&self, waiter: &RefWaiter, arriving: bool) -> bool {
        let person = waiter.person;
        let seat = self.seat_of(person);
        if self.phase == Phase::Open && seat.is_none() && self.returning.get(&person) == Some(&waiter.device) {
            return self.has_room_for(person);
        }
        match member(person).role {
            Role::Teacher => match seat {
                Some(seat) => !seat.is_here() && (arriving || self.phase != Phase::Open),
                None => self.room_for(1, 0),
            },
            Role::Student => {
                seat.is_none()
                    && self.room_for(0, 1)
                    && self.phase == Phase::Open
                    && self.policy() == Policy::Roster
                    && self.opened
                    && self.expected.contains(&person)
                    && !member(person).looks_alike
                    && !self.is_other_device(person, waiter.device)
            }
            Role::Observer => false,
        }
    }

    fn lost(&mut self, session: SessionId) {
        let now = self.now;
        if let Some(seat) = self.seats.iter_mut().find(|seat| seat.session == Some(session)) {
            seat.away_until.get_or_insert(now + SEAT_MS);
        }
        if let Some(waiter) = self.line.iter_mut().find(|waiter| waiter.session == session) {
            waiter.lost_until.get_or_insert(now + KNOCK_MS);
        }
    }

    fn back(&mut self, session: SessionId) {
        if let Some(seat) = self.seats.iter_mut().find(|seat| seat.session == Some(session)) {
            seat.away_until = None;
        }
        if let Some(waiter) = self.line.iter_mut().find(|waiter| waiter.session == session) {
            waiter.lost_until = None;
        }
        self.mind_teachers();
    }

    fn set_up(&mut self, setup: Rc<Setup>) {
        if setup.policy != self.setup.policy {
            self.chosen = Some(setup.policy);
            self.opened = false;
        }
        let before = std::mem::replace(&mut self.setup, setup);
        let roster = self.setup.roster.clone();
        for person in before.roster.keys().filter(|person| !roster.contains_key(person)) {
            self.expected.remove(person);
        }
        for person in roster.keys().filter(|person| !before.roster.contains_key(person)) {
            self.expected.insert(*person);
            if let Some(waiter) = self.line.iter().find(|waiter| waiter.person == *person) {
                self.bind(*person, waiter.device);
            }
        }
    }

    fn settle(&mut self) {
        self.mind_teachers();
        while let Some(at) =
            self.line.iter().position(|waiter| waiter.lost_until.is_none() && self.may_walk_in(waiter, false))
        {
            let waiter = self.line.remove(at);
            self.sit(waiter);
        }
    }

    fn mind_teachers(&mut self) {
        let inside = self.seats.iter().any(|seat| member(seat.person).role == Role::Teacher && seat.is_here());
        if inside {
            if matches!(self.phase, Phase::Scheduled | Phase::Ended) {
                self.opened_at = Some(self.now);
            }
            self.phase = Phase::Open;
            (self.alone_since, self.unattended_since) = (None, None);
        } else if self.phase == Phase::Open {
            self.alone_since.get_or_insert(self.now);
        }
    }

    /// Everything that was due by now, first things first.
    fn let_time_pass(&mut self) {
        loop {
            let mut due: Vec<(u64, Due)> = Vec::new();
            due.extend(self.alone_since.map(|since| (since + GRACE_MS, Due::Grace)));
            due.extend(self.unattended_since.map(|since| (since + ABANDONED_MS, Due::Abandoned)));
            due.extend(self.ends_at().map(|at| (at, Due::Over)));
            due.extend(self.seats.iter().filter_map(|seat| Some((seat.away_until?, Due::Seat(seat.person)))));
            due.extend(self.line.iter().filter_map(|waiter| Some((waiter.lost_until?, Due::Place(waiter.person)))));
            due.extend(self.idle().map(|(at, person)| (at, Due::Idle(person))));
            due.extend(self.passes.iter().map(|(session, until)| (*until, Due::Pass(*session))));
            let Some((_, first)) = due.into_iter().filter(|(at, _)| *at <= self.now).min() else { return };
            self.fall_due(first);
            self.settle();
        }
    }

    /// When who is to be asked whether they are still there, or is out of time for the answer.
    fn idle(&self) -> impl Iterator<Item = (u64, PersonId)> {
        let seats = self.seats.iter().filter(|seat| self.wanted && member(seat.person).role != Role::Teacher);
        seats.map(|seat| (seat.asked_until.unwrap_or(seat.acted_at + IDLE_MS), seat.person))
    }

    fn mind_idle(&mut self, person: PersonId) {
        let now = self.now;
        let Some(seat) = self.seats.iter_mut().find(|seat| seat.person == person) else { return };
        if seat.asked_until.is_some() {
            let device = seat.device;
            self.returning.insert(person, device);
            self.stand_up(person, Close::Done);
        } else if seat.is_here() && seat.sending == Sending::default() {
            seat.asked_until = Some(now + STILL_THERE_MS);
        } else {
            seat.acted_at = now;
        }
    }

    fn fall_due(&mut self, due: Due) {
        match due {
            Due::Grace => {
                self.phase = Phase::Unattended;
                self.opened = false;
                self.alone_since = None;
                self.unattended_since = Some(self.now);
            }
            Due::Abandoned | Due::Over => self.end(),
            Due::Seat(person) => self.stand_up(person, Close::Done),
            Due::Place(person) => self.leave_line(person, Close::Done),
            Due::Idle(person) => self.mind_idle(person),
            Due::Pass(session) => match self.seats.iter_mut().find(|seat| seat.session == Some(session)) {
                Some(seat) if !seat.is_here() => {
                    seat.session = None;
                    seat.sending = Sending::default();
                    self.close(session, Close::NotAuthenticated);
                }
                Some(seat) => {
                    let person = seat.person;
                    self.stand_up(person, Close::NotAuthenticated);
                }
                None => {
                    let waiter = self.line.iter().find(|waiter| waiter.session == session);
                    let person = waiter.expect("a pass belongs to somebody").person;
                    self.leave_line(person, Close::NotAuthenticated);
                }
            },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Grace,
    Abandoned,
    Over,
    Seat(PersonId),
    Place(PersonId),
    Idle(PersonId),
    Pass(SessionId),
}
