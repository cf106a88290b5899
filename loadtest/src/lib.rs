//! Virtual teachers and students with real sockets and real media, on a WebRTC stack that is not the server's own.
//!
//! A [`Participant`] is what a person at a browser is: a [`Device`] with its cookie, a [`Conversation`] over a
//! WebSocket, and a [`Peer`] that sends and receives pictures and sound. Scenarios put them together; the journeys in
//! `tests` use them one by one.

pub mod class;
mod conversation;
mod device;
mod frames;
mod gathering;
pub mod light;
mod media;
mod participant;
mod receipt;
pub mod relay;
mod report;
mod usage;

pub use conversation::{Closing, Conversation, ConversationError, connect};
pub use device::{Device, DeviceError, Secret};
pub use frames::Source;
pub use media::{MediaError, Peer, Publishing};
pub use participant::{Participant, ParticipantError};
pub use receipt::Receipt;
pub use report::Report;
