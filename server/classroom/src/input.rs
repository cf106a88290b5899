//! What happens to a class.

use preau_protocol::{Ask, PersonId, Reduction, SessionId, UnixMs};

use crate::{DeviceId, Identity, Setup};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Somebody verified knocks. `session` is fresh; `until` is when their token expires.
    Arrive { session: SessionId, identity: Identity, device: DeviceId, until: Option<UnixMs> },
    /// The socket is gone; the seat, or the place in the line, is kept for a while. Events are still sent to the
    /// session, so that a resume finds them.
    Lost { session: SessionId },
    /// The same session resumed on a new socket.
    Back { session: SessionId },
    /// The same session resumed too late for single events: it is back, and everything is sent again.
    Snapshot { session: SessionId },
    /// A request. Every one gets exactly one reply, or its session is closed. `Ask::Media` and
    /// `SessionAsk::Refresh` are the edges' business and are refused here as malformed.
    Ask { session: SessionId, id: u32, ask: Ask },
    /// The edges have verified a fresh token of the same person.
    Refreshed { session: SessionId, until: UnixMs },
    /// The teacher changed the class on its set-up page.
    Setup(Setup),
    /// This person's invitation was revoked: out on every device. They are not barred: without a new invitation they
    /// cannot knock, and with one they may.
    Revoked { person: PersonId },
    /// This browser of theirs was signed out: whoever is here with it is out. Another one of theirs stays.
    SignedOut { person: PersonId, device: DeviceId },
    /// Others wait for seats on this server, or no longer: while they do, whoever does nothing is asked for theirs.
    SeatsWanted(bool),
    /// What the server has too little of, or has again.
    Reduced(Reduction),
    /// [`crate::Classroom::poll_timeout`] has come.
    Timeout,
}
