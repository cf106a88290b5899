//! Stand-ins: people of a room whose transport another relay has, and what of theirs is shown here.

use crate::codec::Codec;
use crate::names::{PeerId, RelayId, Role, RoomId, Source};
use crate::peer::{Link, Peer, Track};
use crate::permit::Permit;
use crate::relay::Relay;
use crate::slot::Packet;
use crate::stats::Dropped;
use crate::stream::{Stream, note_starved};
use crate::timers::{PeerKey, Timer};
use crate::trunk::{Load, News, StreamState};
use std::ops::Range;
use std::time::Instant;

/// Whom a stand-in stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandIn {
    pub peer: PeerId,
    pub room: RoomId,
    pub role: Role,
    /// The relay that has the peer itself.
    pub at: RelayId,
}

impl Relay {
    /// Somebody of `room` who sends, and whose transport is elsewhere, is seen and heard here from now on as `permit`
    /// says. [`Relay::allow`] and [`Relay::remove`] are for stand-ins too.
    pub fn stand_in(&mut self, who: StandIn, permit: Permit, now: Instant) {
        let StandIn { peer, room, at, .. } = who;
        if self.peers.key_of(peer).is_some() || at == self.id {
            return;
        }
        let key = self.peers.reserve();
        self.peers.insert(Peer::stand_in(key, who, permit, now));
        self.rooms.entry(room).or_default().members.insert(peer, key);
        self.trunks.tell(at, News::Watch { peer });
        self.arm(key, Timer::Report, now + crate::clockwork::REPORT_EVERY);
        self.replan_about(room, peer);
        self.settle(now);
    }

    /// The room is over: everybody in it falls silent, stand-ins and others.
    pub fn close_room(&mut self, room: RoomId, now: Instant) {
        let Some(room) = self.rooms.get(&room) else { return };
        let members: Vec<PeerId> = room.members.keys().copied().collect();
        for peer in members {
            self.remove(peer, now);
        }
    }

    /// What another relay sent.
    pub fn unload(&mut self, from: RelayId, mut load: Load, now: Instant) {
        self.now = Some(now);
        for news in load.news.drain(..) {
            self.on_trunk_news(from, news, now);
        }
        for (peer, packet, range) in &load.packets {
            let packet = Packet { arrived: now, ..*packet };
            if let Err(why) = self.on_carried(from, *peer, packet, range.clone(), &load.bytes) {
                self.stats.drop_one(why);
            }
        }
        self.trunks.took(from, load);
        self.settle(now);
    }

    /// What is for another relay, until `None`.
    pub fn poll_load(&mut self) -> Option<(RelayId, Load)> {
        self.trunks.poll()
    }

    fn on_trunk_news(&mut self, from: RelayId, news: News, now: Instant) {
        match news {
            News::Watch { peer } => self.on_watch(from, peer),
            News::Unwatch { peer } => self.on_unwatch(from, peer, now),
            News::Want { peer, stream, is_wanted } => self.on_want(from, peer, stream, is_wanted),
            News::Gaze { peer, source, height_px } => self.on_gaze(from, peer, source, height_px, now),
            News::Keyframe { peer, stream } => {
                if let Some(key) = self.peers.key_of(peer) {
                    self.want_keyframe(key, stream, now);
                }
            }
            News::Taken { packets } => self.trunks.on_taken(from, packets),
            News::Stream { peer, state } => self.on_stream_state(from, peer, &state, now),
            News::Level { peer, level } => {
                if let Some(key) = self.standing_in(from, peer, Source::Microphone) {
                    self.hear(key, peer, level, now);
                }
            }
            News::Time { peer, stream, ntp, timestamp } => {
                if let Some(key) = self.peers.key_of(peer) {
                    self.tell_time(key, stream, ntp, timestamp, now);
                }
            }
        }
    }

    /// Whoever stands in for `peer` of relay `from`, if that may be heard or seen.
    fn standing_in(&self, from: RelayId, peer: PeerId, source: Source) -> Option<PeerKey> {
        let key = self.peers.key_of(peer)?;
        let peer = self.peers.get(key)?;
        (peer.link == Link::Elsewhere(from) && peer.may_send(source)).then_some(key)
    }

    /// A packet that was opened elsewhere. The permit is asked here as well: what was on its way when it was revoked
    /// goes no further.
    fn on_carried(
        &mut self,
        from: RelayId,
        peer: PeerId,
        packet: Packet,
        range: Range<usize>,
        bytes: &[u8],
    ) -> Result<(), Dropped> {
        let key = self.peers.key_of(peer).ok_or(Dropped::NotWanted)?;
        let peer = self.peers.get_mut(key).ok_or(Dropped::NotWanted)?;
        let i = peer.streams.iter().position(|stream| stream.id == packet.stream).ok_or(Dropped::NotWanted)?;
        if peer.link != Link::Elsewhere(from) || !peer.may_send(peer.streams[i].source) {
            return Err(Dropped::NotPermitted);
        }
        if packet.starts_keyframe {
            peer.streams[i].keyframes.on_keyframe();
        }
        let payload = bytes.get(range).ok_or(Dropped::Malformed)?;
        self.fan_out(key, i, packet, packet.codec as u8, payload)
    }

    /// A stream of a stand-in began, changed or stopped.
    fn on_stream_state(&mut self, from: RelayId, peer: PeerId, state: &StreamState, now: Instant) {
        let Some(key) = self.peers.key_of(peer) else { return };
        let Some(peer) = self.peers.get_mut(key).filter(|peer| peer.link == Link::Elsewhere(from)) else { return };
        if peer.track(state.source).is_none() {
            peer.tracks.push(Track::elsewhere(state.source));
        }
        let known = peer.streams.iter().position(|s| s.source == state.source && s.layer == state.layer);
        let i = match known {
            Some(i) if peer.streams[i].id == state.id => i,
            Some(i) => {
                peer.streams[i] = Stream::elsewhere(state);
                i
            }
            None => {
                peer.streams.push(Stream::elsewhere(state));
                peer.streams.len() - 1
            }
        };
        let stream = &mut peer.streams[i];
        let was_flowing = stream.is_flowing;
        let is_resized = stream.height_px != state.height_px;
        stream.height_px = state.height_px;
        stream.is_flowing = state.is_flowing;
        stream.reception.bits_per_second = state.bits_per_second;
        stream.reception.usual_bps = state.bits_per_second;
        let is_starved_anew = note_starved(&mut peer.streams);
        if state.is_flowing && !was_flowing {
            self.flow_begins(key, i, now);
        } else if was_flowing && !state.is_flowing {
            self.flow_ends(key);
        } else if is_resized || is_starved_anew {
            let (id, room) = (peer.id, peer.room);
            self.replan_about(room, id);
        }
    }

    /// Tells the relay that has the person which streams are shown here.
    pub(crate) fn tell_wants(&mut self) {
        while let Some(key) = self.trunks.unsettled.pop_first() {
            let Some(peer) = self.peers.get_mut(key) else { continue };
            let Link::Elsewhere(at) = peer.link else { continue };
            for stream in &mut peer.streams {
                let is_wanted = !stream.routes.is_empty();
                if stream.is_wanted != is_wanted {
                    stream.is_wanted = is_wanted;
                    self.trunks.tell(at, News::Want { peer: peer.id, stream: stream.id, is_wanted });
                }
            }
        }
    }
}

impl Track {
    /// Packets that were opened elsewhere name their codec: the payload type here is its place among all.
    fn elsewhere(source: Source) -> Track {
        let codecs = Codec::ALL.into_iter().filter(|codec| codec.is_audio() == source.is_audio());
        Track::of(source, codecs)
    }
}

impl Stream {
    fn elsewhere(state: &StreamState) -> Stream {
        let mut stream = Stream::new(state.id, state.source, state.layer, state.ssrc, None);
        stream.is_flowing = false;
        stream
    }
}
