//! The RTCP of a light peer: what a browser would tell a relay of what it received.

use std::time::{Duration, Instant};

use rtc_rtcp::receiver_report::ReceiverReport;
use rtc_rtcp::reception_report::ReceptionReport;
use rtc_rtcp::sender_report::SenderReport;
use rtc_rtcp::transport_feedbacks::transport_layer_nack::{TransportLayerNack, nack_pairs_from_sequence_numbers};
use rtc_shared::marshal::Marshal;

use super::tally::Tally;

/// Between two transport-wide feedbacks; browsers send 10 to 20 a second.
pub const ARRIVALS_EVERY: Duration = Duration::from_millis(60);
/// Between two receiver reports.
pub const REPORT_EVERY: Duration = Duration::from_secs(1);
/// Fits into one datagram; what is more waits for the next feedback.
const ARRIVALS_MAX: usize = 400;

const TICK_US: i64 = 250;
const REFERENCE_US: i64 = 64_000;

/// One block for each stream that is no repair.
pub fn receiver_report(own_ssrc: u32, tallies: &[Tally], now: Instant) -> Vec<u8> {
    let block = |tally: &Tally| {
        let (last_sender_report, delay) = tally.last_report.map_or((0, 0), |(ntp, at)| {
            (ntp, (now.saturating_duration_since(at).as_micros() * 65_536 / 1_000_000) as u32)
        });
        ReceptionReport {
            ssrc: tally.ssrc,
            fraction_lost: (tally.thrown_in_all * 256 / (tally.packets + tally.thrown_in_all).max(1)) as u8,
            total_lost: tally.thrown_in_all as u32,
            last_sequence_number: tally.highest(),
            jitter: 20,
            last_sender_report,
            delay,
        }
    };
    let reports = tallies.iter().filter(|tally| !tally.is_repair).take(31).map(block).collect();
    bytes(&ReceiverReport { ssrc: own_ssrc, reports, ..ReceiverReport::default() })
}

/// Asks for packets again (RFC 4585 §6.2.1).
pub fn missing(own_ssrc: u32, media_ssrc: u32, sequences: &[u16]) -> Vec<u8> {
    let nacks = nack_pairs_from_sequence_numbers(sequences);
    bytes(&TransportLayerNack { sender_ssrc: own_ssrc, media_ssrc, nacks })
}

pub fn sender_report(ssrc: u32, ntp_time: u64, rtp_time: u32, packet_count: u32, octet_count: u32) -> Vec<u8> {
    bytes(&SenderReport { ssrc, ntp_time, rtp_time, packet_count, octet_count, ..SenderReport::default() })
}

fn bytes(packet: &impl Marshal) -> Vec<u8> {
    packet.marshal().map(|bytes| bytes.to_vec()).unwrap_or_default()
}

/// When transport-wide numbers arrived (draft-holmer-rmcat-transport-wide-cc-extensions-01).
pub struct Arrivals {
    epoch: Instant,
    /// Numbers with rollovers, in the order of their arrival.
    seen: Vec<(u64, i64)>,
    newest: u64,
    /// The first number that no feedback has covered.
    next: Option<u64>,
    count: u8,
}

impl Arrivals {
    pub fn new(epoch: Instant) -> Arrivals {
        Arrivals { epoch, seen: Vec::new(), newest: 0, next: None, count: 0 }
    }

    pub fn note(&mut self, number: u16, now: Instant) {
        let near = if self.newest == 0 { 0x1_0000 + u64::from(number) } else { self.newest };
        let step = i64::from(number.wrapping_sub(near as u16) as i16);
        let number = near.saturating_add_signed(step);
        self.newest = self.newest.max(number);
        if self.next.is_none_or(|next| number >= next) {
            self.seen.push((number, now.saturating_duration_since(self.epoch).as_micros() as i64));
        }
    }

    /// Tells all numbers since the last feedback; nothing if none came.
    pub fn feedback(&mut self, own_ssrc: u32, media_ssrc: u32) -> Option<Vec<u8>> {
        self.seen.sort_unstable();
        self.seen.dedup_by_key(|(number, _)| *number);
        let &(first, first_at) = self.seen.first()?;
        let base = self.next.unwrap_or(first);
        let told = self.seen.iter().take_while(|(number, _)| number - base < ARRIVALS_MAX as u64).count().max(1);
        let reference = first_at / REFERENCE_US;
        let mut symbols = Vec::with_capacity(ARRIVALS_MAX);
        let mut deltas = Vec::new();
        let mut last = reference * REFERENCE_US;
        for (number, at) in self.seen.drain(..told) {
            let ticks = ((at - last) / TICK_US).clamp(i64::from(i16::MIN), i64::from(i16::MAX));
            symbols.resize((number - base) as usize, 0_u16);
            if let Ok(small) = u8::try_from(ticks) {
                symbols.push(1);
                deltas.push(small);
            } else {
                symbols.push(2);
                deltas.extend_from_slice(&(ticks as i16).to_be_bytes());
            }
            last += ticks * TICK_US;
        }
        self.next = Some(base + symbols.len() as u64);
        self.count = self.count.wrapping_add(1);
        Some(write(own_ssrc, media_ssrc, base as u16, reference as u32, self.count, &symbols, &deltas))
    }
}

fn write(own: u32, media: u32, base: u16, reference: u32, count: u8, symbols: &[u16], deltas: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x8f, 205, 0, 0];
    packet.extend_from_slice(&own.to_be_bytes());
    packet.extend_from_slice(&media.to_be_bytes());
    packet.extend_from_slice(&base.to_be_bytes());
    packet.extend_from_slice(&(symbols.len() as u16).to_be_bytes());
    packet.extend_from_slice(&(reference << 8 | u32::from(count)).to_be_bytes());
    for seven in symbols.chunks(7) {
        // A vector of two-bit symbols, the first in the highest bits.
        let vector = (0..7).fold(0xc000_u16, |vector, i| vector | seven.get(i).copied().unwrap_or(0) << (12 - 2 * i));
        packet.extend_from_slice(&vector.to_be_bytes());
    }
    packet.extend_from_slice(deltas);
    let padding = (4 - packet.len() % 4) % 4;
    if padding > 0 {
        packet[0] |= 0x20;
        packet.extend((1..=padding).map(|n| if n == padding { padding as u8 } else { 0 }));
    }
    let words = (packet.len() / 4 - 1) as u16;
    packet[2..4].copy_from_slice(&words.to_be_bytes());
    packet
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtc_rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
    use rtc_shared::marshal::Unmarshal;

    #[test]
    fn feedback_is_understood_by_the_library() {
        let epoch = Instant::now();
        let mut arrivals = Arrivals::new(epoch);
        for (number, ms) in [(65_534, 70), (65_535, 71), (1, 300), (2, 300)] {
            arrivals.note(number, epoch + Duration::from_millis(ms));
        }
        let bytes = arrivals.feedback(1, 2).expect("something came");
        let read = TransportLayerCc::unmarshal(&mut &bytes[..]).expect("well-formed");
        assert_eq!((read.base_sequence_number, read.packet_status_count, read.reference_time), (65_534, 5, 1));
        let deltas: Vec<i64> = read.recv_deltas.iter().map(|delta| delta.delta).collect();
        assert_eq!(deltas, [6_000, 1_000, 229_000, 0]);
        assert!(arrivals.feedback(1, 2).is_none());
        arrivals.note(4, epoch + Duration::from_millis(310));
        let bytes = arrivals.feedback(1, 2).expect("something came");
        let read = TransportLayerCc::unmarshal(&mut &bytes[..]).expect("well-formed");
        assert_eq!((read.base_sequence_number, read.packet_status_count), (3, 2), "3 is told as lost");
    }
}
