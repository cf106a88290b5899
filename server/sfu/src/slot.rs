//! One receive slot: a continuous stream, whoever is in it.

use crate::codec::{Codec, PictureId, PictureNumbers, red_retype};
use crate::names::{Mid, PeerId, Source};
use std::time::Instant;

/// A published stream, by a number that is never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u64);

/// A retransmission may cost a quarter of what is sent…
const REPAIR_SHARE: usize = 4;
/// …saved up to this many bytes: one burst of loss.
const REPAIR_BUDGET_MAX: usize = 96 * 1024;

/// A receiver tells a number's rollovers by the newest it has, within 2^15 (RFC 3711 §3.3.1): nothing leaves further
/// from the newest than half of that, so that it may lose the other half. Honest gaps are a hundredth of it.
const REACH: u64 = 1 << 14;

/// A published packet as it reaches a slot.
#[derive(Clone, Copy, Debug)]
pub struct Packet {
    pub stream: StreamId,
    /// The publisher's sequence number with rollovers.
    pub index: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub codec: Codec,
    pub starts_keyframe: bool,
    /// Of a layer that others build on: who was shown more layers of it may go on with fewer from here.
    pub starts_picture: bool,
    pub arrived: Instant,
    /// Where the newest sound begins in a payload with redundancy; else 0.
    pub primary_at: u16,
    /// Of the payload descriptor: read once, however many receive it.
    pub numbers: PictureNumbers,
}

impl Packet {
    /// Belongs to no stream and says nothing: for a packet of padding.
    pub fn padding(now: Instant) -> Packet {
        Packet {
            stream: StreamId(0),
            index: 0,
            timestamp: 0,
            marker: false,
            codec: Codec::Vp8,
            starts_keyframe: false,
            starts_picture: false,
            arrived: now,
            primary_at: 0,
            numbers: PictureNumbers::default(),
        }
    }
}

/// How a packet leaves: the numbers of the slot's own stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    pub index: u64,
    pub timestamp: u32,
    pub payload_type: u8,
    picture_id_step: u16,
    tl0_step: u8,
    redundancy: Redundancy,
}

/// What becomes of repeated sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Redundancy {
    /// There is none.
    None,
    /// Its blocks get the receiver's payload type.
    Kept { opus: u8 },
    /// The receiver does not know it: the newest sound alone leaves.
    Dropped,
}

/// From one publisher's numbers to the slot's. Never changed once used, so that a packet sent
/// twice is the same twice (the cipher depends on it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mapping {
    stream: StreamId,
    first_in: u64,
    first_out: u64,
    timestamp_step: u32,
    picture_id_step: u16,
    tl0_step: u8,
}

/// How the stream to show may enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    Keyframe,
    /// What is shown is built on it: with any picture. (One that needs no other goes to larger layers first.)
    NextPicture,
}

pub struct Slot {
    pub mid: Mid,
    pub source: Source,
    pub ssrc: u32,
    pub rtx_ssrc: u32,
    /// The receiver's header extension for AV1's descriptors: without it, it shows one layer only.
    pub descriptor_id: Option<u8>,
    /// The receiver's payload type for each codec, with that of retransmissions.
    payload_types: [Option<(u8, Option<u8>)>; Codec::COUNT],
    /// Who is in the slot.
    pub person: Option<PeerId>,
    /// The stream to show.
    target: Option<StreamId>,
    entry: Entry,
    mapping: Option<Mapping>,
    /// When what is shown entered.
    pub entered_at: Option<Instant>,
    /// The one before: late NACKs still refer to it.
    previous: Option<Mapping>,
    newest: Newest,
    rtx_index: u64,
    repair_budget: usize,
    pub packets_sent: u32,
    pub bytes_sent: u32,
    /// Percent that did not arrive at first, by the receiver's last report.
    pub loss: u8,
}

/// The newest packet sent, in the slot's numbers.
#[derive(Clone, Copy, Debug)]
struct Newest {
    index: u64,
    timestamp: u32,
    picture_id: u16,
    tl0: u8,
    sent_at: Option<Instant>,
}

impl Slot {
    /// `first_index` below 2^15, so that the first rollover is far (RFC 3711 §3.3.1).
    pub fn new(mid: Mid, source: Source, ssrc: u32, rtx_ssrc: u32, first_index: u16, first_timestamp: u32) -> Slot {
        let index = u64::from(first_index & 0x7fff);
        Slot {
            mid,
            source,
            ssrc,
            rtx_ssrc,
            descriptor_id: None,
            payload_types: [None; Codec::COUNT],
            person: None,
            target: None,
            entry: Entry::Keyframe,
            mapping: None,
            entered_at: None,
            previous: None,
            newest: Newest { index, timestamp: first_timestamp, picture_id: 0, tl0: 0, sent_at: None },
            rtx_index: index,
            repair_budget: REPAIR_BUDGET_MAX / 4,
            packets_sent: 0,
            bytes_sent: 0,
            loss: 0,
        }
    }

    pub fn set_payload_type(&mut self, codec: Codec, payload_type: u8, rtx: Option<u8>) {
        self.payload_types[codec as usize] = Some((payload_type, rtx));
    }

    /// Shows `stream` from its next keyframe or picture on; until then what is shown stays, if it is the
    /// same person. Returns whether a keyframe is needed.
    pub fn aim(&mut self, person: PeerId, stream: StreamId, entry: Entry) -> bool {
        if self.person != Some(person) {
            self.stop();
        }
        self.person = Some(person);
        if self.target != Some(stream) {
            self.target = Some(stream);
        }
        self.entry = if self.mapping.is_some() { entry } else { Entry::Keyframe };
        self.showing() != Some(stream) && self.entry == Entry::Keyframe
    }

    /// `person` is in the slot, but sends nothing yet.
    pub fn reserve(&mut self, person: PeerId) {
        self.stop();
        self.person = Some(person);
    }

    /// Nobody is in the slot; nothing more leaves it.
    pub fn clear(&mut self) {
        self.stop();
        self.person = None;
    }

    fn stop(&mut self) {
        // Nothing of a person who left may leave again, not even a repair.
        self.target = None;
        self.mapping = None;
        self.previous = None;
    }

    pub fn target(&self) -> Option<StreamId> {
        self.target
    }

    pub fn showing(&self) -> Option<StreamId> {
        self.mapping.map(|mapping| mapping.stream)
    }

    /// The next packet of the slot; `None` if it has no place there.
    pub fn place(&mut self, packet: &Packet, len: usize) -> Option<Placed> {
        let (payload_type, redundancy) = self.payload_type(packet.codec)?;
        if self.showing() != Some(packet.stream) {
            let enters = match self.entry {
                Entry::Keyframe => packet.starts_keyframe,
                Entry::NextPicture => packet.starts_picture && !packet.starts_keyframe,
            };
            if self.target != Some(packet.stream) || !enters {
                return None;
            }
            self.switch_to(packet);
        }
        let mapping = self.within_reach(packet.index)?;
        let placed = Placed { redundancy, ..mapping.place(packet.index, packet.timestamp, payload_type)? };
        self.note(packet, &placed, len);
        Some(placed)
    }

    /// The receiver's payload type for a codec, and what becomes of repeated sound.
    fn payload_type(&self, codec: Codec) -> Option<(u8, Redundancy)> {
        let known = self.payload_types[codec as usize].map(|(payload_type, _)| payload_type);
        if codec != Codec::Red {
            return Some((known?, Redundancy::None));
        }
        let (opus, _) = self.payload_types[Codec::Opus as usize]?;
        Some(known.map_or((opus, Redundancy::Dropped), |red| (red, Redundancy::Kept { opus })))
    }

    fn switch_to(&mut self, packet: &Packet) {
        let since = self.newest.sent_at.map(|at| packet.arrived.saturating_duration_since(at));
        // A gap in time is a gap in timestamps; never zero, or two pictures would be one.
        let ticks = since.map_or(0, |since| since.as_micros() * u128::from(packet.codec.clock_hz()) / 1_000_000);
        let timestamp = self.newest.timestamp.wrapping_add((ticks as u32).max(1));
        let id = packet.numbers.picture_id.map_or(0, |(_, id)| id.number());
        let tl0 = packet.numbers.tl0_pic_idx.map_or(0, |(_, tl0)| tl0);
        // What goes on with fewer layers refers to pictures of before by their numbers.
        let goes_on = self.mapping.filter(|_| self.entry == Entry::NextPicture).map(|mapping| mapping.picture_id_step);
        let picture_id_step = goes_on.unwrap_or(self.newest.picture_id.wrapping_add(1).wrapping_sub(id));
        let mapping = Mapping {
            stream: packet.stream,
            first_in: packet.index,
            first_out: self.newest.index + 1,
            timestamp_step: timestamp.wrapping_sub(packet.timestamp),
            picture_id_step,
            tl0_step: self.newest.tl0.wrapping_add(1).wrapping_sub(tl0),
        };
        self.previous = self.mapping.replace(mapping);
        self.entered_at = Some(packet.arrived);
    }

    /// The mapping for a packet of the stream that is shown. After a leap it is another one, with a gap of one, so that
    /// what is missing is missed; `None` if the packet comes too late.
    fn within_reach(&mut self, index: u64) -> Option<Mapping> {
        let mapping = self.mapping?;
        let out = mapping.first_out + index.checked_sub(mapping.first_in)?;
        if out > self.newest.index + REACH {
            let leapt = Mapping { first_in: index, first_out: self.newest.index + 2, ..mapping };
            self.previous = self.mapping.replace(leapt);
        }
        (out + REACH >= self.newest.index).then_some(self.mapping?)
    }

    fn note(&mut self, packet: &Packet, placed: &Placed, len: usize) {
        self.packets_sent = self.packets_sent.wrapping_add(1);
        self.bytes_sent = self.bytes_sent.wrapping_add(len as u32);
        self.repair_budget = (self.repair_budget + len / REPAIR_SHARE).min(REPAIR_BUDGET_MAX);
        if placed.index <= self.newest.index {
            return;
        }
        self.newest.index = placed.index;
        self.newest.timestamp = placed.timestamp;
        self.newest.sent_at = Some(packet.arrived);
        if let Some((_, id)) = packet.numbers.picture_id {
            self.newest.picture_id = id.plus(placed.picture_id_step).number();
        }
        if let Some((_, tl0)) = packet.numbers.tl0_pic_idx {
            self.newest.tl0 = tl0.wrapping_add(placed.tl0_step);
        }
    }

    /// The last published packets that left, oldest first.
    pub fn lately(&self) -> impl Iterator<Item = (StreamId, u64)> + use<> {
        const LATELY: u64 = 64;
        let last = self.newest.index;
        self.mapping.into_iter().flat_map(move |mapping| {
            let first = mapping.first_out.max(last.saturating_sub(LATELY));
            (first..=last).map(move |out| (mapping.stream, mapping.first_in + (out - mapping.first_out)))
        })
    }

    /// Which published packet left as `sequence`, if it may be sent again.
    pub fn published(&self, sequence: u16) -> Option<(StreamId, u64)> {
        let out = crate::rtp::extend(self.newest.index, sequence);
        if out > self.newest.index {
            return None;
        }
        let mapping = [self.mapping, self.previous].into_iter().flatten().find(|m| m.first_out <= out)?;
        Some((mapping.stream, mapping.first_in + (out - mapping.first_out)))
    }

    /// Whether so many bytes may be repaired now; charges the budget.
    pub fn may_repair(&mut self, bytes: usize) -> bool {
        let left = self.repair_budget.checked_sub(bytes);
        self.repair_budget = left.unwrap_or(self.repair_budget);
        left.is_some()
    }

    /// Whether there is so much left for repairs that some may be sent twice.
    pub fn spares_repairs(&self) -> bool {
        self.repair_budget > REPAIR_BUDGET_MAX / 2
    }

    /// Places a packet that was sent before.
    pub fn place_again(&mut self, packet: &Packet) -> Option<Placed> {
        let (payload_type, _) = self.payload_types[packet.codec as usize]?;
        let place = |mapping: Option<Mapping>| {
            let mapping = mapping.filter(|mapping| mapping.stream == packet.stream)?;
            mapping.place(packet.index, packet.timestamp, payload_type)
        };
        let until = self.mapping.map_or(u64::MAX, |mapping| mapping.first_out);
        let placed = place(self.mapping).or_else(|| place(self.previous).filter(|placed| placed.index < until))?;
        (placed.index + REACH >= self.newest.index).then_some(placed)
    }

    /// Whether the receiver knows retransmissions of any picture.
    pub fn has_rtx(&self) -> bool {
        self.payload_types.iter().flatten().any(|(_, rtx)| rtx.is_some())
    }

    /// A packet of padding in the retransmission stream: its payload type, number and timestamp.
    pub fn next_padding(&mut self) -> Option<(u8, u64, u32)> {
        let payload_type = self.payload_types.iter().flatten().find_map(|(_, rtx)| *rtx)?;
        self.rtx_index += 1;
        Some((payload_type, self.rtx_index, self.newest.timestamp))
    }

    /// The next number of the retransmission stream, with its payload type; `None` without RTX.
    pub fn next_rtx(&mut self, codec: Codec) -> Option<(u8, u64)> {
        let rtx = self.payload_types[codec as usize]?.1?;
        self.rtx_index += 1;
        Some((rtx, self.rtx_index))
    }

    /// The header extension in which a descriptor leaves, if there is one.
    pub fn described<'d>(&self, descriptor: &'d [u8]) -> Option<(u8, &'d [u8])> {
        self.descriptor_id.filter(|_| !descriptor.is_empty()).map(|id| (id, descriptor))
    }

    /// A publisher's timestamp in the slot's numbers: for sender reports.
    pub fn timestamp_of(&self, stream: StreamId, timestamp: u32) -> Option<u32> {
        let mapping = self.mapping.filter(|mapping| mapping.stream == stream)?;
        Some(timestamp.wrapping_add(mapping.timestamp_step))
    }
}

impl Mapping {
    fn place(&self, index: u64, timestamp: u32, payload_type: u8) -> Option<Placed> {
        let step = index.checked_sub(self.first_in)?;
        Some(Placed {
            index: self.first_out + step,
            timestamp: timestamp.wrapping_add(self.timestamp_step),
            payload_type,
            picture_id_step: self.picture_id_step,
            tl0_step: self.tl0_step,
            redundancy: Redundancy::None,
        })
    }
}

impl Placed {
    /// The part of a packet's payload that leaves.
    pub fn part<'p>(&self, packet: &Packet, payload: &'p [u8]) -> &'p [u8] {
        match self.redundancy {
            Redundancy::None | Redundancy::Kept { .. } => payload,
            Redundancy::Dropped => payload.get(usize::from(packet.primary_at)..).unwrap_or_default(),
        }
    }

    /// Rewrites the descriptor in the copy of `payload` that leaves; AV1's stands before that, alone.
    pub fn patch(&self, packet: &Packet, payload: &mut [u8]) {
        if let Redundancy::Kept { opus } = self.redundancy {
            return red_retype(payload, opus);
        }
        if let Some((at, id)) = packet.numbers.picture_id {
            match id.plus(self.picture_id_step) {
                PictureId::Bits15(id) => payload[at..at + 2].copy_from_slice(&(id | 0x8000).to_be_bytes()),
                PictureId::Bits7(id) => payload[at] = id,
                PictureId::Frame(number) => payload[at..at + 2].copy_from_slice(&number.to_be_bytes()),
            }
        }
        if let Some((at, tl0)) = packet.numbers.tl0_pic_idx {
            payload[at] = tl0.wrapping_add(self.tl0_step);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const ADA: PeerId = PeerId(1);
    const NOE: PeerId = PeerId(2);

    fn slot() -> Slot {
        let mut slot = Slot::new(Mid::parse("7").unwrap(), Source::Camera, 10, 11, 99, 5000);
        slot.set_payload_type(Codec::Vp8, 120, Some(121));
        slot
    }

    fn key(id: u16, tl0: u8) -> [u8; 8] {
        let [high, low] = id.to_be_bytes();
        [0x90, 0xc0, high | 0x80, low, tl0, 0x10, 0, 0]
    }

    fn packet(
        stream: u64,
        index: u64,
        timestamp: u32,
        starts_keyframe: bool,
        arrived: Instant,
        payload: [u8; 8],
    ) -> Packet {
        let numbers = PictureNumbers::of(Codec::Vp8, &payload);
        let (stream, codec) = (StreamId(stream), Codec::Vp8);
        let packet = Packet::padding(arrived);
        Packet { stream, index, timestamp, marker: true, codec, starts_keyframe, numbers, ..packet }
    }

    #[test]
    fn a_slot_stays_one_stream_when_the_person_changes() {
        let start = Instant::now();
        let mut slot = slot();
        assert!(slot.aim(ADA, StreamId(1), Entry::Keyframe));
        let first = slot.place(&packet(1, 40, 900, true, start, key(7, 3)), 1_100).unwrap();
        assert_eq!((first.index, first.payload_type), (100, 120));
        slot.place(&packet(1, 41, 3900, false, start, key(8, 4)), 1_100).unwrap();
        slot.aim(NOE, StreamId(2), Entry::Keyframe);
        assert!(slot.place(&packet(1, 42, 6900, false, start, key(9, 5)), 1_100).is_none(), "Ada left the slot");
        assert!(slot.place(&packet(2, 8, 77, false, start, key(1, 1)), 1_100).is_none(), "no keyframe yet");
        let later = start + Duration::from_millis(100);
        let next = slot.place(&packet(2, 9, 99, true, later, key(500, 200)), 1_100).unwrap();
        assert_eq!(next.index, 102);
        assert_eq!(next.timestamp.wrapping_sub(first.timestamp), 3000 + 9000);
        let mut copy = key(500, 200);
        next.patch(&packet(2, 9, 99, true, later, key(500, 200)), &mut copy);
        assert_eq!(copy, key(3, 3), "picture id and tl0 follow the last ones, 2 and 2");
    }

    #[test]
    fn a_nack_finds_the_packet_under_its_old_number() {
        let now = Instant::now();
        let mut slot = slot();
        slot.aim(ADA, StreamId(1), Entry::Keyframe);
        slot.place(&packet(1, 40, 900, true, now, key(7, 3)), 1_100).unwrap();
        slot.place(&packet(1, 43, 900, false, now, key(7, 3)), 1_100).unwrap();
        assert_eq!(slot.published(101), Some((StreamId(1), 41)));
        assert_eq!(slot.published(104), None, "never sent");
        slot.aim(ADA, StreamId(2), Entry::Keyframe);
        slot.place(&packet(2, 70_000, 1, true, now, key(7, 3)), 1_100).unwrap();
        assert_eq!(slot.published(101), Some((StreamId(1), 41)));
        assert_eq!(slot.published(104), Some((StreamId(2), 70_000)));
    }

    #[test]
    fn a_leap_stays_within_what_a_receiver_can_tell() {
        let now = Instant::now();
        let mut slot = slot();
        slot.aim(ADA, StreamId(1), Entry::Keyframe);
        slot.place(&packet(1, 40, 900, true, now, key(7, 3)), 1_100).unwrap();
        let near = slot.place(&packet(1, 40 + REACH, 901, false, now, key(8, 3)), 1_100).unwrap();
        assert_eq!(near.index, 100 + REACH, "a gap is kept as it is");
        let far = slot.place(&packet(1, 41 + 3 * REACH, 902, false, now, key(9, 3)), 1_100).unwrap();
        assert_eq!(far.index, near.index + 2, "one is missing");
        assert_eq!(slot.published(near.index as u16), Some((StreamId(1), 40 + REACH)), "it can be repaired");
        let again = slot.place_again(&packet(1, 40 + REACH, 901, false, now, key(8, 3))).unwrap();
        assert_eq!(again.index, near.index, "and has the number it had");
        assert!(slot.place_again(&packet(1, 40, 900, true, now, key(7, 3))).is_none(), "too long ago");
        assert!(slot.place(&packet(1, 41, 900, false, now, key(7, 3)), 1_100).is_none(), "it comes too late");
    }

    #[test]
    fn repeated_sound_goes_to_whoever_knows_it_and_the_newest_alone_to_others() {
        let payload = [0x80 | 111, 0x0f, 0x00, 0x03, 111, 1, 2, 3, 8, 9];
        let packet = Packet {
            codec: Codec::Red,
            primary_at: 8,
            numbers: PictureNumbers::default(),
            ..packet(1, 40, 900, true, Instant::now(), key(1, 1))
        };
        let leaves = |codecs: &[(Codec, u8)]| {
            let mut slot = Slot::new(Mid::parse("4").unwrap(), Source::Microphone, 10, 11, 99, 5000);
            for (codec, payload_type) in codecs {
                slot.set_payload_type(*codec, *payload_type, None);
            }
            slot.aim(ADA, StreamId(1), Entry::Keyframe);
            let placed = slot.place(&packet, payload.len())?;
            let mut copy = placed.part(&packet, &payload).to_vec();
            placed.patch(&packet, &mut copy);
            Some((placed.payload_type, copy))
        };
        let retyped = vec![0x80 | 96, 0x0f, 0x00, 0x03, 96, 1, 2, 3, 8, 9];
        assert_eq!(leaves(&[(Codec::Red, 63), (Codec::Opus, 96)]), Some((63, retyped)));
        assert_eq!(leaves(&[(Codec::Opus, 109)]), Some((109, vec![8, 9])));
        assert_eq!(leaves(&[]), None);
    }

    #[test]
    fn repairs_have_a_budget() {
        let now = Instant::now();
        let mut slot = slot();
        slot.aim(ADA, StreamId(1), Entry::Keyframe);
        slot.place(&packet(1, 40, 900, true, now, key(7, 3)), 1_100).unwrap();
        let repairs = (0..1000).filter(|_| slot.may_repair(1200));
        assert_eq!(repairs.count(), REPAIR_BUDGET_MAX / 4 / 1200);
    }
}
