//! What the relays of one process tell each other: news of people and packets of theirs, in loads.

use crate::names::{PeerId, RelayId, Source};
use crate::slot::{Packet, StreamId};
use crate::timers::PeerKey;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

/// Packets on their way to one other relay. Half a second of a lecture, and less than what a relay has room for between
/// two drains: who lags further behind loses pictures, and neither memory nor news.
pub const TRUNK_PACKETS_MAX: usize = 512;

/// How many packets are taken before that is told: seldom, but long before the trunk is full.
const TAKEN_EVERY: usize = 64;

/// Emptied loads kept to be filled again.
const SPARE_MAX: usize = 8;

/// What one relay tells another. The first five go to the relay that has a person, the others to those that show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Tell me of what this person sends, from now on.
    Watch {
        peer: PeerId,
    },
    Unwatch {
        peer: PeerId,
    },
    /// Somebody here shows this stream, or nobody any more.
    Want {
        peer: PeerId,
        stream: StreamId,
        is_wanted: bool,
    },
    Keyframe {
        peer: PeerId,
        stream: StreamId,
    },
    /// How high the largest picture is in which anybody here looks at this source; 0: nobody does.
    Gaze {
        peer: PeerId,
        source: Source,
        height_px: u16,
    },
    /// A stream as it is now.
    Stream {
        peer: PeerId,
        state: StreamState,
    },
    /// A packet of a microphone that may be among the loudest, with its level.
    Level {
        peer: PeerId,
        level: Option<u8>,
    },
    /// A sender report (RFC 3550 §6.4.1).
    Time {
        peer: PeerId,
        stream: StreamId,
        ntp: u64,
        timestamp: u32,
    },
    /// So many more packets have arrived, either way.
    Taken {
        packets: usize,
    },
}

/// A published stream, as far as those who show it must know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamState {
    pub id: StreamId,
    pub source: Source,
    pub layer: u8,
    pub ssrc: u32,
    pub height_px: Option<u16>,
    pub bits_per_second: u64,
    pub is_flowing: bool,
}

impl StreamState {
    /// Whether somebody who was told `before` should hear of this: rates breathe.
    pub fn is_news(&self, before: Option<&StreamState>) -> bool {
        before.is_none_or(|before| {
            let bps = before.bits_per_second;
            let is_near = self.bits_per_second.abs_diff(bps) <= bps / 8;
            *self != StreamState { bits_per_second: self.bits_per_second, ..*before } || !is_near
        })
    }
}

/// What one relay has for another: carried by the caller, as it is.
#[derive(Debug, Default)]
pub struct Load {
    pub(crate) news: Vec<News>,
    pub(crate) packets: Vec<(PeerId, Packet, Range<usize>)>,
    pub(crate) bytes: Vec<u8>,
}

impl Load {
    /// Packets of media in it.
    pub fn packets(&self) -> usize {
        self.packets.len()
    }

    fn is_empty(&self) -> bool {
        self.news.is_empty() && self.packets.is_empty()
    }

    fn clear(&mut self) {
        self.news.clear();
        self.packets.clear();
        self.bytes.clear();
    }
}

/// The way to one other relay.
#[derive(Default)]
struct Trunk {
    load: Load,
    /// Packets that the other relay has not yet said to have taken, those in `load` included.
    in_flight: usize,
    /// Packets taken from it since that was last told.
    taken: usize,
}

/// All ways to other relays.
#[derive(Default)]
pub struct Trunks {
    to: BTreeMap<RelayId, Trunk>,
    /// Those with something to carry.
    laden: VecDeque<RelayId>,
    spare: Vec<Load>,
    /// Stand-ins of whom somebody began or ceased to show a stream.
    pub unsettled: BTreeSet<PeerKey>,
}

impl Trunks {
    pub fn tell(&mut self, to: RelayId, news: News) {
        self.load(to).load.news.push(news);
    }

    /// False if the trunk is full: the packet is lost.
    pub fn carry(&mut self, to: RelayId, peer: PeerId, packet: Packet, payload: &[u8]) -> bool {
        let trunk = self.load(to);
        if trunk.in_flight == TRUNK_PACKETS_MAX {
            return false;
        }
        trunk.in_flight += 1;
        let start = trunk.load.bytes.len();
        trunk.load.bytes.extend_from_slice(payload);
        trunk.load.packets.push((peer, packet, start..trunk.load.bytes.len()));
        true
    }

    fn load(&mut self, to: RelayId) -> &mut Trunk {
        let trunk = self.to.entry(to).or_default();
        if trunk.load.is_empty() && !self.laden.contains(&to) {
            self.laden.push_back(to);
        }
        trunk
    }

    pub fn poll(&mut self) -> Option<(RelayId, Load)> {
        while let Some(to) = self.laden.pop_front() {
            let Some(trunk) = self.to.get_mut(&to).filter(|trunk| !trunk.load.is_empty()) else { continue };
            let next = self.spare.pop().unwrap_or_default();
            return Some((to, std::mem::replace(&mut trunk.load, next)));
        }
        None
    }

    /// The other relay has taken so many.
    pub fn on_taken(&mut self, by: RelayId, packets: usize) {
        if let Some(trunk) = self.to.get_mut(&by) {
            trunk.in_flight = trunk.in_flight.saturating_sub(packets);
        }
    }

    /// A load of another relay has been unpacked.
    pub fn took(&mut self, from: RelayId, mut load: Load) {
        let packets = load.packets();
        load.clear();
        if self.spare.len() < SPARE_MAX {
            self.spare.push(load);
        }
        let trunk = self.to.entry(from).or_default();
        trunk.taken += packets;
        if trunk.taken >= TAKEN_EVERY {
            let packets = std::mem::take(&mut trunk.taken);
            self.tell(from, News::Taken { packets });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    const HERE: RelayId = RelayId(0);
    const THERE: RelayId = RelayId(1);

    #[test]
    fn a_full_trunk_takes_news_but_no_packets_until_some_have_arrived() {
        let (mut ours, mut theirs) = (Trunks::default(), Trunks::default());
        let packet = Packet::padding(Instant::now());
        let carry = |trunks: &mut Trunks| trunks.carry(THERE, PeerId(1), packet, &[7; 10]);
        assert_eq!((0..2 * TRUNK_PACKETS_MAX).filter(|_| carry(&mut ours)).count(), TRUNK_PACKETS_MAX);
        ours.tell(THERE, News::Watch { peer: PeerId(2) });
        let (to, load) = ours.poll().unwrap();
        assert_eq!((to, load.packets(), load.news.len()), (THERE, TRUNK_PACKETS_MAX, 1));
        assert!(ours.poll().is_none() && !carry(&mut ours), "they are on their way");
        theirs.took(HERE, load);
        let (_, answer) = theirs.poll().unwrap();
        assert_eq!(answer.news, [News::Taken { packets: TRUNK_PACKETS_MAX }]);
        ours.on_taken(THERE, TRUNK_PACKETS_MAX);
        assert!(carry(&mut ours));
    }

    #[test]
    fn a_rate_that_breathes_is_no_news() {
        let state = |bits_per_second, is_flowing| StreamState {
            id: StreamId(1),
            source: Source::Camera,
            layer: 0,
            ssrc: 7,
            height_px: Some(180),
            bits_per_second,
            is_flowing,
        };
        let before = state(100_000, true);
        assert!(before.is_news(None) && !state(110_000, true).is_news(Some(&before)));
        assert!(state(120_000, true).is_news(Some(&before)) && state(100_000, false).is_news(Some(&before)));
    }
}
