//! What the relay tells its caller.

use crate::link::Link;
use crate::names::{Mid, PeerId, RoomId, Source};

/// Drained with [`Relay::poll_event`](crate::Relay::poll_event) after every input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// ICE and DTLS are done: media flows both ways. Comes again after a `Disconnected` peer recovers.
    Connected { peer: PeerId },
    /// Nothing reaches the peer any more. It is still known (an ICE restart revives it) until `remove`.
    Disconnected { peer: PeerId, why: Farewell },
    /// The peer sends for the first time: other relays with people of its room need a [`StandIn`](crate::StandIn).
    Publishes { peer: PeerId },
    /// All of the peer's receive slots, in the order of its offer; sent when any of them changed.
    Slots { peer: PeerId, slots: Vec<SlotFill> },
    /// Who is speaking, loudest first; changes only, at most every 300 ms a room.
    Speaking { room: RoomId, peers: Vec<PeerId> },
    /// The peer's way got better or worse, by its words; at most every two seconds a peer.
    Link { peer: PeerId, link: Link },
    /// How high the largest picture is in which anybody looks at this source of the peer, in device pixels; 0: nobody
    /// does. Layers above it need not be sent. Raised at once, lowered after some seconds.
    Wanted { peer: PeerId, source: Source, height_px: u16 },
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

/// Which pictures a peer wants at all: chosen by hand, to save bandwidth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Pictures {
    #[default]
    All,
    /// The screen, and the camera looked at first, small.
    Few,
    None,
}

/// One receive slot in figures, for whoever looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotStats {
    pub mid: Mid,
    pub source: Source,
    pub from: Option<PeerId>,
    /// Of the stream that is shown.
    pub kbps: u32,
    /// Of the picture that is shown, if its codec tells.
    pub height_px: Option<u16>,
    /// Percent of the slot's packets that did not arrive at first, as the receiver last reported.
    pub loss: u8,
}

/// Who is in one receive slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotFill {
    pub mid: Mid,
    /// `Microphone`, `Camera`, `Screen` or `ScreenAudio`: the kind of slot this is.
    pub source: Source,
    pub from: Option<PeerId>,
}
