//! Streams of several spatial layers (VP9, AV1), taken apart: each layer, with those below it, is a stream of its own.
//!
//! To plans, slots and repairs such a stream is what a layer of simulcast is: it has numbers without gaps, a rate, a
//! height and a ring. Packets are therefore given to the layers in the order in which they were sent; what comes too
//! early waits for what is missing, as decoders would.

use crate::codec::{Codec, PictureId};
use crate::dependency::{self, Dependency, Templates};
use crate::relay::Relay;
use crate::slot::{Packet, StreamId};
use crate::stats::Dropped;
use crate::stream::{KeyframeRequests, Stream};
use crate::timers::PeerKey;
use crate::vp9::Vp9;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Browsers send three at most; what a fourth would add goes with the third.
pub const LAYERS_MAX: usize = 3;
/// What is missing comes within a few round trips of a slow network or not at all…
const MISSED_FOR: Duration = Duration::from_millis(350);
/// …and so many packets wait for it: a third of a second of a large picture.
const HELD_MAX: usize = 128;

/// Layers of streams come behind those of simulcast, of which each may have some.
fn place(rid: u8, layer: usize) -> u8 {
    8 + rid * LAYERS_MAX as u8 + layer as u8
}

/// What of a stream's spatial layers the relay takes apart.
#[derive(Default)]
pub enum Spatial {
    /// It leaves as it comes.
    #[default]
    Whole,
    /// Nobody is shown it but by its layers.
    Split(Box<Splitter>),
    /// One of those.
    Layer,
}

/// Which layers there are: a new structure begins with a keyframe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Structure {
    pub layers: usize,
    /// 0: not told.
    pub heights_px: [u16; LAYERS_MAX],
}

/// A packet of a stream that is taken apart.
#[derive(Clone, Copy)]
pub struct Unit {
    pub packet: Packet,
    pub payload_type: u8,
    /// `None`: it is padding, or cannot be told yet.
    pub part: Option<Part>,
}

/// What a packet is part of: the frame of one layer in one picture.
#[derive(Clone, Copy)]
pub struct Part {
    layer: usize,
    /// The frame ends here.
    ends: bool,
    structure: Option<Structure>,
}

impl From<Vp9> for Part {
    fn from(vp9: Vp9) -> Part {
        let layer = usize::from(vp9.spatial.unwrap_or(0)).min(LAYERS_MAX - 1);
        Part { layer, ends: vp9.ends, structure: vp9.structure }
    }
}

impl From<Dependency> for Part {
    fn from(frame: Dependency) -> Part {
        let layer = usize::from(frame.spatial).min(LAYERS_MAX - 1);
        Part { layer, ends: frame.ends, structure: frame.structure }
    }
}

/// Gives a stream's packets their order and their numbers in each layer.
#[derive(Default)]
pub struct Splitter {
    /// The number of the packet whose turn it is.
    next: Option<u64>,
    /// Those after it, in order.
    held: VecDeque<(Unit, Vec<u8>)>,
    /// Of AV1: what descriptors refer to.
    templates: Templates,
    /// The last one of a picture, and what it was part of.
    last: Option<(Packet, Part)>,
    /// Something before the next one will not come.
    has_gap: bool,
    numbers: [u64; LAYERS_MAX],
}

impl Splitter {
    /// A packet arrives. `None`: it waits, or came too late; else it is its turn.
    fn arrive(&mut self, unit: Unit, payload: &[u8]) -> Option<Unit> {
        let index = unit.packet.index;
        let next = *self.next.get_or_insert(index);
        if index == next {
            self.next = Some(next + 1);
            return Some(self.read(unit, payload));
        }
        if index > next + HELD_MAX as u64 {
            // An outage: only a keyframe mends it.
            self.held.clear();
            self.has_gap = true;
            self.next = Some(index + 1);
            return Some(self.read(unit, payload));
        }
        if index > next {
            let at = self.held.partition_point(|(held, _)| held.packet.index < index);
            self.held.insert(at, (unit, payload.to_vec()));
        }
        None
    }

    /// The next one of those that waited, if its turn has come.
    fn follow(&mut self, now: Instant) -> Option<(Unit, Vec<u8>)> {
        let (first, _) = self.held.front()?;
        let index = first.packet.index;
        if self.next.is_some_and(|next| index > next) {
            let oldest = self.held.iter().map(|(unit, _)| unit.packet.arrived).min()?;
            if self.held.len() <= HELD_MAX && now.saturating_duration_since(oldest) < MISSED_FOR {
                return None;
            }
            self.has_gap = true;
        }
        self.next = Some(index + 1);
        let (unit, payload) = self.held.pop_front()?;
        Some((self.read(unit, &payload), payload))
    }

    /// Descriptors of AV1 refer to earlier ones: they are read when it is their turn.
    fn read(&mut self, mut unit: Unit, payload: &[u8]) -> Unit {
        if unit.packet.codec == Codec::Av1 {
            let (descriptor, _) = dependency::parted(unit.packet.codec, payload);
            let dependency = self.templates.read(descriptor);
            unit.packet.starts_picture = dependency.is_some_and(|frame| frame.begins && frame.spatial == 0);
            unit.part = dependency.map(Part::from);
        }
        unit
    }

    /// The packet's number in each layer that it is part of; one is left out where something of that layer is missing.
    fn number(&mut self, packet: &Packet, part: &Part) -> [Option<u64>; LAYERS_MAX] {
        let mut numbers = [None; LAYERS_MAX];
        if std::mem::take(&mut self.has_gap) {
            let torn = self.torn(packet);
            self.numbers[torn..].iter_mut().for_each(|number| *number += 1);
        }
        for (given, number) in numbers.iter_mut().zip(&mut self.numbers).skip(part.layer) {
            *number += 1;
            *given = Some(*number);
        }
        self.last = Some((*packet, *part));
        numbers
    }

    /// The lowest layer of which something may be missing before a packet: within a picture layers come in their order.
    fn torn(&self, packet: &Packet) -> usize {
        let Some((last, last_part)) = &self.last else { return 0 };
        let id = |packet: &Packet| packet.numbers.picture_id.map(|(_, id)| id);
        let is_next = match (id(packet), id(last)) {
            // Only further layers of the last picture are missing, if it had not ended.
            (Some(PictureId::Frame(number)), Some(PictureId::Frame(last_number))) => {
                let further = if last.marker { 0 } else { LAYERS_MAX - 1 - last_part.layer };
                usize::from(number.wrapping_sub(last_number)) <= 1 + further
            }
            (id, last) => id == last.map(|last| last.plus(1)),
        };
        let is_same = last.timestamp == packet.timestamp;
        if is_same || (packet.starts_picture && is_next) { last_part.layer } else { 0 }
    }
}

impl Relay {
    /// Whether a packet is of a stream with spatial layers; the first that `tells_layers` makes it one.
    pub(crate) fn is_split(&mut self, key: PeerKey, i: usize, tells_layers: bool) -> bool {
        let Some(peer) = self.peers.get_mut(key) else { return false };
        let stream = &mut peer.streams[i];
        if stream.is_split() || !tells_layers {
            return stream.is_split();
        }
        stream.spatial = Spatial::Split(Box::default());
        stream.routes.clear();
        stream.trunks.clear();
        stream.height_px = None;
        let (source, ssrc, rid) = (stream.source, stream.ssrc, stream.layer);
        peer.streams.reserve_exact(LAYERS_MAX);
        for layer in 0..LAYERS_MAX {
            self.streams_made += 1;
            let mut stream = Stream::new(StreamId(self.streams_made), source, place(rid, layer), ssrc, None);
            stream.spatial = Spatial::Layer;
            stream.is_flowing = false;
            peer.streams.push(stream);
        }
        true
    }

    /// Gives a packet, and those that waited for it, to the layers of stream `i`.
    pub(crate) fn take_apart(&mut self, key: PeerKey, i: usize, unit: Unit, payload: &[u8]) -> Result<(), Dropped> {
        let now = unit.packet.arrived;
        let splitter = self.splitter(key, i).ok_or(Dropped::NotWanted)?;
        let arrived = splitter.arrive(unit, payload);
        let mut is_wanted = arrived.is_some_and(|unit| self.give(key, i, &unit, payload, now));
        while let Some((unit, payload)) = self.splitter(key, i).and_then(|splitter| splitter.follow(now)) {
            is_wanted |= self.give(key, i, &unit, &payload, now);
        }
        if is_wanted { Ok(()) } else { Err(Dropped::NotWanted) }
    }

    fn splitter(&mut self, key: PeerKey, i: usize) -> Option<&mut Splitter> {
        match &mut self.peers.get_mut(key)?.streams.get_mut(i)?.spatial {
            Spatial::Split(splitter) => Some(splitter),
            Spatial::Whole | Spatial::Layer => None,
        }
    }

    /// A packet whose turn it is. Returns whether any layer that it is part of is shown.
    fn give(&mut self, key: PeerKey, i: usize, unit: &Unit, payload: &[u8], now: Instant) -> bool {
        if let Some(structure) = unit.part.and_then(|part| part.structure).filter(|_| unit.packet.starts_keyframe) {
            self.restructure(key, i, &structure, now);
        }
        let Some(splitter) = self.splitter(key, i) else { return false };
        let Some(part) = unit.part else {
            splitter.has_gap |= !dependency::parted(unit.packet.codec, payload).1.is_empty();
            return false;
        };
        let (own, numbers) = (part.layer, splitter.number(&unit.packet, &part));
        let mut is_wanted = false;
        // Who goes up enters with a keyframe, and who goes down with another picture: neither is sent a part of it twice.
        for step in 0..LAYERS_MAX {
            let layer = if unit.packet.starts_keyframe { LAYERS_MAX - 1 - step } else { step };
            let Some(index) = numbers[layer] else { continue };
            let Some(at) = self.layer_of(key, i, layer) else { continue };
            let Some(stream) = self.peers.get_mut(key).map(|peer| &mut peer.streams[at]) else { continue };
            stream.reception.on_layer_packet(layer == own, payload.len(), now);
            if layer == own && !stream.is_flowing {
                self.flow_begins(key, at, now);
            }
            let Some(stream) = self.peers.get(key).map(|peer| &peer.streams[at]) else { continue };
            let marker = unit.packet.marker || (part.ends && layer == own && layer + 1 < LAYERS_MAX);
            let packet = Packet { stream: stream.id, index, marker, arrived: now, ..unit.packet };
            is_wanted |= self.fan_out(key, at, packet, unit.payload_type, payload).is_ok();
        }
        is_wanted
    }

    /// Where the stream of a layer is.
    fn layer_of(&self, key: PeerKey, i: usize, layer: usize) -> Option<usize> {
        let streams = &self.peers.get(key)?.streams;
        let whole = streams.get(i)?;
        let wanted = place(whole.layer, layer);
        streams.iter().position(|s| s.is_layer() && s.ssrc == whole.ssrc && s.layer == wanted)
    }

    fn keyframes(&mut self, key: PeerKey, i: usize, note: impl FnOnce(&mut KeyframeRequests)) {
        if let Some(stream) = self.peers.get_mut(key).and_then(|peer| peer.streams.get_mut(i)) {
            note(&mut stream.keyframes);
        }
    }

    /// A keyframe says which layers there are from now on, and how high.
    fn restructure(&mut self, key: PeerKey, i: usize, structure: &Structure, now: Instant) {
        let mut has_ended = false;
        for layer in 0..LAYERS_MAX {
            let Some(at) = self.layer_of(key, i, layer) else { continue };
            let Some(stream) = self.peers.get_mut(key).map(|peer| &mut peer.streams[at]) else { continue };
            let height_px = Some(structure.heights_px[layer]).filter(|height_px| *height_px > 0);
            let is_there = layer < structure.layers;
            let is_resized = is_there && std::mem::replace(&mut stream.height_px, height_px) != height_px;
            has_ended |= !is_there && std::mem::take(&mut stream.is_flowing);
            if is_there && (is_resized || !stream.is_flowing) {
                // Whoever is shown this layer now waits for a keyframe, and this is one.
                self.keyframes(key, i, |keyframes| keyframes.on_first_keyframe(now));
                self.flow_begins(key, at, now);
                self.keyframes(key, i, KeyframeRequests::on_keyframe);
            }
        }
        if has_ended {
            self.tell_streams(key);
            self.flow_ends(key);
            self.settle(now);
        }
    }
}
