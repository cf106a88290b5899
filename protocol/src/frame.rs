//! The frames of a conversation: what may stand at the top of a WebSocket text message.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    ChatAsk, ChatEvent, ClassAsk, ClassEvent, ClassId, DisplayName, DoorAsk, DoorEvent, Gone, IceServer, LobbyEvent,
    MediaAsk, MediaEvent, PersonId, Refusal, Role, SessionId, SlotFigures, Turned, UnixMs,
};

/// The first message of a client, as `{"hello":{…}}`. What it asks before the [`Welcome`] has come gets no reply: there is no session yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// [`crate::VERSION`].
    pub version: u16,
    pub class: ClassId,
    /// A portal's token; absent when the browser's cookie says who this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub resume: Option<Resume>,
    /// From the line ([`crate::Queued`]), once it is its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub ticket: Option<String>,
}

/// Where a broken conversation is to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    pub session: SessionId,
    /// The last event that arrived; 0 for none.
    pub last_seq: u32,
}

/// A request, after the hello.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Chosen by the client; comes back in the one [`Reply`].
    pub id: u32,
    pub ask: Ask,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    Session(SessionAsk),
    Door(DoorAsk),
    Class(ClassAsk),
    Chat(ChatAsk),
    Media(MediaAsk),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SessionAsk {
    /// Gives the seat, or the place in the lobby, back.
    Leave {},
    /// A fresh token of the same person, before the old one expires.
    Refresh { token: String },
    /// The answer to [`SessionEvent::StillThere`]. Anything else that somebody does answers it as well.
    Here {},
}

/// All that a client sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(untagged)]
pub enum ClientFrame {
    Hello(HelloFrame),
    Request(Request),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct HelloFrame {
    pub hello: Hello,
}

/// The answer to a hello.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Welcome {
    pub session: SessionId,
    pub person: PersonId,
    pub name: DisplayName,
    pub role: Role,
    /// What the invitation says, and all that somebody waiting learns of the class.
    pub class: Invited,
    /// The conversation goes on: the missed events follow, in order. Otherwise this is a new one.
    pub resumed: bool,
}

/// What an invitation says of its class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Invited {
    pub class: ClassId,
    pub title: String,
    pub teacher: DisplayName,
    pub starts_at: UnixMs,
    /// Address students as "tu" in French.
    pub familiar: bool,
}

/// All that a server sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ServerFrame {
    Welcome(Welcome),
    Turned(Turned),
    Reply(Reply),
    Event(Sequenced),
    Beat(Beat),
}

/// The one answer to a [`Request`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    pub id: u32,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    /// Done, and, where it is a decision of the door, written down.
    Done {},
    /// The answer to a media offer.
    Answer { sdp: String },
    /// The answer to `inspect`: the slots in which somebody is.
    Inspected { slots: Vec<SlotFigures> },
    /// The answer to a question for ways; none where the server does not relay. New ones are given for this long.
    Ways { servers: Vec<IceServer>, ttl_s: u32 },
    /// Nothing was changed.
    Refused { code: Refusal, message: String },
}

impl Outcome {
    /// A refusal with its sentence.
    pub fn refused(code: Refusal) -> Outcome {
        Outcome::Refused { code, message: code.sentence().into() }
    }
}

/// An event with its number in this session: 1, 2, 3, …
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Sequenced {
    pub seq: u32,
    pub on: Event,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Session(SessionEvent),
    Lobby(LobbyEvent),
    Door(DoorEvent),
    Class(Box<ClassEvent>),
    Chat(ChatEvent),
    Media(MediaEvent),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SessionEvent {
    /// This is over: the socket closes after it.
    Gone { why: Gone },
    /// The token expires soon; a fresh one goes into [`SessionAsk::Refresh`].
    RefreshDue { within_ms: u32 },
    /// Others wait for a seat, and nothing was done with this one for long: without an answer it is given back.
    StillThere { within_ms: u32 },
}

/// A sign of life every 20 s, outside the sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Beat {
    /// Should the server vanish: come back at a random moment within this many milliseconds.
    pub return_within_ms: u32,
}
