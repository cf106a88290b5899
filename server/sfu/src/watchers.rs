//! Watchers: other relays that show what a peer of this one sends.

use crate::gaze::Gazer;
use crate::names::{PeerId, RelayId, Source};
use crate::relay::Relay;
use crate::slot::{Packet, StreamId};
use crate::stats::Dropped;
use crate::stream::Stream;
use crate::timers::PeerKey;
use crate::trunk::{News, StreamState};
use std::time::Instant;

impl Relay {
    /// A stand-in of `peer` was made there.
    pub(crate) fn on_watch(&mut self, by: RelayId, peer: PeerId) {
        let Some(peer) = self.peers.key_of(peer).and_then(|key| self.peers.get_mut(key)) else { return };
        if peer.watchers.contains(&by) {
            return;
        }
        peer.watchers.push(by);
        for stream in &peer.streams {
            self.trunks.tell(by, News::Stream { peer: peer.id, state: stream.state() });
        }
    }

    pub(crate) fn on_unwatch(&mut self, by: RelayId, peer: PeerId, now: Instant) {
        let Some(key) = self.peers.key_of(peer) else { return };
        let Some(peer) = self.peers.get_mut(key) else { return };
        peer.watchers.retain(|watcher| *watcher != by);
        for stream in &mut peer.streams {
            stream.trunks.retain(|trunk| *trunk != by);
        }
        for track in &mut peer.tracks {
            track.gazes.set(Gazer::Relay(by), 0);
        }
        self.tell_wanted(key, now);
    }

    pub(crate) fn on_want(&mut self, by: RelayId, peer: PeerId, stream: StreamId, is_wanted: bool) {
        let Some(peer) = self.peers.key_of(peer).and_then(|key| self.peers.get_mut(key)) else { return };
        if !peer.watchers.contains(&by) {
            return;
        }
        let Some(stream) = peer.stream_mut(stream) else { return };
        stream.trunks.retain(|trunk| *trunk != by);
        if is_wanted {
            stream.trunks.push(by);
        }
    }

    pub(crate) fn on_gaze(&mut self, by: RelayId, peer: PeerId, source: Source, height_px: u16, now: Instant) {
        let Some(key) = self.peers.key_of(peer) else { return };
        let Some(peer) = self.peers.get_mut(key).filter(|peer| peer.watchers.contains(&by)) else { return };
        if let Some(track) = peer.tracks.iter_mut().find(|track| track.source == source) {
            track.gazes.set(Gazer::Relay(by), height_px);
        }
        self.tell_wanted(key, now);
    }

    /// Tells those who watch what has changed of a peer's streams.
    pub(crate) fn tell_streams(&mut self, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        for stream in peer.streams.iter_mut().filter(|_| !peer.watchers.is_empty()) {
            let state = stream.state();
            if state.is_news(stream.told.as_ref()) {
                stream.told = Some(state);
                for watcher in &peer.watchers {
                    self.trunks.tell(*watcher, News::Stream { peer: peer.id, state });
                }
            }
        }
    }

    /// A packet of a microphone: those who watch compare it with their own, if it may be among the loudest.
    pub(crate) fn tell_level(&mut self, key: PeerKey, level: Option<u8>) {
        let Some(peer) = self.peers.get(key).filter(|peer| !peer.watchers.is_empty()) else { return };
        let is_heard = self.rooms.get(&peer.room).is_some_and(|room| room.speakers.is_heard(peer.id));
        for watcher in peer.watchers.iter().filter(|_| is_heard) {
            self.trunks.tell(*watcher, News::Level { peer: peer.id, level });
        }
    }

    /// One packet, to each relay on which somebody shows its stream.
    pub(crate) fn carry(&mut self, key: PeerKey, i: usize, packet: Packet, payload: &[u8]) {
        let Some(peer) = self.peers.get(key) else { return };
        for trunk in &peer.streams[i].trunks {
            if self.trunks.carry(*trunk, peer.id, packet, payload) {
                self.stats.packets_carried += 1;
            } else {
                self.stats.drop_one(Dropped::TrunkFull);
            }
        }
    }
}

impl Stream {
    fn state(&self) -> StreamState {
        StreamState {
            id: self.id,
            source: self.source,
            layer: self.layer,
            ssrc: self.ssrc,
            height_px: self.height_px,
            bits_per_second: self.reception.usual_bps,
            is_flowing: self.is_flowing && !self.is_split(),
        }
    }
}
