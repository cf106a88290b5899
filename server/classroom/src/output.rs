//! What a class wants done.

use preau_protocol::{Close, DisplayName, Event, Outcome, PersonId, Role, SessionId};

use crate::Entry;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    Send {
        to: Vec<SessionId>,
        event: Event,
    },
    /// The one answer to a request; always before the `Close` of its session.
    Reply {
        to: SessionId,
        id: u32,
        outcome: Outcome,
    },
    /// This session is over, whether or not its socket still stands. Nothing is sent to it any more.
    Close {
        session: SessionId,
        why: Close,
    },
    /// Write this down. Every later output of this class waits until it is durable, except the two below.
    Record(Entry),
    /// What a seated session's media may do from now on: first on being seated, then on every change. Done at once.
    Permit {
        session: SessionId,
        permit: MediaPermit,
    },
    /// This session has no seat any more and its media ends. Done at once.
    Unseat {
        session: SessionId,
    },
}

/// What the relay may forward of one seat: what its person has the right to send *and* has turned on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaPermit {
    pub microphone: bool,
    pub camera: bool,
    /// The screen and its sound.
    pub screen: bool,
    /// False while nobody watches over the class: then only teachers may see and hear this person.
    pub to_students: bool,
}

/// Who holds a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seated<'a> {
    pub person: PersonId,
    pub name: &'a DisplayName,
    pub role: Role,
    /// The connection is lost, and the seat is kept for now.
    pub away: bool,
}
