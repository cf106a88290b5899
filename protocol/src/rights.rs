//! What somebody may do in a class.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Who somebody is in a class. It comes from the verified token or the roster, never from the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Teacher,
    Student,
    /// Sees and hears, and may nothing else: an inspector, a parent. The class does not expect them.
    Observer,
}

/// What a seated person may send. A teacher has all of them, always; an observer none, ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    pub speak: bool,
    pub camera: bool,
    pub screen: bool,
    pub chat: bool,
}

impl Rights {
    pub const NONE: Rights = Rights { speak: false, camera: false, screen: false, chat: false };
    pub const ALL: Rights = Rights { speak: true, camera: true, screen: true, chat: true };
    /// What students may do in a new class.
    pub const STUDENTS: Rights = Rights { screen: false, ..Rights::ALL };
}

/// Rights of one person that differ from the class's; an absent field follows the class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct OwnRights {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub speak: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub camera: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub screen: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub chat: Option<bool>,
}

impl OwnRights {
    /// These rights laid over the class's.
    pub fn over(self, class: Rights) -> Rights {
        Rights {
            speak: self.speak.unwrap_or(class.speak),
            camera: self.camera.unwrap_or(class.camera),
            screen: self.screen.unwrap_or(class.screen),
            chat: self.chat.unwrap_or(class.chat),
        }
    }
}
