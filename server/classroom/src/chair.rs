//! The living side of a seat: which session sits there, and what it sends.

use preau_protocol::{Phase, Rights, Role, Sending, SessionId, UnixMs};

use crate::{
    MediaPermit,
    link::Link,
    pace::Pace,
    waits::{CHAT_AT_ONCE, CHAT_EVERY_MS, REACTION_EVERY_MS, REACTIONS_AT_ONCE},
};

#[derive(Clone, Debug)]
pub(crate) struct Chair {
    pub occupant: Occupant,
    pub sending: Sending,
    /// What the relay was last told.
    pub permit: Option<MediaPermit>,
    pub reacting: Pace,
    pub chatting: Pace,
    /// When its person last did something.
    pub acted_at: UnixMs,
    /// They were asked whether they are still there, and have until then to say so.
    pub asked_until: Option<UnixMs>,
}

/// Who sits on a chair just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occupant {
    Session(SessionId, Link),
    /// The seat is kept for its person, whose session ended with a crash of the server or with its token.
    Nobody,
}

impl Chair {
    pub fn new(occupant: Occupant, now: UnixMs) -> Chair {
        Chair {
            occupant,
            sending: Sending::default(),
            permit: None,
            reacting: Pace::new(REACTION_EVERY_MS, REACTIONS_AT_ONCE),
            chatting: Pace::new(CHAT_EVERY_MS, CHAT_AT_ONCE),
            acted_at: now,
            asked_until: None,
        }
    }

    pub fn session(&self) -> Option<SessionId> {
        match self.occupant {
            Occupant::Session(session, _) => Some(session),
            Occupant::Nobody => None,
        }
    }

    pub fn is_here(&self) -> bool {
        matches!(self.occupant, Occupant::Session(_, Link::Here))
    }

    /// Its person did something: whatever it was, they are there.
    pub fn act(&mut self, now: UnixMs) {
        self.acted_at = now;
        self.asked_until = None;
    }

    /// A new session sits down: it starts with everything off.
    pub fn take(&mut self, session: SessionId, link: Link, now: UnixMs) {
        self.act(now);
        self.occupant = Occupant::Session(session, link);
        self.sending = Sending::default();
        self.permit = None;
    }
}

/// What of `sending` these rights allow.
pub(crate) fn allowed(sending: Sending, rights: Rights) -> Sending {
    Sending {
        microphone: sending.microphone && rights.speak,
        camera: sending.camera && rights.camera,
        screen: sending.screen && rights.screen,
    }
}

/// What the relay may forward of somebody who has the right to all that they send.
pub(crate) fn permit(sending: Sending, role: Role, phase: Phase) -> MediaPermit {
    let Sending { microphone, camera, screen } = sending;
    // Children are not left alone together; a teacher's voice still reaches them.
    let to_students = role == Role::Teacher || phase == Phase::Open;
    MediaPermit { microphone, camera, screen, to_students }
}
