//! A class in a test: people by their names, acts in one line, and what each has seen.

use std::collections::BTreeMap;

use preau_protocol::{
    Ask, ClassEvent, ClassId, Close, DisplayName, DoorAsk, DoorEvent, Event, Gone, Invited, LobbyEvent, Outcome,
    Person, PersonId, Policy, Proof, Refusal, Role, SessionEvent, SessionId, Snapshot, UnixMs, WaitingFor,
};
use uuid::Uuid;

use crate::{Classroom, DeviceId, Entry, Identity, Input, Limits, MediaPermit, Output, Setup};

/// What a test asserts of what somebody saw, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Waiting(u32, WaitingFor),
    Note,
    Seated,
    Knock(&'static str),
    KnockOnOtherDevice(&'static str),
    Answered(&'static str),
    Joined(&'static str),
    Changed(&'static str),
    Left(&'static str, Gone),
    Gone(Gone),
    RefreshDue,
    StillThere,
    Closed(Close),
    Other,
}

pub struct World {
    pub class: Classroom,
    pub now: UnixMs,
    pub setup: Setup,
    pub journal: Vec<Entry>,
    pub identities: BTreeMap<PersonId, Identity>,
    /// The newest session of each person.
    sessions: BTreeMap<&'static str, SessionId>,
    names: BTreeMap<PersonId, &'static str>,
    events: BTreeMap<SessionId, Vec<Event>>,
    closed: BTreeMap<SessionId, Close>,
    permits: BTreeMap<SessionId, MediaPermit>,
    replies: Vec<Outcome>,
    drawn: u128,
}

impl World {
    /// A class that expects nobody yet. Ids follow from the seed.
    pub fn seeded(seed: u64) -> World {
        let now = UnixMs(1_800_000_000_000);
        let class = Invited {
            class: ClassId(Uuid::from_u128(u128::from(seed) << 64)),
            title: "Fractions".into(),
            teacher: name("Ada Lovelace"),
            starts_at: now,
            familiar: true,
        };
        let setup = Setup { class, policy: Policy::Ask, roster: BTreeMap::new() };
        World {
            class: Classroom::new(setup.clone(), now),
            now,
            setup,
            journal: Vec::new(),
            identities: BTreeMap::new(),
            sessions: BTreeMap::new(),
            names: BTreeMap::new(),
            events: BTreeMap::new(),
            closed: BTreeMap::new(),
            permits: BTreeMap::new(),
            replies: Vec::new(),
            drawn: u128::from(seed) << 64,
        }
    }

    pub fn policy(mut self, policy: Policy) -> World {
        self.setup.policy = policy;
        self.set_up();
        self
    }

    pub fn expecting(mut self, people: &[&'static str]) -> World {
        for who in people {
            self.setup.roster.insert(person(who), name(who));
        }
        self.set_up();
        self
    }

    pub fn limited(mut self, limits: Limits) -> World {
        self.class = self.class.limited(limits);
        self
    }

    /// A teacher comes in.
    pub fn teacher(mut self, who: &'static str) -> World {
        self.arrive(who, Role::Teacher, 1, None);
        self
    }

    /// A student comes to the door.
    pub fn student(mut self, who: &'static str) -> World {
        self.arrive(who, Role::Student, 1, None);
        self
    }

    pub fn comes(&mut self, who: &'static str) -> SessionId {
        self.comes_on(who, 1)
    }

    pub fn comes_on(&mut self, who: &'static str, device: u128) -> SessionId {
        let role = self.identities.get(&person(who)).map_or(Role::Student, |identity| identity.role);
        self.arrive(who, role, device, None)
    }

    pub fn arrive(&mut self, who: &'static str, role: Role, device: u128, until: Option<UnixMs>) -> SessionId {
        self.drawn += 1;
        let session = SessionId(Uuid::from_u128(self.drawn));
        let on_roster = role == Role::Teacher || self.setup.roster.contains_key(&person(who));
        let identity = Identity {
            person: person(who),
            name: name(who),
            role,
            group: None,
            on_roster,
            proof: Proof::Invitation {},
        };
        self.identities.insert(person(who), identity.clone());
        self.names.insert(person(who), who);
        self.sessions.insert(who, session);
        let device = device_of(who, device);
        self.handle(Input::Arrive { session, identity, device, until });
        session
    }

    pub fn set_up(&mut self) {
        self.handle(Input::Setup(self.setup.clone()));
    }

    pub fn loses(&mut self, who: &str) {
        let session = self.session(who);
        self.handle(Input::Lost { session });
    }

    pub fn is_back(&mut self, who: &str) {
        let session = self.session(who);
        self.handle(Input::Back { session });
    }

    pub fn admit(&mut self, who: &str) {
        let admit = Ask::Door(DoorAsk::Admit { people: vec![person(who)] });
        assert_eq!(self.ask("Ada", admit), Ok(()));
    }

    /// Somebody asks, and gets the one reply.
    pub fn ask(&mut self, who: &str, ask: Ask) -> Result<(), Refusal> {
        let session = self.session(who);
        self.handle(Input::Ask { session, id: 7, ask });
        match (self.replies.pop(), self.replies.len()) {
            (Some(Outcome::Refused { code, .. }), 0) => Err(code),
            (Some(Outcome::Done {}), 0) => Ok(()),
            other => panic!("one reply expected: {other:?}"),
        }
    }

    /// Somebody asks and is closed for it.
    pub fn ask_unanswered(&mut self, who: &str, ask: Ask) {
        let session = self.session(who);
        self.handle(Input::Ask { session, id: 7, ask });
        assert_eq!(self.replies, []);
    }

    /// Time goes by, alarm by alarm.
    pub fn after_s(&mut self, seconds: u64) {
        let then = self.now.plus_ms(seconds * 1_000);
        while let Some(at) = self.class.poll_timeout().filter(|at| *at <= then) {
            self.now = self.now.max(at);
            self.handle(Input::Timeout);
        }
        self.now = then;
    }

    /// The server dies and comes back.
    pub fn crash(&mut self) {
        let live = self.class.lesson().clone();
        let (setup, people, journal) = (self.setup.clone(), self.identities.clone(), self.journal.clone());
        self.class = Classroom::restore(setup, people, journal, self.now).limited(self.class.limits);
        assert_eq!(*self.class.lesson(), live, "the journal tells the whole story");
        self.sessions.clear();
        self.permits.clear();
    }

    pub fn handle(&mut self, input: Input) {
        self.class.handle(input, self.now);
        while let Some(output) = self.class.poll_output() {
            match output {
                Output::Send { to, event } => {
                    for session in to {
                        assert!(!self.closed.contains_key(&session), "nothing is said to the departed");
                        self.events.entry(session).or_default().push(event.clone());
                    }
                }
                Output::Reply { outcome, .. } => self.replies.push(outcome),
                Output::Close { session, why } => assert_eq!(self.closed.insert(session, why), None),
                Output::Record(entry) => {
                    let text = serde_json::to_string(&entry).unwrap();
                    assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry);
                    self.journal.push(entry);
                }
                Output::Permit { session, permit } => {
                    assert!(self.class.seat(session).is_some());
                    self.permits.insert(session, permit);
                }
                Output::Unseat { session } => assert!(self.permits.remove(&session).is_some()),
            }
        }
    }

    pub fn session(&self, who: &str) -> SessionId {
        self.sessions[who]
    }

    pub fn permit_of(&self, who: &str) -> Option<MediaPermit> {
        self.permits.get(&self.session(who)).copied()
    }

    pub fn is_seated(&self, who: &str) -> bool {
        self.sessions.get(who).is_some_and(|session| self.class.seat(*session).is_some())
    }

    pub fn closed(&self, session: SessionId) -> Option<Close> {
        self.closed.get(&session).copied()
    }

    /// What somebody's newest session has seen since the last look.
    pub fn seen_by(&mut self, who: &str) -> Vec<Seen> {
        let session = self.session(who);
        let events = self.events.remove(&session).unwrap_or_default();
        let mut seen: Vec<Seen> = events.iter().map(|event| self.in_short(event)).collect();
        seen.extend(self.closed(session).map(Seen::Closed));
        seen
    }

    /// The class as it would be told to somebody now.
    pub fn snapshot_for(&mut self, who: &str) -> Snapshot {
        self.seen_by(who);
        let session = self.session(who);
        self.handle(Input::Snapshot { session });
        match self.events.remove(&session).unwrap_or_default().pop() {
            Some(Event::Class(event)) => match *event {
                ClassEvent::Snapshot { snapshot } => snapshot,
                other => panic!("no snapshot: {other:?}"),
            },
            other => panic!("no snapshot: {other:?}"),
        }
    }

    pub fn person_seen_by(&mut self, viewer: &str, who: &str) -> Person {
        let snapshot = self.snapshot_for(viewer);
        snapshot.people.into_iter().find(|seen| seen.person == person(who)).unwrap()
    }

    fn in_short(&self, event: &Event) -> Seen {
        let known = |person: &PersonId| self.names[person];
        match event {
            Event::Lobby(LobbyEvent::Standing { position, waiting_for, .. }) => Seen::Waiting(*position, *waiting_for),
            Event::Lobby(LobbyEvent::Note { .. }) => Seen::Note,
            Event::Session(SessionEvent::Gone { why }) => Seen::Gone(*why),
            Event::Session(SessionEvent::RefreshDue { .. }) => Seen::RefreshDue,
            Event::Session(SessionEvent::StillThere { .. }) => Seen::StillThere,
            Event::Door(DoorEvent::Knock { knock }) if knock.other_device => {
                Seen::KnockOnOtherDevice(known(&knock.person))
            }
            Event::Door(DoorEvent::Knock { knock }) => Seen::Knock(known(&knock.person)),
            Event::Door(DoorEvent::Answered { person }) => Seen::Answered(known(person)),
            Event::Class(event) => match &**event {
                ClassEvent::Snapshot { .. } => Seen::Seated,
                ClassEvent::Joined { person } => Seen::Joined(known(&person.person)),
                ClassEvent::Changed { person } => Seen::Changed(known(&person.person)),
                ClassEvent::Left { person, why } => Seen::Left(known(person), *why),
                _ => Seen::Other,
            },
            _ => Seen::Other,
        }
    }
}

pub fn name(text: &str) -> DisplayName {
    DisplayName::parse(text).unwrap()
}

/// The how-many-th of somebody's browsers.
pub fn device_of(who: &str, number: u128) -> DeviceId {
    DeviceId(Uuid::from_u128(person(who).0.as_u128() ^ number))
}

pub fn person(who: &str) -> PersonId {
    PersonId(Uuid::new_v5(&Uuid::NAMESPACE_OID, who.as_bytes()))
}
