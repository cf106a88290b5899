//! The door of a class: its policy, who stands before it, and what a teacher does there.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{DisplayName, PersonId, UnixMs};

/// Who gets in without being asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// The teacher is asked about everyone.
    #[default]
    Ask,
    /// Verified people on the roster walk in once the teacher has opened the door; everyone else knocks.
    Roster,
    /// Nobody new.
    Shut,
}

/// How somebody proved who they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Proof {
    /// The first teacher's link, or a link that a teacher made for a colleague.
    Account {},
    /// A personal invitation link.
    Invitation {},
    /// A token signed by a portal, named as its operator configured it.
    Portal { issuer: String },
}

/// What teachers, and only they, learn about somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct About {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub group: Option<String>,
    pub on_roster: bool,
    pub proof: Proof,
    /// Somebody else of the class whose name looks the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub look_alike: Option<DisplayName>,
}

/// Somebody who waits at the door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Knock {
    pub person: PersonId,
    pub name: DisplayName,
    pub role: crate::Role,
    pub about: About,
    pub since: UnixMs,
    /// The same person is here already, on another device: it may be somebody who was handed the link.
    pub other_device: bool,
}

/// The door as teachers see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Door {
    pub policy: Policy,
    /// A teacher opened the door in this lesson; until then `roster` lets nobody walk in.
    pub opened: bool,
    /// The teacher's message to the lobby; empty for none.
    pub note: String,
    /// Students on the roster.
    pub expected: u32,
    /// In order of arrival.
    pub waiting: Vec<Knock>,
    /// People who were removed or blocked, and could be let back.
    pub barred: Vec<Barred>,
}

/// Somebody who may not come back unless a teacher says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Barred {
    pub person: PersonId,
    pub name: DisplayName,
    /// For good; otherwise until this lesson ends.
    pub blocked: bool,
}

/// What a teacher does at the door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DoorAsk {
    /// Lets these people in. It names everyone, so that nobody enters whom the teacher has not seen.
    Admit { people: Vec<PersonId> },
    /// Sends these people away; they may knock again.
    Refuse { people: Vec<PersonId> },
    /// Sends this person away for good.
    Block { person: PersonId },
    /// Takes back a removal or a block: the person may knock again.
    Forgive { person: PersonId },
    /// Opens the door for a `roster` policy that was chosen before the lesson.
    Open {},
    /// Chooses a policy; `roster` chosen inside the class opens the door at once.
    Policy { policy: Policy },
    /// The message to the lobby; empty for none.
    Note { text: String },
}

/// What teachers hear from the door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DoorEvent {
    /// Somebody waits, or what is known of a waiting person has changed.
    Knock {
        knock: Knock,
    },
    /// Somebody no longer waits.
    Answered {
        person: PersonId,
    },
    Changed {
        policy: Policy,
        opened: bool,
        note: String,
    },
    Barred {
        barred: Barred,
    },
    Forgiven {
        person: PersonId,
    },
}
