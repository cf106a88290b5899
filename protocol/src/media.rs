//! Media: one offer, fixed slots, and what somebody looks at.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::PersonId;

/// The media sections through which somebody sends, by MID (RFC 9143 §15). All four are always there, so that turning
/// something on negotiates nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SendMids {
    pub microphone: String,
    pub camera: String,
    pub screen: String,
    pub screen_audio: String,
}

/// The slots through which somebody receives, by MID.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ReceiveMids {
    /// Up to three: the loudest voices.
    pub audio: Vec<String>,
    pub screen: String,
    pub screen_audio: String,
    /// Up to 24 cameras.
    pub video: Vec<String>,
}

/// Somebody to look at, and how large.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Look {
    pub person: PersonId,
    /// Height of the picture on this screen, in device pixels.
    pub height_px: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum MediaAsk {
    /// The browser's offer, answered with [`crate::Outcome::Answer`]. Again after a change of network (an ICE restart).
    Offer { sdp: String, send: SendMids, receive: ReceiveMids },
    /// Whose cameras to put into the video slots, most important first.
    View { looks: Vec<Look> },
}

/// Who is in a slot now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    pub mid: String,
    pub person: Option<PersonId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum MediaEvent {
    /// Every slot, whenever one of them has changed.
    Slots { slots: Vec<Slot> },
    /// Who speaks, loudest first.
    Speaking { people: Vec<PersonId> },
    /// The server no longer has this person's media (it was restarted, say): make a new offer.
    Lost {},
}
