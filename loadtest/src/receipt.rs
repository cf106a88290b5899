//! What arrived in one receive slot.

use std::time::Instant;

use rtc::rtp;

/// A slot's count. One slot is one continuous stream, whoever is in it.
#[derive(Clone, Debug, Default)]
pub struct Receipt {
    pub packets: u64,
    pub bytes: u64,
    /// Times at which the next sequence number was not the next: loss, reordering, or a bad rewrite.
    pub gaps: u64,
    /// Streams seen. More than one in a slot is a mistake of the relay.
    pub ssrcs: Vec<u32>,
    /// VP8 keyframes begun.
    pub keyframes: u64,
    pub first: Option<Instant>,
    pub last: Option<Instant>,
    last_seq: Option<u16>,
}

impl Receipt {
    /// Counts one packet that arrived at `now`.
    pub fn count(&mut self, packet: &rtp::Packet, is_video: bool, now: Instant) {
        self.packets += 1;
        self.bytes += packet.payload.len() as u64;
        let seq = packet.header.sequence_number;
        if self.last_seq.is_some_and(|last| last.wrapping_add(1) != seq) {
            self.gaps += 1;
        }
        self.last_seq = Some(seq);
        if !self.ssrcs.contains(&packet.header.ssrc) {
            self.ssrcs.push(packet.header.ssrc);
        }
        self.keyframes += u64::from(is_video && begins_keyframe(&packet.payload));
        self.first.get_or_insert(now);
        self.last = Some(now);
    }
}

/// Whether a VP8 payload begins a keyframe: start of partition 0 with the inverse key frame flag clear (RFC 7741 §4.3).
fn begins_keyframe(payload: &[u8]) -> bool {
    let Some(&first) = payload.first() else { return false };
    if first & 0x17 != 0x10 {
        return false;
    }
    let mut header = 1;
    if first & 0x80 != 0 {
        let Some(&extension) = payload.get(1) else { return false };
        header += 1;
        if extension & 0x80 != 0 {
            let long = payload.get(header).is_some_and(|byte| byte & 0x80 != 0);
            header += if long { 2 } else { 1 };
        }
        header += usize::from(extension & 0x40 != 0) + usize::from(extension & 0x30 != 0);
    }
    payload.get(header).is_some_and(|byte| byte & 1 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(seq: u16, payload: &'static [u8]) -> rtp::Packet {
        let header = rtp::Header { sequence_number: seq, ssrc: 7, ..rtp::Header::default() };
        rtp::Packet { header, payload: payload.into() }
    }

    #[test]
    fn a_receipt_sees_gaps_and_keyframes() {
        let mut receipt = Receipt::default();
        let now = Instant::now();
        receipt.count(&packet(65_535, &[0x90, 0x80, 0x81, 0x02, 0x00]), true, now);
        receipt.count(&packet(0, &[0x10, 0x01]), true, now);
        receipt.count(&packet(2, &[0x00, 0x00]), true, now);
        assert_eq!((receipt.packets, receipt.gaps, receipt.keyframes), (3, 1, 1));
        assert_eq!(receipt.ssrcs, [7]);
    }
}
