//! Why something was not done: a stable code for machines, a sentence for people.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why a request was refused. The code is stable; the client has its own words for each, in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The message could not be understood.
    Malformed,
    /// A value is outside its limits.
    Limit,
    /// Only a teacher may do this.
    TeachersOnly,
    /// Only somebody seated may do this.
    NotSeated,
    /// The class's rights do not allow it.
    NoRight,
    /// No such person here.
    NoSuchPerson,
    /// No such message.
    NoSuchMessage,
    /// A teacher cannot be removed or blocked here.
    IsTeacher,
    /// Every seat is taken.
    ClassFull,
    /// Nobody is let in now.
    DoorShut,
    /// The chat is closed while no teacher is inside.
    Unattended,
    /// Too soon after the last one.
    TooSoon,
    /// The offer cannot be answered.
    BadOffer,
    /// The decision could not be written down, and so was not taken.
    NotSaved,
}

impl Refusal {
    pub const ALL: [Refusal; 14] = [
        Refusal::Malformed,
        Refusal::Limit,
        Refusal::TeachersOnly,
        Refusal::NotSeated,
        Refusal::NoRight,
        Refusal::NoSuchPerson,
        Refusal::NoSuchMessage,
        Refusal::IsTeacher,
        Refusal::ClassFull,
        Refusal::DoorShut,
        Refusal::Unattended,
        Refusal::TooSoon,
        Refusal::BadOffer,
        Refusal::NotSaved,
    ];

    /// One English sentence, for logs and for clients without words of their own.
    pub fn sentence(self) -> &'static str {
        match self {
            Refusal::Malformed => "This message could not be understood.",
            Refusal::Limit => "A value is outside its limits.",
            Refusal::TeachersOnly => "Only a teacher can do this.",
            Refusal::NotSeated => "Only somebody who is in the class can do this.",
            Refusal::NoRight => "The teacher has not allowed this.",
            Refusal::NoSuchPerson => "This person is not here.",
            Refusal::NoSuchMessage => "This message is not there.",
            Refusal::IsTeacher => "A teacher cannot be removed.",
            Refusal::ClassFull => "Every seat in this class is taken.",
            Refusal::DoorShut => "The door of this class is shut.",
            Refusal::Unattended => "This waits until the teacher is back.",
            Refusal::TooSoon => "This came too soon after the last time.",
            Refusal::BadOffer => "The picture and sound of this browser could not be connected.",
            Refusal::NotSaved => "The decision could not be saved and was not taken. Try again.",
        }
    }
}
