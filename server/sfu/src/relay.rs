//! The relay: every peer, every room, one door for datagrams.

use crate::certificate::Certificate;
use crate::event::Event;
use crate::names::{PeerId, Role, RoomId};
use crate::offer::{Offer, OfferError};
use crate::permit::Permit;
use crate::stats::{PeerStats, Stats};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// About one millisecond of a busy shard. The relay's buffers hold this many between two drains.
pub const BATCH_DATAGRAMS_MAX: usize = 256;

/// What a relay is made of.
#[derive(Clone)]
pub struct RelayConfig {
    pub certificate: Certificate,
    /// Where browsers reach this shard's socket: the host candidates of every answer, best first.
    pub addresses: Vec<SocketAddr>,
    /// Seeds ufrags, passwords, SSRCs and first sequence numbers. From the system's randomness in
    /// production; DTLS keys never come from it.
    pub seed: [u8; 32],
}

/// One camera somebody wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub peer: PeerId,
    /// How high it is shown, in device pixels: decides the simulcast layer.
    pub height_px: u16,
}

/// Datagrams for one receiver.
#[derive(Debug, PartialEq, Eq)]
pub struct Transmit<'a> {
    pub to: SocketAddr,
    /// The local address to send from: the one the receiver's checks came to, if it was known.
    pub from: Option<IpAddr>,
    pub contents: &'a [u8],
    /// If set, `contents` is a run of datagrams of this size each (the last may be shorter), at
    /// most 64 of them and 60 kB in all: one GSO send.
    pub segment_size: Option<usize>,
}

pub struct Relay {
    config: RelayConfig,
    stats: Stats,
}

impl Relay {
    pub fn new(config: RelayConfig) -> Relay {
        Relay { config, stats: Stats::default() }
    }

    /// Answers `peer`'s offer. The first one makes the peer, silent until it is allowed; a later one
    /// may restart ICE or change directions, no more.
    pub fn answer(
        &mut self,
        peer: PeerId,
        room: RoomId,
        role: Role,
        offer: &Offer,
        now: Instant,
    ) -> Result<String, OfferError> {
        let _ = (peer, room, role, offer, now, &self.config);
        Err(OfferError::NotSdp)
    }

    /// What `peer` may send from now on, and to whom. Unknown peers are ignored.
    pub fn allow(&mut self, peer: PeerId, permit: Permit, now: Instant) {
        let _ = (peer, permit, now);
    }

    /// Makes `peer` a teacher or a student for [`Audience::Teachers`](crate::Audience::Teachers).
    pub fn set_role(&mut self, peer: PeerId, role: Role, now: Instant) {
        let _ = (peer, role, now);
    }

    /// The cameras `peer` wants in its video slots, most important first. Who has a slot and is
    /// still wanted stays in it.
    pub fn view(&mut self, peer: PeerId, wanted: &[Look], now: Instant) {
        let _ = (peer, wanted, now);
    }

    /// Silence in both directions from this instant; credentials and addresses are forgotten.
    pub fn remove(&mut self, peer: PeerId, now: Instant) {
        let _ = (peer, now);
    }

    /// One datagram. `to` is the local address it arrived at, if the socket tells. Decrypts in
    /// place, so `bytes` are not to be used afterwards.
    pub fn receive(&mut self, from: SocketAddr, to: Option<IpAddr>, bytes: &mut [u8], now: Instant) {
        let _ = (from, to, bytes, now);
    }

    /// The next datagrams to send, until `None`.
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        None
    }

    /// The next event, until `None`.
    pub fn poll_event(&mut self) -> Option<Event> {
        None
    }

    /// When to call [`Relay::handle_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    pub fn peer_stats(&self, peer: PeerId) -> Option<PeerStats> {
        let _ = peer;
        None
    }
}
