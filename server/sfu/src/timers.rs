//! Everything that waits, in one heap.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// What a peer waits for. Each is armed at most once a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(usize)]
pub enum Timer {
    /// A DTLS flight is due again, or the handshake is over time.
    Dtls,
    /// ICE consent may have ended.
    Consent,
    /// Transport-wide feedback and NACKs to a publisher.
    Feedback,
    /// Receiver reports, and a look at which layers still flow.
    Report,
    /// A keyframe was asked for too soon after the last request.
    Keyframe,
    /// A look at the way to a receiver, while packets go there.
    Link,
    /// The next step of a probe.
    Probe,
    /// Fewer look at a publisher than it was told.
    Wanted,
    /// Repairs are sent once more.
    Echo,
}

impl Timer {
    pub const COUNT: usize = Timer::Echo as usize + 1;
}

/// A peer's slot in the relay's table, with a serial number that no later peer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerKey {
    pub place: u32,
    pub serial: u64,
}

/// Earliest first. Entries of removed peers are skipped by whoever pops them.
#[derive(Default)]
pub struct Timers {
    heap: BinaryHeap<Reverse<(Instant, PeerKey, Timer)>>,
}

impl Timers {
    pub fn arm(&mut self, at: Instant, peer: PeerKey, timer: Timer) {
        self.heap.push(Reverse((at, peer, timer)));
    }

    pub fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    pub fn pop_due(&mut self, now: Instant) -> Option<(PeerKey, Timer)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, peer, timer))| (peer, timer))
    }
}
