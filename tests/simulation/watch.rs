//! The promises of the product, checked on everything a class says, without asking the class.

use std::collections::{BTreeMap, BTreeSet};

use preau_classroom::{DeviceId, Entry, Fact, Input, Output};
use preau_protocol::{
    Ask, ChatEvent, ClassEvent, Close, DoorAsk, DoorEvent, Event, Knock, LobbyEvent, Person, PersonId, Phase, Policy,
    Role, SessionEvent, SessionId,
};

use crate::{
    cast::{LIMITS, member, name},
    reference::Reference,
};

/// What was seen so far of the sessions and seats of one class.
#[derive(Default)]
pub struct Watch {
    sessions: BTreeMap<SessionId, (PersonId, DeviceId)>,
    over: BTreeSet<SessionId>,
    /// Who has the relay's ear.
    permitted: BTreeSet<SessionId>,
    ever_permitted: BTreeSet<SessionId>,
    /// Who has a seat, on which device, as the journal tells.
    seats: BTreeMap<PersonId, DeviceId>,
    barred: BTreeMap<PersonId, bool>,
    /// Who was admitted, and only gave an unused seat back.
    returning: BTreeMap<PersonId, DeviceId>,
}

/// One input with the rules as they were before it and are after it.
pub struct Step<'a> {
    pub input: &'a Input,
    pub before: &'a Reference,
    pub after: &'a Reference,
    /// Something was due before this input.
    pub is_late: bool,
}

impl Watch {
    pub fn see(&mut self, step: &Step<'_>, outputs: &[Output]) {
        if let Input::Arrive { session, identity, device, .. } = step.input {
            self.sessions.entry(*session).or_insert((identity.person, *device));
        }
        for output in outputs {
            match output {
                Output::Send { to, event } => to.iter().for_each(|session| self.see_sent(*session, event)),
                Output::Reply { to, .. } => assert!(!self.over.contains(to), "a reply after the end"),
                Output::Close { session, why } => self.see_closed(*session, *why),
                Output::Record(entry) => self.see_recorded(entry, step),
                Output::Permit { session, .. } => self.see_permitted(*session),
                Output::Unseat { session } => assert!(self.permitted.remove(session), "unseated twice"),
            }
        }
        assert!(self.seats.len() <= LIMITS.seats_max, "more people than seats");
        for person in self.barred.keys() {
            let is_heard = self.permitted.iter().any(|session| self.sessions[session].0 == *person);
            assert!(!is_heard, "removed, and still in the relay: {}", member(*person).name);
        }
    }

    /// After a crash the story goes on from what was on disk.
    pub fn crash(&mut self, journal: &[Entry]) {
        *self = Watch::default();
        for entry in journal {
            self.follow(&entry.fact);
        }
    }

    pub fn seats(&self) -> &BTreeMap<PersonId, DeviceId> {
        &self.seats
    }

    pub fn barred(&self) -> &BTreeMap<PersonId, bool> {
        &self.barred
    }

    pub fn permitted_people(&self) -> Vec<PersonId> {
        self.permitted.iter().map(|session| self.sessions[session].0).collect()
    }

    fn see_permitted(&mut self, session: SessionId) {
        let (person, device) = self.sessions[&session];
        assert!(!self.over.contains(&session), "a permit for a session that is over");
        assert_eq!(self.seats.get(&person), Some(&device), "a permit without a seat: {}", member(person).name);
        self.permitted.insert(session);
        self.ever_permitted.insert(session);
        let ears = self.permitted.iter().filter(|session| self.sessions[*session].0 == person).count();
        assert_eq!(ears, 1, "one live session a person");
    }

    /// Who is not seated learns nothing of the class, and only teachers learn of the door and about people.
    fn see_sent(&self, session: SessionId, event: &Event) {
        let (person, _) = self.sessions[&session];
        let is_seated = self.permitted.contains(&session);
        let is_teacher = member(person).role == Role::Teacher;
        assert!(!self.over.contains(&session), "a word after the end: {event:?}");
        assert!(!self.barred.contains_key(&person) || matches!(event, Event::Session(SessionEvent::Gone { .. })));
        match event {
            Event::Session(SessionEvent::Gone { .. } | SessionEvent::RefreshDue { .. }) => {}
            Event::Session(SessionEvent::StillThere { .. }) => assert!(is_seated && !is_teacher),
            Event::Lobby(LobbyEvent::Standing { position, .. }) => assert!(!is_seated && *position > 0),
            Event::Lobby(LobbyEvent::Note { .. }) => assert!(!is_seated),
            Event::Media(_) => panic!("a class says nothing of media"),
            Event::Door(event) => {
                assert!(is_seated && is_teacher, "told of the door: {event:?}");
                see_door_event(event);
            }
            Event::Chat(event) => {
                assert!(is_seated, "told of the chat: {event:?}");
                if let ChatEvent::Said { message } = event {
                    assert_eq!(message.name, *name(message.person));
                    assert_eq!(message.role, member(message.person).role);
                }
            }
            Event::Class(event) => {
                assert!(is_seated, "told of the class: {event:?}");
                see_class_event(event, is_teacher);
            }
        }
    }

    fn see_closed(&mut self, session: SessionId, why: Close) {
        assert!(self.over.insert(session), "closed twice");
        assert!(!self.permitted.contains(&session), "closed, and still in the relay");
        // Promise 7: nobody is put out of a class to make room.
        let fair = [Close::Done, Close::Replaced, Close::NotAuthenticated, Close::Removed];
        assert!(!self.ever_permitted.contains(&session) || fair.contains(&why), "put out of the class: {why:?}");
    }

    fn see_recorded(&mut self, entry: &Entry, step: &Step<'_>) {
        if let Fact::Seated { person, device, .. } = &entry.fact {
            assert!(
                self.was_let_in(*person, *device, step),
                "seated without a teacher's act or rule: {}",
                member(*person).name
            );
        }
        self.follow(&entry.fact);
    }

    /// Promise 1: nobody is seated whom no teacher and no rule set by a teacher admitted.
    fn was_let_in(&self, person: PersonId, device: DeviceId, step: &Step<'_>) -> bool {
        let Step { input, before, after, .. } = step;
        let by_role = member(person).role == Role::Teacher;
        let by_act = match input {
            Input::Ask { session, ask: Ask::Door(DoorAsk::Admit { people }), .. } => {
                // As it was before: a teacher may admit their own other device, and lose this session by that.
                let asker = before.seat_of_session(*session).map(|seat| seat.person);
                let waited =
                    self.sessions.iter().any(|(session, at)| *at == (person, device) && !self.over.contains(session));
                people.contains(&person) && waited && asker.is_some_and(|asker| member(asker).role == Role::Teacher)
            }
            _ => false,
        };
        let first = before.first_device.get(&person).or(after.first_device.get(&person));
        // A machine that slept does several things at once: a seat is taken before what the input in hand rules.
        let by_rule = |rules: &Reference| {
            rules.phase == Phase::Open
                && rules.policy() == Policy::Roster
                && rules.opened
                && rules.expected.contains(&person)
                && first == Some(&device)
                && !member(person).looks_alike
        };
        let by_rule = by_rule(after) || (step.is_late && by_rule(before));
        let is_open = after.phase == Phase::Open || (step.is_late && before.phase == Phase::Open);
        let again = is_open && self.returning.get(&person) == Some(&device);
        !self.barred.contains_key(&person) && (by_role || by_act || by_rule || again)
    }

    fn follow(&mut self, fact: &Fact) {
        match fact {
            Fact::Seated { person, device, .. } => {
                self.returning.remove(person);
                self.seats.insert(*person, *device);
            }
            Fact::Left { person, .. } => {
                self.seats.remove(person);
            }
            Fact::Revoked { person } | Fact::Refused { person, .. } => {
                // A second device may be refused while the first one sits.
                if matches!(fact, Fact::Revoked { .. }) {
                    self.seats.remove(person);
                }
                self.returning.remove(person);
            }
            Fact::Idle { person, role } => {
                assert_eq!(*role, member(*person).role);
                let device = self.seats.remove(person).expect("idle on a seat");
                self.returning.insert(*person, device);
            }
            Fact::Removed { person, .. } => {
                self.returning.remove(person);
                self.seats.remove(person);
                self.barred.insert(*person, false);
            }
            Fact::Blocked { person, .. } => {
                self.returning.remove(person);
                self.seats.remove(person);
                self.barred.insert(*person, true);
            }
            Fact::Forgiven { person, .. } => {
                self.barred.remove(person);
            }
            Fact::Ended { .. } => {
                self.seats.clear();
                self.returning.clear();
                self.barred.retain(|_, blocked| *blocked);
            }
            Fact::Opened { .. }
            | Fact::Unattended {}
            | Fact::Attended { .. }
            | Fact::Bound { .. }
            | Fact::Policy { .. }
            | Fact::DoorOpened { .. }
            | Fact::Note { .. }
            | Fact::Rights { .. }
            | Fact::OwnRights { .. }
            | Fact::Spotlight { .. }
            | Fact::HandUp { .. }
            | Fact::HandDown { .. }
            | Fact::Said { .. }
            | Fact::Erased { .. }
            | Fact::Overreached { .. } => {}
        }
    }
}

fn see_class_event(event: &ClassEvent, is_teacher: bool) {
    match event {
        ClassEvent::Snapshot { snapshot } => {
            snapshot.people.iter().for_each(|person| see_person(person, is_teacher));
            assert_eq!(snapshot.door.is_some(), is_teacher);
            snapshot.door.iter().flat_map(|door| &door.waiting).for_each(see_knock);
        }
        ClassEvent::Joined { person } | ClassEvent::Changed { person } => see_person(person, is_teacher),
        ClassEvent::Left { .. }
        | ClassEvent::Crowd { .. }
        | ClassEvent::Phase { .. }
        | ClassEvent::Rights { .. }
        | ClassEvent::Spotlight { .. }
        | ClassEvent::Reacted { .. }
        | ClassEvent::Silenced { .. }
        | ClassEvent::Reduced { .. }
        | ClassEvent::EndsAt { .. } => {}
    }
}

fn see_door_event(event: &DoorEvent) {
    match event {
        DoorEvent::Knock { knock } => see_knock(knock),
        DoorEvent::Barred { barred } => assert_eq!(barred.name, *name(barred.person)),
        DoorEvent::Answered { .. } | DoorEvent::Changed { .. } | DoorEvent::Forgiven { .. } => {}
    }
}

/// Promise 4: a name, a role and a group are those of the credential.
fn see_person(person: &Person, is_teacher: bool) {
    let known = member(person.person);
    assert_eq!((&person.name, person.role), (name(person.person), known.role));
    assert_eq!(person.about.is_some(), is_teacher, "what is known about people is for teachers");
    if let Some(about) = &person.about {
        assert_eq!(about.group.is_some(), known.expected);
        assert!(!known.looks_alike || about.look_alike.is_some(), "{} is not marked", known.name);
    }
}

fn see_knock(knock: &Knock) {
    let known = member(knock.person);
    assert_eq!((&knock.name, knock.role), (name(knock.person), known.role));
    assert!(!known.looks_alike || knock.about.look_alike.is_some(), "{} is not marked", known.name);
}
