//! What one light peer got, in numbers.

use std::time::{Duration, Instant};

use super::peer::{Failure, LightPeer};
use super::tally::Tally;
use crate::histogram::Histogram;

/// One stream that a peer receives: one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    pub is_video: bool,
    pub first: Instant,
    pub expected: u64,
    pub got: u64,
    /// Lost on purpose.
    pub thrown: u64,
    pub jitter: Duration,
    pub freezes: u32,
    pub frozen: Duration,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerReport {
    pub connected: Option<Instant>,
    pub failed: Option<Failure>,
    /// Without repairs.
    pub streams: Vec<Stream>,
    pub repairs: u64,
    pub sent: u64,
    pub unopened: u64,
}

/// What a whole fleet got.
#[derive(Clone, Debug, Default)]
pub struct Logbook {
    pub peers: Vec<PeerReport>,
    pub transit: Histogram,
    /// CPU time of the fleet's thread.
    pub busy: Duration,
}

impl Logbook {
    pub fn peer(&self, place: super::Place) -> Option<&PeerReport> {
        self.peers.get(place.index())
    }
}

impl PeerReport {
    pub fn of(peer: &LightPeer) -> PeerReport {
        let repairs = peer.tallies.iter().filter(|tally| tally.is_repair);
        PeerReport {
            connected: peer.connected_at,
            failed: peer.outcome().and_then(Result::err),
            streams: peer.tallies.iter().filter(|tally| !tally.is_repair).map(Stream::of).collect(),
            repairs: repairs.map(|tally| tally.packets).sum(),
            sent: peer.sent(),
            unopened: peer.unopened,
        }
    }

    /// When the first sound, or the first picture, came.
    pub fn first(&self, is_video: bool) -> Option<Instant> {
        self.streams.iter().filter(|stream| stream.is_video == is_video).map(|stream| stream.first).min()
    }
}

impl Stream {
    fn of(tally: &Tally) -> Stream {
        Stream {
            is_video: tally.is_video,
            first: tally.began,
            expected: tally.expected(),
            got: tally.packets,
            thrown: tally.thrown_in_all,
            jitter: tally.jitter(),
            freezes: tally.freezes,
            frozen: tally.frozen,
        }
    }
}
