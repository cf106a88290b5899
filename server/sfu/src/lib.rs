//! Préau's relay: media in, media out, without a socket, a clock or a thread of its own.
//!
//! It is a WebRTC peer for every seat: ICE-lite (RFC 8445 §2.5), DTLS 1.2 as the passive side
//! (RFC 5763), SRTP (RFC 3711, RFC 7714), and an answer to the one offer a browser makes. What a
//! peer sends goes to the receive slots of the others; a slot is one continuous stream whoever is
//! in it.
//!
//! # How to drive it
//!
//! ```text
//! datagrams ──► receive(…, now) ─┐                 ┌─► poll_transmit() until None ──► send
//! commands  ──► answer, allow, … ├─► one [`Relay`] ┼─► poll_event() until None
//! clock     ──► handle_timeout ──┘                 └─► poll_timeout()
//! ```
//!
//! Read a batch of datagrams, stamp it once, `receive` each; then drain `poll_transmit` (packets
//! for one receiver leave as runs of equal segments, ready for GSO) and `poll_event`. Commands
//! take effect when they return: what was received before a `remove` or an `allow` and not yet
//! polled is judged by the new rules.
//!
//! The relay must be drained after each batch of at most [`BATCH_DATAGRAMS_MAX`] datagrams; what
//! exceeds its buffers is dropped and counted.

mod allot;
mod answer;
mod certificate;
mod clockwork;
mod codec;
mod connections;
mod dependency;
mod downlink;
mod downstream;
mod dtls;
mod egress;
mod event;
mod front;
#[cfg(feature = "fuzz")]
mod fuzz;
mod gaze;
mod ice;
mod ingress;
mod jitter;
mod link;
mod names;
mod offer;
mod outbox;
mod peer;
mod peers;
mod permit;
mod plan;
mod probe;
mod ration;
mod reception;
mod relay;
mod replay;
mod report;
mod ring;
mod room;
mod rtp;
mod sdp;
mod session;
mod share;
mod slot;
mod spatial;
mod speakers;
mod srtp;
mod stand_in;
mod stats;
mod stream;
mod stun;
mod timers;
mod trunk;
mod turn;
mod twcc;
mod vp9;
mod watchers;
mod way;

pub use certificate::{Certificate, CertificateError};
pub use connections::ConnectionNews;
pub use event::{Event, Farewell, Pictures, SlotFill, SlotStats};
pub use link::{Link, Quality, Reduced};
pub use names::{Audience, Mid, PeerId, RelayId, Role, RoomId, SeatId, Source};
pub use offer::{Offer, OfferError, ReceiveMids};
pub use permit::Permit;
pub use probe::Probe;
pub use ration::Ration;
pub use relay::{BATCH_DATAGRAMS_MAX, Layered, Look, Relay, RelayConfig, Transmit, Ways};
#[cfg(feature = "fuzz")]
pub use sdp::{Attribute, Description, Media};
pub use stand_in::StandIn;
pub use stats::{Dropped, PeerStats, Stats};
pub use trunk::{Load, TRUNK_PACKETS_MAX};
pub use turn::{Route, TurnConfig, TurnCredentials, TurnKey, route};
pub use way::{ConnectionId, Way};
