//! Media: one offer, fixed slots, what somebody looks at, and how well it reaches them.

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
    /// Which pictures to send me from now on, whatever I look at.
    Receive { pictures: Pictures },
    /// What went wrong on this screen since the last time, at most every [`crate::limits::FELT_EVERY_MS`].
    Felt { felt: Felt },
    /// How what is sent to this person reaches them, answered with [`crate::Outcome::Inspected`]. For teachers.
    Inspect { person: PersonId },
    /// How to reach the server from a network that lets neither its UDP nor its TCP port through, answered with
    /// [`crate::Outcome::Ways`]. Asked anew before each attempt: the credentials are short-lived.
    Ways {},
}

/// One entry of `RTCConfiguration.iceServers`. It relays to this server's own media and to nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct IceServer {
    /// RFC 7065, as `turn:192.0.2.1:3478?transport=udp` or `turns:class.example.org:443?transport=tcp`.
    pub urls: Vec<String>,
    pub username: String,
    pub credential: String,
}

/// Which pictures somebody wants: chosen by hand, on a weak connection or one that is paid for by its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Pictures {
    #[default]
    All,
    /// The screen, and one camera, small.
    Few,
    /// Sound only.
    None,
}

/// What only the browser knows of its own pictures and sound. All slots together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Felt {
    /// Pictures that stood still where the eye notices.
    pub freezes: u16,
    /// How long the worst of them stood still.
    pub frozen_ms: u16,
    /// Sound that had to be made up for sound that did not come, in the worst slot.
    pub concealed_ms: u16,
}

/// What somebody sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Microphone,
    Camera,
    Screen,
    ScreenAudio,
}

/// How good a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    Good,
    Fair,
    Poor,
}

/// What somebody is sent less of because their connection does not bear it. Sound comes before everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Reduced {
    Nothing,
    /// Some pictures are smaller.
    Smaller,
    /// Some cameras are not shown.
    Fewer,
    AudioOnly,
}

/// One person's connection, as teachers see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct PersonLink {
    pub person: PersonId,
    pub quality: Quality,
    pub reduced: Reduced,
    pub rtt_ms: u16,
    /// Of what is sent to them, percent.
    pub loss_down: u8,
    /// Of what they send, percent.
    pub loss_up: u8,
    /// What their connection is believed to bear; 0 while that is not known.
    pub down_kbps: u32,
    /// As their browser last told; absent when it tells nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub felt: Option<Felt>,
}

/// One slot of a person's, as it is being sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SlotFigures {
    pub source: Source,
    /// Whose sound or picture is in it.
    pub person: PersonId,
    pub kbps: u32,
    /// Of the picture that is forwarded; 0 for sound, and where the codec does not tell.
    pub height_px: u16,
    /// Percent.
    pub loss: u8,
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
    /// How your own connection is, whenever that has changed.
    Link { quality: Quality, reduced: Reduced },
    /// For teachers: people's connections, those that have changed.
    Links { people: Vec<PersonLink> },
    /// How large anybody looks at this of yours: larger layers need not be sent. 0: nobody looks. Raised at once,
    /// lowered once it lasts.
    Wanted { source: Source, height_px: u16 },
    /// The server no longer has this person's media (it was restarted, say): make a new offer.
    Lost {},
}
