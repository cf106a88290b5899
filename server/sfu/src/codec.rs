//! The codecs that are served, and what the relay must know of their payloads.

use crate::dependency;
use crate::vp9::Vp9;

/// In the order in which the relay prefers them: redundant sound before plain (a browser sends it only if it stands
/// first), and VP8, which every browser decodes, before other pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// Opus with earlier packets again in each packet (RFC 2198).
    Red,
    Opus,
    Vp8,
    H264,
    Vp9,
    Av1,
}

impl Codec {
    pub const COUNT: usize = 6;
    pub const ALL: [Codec; Codec::COUNT] = [Codec::Red, Codec::Opus, Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1];

    /// By the name in `a=rtpmap` (RFC 8866 §6.6): encoding names are not case-sensitive.
    pub fn from_rtpmap(name: &str) -> Option<Codec> {
        const NAMES: [(&str, Codec); Codec::COUNT] = [
            ("red", Codec::Red),
            ("opus", Codec::Opus),
            ("VP8", Codec::Vp8),
            ("H264", Codec::H264),
            ("VP9", Codec::Vp9),
            ("AV1", Codec::Av1),
        ];
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, codec)| *codec)
    }

    /// `name/clock[/channels]`, as the answer writes it.
    pub fn rtpmap(self) -> &'static str {
        match self {
            Codec::Red => "red/48000/2",
            Codec::Opus => "opus/48000/2",
            Codec::Vp8 => "VP8/90000",
            Codec::H264 => "H264/90000",
            Codec::Vp9 => "VP9/90000",
            Codec::Av1 => "AV1/90000",
        }
    }

    pub fn is_audio(self) -> bool {
        matches!(self, Codec::Red | Codec::Opus)
    }

    pub fn clock_hz(self) -> u32 {
        if self.is_audio() { 48_000 } else { 90_000 }
    }

    /// Whether a picture that needs no other begins in this payload. For audio every packet does.
    pub fn starts_keyframe(self, payload: &[u8]) -> bool {
        match self {
            Codec::Red | Codec::Opus => true,
            Codec::Vp8 => Vp8::parse(payload).is_some_and(|vp8| vp8.starts_keyframe),
            Codec::H264 => h264_starts_keyframe(payload),
            Codec::Vp9 => Vp9::parse(payload).is_some_and(|vp9| vp9.starts_keyframe()),
            Codec::Av1 => av1_starts_keyframe(payload),
        }
    }
}

/// Earlier packets in one packet: browsers send one or two.
const REDUNDANT_BLOCKS_MAX: usize = 4;

/// Where the newest packet begins in a payload of RFC 2198 §3 whose blocks all have `payload_type`; `None` if it is
/// malformed.
pub fn red_primary(payload: &[u8], payload_type: u8) -> Option<usize> {
    let mut earlier_len = 0;
    for at in (0..=4 * REDUNDANT_BLOCKS_MAX).step_by(4) {
        let &first = payload.get(at)?;
        if first & 0x7f != payload_type {
            return None;
        }
        if first & 0x80 == 0 {
            let primary = at + 1 + earlier_len;
            return (primary <= payload.len()).then_some(primary);
        }
        let rest = payload.get(at + 1..at + 4)?;
        earlier_len += usize::from(rest[1] & 0x03) << 8 | usize::from(rest[2]);
    }
    None
}

/// Gives the blocks of a well-formed payload another payload type.
pub fn red_retype(payload: &mut [u8], payload_type: u8) {
    for first in payload.iter_mut().step_by(4).take(1 + REDUNDANT_BLOCKS_MAX) {
        let goes_on = *first & 0x80;
        *first = goes_on | payload_type;
        if goes_on == 0 {
            return;
        }
    }
}

/// The numbers in a descriptor that go on from one stream to the next in a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PictureNumbers {
    /// Where the picture id is and whether it has 15 bits.
    pub picture_id: Option<(usize, PictureId)>,
    /// Where TL0PICIDX is, and its value.
    pub tl0_pic_idx: Option<(usize, u8)>,
}

impl PictureNumbers {
    /// Those of a packet that was taken in before.
    pub fn of(codec: Codec, payload: &[u8]) -> PictureNumbers {
        let numbers = match codec {
            Codec::Vp8 => Vp8::parse(payload).map(|vp8| vp8.numbers),
            Codec::Vp9 => Vp9::parse(payload).map(|vp9| vp9.numbers),
            Codec::Av1 => Some(dependency::numbers(dependency::parted(codec, payload).0)),
            Codec::Red | Codec::Opus | Codec::H264 => None,
        };
        numbers.unwrap_or_default()
    }
}

/// The payload descriptor of a VP8 packet (RFC 7741 §4.2), as far as the relay rewrites it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vp8 {
    pub numbers: PictureNumbers,
    pub starts_keyframe: bool,
    /// Of a keyframe's first packet (RFC 6386 §9.1).
    pub height_px: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureId {
    Bits7(u8),
    Bits15(u16),
    /// AV1 numbers frames: each layer of a picture has one.
    Frame(u16),
}

impl PictureId {
    /// The id, whose first bit says how long it is, and what follows it.
    pub fn read(bytes: &[u8]) -> Option<(PictureId, &[u8])> {
        let (&high, rest) = bytes.split_first()?;
        if high & 0x80 == 0 {
            return Some((PictureId::Bits7(high), rest));
        }
        let (&low, rest) = rest.split_first()?;
        Some((PictureId::Bits15(u16::from_be_bytes([high & 0x7f, low])), rest))
    }

    pub fn number(self) -> u16 {
        match self {
            PictureId::Bits7(id) => u16::from(id),
            PictureId::Bits15(id) | PictureId::Frame(id) => id,
        }
    }

    /// The id so many later, in as many bits.
    pub fn plus(self, step: u16) -> PictureId {
        let sum = self.number().wrapping_add(step);
        match self {
            PictureId::Bits7(_) => PictureId::Bits7(sum as u8 & 0x7f),
            PictureId::Bits15(_) => PictureId::Bits15(sum & 0x7fff),
            PictureId::Frame(_) => PictureId::Frame(sum),
        }
    }
}

impl Vp8 {
    pub fn parse(payload: &[u8]) -> Option<Vp8> {
        let &first = payload.first()?;
        let mut vp8 = Vp8::default();
        let mut at = 1;
        if first & 0x80 != 0 {
            let &has = payload.get(at)?;
            at += 1;
            if has & 0x80 != 0 {
                let (id, after) = PictureId::read(payload.get(at..)?)?;
                vp8.numbers.picture_id = Some((at, id));
                at = payload.len() - after.len();
            }
            if has & 0x40 != 0 {
                vp8.numbers.tl0_pic_idx = Some((at, *payload.get(at)?));
                at += 1;
            }
            if has & 0x30 != 0 {
                at += 1;
            }
        }
        let starts_partition = first & 0x10 != 0 && first & 0x0f == 0;
        let frame = payload.get(at..).unwrap_or(&[]);
        let is_key = frame.first().is_some_and(|tag| tag & 1 == 0);
        vp8.starts_keyframe = starts_partition && is_key;
        if vp8.starts_keyframe && frame.get(3..6) == Some(&[0x9d, 0x01, 0x2a]) {
            vp8.height_px = frame.get(8..10).map(|b| u16::from_le_bytes([b[0], b[1]]) & 0x3fff);
        }
        Some(vp8)
    }
}

/// RFC 6184: an IDR slice or a sequence parameter set, alone, aggregated or first of its fragments.
fn h264_starts_keyframe(payload: &[u8]) -> bool {
    let is_key = |nal: u8| matches!(nal & 0x1f, 5 | 7);
    let Some((&first, rest)) = payload.split_first() else { return false };
    match first & 0x1f {
        24 => {
            let mut rest = rest;
            while let [high, low, nal, ..] = *rest {
                if is_key(nal) {
                    return true;
                }
                let len = usize::from(u16::from_be_bytes([high, low]));
                rest = rest.get(2 + len..).unwrap_or(&[]);
            }
            false
        }
        28 => rest.first().is_some_and(|fu| fu & 0x80 != 0 && is_key(*fu)),
        _ => is_key(first),
    }
}

/// The RTP payload format for AV1 §4.4: N says that a new coded video sequence begins.
fn av1_starts_keyframe(payload: &[u8]) -> bool {
    payload.first().is_some_and(|aggregation| aggregation & 0x88 == 0x08)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vp8_keyframe_tells_its_height() {
        let payload = [
            0x90, 0xe0, 0x81, 0x02, 0x07, 0x20, // X S; I L T; picture id 258; tl0 7; tid
            0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01,
        ];
        let vp8 = Vp8::parse(&payload).unwrap();
        assert_eq!(vp8.numbers.picture_id, Some((2, PictureId::Bits15(258))));
        assert_eq!(vp8.numbers.tl0_pic_idx, Some((4, 7)));
        assert!(vp8.starts_keyframe);
        assert_eq!(vp8.height_px, Some(360));
    }

    #[test]
    fn delta_frames_start_nothing() {
        assert!(!Codec::Vp8.starts_keyframe(&[0x10, 0x11]));
        assert!(!Codec::H264.starts_keyframe(&[0x41, 0x9a]));
        assert!(!Codec::Vp9.starts_keyframe(&[0xc8, 0x01]));
        assert!(!Codec::Av1.starts_keyframe(&[0x10]));
    }

    #[test]
    fn key_frames_start() {
        assert!(Codec::H264.starts_keyframe(&[0x78, 0, 2, 0x67, 0x42, 0, 1, 0x65]));
        assert!(Codec::H264.starts_keyframe(&[0x7c, 0x85, 0]));
        assert!(!Codec::H264.starts_keyframe(&[0x7c, 0x05, 0]), "a later fragment");
        assert!(Codec::Vp9.starts_keyframe(&[0x88, 0x01]));
        assert!(Codec::Av1.starts_keyframe(&[0x18]));
    }

    #[test]
    fn redundant_sound_tells_where_the_newest_begins() {
        // One earlier packet of 3 bytes, 960 ticks old, then the newest of 2.
        let mut payload = [0x80 | 111, 0x0f, 0x00, 0x03, 111, 1, 2, 3, 8, 9];
        assert_eq!(red_primary(&payload, 111), Some(8));
        assert_eq!(red_primary(&payload[..8], 111), Some(8), "silence");
        assert_eq!(red_primary(&payload[..7], 111), None, "cut in the earlier packet");
        assert_eq!(red_primary(&payload, 109), None, "not what was negotiated");
        assert_eq!(red_primary(&[111, 5], 111), Some(1));
        assert_eq!(red_primary(&[0x80 | 111; 64], 111), None, "no end of headers");
        red_retype(&mut payload, 96);
        assert_eq!(payload, [0x80 | 96, 0x0f, 0x00, 0x03, 96, 1, 2, 3, 8, 9]);
    }

    #[test]
    fn no_payload_makes_it_panic() {
        for first in 0..=255 {
            for len in 0..12 {
                let payload: Vec<u8> = std::iter::repeat_n(first, len).collect();
                for codec in [Codec::Red, Codec::Opus, Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1] {
                    codec.starts_keyframe(&payload);
                }
                red_primary(&payload, first & 0x7f);
                red_retype(&mut payload.clone(), 111);
            }
        }
    }
}
