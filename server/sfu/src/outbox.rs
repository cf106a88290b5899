//! What waits to leave: packets of this batch in the clear, and the arena in which they are sealed.

use crate::codec::Codec;
use crate::dependency;
use crate::downlink::Downlink;
use crate::rtp::{DESCRIBED_MAX, HAS_EXTENSION, HAS_PADDING, HEADER_LEN, NUMBER_LEN};
use crate::slot::{Packet, Placed, Slot};
use crate::srtp::{OVERHEAD_MAX, Sealer};
use crate::way::{Path, Remote};
use std::collections::VecDeque;
use std::ops::Range;
use std::time::Instant;

/// [`BATCH_DATAGRAMS_MAX`](crate::BATCH_DATAGRAMS_MAX) full datagrams, and as much again in repairs.
const BATCH_BYTES: usize = 2 * 256 * 1_500;
const BATCH_PACKETS: usize = 1_024;
/// One receiver's share of a batch, sealed before the next receiver's.
const ARENA_BYTES: usize = 256 * 1_024;
/// A GSO send is at most this long (UDP's own limit, less headers) and this many segments.
const RUN_BYTES_MAX: usize = 60_000;
const RUN_SEGMENTS_MAX: usize = 64;
/// A packet of padding: the length is its last byte.
pub const PADDING_LEN: u8 = 240;

/// Decrypted packets, each once, however many receive it.
pub struct Batch {
    bytes: Vec<u8>,
    packets: Vec<(Packet, Range<usize>)>,
    /// The place of a packet of padding: one for all receivers, as it is not looked at.
    padding: Option<u32>,
}

impl Batch {
    pub fn new() -> Batch {
        Batch { bytes: Vec::with_capacity(BATCH_BYTES), packets: Vec::with_capacity(BATCH_PACKETS), padding: None }
    }

    /// Keeps a packet until [`Batch::clear`]; `None` if the caller did not drain in time.
    pub fn push(&mut self, packet: Packet, payload: &[u8]) -> Option<u32> {
        if self.packets.len() == BATCH_PACKETS || self.bytes.len() + payload.len() > BATCH_BYTES {
            return None;
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(payload);
        self.packets.push((packet, start..self.bytes.len()));
        u32::try_from(self.packets.len() - 1).ok()
    }

    /// The place of a packet of padding, until [`Batch::clear`]. A thousand receivers probe at once when a lecture's
    /// picture begins: with a place for each, most of them never learnt what their way bears.
    pub fn padding(&mut self, now: Instant) -> Option<u32> {
        if self.padding.is_none() {
            self.padding = self.push(Packet::padding(now), &[]);
        }
        self.padding
    }

    /// Half full: what waits should leave.
    pub fn is_filling(&self) -> bool {
        2 * self.packets.len() >= BATCH_PACKETS || 2 * self.bytes.len() >= BATCH_BYTES
    }

    pub fn get(&self, place: u32) -> Option<(&Packet, &[u8])> {
        let (packet, range) = self.packets.get(place as usize)?;
        Some((packet, &self.bytes[range.clone()]))
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.packets.clear();
        self.padding = None;
    }
}

/// Sealed datagrams that leave as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub path: Path,
    pub range: Range<usize>,
    pub segment_size: usize,
    segments: usize,
}

impl Run {
    pub fn is_single(&self) -> bool {
        self.segments == 1
    }

    pub fn segments(&self) -> usize {
        self.segments
    }
}

/// One receiver's sealed packets.
pub struct Arena {
    bytes: Vec<u8>,
    len: usize,
    runs: VecDeque<Run>,
}

impl Arena {
    pub fn new() -> Arena {
        Arena { bytes: vec![0; ARENA_BYTES], len: 0, runs: VecDeque::with_capacity(256) }
    }

    /// Begins the next receiver; all runs must have left.
    pub fn clear(&mut self) {
        self.len = 0;
        self.runs.clear();
    }

    pub fn pop_run(&mut self) -> Option<Run> {
        self.runs.pop_front()
    }

    /// Drops the runs for an end that is no longer anybody's.
    pub fn forget(&mut self, remote: Remote) {
        self.runs.retain(|run| run.path.remote != remote);
    }

    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.bytes[range]
    }

    pub fn has_room(&self, payload_len: usize) -> bool {
        self.len + HEADER_LEN + DESCRIBED_MAX + 2 + payload_len + OVERHEAD_MAX <= ARENA_BYTES
    }

    /// Copies, rewrites and seals one packet for one slot. False if it has no place there.
    pub fn seal(&mut self, to: &mut Receiver<'_>, slot: &mut Slot, packet: &Packet, payload: &[u8]) -> bool {
        let (descriptor, payload) = dependency::parted(packet.codec, payload);
        let Some(placed) = slot.place(packet, payload.len()) else { return false };
        let header = OutHeader {
            marker: packet.marker,
            payload_type: placed.payload_type,
            index: placed.index,
            timestamp: placed.timestamp,
            ssrc: slot.ssrc,
            original: None,
            descriptor: slot.described(descriptor),
        };
        let payload = placed.part(packet, payload);
        self.write(to, &header, Body::Media { packet, payload, placed: &placed })
    }

    /// The same for a packet that was sent before: as RTX (RFC 4588), else bit for bit again if it can be.
    pub fn seal_repair(&mut self, to: &mut Receiver<'_>, slot: &mut Slot, packet: &Packet, payload: &[u8]) -> bool {
        let (descriptor, payload) = dependency::parted(packet.codec, payload);
        let Some(placed) = slot.place_again(packet) else { return false };
        let rtx = slot.next_rtx(packet.codec);
        let (payload_type, index, ssrc, original) = match rtx {
            Some((payload_type, index)) => (payload_type, index, slot.rtx_ssrc, Some(placed.index as u16)),
            // With another number in its header it would be another packet under the same nonce, which gives the key
            // of its authentication away (RFC 5116 §5.1.1).
            None if to.twcc.is_some() => return false,
            None => (placed.payload_type, placed.index, slot.ssrc, None),
        };
        let (marker, timestamp, descriptor) = (packet.marker, placed.timestamp, slot.described(descriptor));
        let header = OutHeader { marker, payload_type, index, timestamp, ssrc, original, descriptor };
        self.write(to, &header, Body::Media { packet, payload, placed: &placed })
    }

    /// A packet of padding alone in a slot's retransmissions: a probe of the way, which no decoder sees.
    pub fn seal_padding(&mut self, to: &mut Receiver<'_>, slot: &mut Slot) -> bool {
        let Some((payload_type, index, timestamp)) = slot.next_padding() else { return false };
        let (marker, ssrc, original, descriptor) = (false, slot.rtx_ssrc, None, None);
        let header = OutHeader { marker, payload_type, index, timestamp, ssrc, original, descriptor };
        self.write(to, &header, Body::Padding)
    }

    fn write(&mut self, to: &mut Receiver<'_>, header: &OutHeader<'_>, body: Body<'_>) -> bool {
        let start = self.len;
        let extension_len = match header.descriptor {
            Some((_, descriptor)) => crate::rtp::described_len(to.twcc.is_some(), descriptor.len()),
            None if to.twcc.is_some() => NUMBER_LEN,
            None => 0,
        };
        let header_len = HEADER_LEN + extension_len;
        let body_at = header_len + if header.original.is_some() { 2 } else { 0 };
        let plain_len = body_at + body.len();
        let Some(out) = self.bytes.get_mut(start..start + plain_len + OVERHEAD_MAX) else { return false };
        let Some(fixed) = out.first_chunk_mut::<HEADER_LEN>() else { return false };
        let sequence = header.index as u16;
        crate::rtp::write_header(fixed, header.marker, header.payload_type, sequence, header.timestamp, header.ssrc);
        let number =
            to.twcc.as_mut().map(|twcc| (twcc.extension, twcc.downlink.send(plain_len + OVERHEAD_MAX, to.now)));
        let mut descriptor_at = None;
        if let Some((id, descriptor)) = header.descriptor {
            out[0] |= HAS_EXTENSION;
            let extension = &mut out[HEADER_LEN..header_len];
            let at = HEADER_LEN + crate::rtp::write_described(extension, number, (id, descriptor));
            descriptor_at = Some(at..at + descriptor.len());
        } else if let Some((id, number)) = number {
            out[0] |= HAS_EXTENSION;
            let Some(extension) = out[HEADER_LEN..].first_chunk_mut::<NUMBER_LEN>() else { return false };
            crate::rtp::write_number(extension, id, number);
        }
        if let Some(original) = header.original {
            out[header_len..body_at].copy_from_slice(&original.to_be_bytes());
        }
        match body {
            Body::Media { packet, payload, placed } => {
                out[body_at..plain_len].copy_from_slice(payload);
                let patched = if packet.codec == Codec::Av1 { descriptor_at } else { Some(body_at..plain_len) };
                if let Some(patched) = patched {
                    placed.patch(packet, &mut out[patched]);
                }
            }
            Body::Padding => {
                out[0] |= HAS_PADDING;
                out[body_at..plain_len].fill(0);
                out[plain_len - 1] = PADDING_LEN;
            }
        }
        let Some(sealed_len) = to.sealer.seal_rtp(out, header_len, plain_len, header.index) else { return false };
        self.len += sealed_len;
        self.extend_run(start, sealed_len, to.path);
        true
    }

    /// A run's segments are equal; a shorter one ends it.
    fn extend_run(&mut self, start: usize, len: usize, path: Path) {
        if let Some(run) = self.runs.back_mut() {
            let is_whole = run.range.len() == run.segment_size * run.segments;
            let fits = run.segments < RUN_SEGMENTS_MAX && run.range.len() + len <= RUN_BYTES_MAX;
            if is_whole && fits && len <= run.segment_size && run.range.end == start {
                run.range.end += len;
                run.segments += 1;
                return;
            }
        }
        self.runs.push_back(Run { path, range: start..start + len, segment_size: len, segments: 1 });
    }
}

/// Whom packets are sealed for.
pub struct Receiver<'a> {
    pub path: Path,
    pub sealer: &'a mut Sealer,
    /// If the receiver reports arrivals.
    pub twcc: Option<Twcc<'a>>,
    pub now: Instant,
}

/// Numbers what leaves, for the receiver's reports.
pub struct Twcc<'a> {
    pub extension: u8,
    pub downlink: &'a mut Downlink,
}

struct OutHeader<'a> {
    marker: bool,
    payload_type: u8,
    index: u64,
    timestamp: u32,
    ssrc: u32,
    /// The sequence number that a retransmission repairs.
    original: Option<u16>,
    /// Of AV1: the extension that carries it, and as its publisher sent it.
    descriptor: Option<(u8, &'a [u8])>,
}

#[derive(Clone, Copy)]
enum Body<'a> {
    Media { packet: &'a Packet, payload: &'a [u8], placed: &'a Placed },
    Padding,
}

impl Body<'_> {
    fn len(&self) -> usize {
        match self {
            Body::Media { payload, .. } => payload.len(),
            Body::Padding => usize::from(PADDING_LEN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Certificate;
    use crate::codec::Codec;
    use crate::names::{Mid, PeerId, Source};
    use crate::slot::{Entry, StreamId};
    use crate::srtp::{Profile, SrtpKeys};
    use crate::way::Remote;

    /// A picture that leaves, and leaves once more: what of it is sent each time.
    fn twice(rtx: Option<u8>, is_numbered: bool) -> (Vec<u8>, Option<Vec<u8>>) {
        let now = Instant::now();
        let provider = Certificate::generate().unwrap().provider();
        let mut keys = SrtpKeys::new(Profile::AeadAes128Gcm, &[7; 56], provider.crypto()).unwrap();
        let mut slot = Slot::new(Mid::parse("7").unwrap(), Source::Camera, 10, 11, 99, 5000);
        slot.set_payload_type(Codec::H264, 102, rtx);
        slot.aim(PeerId(1), StreamId(0), Entry::Keyframe);
        let packet = Packet { codec: Codec::H264, starts_keyframe: true, ..Packet::padding(now) };
        let path = Path { remote: Remote::Connection(crate::way::ConnectionId(1)), local: None };
        let mut downlink = Downlink::new(now);
        let mut arena = Arena::new();
        let mut send = |arena: &mut Arena, slot: &mut Slot, is_again: bool| {
            let twcc = is_numbered.then_some(Twcc { extension: 3, downlink: &mut downlink });
            let mut to = Receiver { path, sealer: &mut keys.sealer, twcc, now };
            let from = arena.len;
            let is_sealed = if is_again {
                arena.seal_repair(&mut to, slot, &packet, &[1; 40])
            } else {
                arena.seal(&mut to, slot, &packet, &[1; 40])
            };
            is_sealed.then(|| arena.bytes(from..arena.len).to_vec())
        };
        (send(&mut arena, &mut slot, false).unwrap(), send(&mut arena, &mut slot, true))
    }

    #[test]
    fn no_nonce_serves_two_packets() {
        let (first, again) = twice(None, false);
        assert_eq!(again, Some(first), "bit for bit");
        let (first, again) = twice(Some(103), true);
        assert_ne!(again.unwrap()[8..12], first[8..12], "a stream of its own");
        assert_eq!(twice(None, true).1, None, "its number would be another");
    }
}
