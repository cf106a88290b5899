//! Who may hear what in a class, told from its journal and from what was asked alone.

use crate::cast::{ADA, NOE, identity};
use preau::shard::LineId;
use preau_classroom::{DeviceId, Entry, Fact, Way};
use preau_protocol::{Ask, Close, DoorAsk, Event, Outcome, PersonId, Policy, Resume, Role, ServerFrame, SessionId};
use std::collections::{BTreeMap, BTreeSet};

struct Line {
    person: PersonId,
    device: DeviceId,
    fresh: SessionId,
    resume: Option<Resume>,
    session: Option<SessionId>,
    /// Had a seat, on this device, at any moment since it stands.
    was_seated: bool,
    last_seq: Option<u32>,
    is_open: bool,
    why: Option<Close>,
}

#[derive(Default)]
pub struct Witness {
    lines: BTreeMap<LineId, Line>,
    /// Whose each conversation is, the last event of it, and the questions in it that were not answered.
    owners: BTreeMap<SessionId, (PersonId, DeviceId)>,
    told: BTreeMap<SessionId, u32>,
    open: BTreeMap<u32, SessionId>,
    /// Questions whose asker's socket broke: the answer may have been for nobody.
    doubtful: BTreeMap<u32, SessionId>,
    seats: BTreeMap<PersonId, DeviceId>,
    barred: BTreeSet<PersonId>,
    returning: BTreeMap<PersonId, DeviceId>,
    policy: Option<Policy>,
    /// What is being asked, by whom, and whether they have a seat.
    asking: Option<(LineId, PersonId, bool, Ask)>,
}

impl Witness {
    pub fn arrives(
        &mut self,
        line: LineId,
        person: PersonId,
        device: DeviceId,
        fresh: SessionId,
        resume: Option<Resume>,
    ) {
        let was_seated = self.seats.get(&person) == Some(&device);
        let new =
            Line { person, device, fresh, resume, session: None, was_seated, last_seq: None, is_open: true, why: None };
        self.lines.insert(line, new);
    }

    pub fn sessions(&self) -> Vec<SessionId> {
        self.owners.keys().copied().collect()
    }

    /// One of the lines that stand.
    pub fn line(&self, n: u8) -> Option<LineId> {
        let open: Vec<LineId> = self.lines.iter().filter(|(_, line)| line.is_open).map(|(id, _)| *id).collect();
        open.get(usize::from(n) % open.len().max(1)).copied()
    }

    pub fn line_of(&self, person: PersonId) -> Option<LineId> {
        self.lines.iter().find(|(_, line)| line.is_open && line.person == person).map(|(id, _)| *id)
    }

    pub fn has_seat(&self, person: PersonId) -> bool {
        self.seats.contains_key(&person)
    }

    pub fn leaves(&mut self, line: LineId) {
        let Some(line) = self.lines.get_mut(&line) else { return };
        line.is_open = false;
        let session = line.session;
        let (gone, open) = std::mem::take(&mut self.open).into_iter().partition(|(_, of)| Some(*of) == session);
        self.open = open;
        self.doubtful.extend::<BTreeMap<u32, SessionId>>(gone);
    }

    pub fn asks(&mut self, id: LineId, number: u32, ask: &Ask) {
        let line = &self.lines[&id];
        if let Some(session) = line.session {
            self.open.insert(number, session);
        }
        let is_seated = self.seats.get(&line.person) == Some(&line.device);
        self.asking = Some((id, line.person, is_seated, ask.clone()));
    }

    pub fn has_asked(&mut self) {
        self.asking = None;
    }

    pub fn hears(&mut self, id: LineId, frame: &ServerFrame) {
        let heard_in: BTreeSet<Option<SessionId>> =
            self.lines.values().filter(|line| line.was_seated).map(|line| line.session).collect();
        let line = self.lines.get_mut(&id).expect("a line that is there");
        assert!(line.why.is_none(), "a word after the end: {frame:?}");
        match frame {
            ServerFrame::Welcome(welcome) => {
                // What was said before they left, and waited for the disk, still reaches whoever takes the conversation up.
                line.was_seated |= heard_in.contains(&Some(welcome.session));
                assert_eq!((line.session, welcome.person), (None, line.person), "greeted as somebody else, or twice");
                let owner = (line.person, line.device);
                let expected =
                    if welcome.resumed { line.resume.map(|resume| resume.session) } else { Some(line.fresh) };
                assert_eq!(expected, Some(welcome.session), "a conversation that nobody asked for");
                assert_eq!(*self.owners.entry(welcome.session).or_insert(owner), owner, "taken up by somebody else");
                line.session = Some(welcome.session);
            }
            ServerFrame::Event(event) => {
                let session = line.session.expect("greeted before anything is told");
                let told = self.told.entry(session).or_default();
                let follows = match (line.last_seq, line.resume.filter(|_| line.fresh != session)) {
                    (Some(last), _) => event.seq == last + 1,
                    // What was missed comes one by one, or everything anew, under a number that was never told.
                    (None, Some(resume)) => event.seq == resume.last_seq.saturating_add(1) || event.seq > *told,
                    (None, None) => event.seq == 1,
                };
                assert!(follows, "{} after {:?} of {told}", event.seq, line.last_seq);
                *told = event.seq.max(*told);
                line.last_seq = Some(event.seq);
                let is_for_all = matches!(event.on, Event::Session(_) | Event::Lobby(_));
                assert!(is_for_all || line.was_seated, "{} waits ({id:?}), and hears {:?}", line.person, event.on);
                let is_door = matches!(event.on, Event::Door(_));
                assert!(!is_door || identity(line.person).role == Role::Teacher, "{} hears of the door", line.person);
            }
            ServerFrame::Reply(reply) => {
                assert_eq!(
                    self.open.remove(&reply.id).or_else(|| self.doubtful.remove(&reply.id)),
                    line.session,
                    "an answer to nobody's question, or a second one"
                );
                let has_media =
                    matches!(reply.outcome, Outcome::Answer { .. } | Outcome::Ways { .. } | Outcome::Inspected { .. });
                assert!(line.was_seated || !has_media, "{} waits, and gets {:?}", line.person, reply.outcome);
            }
            ServerFrame::Turned(_) | ServerFrame::Beat(_) => panic!("a shard says no such thing: {frame:?}"),
        }
    }

    pub fn hung_up(&mut self, id: LineId, why: Close) {
        let line = self.lines.get_mut(&id).expect("a line that is there");
        assert_eq!(line.why, None, "hung up twice");
        line.why = Some(why);
        line.is_open = false;
        // Replaced: its questions are answered where the conversation goes on.
        if why != Close::Replaced
            && let Some(session) = line.session
        {
            self.open.retain(|_, of| *of != session);
            self.doubtful.retain(|_, of| *of != session);
        }
    }

    /// A decision: by somebody who may, and about somebody whom it may be taken about.
    pub fn records(&mut self, entry: &Entry) {
        if let Some((_, person, is_seated, ask)) = &self.asking {
            // Whoever waits may go, or say that they are there.
            let may = *is_seated || matches!(ask, Ask::Session(_));
            assert!(may, "{person} waits, asked {ask:?}, and it was written: {entry:?}");
        }
        if let Some(by) = decided_by(&entry.fact) {
            let asker = self.asking.as_ref().map(|(_, person, ..)| *person);
            assert_eq!(identity(by).role, Role::Teacher, "decided by {by}: {entry:?}");
            assert!(asker == Some(by), "nobody asked for it: {entry:?}");
        }
        if let Fact::Seated { person, device, way } = &entry.fact {
            assert!(!self.barred.contains(person), "kept out, and seated");
            let role = identity(*person).role;
            match way {
                Way::Teacher {} => assert_eq!(role, Role::Teacher),
                Way::Admitted { by } => {
                    let asked = matches!(&self.asking, Some((_, asker, true, Ask::Door(DoorAsk::Admit { people }))) if asker == by && people.contains(person));
                    assert!(asked && *by == ADA, "let in, and nobody did: {entry:?}");
                }
                Way::Roster {} => {
                    assert!(*person == NOE && self.policy == Some(Policy::Roster), "by no rule: {entry:?}")
                }
                Way::Returned {} => assert_eq!(self.returning.get(person), Some(device), "was not in before"),
            }
        }
        self.follow(&entry.fact);
    }

    fn follow(&mut self, fact: &Fact) {
        match fact {
            Fact::Seated { person, device, .. } => {
                self.seats.insert(*person, *device);
                self.returning.remove(person);
                let lines = self.lines.values_mut().filter(|line| (line.person, line.device) == (*person, *device));
                lines.for_each(|line| line.was_seated = true);
            }
            Fact::Idle { person, .. } => {
                let device = self.seats.remove(person).expect("idle on a seat");
                self.returning.insert(*person, device);
            }
            Fact::Left { person, .. } | Fact::Revoked { person } => {
                self.seats.remove(person);
            }
            Fact::Removed { person, .. } | Fact::Blocked { person, .. } => {
                self.seats.remove(person);
                self.barred.insert(*person);
            }
            Fact::Forgiven { person, .. } => {
                self.barred.remove(person);
            }
            Fact::Policy { policy, .. } => self.policy = Some(*policy),
            Fact::DoorOpened { .. } => self.policy = Some(Policy::Roster),
            Fact::Ended { .. } => {
                self.seats.clear();
                self.returning.clear();
                self.policy = None;
                // Who is blocked stays out; who was only removed may knock again.
                self.barred.clear();
            }
            _ => {}
        }
    }

    /// What was not written never was.
    pub fn begins_again(&mut self, journal: &[Entry]) {
        self.seats.clear();
        self.barred.clear();
        self.returning.clear();
        self.policy = None;
        journal.iter().for_each(|entry| self.follow(&entry.fact));
    }

    /// Everything is written: no question is open in a conversation that stands.
    pub fn is_done(&self) {
        for (number, session) in &self.open {
            let stands = self.lines.values().any(|line| line.is_open && line.session == Some(*session));
            assert!(!stands, "question {number} was never answered");
        }
    }

    pub fn is_drained(&self) {
        assert!(self.lines.values().all(|line| !line.is_open), "somebody was not told that the server goes");
    }
}

/// The teacher without whom a fact is none.
fn decided_by(fact: &Fact) -> Option<PersonId> {
    match fact {
        Fact::Refused { by, .. }
        | Fact::Removed { by, .. }
        | Fact::Blocked { by, .. }
        | Fact::Forgiven { by, .. }
        | Fact::DoorOpened { by }
        | Fact::Note { by, .. }
        | Fact::Rights { by, .. }
        | Fact::OwnRights { by, .. }
        | Fact::Spotlight { by, .. }
        | Fact::Erased { by, .. } => Some(*by),
        Fact::Policy { by, .. } | Fact::Ended { by } => *by,
        _ => None,
    }
}
