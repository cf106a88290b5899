//! The browsers: what each one knows, asked for, and was told.

use std::collections::{BTreeMap, BTreeSet};

use preau_classroom::{DeviceId, Output};
use preau_protocol::{Ask, ClassAsk, ClassEvent, Close, DoorAsk, Event, LobbyEvent, Outcome, PersonId, SessionId};
use uuid::Uuid;

use crate::{cast, view::View};

/// A browser that was away for longer than this many events gets a snapshot instead.
const MISSED_EVENTS_MAX: usize = 6;

pub struct Client {
    pub who: usize,
    pub device: usize,
    pub view: View,
    pub socket: Socket,
    pub asked: BTreeMap<u32, Ask>,
    /// What this browser sends arrives in order.
    pub arrives_after: u64,
}

#[derive(Clone, Debug)]
pub enum Socket {
    Up,
    /// Broken; what was sent since is kept for a resume.
    Down {
        missed: Vec<Event>,
    },
    /// Resumed too late for single events: what comes before everything is sent again means nothing.
    Deaf,
}

/// How a browser comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    WithEvents,
    TooLate,
}

#[derive(Default)]
pub struct Crowd {
    pub clients: BTreeMap<SessionId, Client>,
    drawn: u128,
    /// Who has been shown the class, and on which device: they know that they have a seat.
    pub shown_in: BTreeMap<PersonId, DeviceId>,
    /// Whose removal was acknowledged to a teacher.
    pub known_barred: BTreeSet<PersonId>,
}

impl Crowd {
    pub fn open(&mut self, who: usize, device: usize) -> SessionId {
        self.drawn += 1;
        let session = SessionId(Uuid::from_u128(0x5_0000 + self.drawn));
        let view = View::default();
        let client = Client { who, device, view, socket: Socket::Up, asked: BTreeMap::new(), arrives_after: 0 };
        self.clients.insert(session, client);
        session
    }

    /// An output has left the server.
    pub fn deliver(&mut self, output: Output) {
        match output {
            Output::Send { to, event } => to.into_iter().for_each(|session| self.hear(session, event.clone())),
            Output::Reply { to, id, outcome: Outcome::Done {} } => self.acknowledge(to, id),
            Output::Reply { .. } => {}
            Output::Close { session, why } => self.close(session, why),
            Output::Record(_) | Output::Permit { .. } | Output::Unseat { .. } => panic!("not for clients: {output:?}"),
        }
    }

    /// A broken socket is there again.
    pub fn resume(&mut self, session: SessionId) -> Option<Resume> {
        let client = self.clients.get_mut(&session)?;
        let Socket::Down { missed } = &mut client.socket else { return None };
        let missed = std::mem::take(missed);
        client.socket = Socket::Up;
        if missed.len() > MISSED_EVENTS_MAX {
            client.socket = Socket::Deaf;
            return Some(Resume::TooLate);
        }
        missed.into_iter().for_each(|event| self.hear(session, event));
        Some(Resume::WithEvents)
    }

    pub fn crash(&mut self) {
        self.clients.clear();
    }

    fn hear(&mut self, session: SessionId, event: Event) {
        let Some(client) = self.clients.get_mut(&session) else { panic!("sent to nobody: {event:?}") };
        match &mut client.socket {
            Socket::Down { missed } => return missed.push(event),
            Socket::Deaf if !is_everything(&event) => return,
            Socket::Deaf => client.socket = Socket::Up,
            Socket::Up => {}
        }
        client.view.hear(&event);
        if is_snapshot(&event) {
            self.shown_in.insert(cast::person(client.who), cast::device(client.who, client.device));
        }
    }

    fn acknowledge(&mut self, session: SessionId, id: u32) {
        match self.clients[&session].asked.get(&id) {
            Some(Ask::Class(ClassAsk::Remove { person, .. }) | Ask::Door(DoorAsk::Block { person })) => {
                self.known_barred.insert(*person);
            }
            Some(Ask::Door(DoorAsk::Forgive { person })) => {
                self.known_barred.remove(person);
            }
            Some(_) => {}
            None => panic!("a reply to nothing that was asked"),
        }
    }

    fn close(&mut self, session: SessionId, why: Close) {
        let client = self.clients.remove(&session).expect("closed once");
        if why != Close::Replaced {
            self.shown_in.remove(&cast::person(client.who));
        }
    }
}

fn is_snapshot(event: &Event) -> bool {
    matches!(event, Event::Class(event) if matches!(**event, ClassEvent::Snapshot { .. }))
}

/// Where somebody stands is all that one who waits has to know.
fn is_everything(event: &Event) -> bool {
    is_snapshot(event) || matches!(event, Event::Lobby(LobbyEvent::Standing { .. }))
}
