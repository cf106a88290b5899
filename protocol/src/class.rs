//! A class in session: who is there, what they do, what a teacher rules.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{About, ChatMessage, DisplayName, Door, OwnRights, PersonId, Reduction, Rights, Role, UnixMs};

/// Where a class is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// No teacher has come yet.
    Scheduled,
    /// A teacher is inside.
    Open,
    /// No teacher inside for longer than the grace: nobody new, and students are not left alone together.
    Unattended,
    Ended,
}

/// What somebody sends just now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Sending {
    pub microphone: bool,
    pub camera: bool,
    pub screen: bool,
}

/// A seated person, as everyone in the class sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub person: PersonId,
    pub name: DisplayName,
    pub role: Role,
    /// Connection lost; the seat is kept for a while.
    pub away: bool,
    pub sending: Sending,
    /// When the hand went up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub hand: Option<UnixMs>,
    /// What this person may do now: the class's rights with their own laid over.
    pub rights: Rights,
    // Boxed: everybody else's lists, which are the long ones, have none.
    /// For teachers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub about: Option<Box<About>>,
}

/// A short sign that passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    Yes,
    No,
    Clap,
    Heart,
    Smile,
    Lost,
}

/// What somebody in class asks for. The second half is a teacher's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClassAsk {
    Hand {
        up: bool,
    },
    React {
        reaction: Reaction,
    },
    /// What one sends from now on. What one has no right to is refused as a whole.
    Sending {
        sending: Sending,
    },

    /// Lowers somebody's hand.
    LowerHand {
        person: PersonId,
    },
    /// Turns microphones off. Whoever has the right to speak can turn theirs on again.
    Mute {
        people: Vec<PersonId>,
    },
    /// Turns every student's microphone off.
    MuteAll {},
    /// What students may do.
    Rights {
        rights: Rights,
    },
    /// What one student may do.
    RightsOf {
        person: PersonId,
        rights: OwnRights,
    },
    /// Shows this person large to everyone; nobody with `null`.
    Spotlight {
        person: Option<PersonId>,
    },
    /// Sends somebody out for the rest of the lesson, or for good with `block`.
    Remove {
        person: PersonId,
        block: bool,
    },
    /// Ends the class for everyone.
    End {},
}

/// Why somebody is no longer in class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    /// By their own will.
    Left,
    /// Their connection did not come back in time.
    Lost,
    Removed,
    Blocked,
    /// The token that let them in is no longer good.
    Expired,
    /// The class is over.
    Ended,
    /// Did nothing for long while others waited. They were admitted, and may come back as they are.
    Idle,
}

/// All that a seated person knows of the class: what every later event changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    pub phase: Phase,
    /// What students may do.
    pub rights: Rights,
    /// Everyone seated, in the order in which they came, oneself among them. Students of a large class see the first
    /// [`crate::limits::LISTED_MAX`] and whoever does something.
    pub people: Vec<Person>,
    /// How many are seated, for those who do not see all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seated: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub spotlight: Option<PersonId>,
    /// The last messages, oldest first.
    pub chat: Vec<ChatMessage>,
    /// What the server itself has too little of just now: never [`Reduction::LatecomersOut`] or [`Reduction::Full`].
    pub reduction: Reduction,
    /// The lesson ends then, whoever is inside: the operator's rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub ends_at: Option<UnixMs>,
    /// For teachers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub door: Option<Door>,
}

/// What seated people hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClassEvent {
    /// Everything at once: on being seated, and after a resume that came too late for single events.
    Snapshot {
        snapshot: Snapshot,
    },
    Joined {
        person: Person,
    },
    /// Somebody's state as it is now.
    Changed {
        person: Person,
    },
    Left {
        person: PersonId,
        why: Gone,
    },
    /// How many are seated just now: to students who do not see all of them, once in a while.
    Crowd {
        seated: u32,
    },
    Phase {
        phase: Phase,
    },
    /// What students may do: every student's rights are these from now on. A `Changed` follows for each who has
    /// their own, or was sending what is no longer allowed.
    Rights {
        rights: Rights,
    },
    Spotlight {
        person: Option<PersonId>,
    },
    Reacted {
        person: PersonId,
        reaction: Reaction,
    },
    /// To whom a teacher has muted, or taken a right from, while they were sending: what they still send.
    Silenced {
        sending: Sending,
    },
    /// What everybody is sent less of from now on, or is sent again: the server is short, or no longer is.
    Reduced {
        reduction: Reduction,
    },
    /// The lesson ends then. Known from the snapshot, and said again ten minutes before.
    EndsAt {
        at: UnixMs,
    },
}
