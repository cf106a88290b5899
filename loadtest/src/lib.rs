//! Virtual teachers and students with real sockets and real media, on a WebRTC stack that is not the server's own.
//!
//! A [`Participant`] is what a person at a browser is: a [`Device`] with its cookie, a [`Conversation`] over a
//! WebSocket, and a [`Peer`] that sends and receives pictures and sound. The journeys in `tests` use them one by one.
//! A [`rehearsal`] plays a [`scenario`] with thousands of people, most of them [`light`], and ends with a [`report`].

mod agenda;
mod conversation;
mod device;
mod flood;
mod frames;
mod gathering;
mod gauge;
mod histogram;
mod intruder;
mod ledger;
mod lessons;
pub mod light;
mod line;
mod live;
mod media;
mod participant;
mod person;
pub mod portal;
mod receipt;
pub mod rehearsal;
pub mod relay;
pub mod report;
pub mod scenario;
pub mod simulate;
mod site;
mod stage;
mod usage;
mod visit;

pub use agenda::Intruder;
pub use conversation::{Closing, Conversation, ConversationError, connect};
pub use device::{Device, DeviceError, Secret};
pub use frames::Source;
pub use media::{MediaError, Peer, Publishing};
pub use participant::{Participant, ParticipantError};
pub use receipt::Receipt;
