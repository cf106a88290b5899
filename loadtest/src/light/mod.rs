//! Light peers: WebRTC clients that cost less per received packet than a relay per forwarded one.
//!
//! A [`Recruit`] writes an offer; with the answer it becomes a [`LightPeer`], which a [`Fleet`] drives: one thread and
//! one event loop for thousands of them. They do real ICE, DTLS and SRTP on the lower crates of webrtc-rs, but look at
//! packets only as far as counting needs; a sample of them is opened. Real frames are the business of [`crate::Peer`].

mod answer;
mod dtls;
mod feedback;
mod film;
mod fleet;
mod ice;
mod offer;
mod peer;
mod peer_report;
mod reel;
mod socket;
mod stamp;
mod tally;

pub use answer::AnswerError;
pub use fleet::{Census, Fleet, Place};
pub use offer::{Part, Recruit};
pub use peer::{Failure, LightPeer, Manners};
pub use peer_report::{Logbook, PeerReport, Stream};
pub use reel::{Pacing, Reel, Sound};
