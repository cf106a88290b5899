//! What the relay tells its caller.

use crate::names::{Mid, PeerId, RoomId, Source};

/// Drained with [`Relay::poll_event`](crate::Relay::poll_event) after every input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// ICE and DTLS are done: media flows both ways. Comes again after a `Disconnected` peer recovers.
    Connected { peer: PeerId },
    /// Nothing reaches the peer any more. It is still known (an ICE restart revives it) until `remove`.
    Disconnected { peer: PeerId, why: Farewell },
    /// All of the peer's receive slots, in the order of its offer; sent when any of them changed.
    Slots { peer: PeerId, slots: Vec<SlotFill> },
    /// Who is speaking, loudest first; changes only, at most every 300 ms a room.
    Speaking { room: RoomId, peers: Vec<PeerId> },
}

/// Why a peer went silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// No valid ICE check for 30 s (RFC 7675 §5.1).
    ConsentExpired,
    /// The browser closed its side (DTLS close_notify).
    Closed,
    /// DTLS did not complete in time, failed, or showed another certificate than the offer's.
    HandshakeFailed,
}

/// Who is in one receive slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotFill {
    pub mid: Mid,
    /// `Microphone`, `Camera`, `Screen` or `ScreenAudio`: the kind of slot this is.
    pub source: Source,
    pub from: Option<PeerId>,
}
