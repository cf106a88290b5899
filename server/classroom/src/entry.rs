//! The journal of a class: each decision that must survive a crash, pseudonymous.

use preau_protocol::{ChatId, OwnRights, PersonId, Policy, Rights, Role, UnixMs};
use serde::{Deserialize, Serialize};

use crate::DeviceId;

/// A line of the journal. It names people by their ids only; what they write (chat, note) is kept as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub at: UnixMs,
    pub fact: Fact,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fact {
    /// A lesson began: this teacher came.
    Opened {
        by: PersonId,
    },
    /// The grace was over and no teacher was inside.
    Unattended {},
    /// A teacher is inside again.
    Attended {
        by: PersonId,
    },
    /// The lesson is over; without `by` it was left alone for too long.
    Ended {
        by: Option<PersonId>,
    },

    /// The first device with which somebody on the roster knocked in this lesson.
    Bound {
        person: PersonId,
        device: DeviceId,
    },
    /// Somebody has a seat, or moved with it to another device.
    Seated {
        person: PersonId,
        device: DeviceId,
        way: Way,
    },
    Left {
        person: PersonId,
        why: Departure,
    },
    /// Nothing was done with this seat while others waited, and it was given back. Its person was admitted as `role`,
    /// and may come back as that.
    Idle {
        person: PersonId,
        role: Role,
    },
    Refused {
        person: PersonId,
        device: DeviceId,
        by: PersonId,
    },
    Removed {
        person: PersonId,
        by: PersonId,
    },
    Blocked {
        person: PersonId,
        by: PersonId,
    },
    Forgiven {
        person: PersonId,
        by: PersonId,
    },
    /// The invitation was revoked on the set-up page.
    Revoked {
        person: PersonId,
    },

    /// Without `by` it was changed on the set-up page, which opens nothing.
    Policy {
        policy: Policy,
        by: Option<PersonId>,
    },
    /// A teacher opened the door for the roster.
    DoorOpened {
        by: PersonId,
    },
    Note {
        text: String,
        by: PersonId,
    },

    Rights {
        rights: Rights,
        by: PersonId,
    },
    OwnRights {
        person: PersonId,
        rights: OwnRights,
        by: PersonId,
    },
    Spotlight {
        person: Option<PersonId>,
        by: PersonId,
    },
    HandUp {
        person: PersonId,
    },
    HandDown {
        person: PersonId,
        by: PersonId,
    },

    Said {
        message: ChatId,
        by: PersonId,
        text: String,
    },
    Erased {
        message: ChatId,
        by: PersonId,
    },

    /// A student tried what only teachers may; nothing was changed.
    Overreached {
        person: PersonId,
        ask: String,
    },
}

/// By what right somebody is seated: a teacher's act, or a rule that a teacher set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Way {
    Admitted {
        by: PersonId,
    },
    /// A teacher walks in.
    Teacher {},
    /// The door is open to the roster.
    Roster {},
    /// They were admitted before, and gave their seat back because they did nothing.
    Returned {},
}

/// Why a seat was given up without a teacher's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Departure {
    Left,
    Lost,
    Expired,
}
