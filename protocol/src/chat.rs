//! The chat of a class: one room, no private messages between students.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ChatId, DisplayName, PersonId, Role, UnixMs};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ChatMessage {
    pub id: ChatId,
    pub person: PersonId,
    /// Kept with the message: its author may have left.
    pub name: DisplayName,
    pub role: Role,
    pub text: String,
    pub at: UnixMs,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ChatAsk {
    Say {
        text: String,
    },
    /// A teacher takes a message away from everyone.
    Erase {
        message: ChatId,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ChatEvent {
    Said { message: ChatMessage },
    Erased { message: ChatId },
}
