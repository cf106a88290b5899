//! An RTP packet seen in place (RFC 3550 §5.1, RFC 8285).

/// The fixed part of the header.
pub const HEADER_LEN: usize = 12;

/// A parsed header. Offsets point into the datagram that was parsed; nothing is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpHeader {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    has_padding: bool,
    extension_profile: u16,
    extension_start: usize,
    /// Header with CSRCs and extensions: the part that SRTP leaves in the clear.
    pub len: usize,
}

impl RtpHeader {
    /// Parses a header; `None` if it is not version 2 or is cut short.
    pub fn parse(packet: &[u8]) -> Option<RtpHeader> {
        let fixed = packet.first_chunk::<HEADER_LEN>()?;
        if fixed[0] >> 6 != 2 {
            return None;
        }
        let csrc_count = usize::from(fixed[0] & 0x0f);
        let mut len = HEADER_LEN + 4 * csrc_count;
        let mut extension_profile = 0;
        let mut extension_start = len;
        if fixed[0] & 0x10 != 0 {
            let head = packet.get(len..len + 4)?;
            extension_profile = u16::from_be_bytes([head[0], head[1]]);
            extension_start = len + 4;
            len = extension_start + 4 * usize::from(u16::from_be_bytes([head[2], head[3]]));
        }
        if packet.len() < len {
            return None;
        }
        Some(RtpHeader {
            marker: fixed[1] & 0x80 != 0,
            payload_type: fixed[1] & 0x7f,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
            has_padding: fixed[0] & 0x20 != 0,
            extension_profile,
            extension_start,
            len,
        })
    }

    /// The payload without its padding; `None` if the padding claims more than there is.
    pub fn payload<'p>(&self, packet: &'p [u8]) -> Option<&'p [u8]> {
        let payload = packet.get(self.len..)?;
        if !self.has_padding {
            return Some(payload);
        }
        let padding = usize::from(*payload.last()?);
        if padding == 0 {
            return None;
        }
        payload.get(..payload.len().checked_sub(padding)?)
    }

    /// The header extension elements, one-byte and two-byte form alike.
    pub fn extensions<'p>(&self, packet: &'p [u8]) -> Extensions<'p> {
        let rest = packet.get(self.extension_start..self.len).unwrap_or(&[]);
        let form = match self.extension_profile {
            0xbede => Form::OneByte,
            profile if profile & 0xfff0 == 0x1000 => Form::TwoByte,
            _ => return Extensions { rest: &[], form: Form::OneByte },
        };
        Extensions { rest, form }
    }
}

#[derive(Clone, Copy)]
enum Form {
    OneByte,
    TwoByte,
}

/// Iterates `(id, value)`; stops at the first element that does not fit.
pub struct Extensions<'p> {
    rest: &'p [u8],
    form: Form,
}

impl<'p> Iterator for Extensions<'p> {
    type Item = (u8, &'p [u8]);

    fn next(&mut self) -> Option<(u8, &'p [u8])> {
        loop {
            let (&first, after) = self.rest.split_first()?;
            if first == 0 {
                self.rest = after;
                continue;
            }
            let (id, len, body) = match self.form {
                Form::OneByte => (first >> 4, usize::from(first & 0x0f) + 1, after),
                Form::TwoByte => {
                    let (&len, body) = after.split_first()?;
                    (first, usize::from(len), body)
                }
            };
            if matches!(self.form, Form::OneByte) && id == 15 {
                self.rest = &[];
                return None;
            }
            let value = body.get(..len)?;
            self.rest = &body[len..];
            return Some((id, value));
        }
    }
}

/// Writes a header without CSRCs or extensions.
pub fn write_header(
    out: &mut [u8; HEADER_LEN],
    marker: bool,
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
) {
    out[0] = 0x80;
    out[1] = (u8::from(marker) << 7) | (payload_type & 0x7f);
    out[2..4].copy_from_slice(&sequence.to_be_bytes());
    out[4..8].copy_from_slice(&timestamp.to_be_bytes());
    out[8..12].copy_from_slice(&ssrc.to_be_bytes());
}

/// A header extension of one transport-wide number: four bytes of head, four of the element with its padding.
pub const NUMBER_LEN: usize = 8;

/// Writes the extension behind a header, which must be told of it by [`HAS_EXTENSION`].
pub fn write_number(out: &mut [u8; NUMBER_LEN], id: u8, number: u16) {
    let [high, low] = number.to_be_bytes();
    *out = [0xbe, 0xde, 0, 1, (id << 4) | 1, high, low, 0];
}

/// The longest element of the one-byte form (RFC 8285 §4.2).
const SHORT_LEN_MAX: usize = 16;

/// How long a header extension is with a descriptor of `len` bytes, and perhaps a transport-wide number.
pub fn described_len(has_number: bool, len: usize) -> usize {
    let head = if len > SHORT_LEN_MAX { 2 } else { 1 };
    (4 + if has_number { head + 2 } else { 0 } + head + len).next_multiple_of(4)
}

/// What it adds to the descriptor at most.
pub const DESCRIBED_MAX: usize = 13;

/// Writes such an extension, which `out` is as long as, its ids below 15. Returns where in it the descriptor lies.
pub fn write_described(out: &mut [u8], number: Option<(u8, u16)>, (id, descriptor): (u8, &[u8])) -> usize {
    let is_long = descriptor.len() > SHORT_LEN_MAX;
    let [profile_high, profile_low] = if is_long { [0x10, 0x00] } else { [0xbe, 0xde] };
    let words = (out.len() / 4 - 1) as u16;
    out.fill(0);
    out[..4].copy_from_slice(&[profile_high, profile_low, (words >> 8) as u8, words as u8]);
    let mut at = 4;
    let mut write = |id: u8, value: &[u8]| {
        let short = [id << 4 | (value.len().wrapping_sub(1) & 0x0f) as u8];
        let long = [id, value.len() as u8];
        for part in [if is_long { &long[..] } else { &short }, value] {
            out[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        at - value.len()
    };
    if let Some((id, number)) = number {
        write(id, &number.to_be_bytes());
    }
    write(id, descriptor)
}

/// Bits of a header's first byte.
pub const HAS_PADDING: u8 = 0x20;
pub const HAS_EXTENSION: u8 = 0x10;

/// A 16-bit counter seen as one that never wraps: the value nearest to `near`.
pub fn extend(near: u64, low: u16) -> u64 {
    let step = i64::from(low.wrapping_sub(near as u16) as i16);
    near.checked_add_signed(step).unwrap_or(u64::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITH_EXTENSIONS: [u8; 26] = [
        0xb0, 0xef, 0x12, 0x34, 0, 0, 0, 9, 0, 0, 0, 7, // padding, extension, marker, 111
        0xbe, 0xde, 0, 1, 0x10, 0x85, 0x00, 0x00, // audio level −5, voice
        0xaa, 0xbb, 0xcc, 0, 0, 3,
    ];

    #[test]
    fn a_header_tells_its_parts() {
        let packet = WITH_EXTENSIONS;
        let header = RtpHeader::parse(&packet).unwrap();
        assert!(header.marker);
        assert_eq!((header.payload_type, header.sequence, header.timestamp, header.ssrc), (111, 0x1234, 9, 7));
        assert_eq!(header.extensions(&packet).collect::<Vec<_>>(), [(1, &[0x85][..])]);
        assert_eq!(header.payload(&packet).unwrap(), [0xaa, 0xbb, 0xcc]);
    }

    #[test]
    fn a_descriptor_is_written_as_it_is_read_long_or_short_with_a_number_and_without() {
        for len in [1, 3, 16, 17, 90, 255] {
            for number in [None, Some((3, 0x1234))] {
                let descriptor = vec![0xd5; len];
                let mut packet = WITH_EXTENSIONS[..HEADER_LEN].to_vec();
                packet.resize(HEADER_LEN + described_len(number.is_some(), len), 0xff);
                assert!(packet.len() <= HEADER_LEN + len + DESCRIBED_MAX);
                let at = write_described(&mut packet[HEADER_LEN..], number, (12, &descriptor));
                assert_eq!(packet[HEADER_LEN + at..][..len], descriptor);
                let header = RtpHeader::parse(&packet).unwrap();
                assert_eq!(header.len, packet.len());
                let mut read = header.extensions(&packet);
                assert!(number.is_none() || read.next() == Some((3, &[0x12, 0x34][..])));
                assert_eq!((read.next(), read.next()), (Some((12, &descriptor[..])), None));
            }
        }
    }

    #[test]
    fn no_cut_makes_it_panic() {
        for len in 0..WITH_EXTENSIONS.len() {
            let packet = &WITH_EXTENSIONS[..len];
            if let Some(header) = RtpHeader::parse(packet) {
                let _ = header.payload(packet);
                let _ = header.extensions(packet).count();
            }
        }
    }

    #[test]
    fn a_counter_extends_over_its_wrap() {
        assert_eq!(extend(65_535, 0), 65_536);
        assert_eq!(extend(65_536, 65_535), 65_535);
        assert_eq!(extend(10, 12), 12);
        assert_eq!(extend(0, 65_535), 65_535);
    }
}
