//! The machine itself: its parts, its inputs sorted to those who handle them, and its outputs.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use preau_protocol::{Close, PersonId, Phase, Policy, Reduction, Role, SessionId, UnixMs};

use crate::{
    Entry, Fact, Identity, Input, Limits, Output, Seated, Setup,
    agenda::{Agenda, Alarm},
    chair::{Chair, Occupant},
    lesson::Lesson,
    link::Link,
    lobby::Lobby,
    people::People,
    visit::{Spot, Visit},
};

/// One class.
#[derive(Clone, Debug)]
pub struct Classroom {
    pub(crate) setup: Setup,
    pub(crate) limits: Limits,
    /// The time of the input in hand.
    pub(crate) now: UnixMs,
    pub(crate) lesson: Lesson,
    pub(crate) people: People,
    pub(crate) lobby: Lobby,
    /// One for each of the lesson's seats.
    pub(crate) chairs: BTreeMap<PersonId, Chair>,
    pub(crate) visits: BTreeMap<SessionId, Visit>,
    /// The seated teachers.
    pub(crate) teachers: BTreeSet<PersonId>,
    /// Who is on the list that students see.
    pub(crate) listed: BTreeSet<PersonId>,
    /// How many students were last told there are; none while they see everybody.
    pub(crate) crowd_told: Option<u32>,
    pub(crate) agenda: Agenda,
    /// What the server has too little of, as those inside are told.
    pub(crate) reduction: Reduction,
    /// Others wait for seats.
    pub(crate) seats_wanted: bool,
    /// Something changed that may let waiting people walk in.
    pub(crate) door_moved: bool,
    /// For whom no seat was free when the last input had been handled.
    pub(crate) was_full: Full,
    pub(crate) outputs: VecDeque<Output>,
    /// Sessions that are over: closed after everything else was said.
    pub(crate) closing: Vec<(SessionId, Close)>,
}

/// For whom no seat is free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Full {
    teachers: bool,
    students: bool,
}

impl Classroom {
    /// A class in which nothing has happened yet.
    pub fn new(setup: Setup, now: UnixMs) -> Classroom {
        Classroom::restore(setup, BTreeMap::new(), [], now)
    }

    /// The same class, with room for fewer or more, and more time or less.
    pub fn limited(mut self, limits: Limits) -> Classroom {
        self.limits = limits;
        self.list_anew();
        self.wind_up_end();
        self
    }

    pub fn handle(&mut self, input: Input, now: UnixMs) {
        // An input from a moment before the last one is treated as of that moment.
        self.now = self.now.max(now);
        self.ring();
        match input {
            Input::Arrive { session, identity, device, until } => self.arrive(session, identity, device, until),
            Input::Lost { session } => self.lost(session),
            Input::Back { session } => self.back(session),
            Input::Snapshot { session } => self.tell_everything_again(session),
            Input::Ask { session, id, ask } => self.asked(session, id, ask),
            Input::Refreshed { session, until } => self.refreshed(session, until),
            Input::Setup(setup) => self.set_up_anew(setup),
            Input::Revoked { person } => self.revoke(person),
            Input::SignedOut { person, device } => self.sign_out(person, device),
            Input::SeatsWanted(wanted) => self.want_seats(wanted),
            Input::Reduced(reduction) => self.reduce(reduction),
            Input::Timeout => {}
        }
        self.settle();
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub fn poll_timeout(&self) -> Option<UnixMs> {
        self.agenda.next_at()
    }

    pub fn phase(&self) -> Phase {
        self.lesson.phase
    }

    /// Whether somebody is known here just as a credential shows them now.
    pub fn knows(&self, identity: &Identity) -> bool {
        self.people.get(identity.person) == Some(identity)
    }

    /// Whether a seat is kept for somebody, here or away.
    pub fn has_seat(&self, person: PersonId) -> bool {
        self.lesson.seats.contains_key(&person)
    }

    /// Who sits behind a session; none for one that waits, or is over.
    pub fn seat(&self, session: SessionId) -> Option<Seated<'_>> {
        let visit = self.visits.get(&session).filter(|visit| visit.spot == Spot::Seated)?;
        let identity = self.people.get(visit.person)?;
        let away = !self.chairs.get(&visit.person)?.is_here();
        Some(Seated { person: visit.person, name: &identity.name, role: identity.role, away })
    }

    /// The session that holds a person's seat; none also while the seat is kept for nobody in particular.
    pub fn session_of(&self, person: PersonId) -> Option<SessionId> {
        self.chairs.get(&person)?.session()
    }

    /// What was decided so far: equal to that of a class restored from the same journal.
    pub fn lesson(&self) -> &Lesson {
        &self.lesson
    }

    /// The policy in force.
    pub(crate) fn policy(&self) -> Policy {
        self.lesson.policy.unwrap_or(self.setup.policy)
    }

    /// No seat is free for one of this role.
    pub(crate) fn is_full_for(&self, role: Role) -> bool {
        match role {
            Role::Teacher => !self.has_room_for(1, 0),
            Role::Student | Role::Observer => !self.has_room_for(0, 1),
        }
    }

    /// Whether so many more can be seated together. Whoever does not teach counts as a student.
    pub(crate) fn has_room_for(&self, teachers: usize, students: usize) -> bool {
        let seats = self.lesson.seats.len() + teachers + students;
        let seats_of_students = self.lesson.seats.len() - self.teachers.len() + students;
        let for_students = self.limits.seats_max.saturating_sub(self.limits.seats_for_teachers);
        seats <= self.limits.seats_max && (students == 0 || seats_of_students <= for_students)
    }

    /// Takes a decision: from here on it holds, here as in a class restored from the journal.
    pub(crate) fn record(&mut self, fact: Fact) {
        let entry = Entry { at: self.now, fact };
        self.lesson.apply(&entry, &self.people);
        self.outputs.push_back(Output::Record(entry));
    }

    pub(crate) fn put(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    /// A session is over. It gets no more than what is already on its way.
    pub(crate) fn close(&mut self, session: SessionId, why: Close) {
        self.visits.remove(&session);
        self.agenda.cancel(Alarm::Pass(session));
        self.closing.push((session, why));
    }

    /// Forgets somebody whom nothing holds here any more.
    pub(crate) fn let_go(&mut self, person: PersonId) {
        let held = self.lesson.seats.contains_key(&person)
            || self.lobby.get(person).is_some()
            || self.lesson.barred.contains_key(&person);
        if !held {
            self.people.forget(person, &self.setup);
        }
    }

    /// Does what was to be done by now.
    fn ring(&mut self) {
        while let Some((at, alarm)) = self.agenda.pop(self.now) {
            match alarm {
                Alarm::Grace => self.become_unattended(),
                Alarm::Abandoned => self.end(None),
                Alarm::NearlyOver => self.announce_end(),
                Alarm::Over => self.end(None),
                Alarm::Seat(person) => self.give_up_seat(person),
                Alarm::Place(person) => self.withdraw(person, None, Close::Done),
                Alarm::Crowd => self.tell_crowd(),
                Alarm::Idle => self.look_for_idle(at),
                Alarm::Pass(session) => self.pass_runs_out(session),
            }
            self.settle();
        }
    }

    /// After each input: whoever a change lets in walks in, the line learns where it stands, what is over is closed.
    fn settle(&mut self) {
        self.notice_room();
        if std::mem::take(&mut self.door_moved) {
            self.let_in_by_rule();
            self.notice_room();
        }
        self.tell_line();
        for (session, why) in std::mem::take(&mut self.closing) {
            self.put(Output::Close { session, why });
        }
    }

    /// The link of a person's chair; a chair of nobody is away.
    pub(crate) fn set_link(&mut self, person: PersonId, link: Link) {
        if let Some(chair) = self.chairs.get_mut(&person)
            && let Occupant::Session(session, _) = chair.occupant
        {
            chair.occupant = Occupant::Session(session, link);
        }
    }

    /// Seats have become free, or rare: who waits for one hears of it, and may walk in.
    fn notice_room(&mut self) {
        let full = Full { teachers: self.is_full_for(Role::Teacher), students: self.is_full_for(Role::Student) };
        let before = std::mem::replace(&mut self.was_full, full);
        if full != before {
            self.door_moved |= (before.teachers && !full.teachers) || (before.students && !full.students);
            self.lobby.move_all();
        }
    }
}
