//! RTCP as the relay reads and writes it (RFC 3550 §6, RFC 4585, RFC 5104).

use crate::downlink::Feedback;
use crate::reception::ReceptionBlock;
use rtc_rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc_rtcp::receiver_report::ReceiverReport;
use rtc_rtcp::reception_report::ReceptionReport;
use rtc_rtcp::sender_report::SenderReport;
use rtc_rtcp::source_description::{SdesType, SourceDescription, SourceDescriptionChunk, SourceDescriptionItem};
use rtc_rtcp::transport_feedbacks::transport_layer_nack::{TransportLayerNack, nack_pairs_from_sequence_numbers};
use rtc_shared::marshal::Marshal;

/// Who reports when the relay does: no slot has this SSRC.
pub const OUR_SSRC: u32 = 1;

/// A compound packet tells about at most this many things; more is not from a browser.
const NEWS_MAX: usize = 64;

/// What a peer's RTCP asks or tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News<'b> {
    SenderReport { ssrc: u32, ntp: u64, timestamp: u32 },
    Reception(ReceptionNews),
    KeyframeWanted { ssrc: u32 },
    Missing { ssrc: u32, sequences: Sequences<'b> },
    Arrivals(Feedback<'b>),
}

/// How one of our streams arrives (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceptionNews {
    pub ssrc: u32,
    /// In 1/256.
    pub fraction_lost: u8,
    pub last_sr: u32,
    pub since_last_sr: u32,
}

/// The sequence numbers of a NACK, from its pairs of a number and a bit mask of the sixteen that follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequences<'b> {
    pairs: &'b [u8],
    mask: u32,
    first: u16,
}

impl<'b> Sequences<'b> {
    fn new(pairs: &'b [u8]) -> Sequences<'b> {
        Sequences { pairs: &pairs[..pairs.len().min(4 * NEWS_MAX)], mask: 0, first: 0 }
    }
}

impl Iterator for Sequences<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        if self.mask == 0 {
            let (pair, rest) = self.pairs.split_first_chunk::<4>()?;
            self.pairs = rest;
            self.first = u16::from_be_bytes([pair[0], pair[1]]);
            self.mask = 1 | u32::from(u16::from_be_bytes([pair[2], pair[3]])) << 1;
        }
        let at = self.mask.trailing_zeros();
        self.mask &= self.mask - 1;
        Some(self.first.wrapping_add(at as u16))
    }
}

/// Reads a decrypted compound packet in place. `None`, and nothing was told, if a length in it is wrong; a packet
/// whose content is wrong is passed over, as an unknown one is (RFC 3550 §6.1).
pub fn read<'b>(compound: &'b [u8], mut tell: impl FnMut(News<'b>)) -> Option<()> {
    let mut rest = compound;
    while !rest.is_empty() {
        (_, rest) = split(rest)?;
    }
    let mut budget = NEWS_MAX;
    let mut rest = compound;
    while let Some((packet, after)) = split(rest) {
        rest = after;
        packet.read(&mut |news| {
            if let Some(left) = budget.checked_sub(1) {
                budget = left;
                tell(news);
            }
        });
    }
    Some(())
}

struct RtcpPacket<'b> {
    /// Reports it holds, or the kind of feedback it is.
    count: u8,
    kind: u8,
    body: &'b [u8],
}

/// The first packet of a compound one (RFC 3550 §6.4).
fn split(compound: &[u8]) -> Option<(RtcpPacket<'_>, &[u8])> {
    let (head, rest) = compound.split_first_chunk::<4>()?;
    if head[0] >> 6 != 2 {
        return None;
    }
    let len = 4 * usize::from(u16::from_be_bytes([head[2], head[3]]));
    let (body, rest) = rest.split_at_checked(len)?;
    let padding = if head[0] & 0x20 == 0 { 0 } else { usize::from(*body.last()?) };
    let body = body.get(..body.len().checked_sub(padding)?)?;
    Some((RtcpPacket { count: head[0] & 0x1f, kind: head[1], body }, rest))
}

impl<'b> RtcpPacket<'b> {
    fn read(&self, tell: &mut impl FnMut(News<'b>)) -> Option<()> {
        match (self.kind, self.count) {
            (200, _) => {
                let head = self.body.first_chunk::<24>()?;
                let ntp = u64::from_be_bytes(*head[4..].first_chunk()?);
                tell(News::SenderReport { ssrc: word(head, 0)?, ntp, timestamp: word(head, 12)? });
                self.receptions(24, tell);
            }
            (201, _) => self.receptions(4, tell),
            // RFC 4585 §6.2.1.
            (205, 1) => {
                tell(News::Missing { ssrc: word(self.body, 4)?, sequences: Sequences::new(self.body.get(8..)?) });
            }
            (205, 15) => tell(News::Arrivals(Feedback::parse(self.body.get(8..)?)?)),
            // RFC 4585 §6.3.1.
            (206, 1) => tell(News::KeyframeWanted { ssrc: word(self.body, 4)? }),
            // RFC 5104 §4.3.1.1.
            (206, 4) => {
                for entry in self.body.get(8..)?.chunks_exact(8) {
                    tell(News::KeyframeWanted { ssrc: word(entry, 0)? });
                }
            }
            _ => {}
        }
        Some(())
    }

    fn receptions(&self, at: usize, tell: &mut impl FnMut(News<'b>)) {
        let blocks = self.body.get(at..).unwrap_or_default().chunks_exact(24).take(usize::from(self.count));
        for block in blocks {
            if let (Some(ssrc), Some(last_sr), Some(since_last_sr)) = (word(block, 0), word(block, 16), word(block, 20))
            {
                tell(News::Reception(ReceptionNews { ssrc, fraction_lost: block[4], last_sr, since_last_sr }));
            }
        }
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_be_bytes(*word))
}

/// PLI (RFC 4585 §6.3.1).
pub fn keyframe_request(media_ssrc: u32) -> Vec<u8> {
    bytes(&PictureLossIndication { sender_ssrc: OUR_SSRC, media_ssrc })
}

/// Generic NACK (RFC 4585 §6.2.1).
pub fn missing(media_ssrc: u32, sequences: &[u16]) -> Vec<u8> {
    let nacks = nack_pairs_from_sequence_numbers(sequences);
    bytes(&TransportLayerNack { sender_ssrc: OUR_SSRC, media_ssrc, nacks })
}

/// A receiver report of up to 31 streams, with our CNAME.
pub fn receiver_report(blocks: &[(u32, ReceptionBlock)]) -> Vec<u8> {
    let reports = blocks.iter().take(31).map(|(ssrc, block)| ReceptionReport {
        ssrc: *ssrc,
        fraction_lost: block.fraction_lost,
        total_lost: block.total_lost,
        last_sequence_number: block.highest,
        jitter: block.jitter,
        last_sender_report: block.last_sr,
        delay: block.since_last_sr,
    });
    let report = ReceiverReport { ssrc: OUR_SSRC, reports: reports.collect(), ..Default::default() };
    let mut compound = bytes(&report);
    compound.extend_from_slice(&description(OUR_SSRC, "relay"));
    compound
}

/// What a slot's sender report says.
pub struct SlotReport<'a> {
    pub ssrc: u32,
    pub cname: &'a str,
    pub ntp: u64,
    pub timestamp: u32,
    pub packets: u32,
    pub bytes: u32,
}

/// A sender report with its CNAME.
pub fn sender_report(slot: &SlotReport<'_>) -> Vec<u8> {
    let report = SenderReport {
        ssrc: slot.ssrc,
        ntp_time: slot.ntp,
        rtp_time: slot.timestamp,
        packet_count: slot.packets,
        octet_count: slot.bytes,
        ..Default::default()
    };
    let mut compound = bytes(&report);
    compound.extend_from_slice(&description(slot.ssrc, slot.cname));
    compound
}

fn description(ssrc: u32, cname: &str) -> Vec<u8> {
    let text = bytes::Bytes::copy_from_slice(cname.as_bytes());
    let items = vec![SourceDescriptionItem { sdes_type: SdesType::SdesCname, text }];
    bytes(&SourceDescription { chunks: vec![SourceDescriptionChunk { source: ssrc, items }] })
}

fn bytes(packet: &impl Marshal) -> Vec<u8> {
    // What we build ourselves always fits its length field; nothing is sent if it does not.
    packet.marshal().map(|bytes| bytes.to_vec()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(compound: &[u8]) -> Option<Vec<News<'_>>> {
        let mut told = Vec::new();
        read(compound, |news| told.push(news)).map(|()| told)
    }

    #[test]
    fn what_is_written_reads_back() {
        let (keyframe, nack) = (keyframe_request(7), missing(7, &[5, 6, 40]));
        assert_eq!(told(&keyframe).unwrap(), [News::KeyframeWanted { ssrc: 7 }]);
        let Some([News::Missing { ssrc: 7, sequences }]) = told(&nack).as_deref().map(|told| [told[0]]) else {
            panic!("{nack:?}")
        };
        assert_eq!(sequences.collect::<Vec<u16>>(), [5, 6, 40]);
        let slot = SlotReport { ssrc: 3, cname: "slot-4", ntp: 5 << 32, timestamp: 9, packets: 1, bytes: 2 };
        let expected = News::SenderReport { ssrc: 3, ntp: 5 << 32, timestamp: 9 };
        assert_eq!(told(&sender_report(&slot)).unwrap(), [expected]);
        let block = ReceptionBlock {
            fraction_lost: 25,
            total_lost: 9,
            highest: 70_000,
            jitter: 3,
            last_sr: 0x1234_5678,
            since_last_sr: 65_536,
        };
        let expected = ReceptionNews { ssrc: 8, fraction_lost: 25, last_sr: 0x1234_5678, since_last_sr: 65_536 };
        assert_eq!(told(&receiver_report(&[(8, block)])).unwrap(), [News::Reception(expected)]);
    }

    #[test]
    fn a_length_that_is_wrong_tells_nothing() {
        let mut compound = keyframe_request(7);
        compound.extend_from_slice(&[0x80, 201, 0, 9, 0, 0, 0, 1]);
        assert_eq!(told(&compound), None);
    }

    #[test]
    fn no_cut_and_no_length_makes_it_panic() {
        let compound = missing(7, &[5, 6, 40]);
        for len in 0..compound.len() {
            told(&compound[..len]);
        }
        for first in [0x80, 0x81, 0xbf, 0xff] {
            for kind in 190..=210 {
                for len in 0..120 {
                    let mut noise = vec![0xa5; len];
                    noise.splice(0..len.min(4), [first, kind, 0, (len / 4) as u8].into_iter().take(len.min(4)));
                    for news in told(&noise).into_iter().flatten() {
                        if let News::Missing { sequences, .. } = news {
                            assert!(sequences.count() <= 17 * NEWS_MAX);
                        }
                    }
                }
            }
        }
    }
}
