//! RTCP as the relay reads and writes it (RFC 3550 §6, RFC 4585, RFC 5104).

use crate::reception::ReceptionBlock;
use rtc_rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    SenderReport { ssrc: u32, ntp: u64, timestamp: u32 },
    KeyframeWanted { ssrc: u32 },
    Missing { ssrc: u32, sequences: Vec<u16> },
}

/// Reads a decrypted compound packet. `None` if it is malformed.
pub fn read(compound: &[u8]) -> Option<Vec<News>> {
    let packets = rtc_rtcp::packet::unmarshal(&mut &compound[..]).ok()?;
    let mut news = Vec::new();
    for packet in &packets {
        let any = packet.as_any();
        if let Some(sr) = any.downcast_ref::<SenderReport>() {
            news.push(News::SenderReport { ssrc: sr.ssrc, ntp: sr.ntp_time, timestamp: sr.rtp_time });
        } else if let Some(pli) = any.downcast_ref::<PictureLossIndication>() {
            news.push(News::KeyframeWanted { ssrc: pli.media_ssrc });
        } else if let Some(fir) = any.downcast_ref::<FullIntraRequest>() {
            news.extend(fir.fir.iter().take(NEWS_MAX).map(|entry| News::KeyframeWanted { ssrc: entry.ssrc }));
        } else if let Some(nack) = any.downcast_ref::<TransportLayerNack>() {
            let pairs = nack.nacks.iter().take(NEWS_MAX);
            let sequences = pairs.flat_map(|pair| pair.packet_list()).collect();
            news.push(News::Missing { ssrc: nack.media_ssrc, sequences });
        }
        if news.len() >= NEWS_MAX {
            break;
        }
    }
    Some(news)
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

    #[test]
    fn what_is_written_reads_back() {
        assert_eq!(read(&keyframe_request(7)).unwrap(), [News::KeyframeWanted { ssrc: 7 }]);
        let expected = News::Missing { ssrc: 7, sequences: vec![5, 6, 40] };
        assert_eq!(read(&missing(7, &[5, 6, 40])).unwrap(), [expected]);
        let slot = SlotReport { ssrc: 3, cname: "slot-4", ntp: 5 << 32, timestamp: 9, packets: 1, bytes: 2 };
        let expected = News::SenderReport { ssrc: 3, ntp: 5 << 32, timestamp: 9 };
        assert_eq!(read(&sender_report(&slot)).unwrap(), [expected]);
    }

    #[test]
    fn no_cut_and_no_length_makes_it_panic() {
        let compound = missing(7, &[5, 6, 40]);
        for len in 0..compound.len() {
            let _ = read(&compound[..len]);
        }
        for first in [0x80, 0x81, 0xbf, 0xff] {
            for kind in 190..=210 {
                for len in 0..120 {
                    let mut noise = vec![0xa5; len];
                    noise.splice(0..len.min(4), [first, kind, 0, (len / 4) as u8].into_iter().take(len.min(4)));
                    let _ = read(&noise);
                }
            }
        }
    }
}
