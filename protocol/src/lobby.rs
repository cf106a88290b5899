//! The lobby: all that somebody who waits may learn.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why somebody waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WaitingFor {
    /// No teacher is there yet.
    Opening,
    /// A teacher is there and has been told.
    Answer,
    /// The door is shut to newcomers for now.
    Shut,
    /// The teacher has left the room for a moment.
    TeacherAway,
    /// The class has no free seat.
    Seat,
}

/// What a waiting person hears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LobbyEvent {
    /// Where one stands. `position` counts from 1, in order of arrival.
    Standing { position: u32, waiting_for: WaitingFor, other_device: bool },
    /// The teacher's message to the lobby; empty for none.
    Note { text: String },
}
