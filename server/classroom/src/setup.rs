//! What a teacher said of the class on its set-up page, and how large and long a class may be.

use std::collections::BTreeMap;

use preau_protocol::{
    DisplayName, Invited, PersonId, Policy,
    limits::{LISTED_MAX, LOBBY_STRANGERS_MAX, SEATS_MAX},
};

use crate::waits::STILL_THERE_MS;

/// A class as it was set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// What an invitation says of the class.
    pub class: Invited,
    /// The policy with which each lesson starts.
    pub policy: Policy,
    /// The students expected.
    pub roster: BTreeMap<PersonId, DisplayName>,
}

/// How many people one class takes, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Everyone seated together.
    pub seats_max: usize,
    /// Of these, seats that no student takes: a full class must still be able to get its teacher back.
    pub seats_for_teachers: usize,
    /// People in the lobby who are not on the roster.
    pub strangers_max: usize,
    /// People on the list that students see, besides those who teach or act.
    pub listed_max: usize,
    /// A lesson ends so long after it was opened. `None`: when it ends is nobody's rule.
    pub lesson_ms_max: Option<u64>,
    /// Whoever does nothing for so long is asked whether they are still there, while others wait. `None`: never.
    pub idle_ms: Option<u64>,
    /// And has so long to say so.
    pub still_there_ms: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            seats_max: SEATS_MAX,
            seats_for_teachers: 8,
            strangers_max: LOBBY_STRANGERS_MAX,
            listed_max: LISTED_MAX,
            lesson_ms_max: None,
            idle_ms: None,
            still_there_ms: STILL_THERE_MS,
        }
    }
}
