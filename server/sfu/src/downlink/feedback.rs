//! Transport-wide feedback as a receiver sends it, read in place
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).

/// One report covers at most this many packets; ours are far fewer between two reports.
const COVERED_MAX: u16 = 4_096;

const TICK_US: i64 = 250;
const REFERENCE_US: i64 = 64_000;

/// A report whose every length was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feedback<'b> {
    base: u16,
    count: u16,
    reference: u32,
    ordinal: u8,
    chunks: &'b [u8],
    deltas: &'b [u8],
}

impl<'b> Feedback<'b> {
    /// Parses what follows the two SSRCs of the packet. `None` if it is cut short or covers too much.
    pub fn parse(body: &'b [u8]) -> Option<Feedback<'b>> {
        let (head, rest) = body.split_first_chunk::<8>()?;
        let base = u16::from_be_bytes([head[0], head[1]]);
        let count = u16::from_be_bytes([head[2], head[3]]);
        let reference = u32::from_be_bytes([0, head[4], head[5], head[6]]);
        let ordinal = head[7];
        if count > COVERED_MAX {
            return None;
        }
        let mut covered = 0;
        let mut deltas_len = 0;
        let mut chunks_len = 0;
        while covered < usize::from(count) {
            let chunk = u16::from_be_bytes(*rest.get(chunks_len..)?.first_chunk()?);
            chunks_len += 2;
            let symbols = symbols(chunk).take(usize::from(count) - covered);
            for symbol in symbols {
                covered += 1;
                deltas_len += usize::from(symbol.min(2));
            }
        }
        let (chunks, deltas) = rest.split_at_checked(chunks_len)?;
        Some(Feedback { base, count, reference, ordinal, chunks, deltas: deltas.get(..deltas_len)? })
    }

    /// Each packet that arrived, by its number, with its arrival on the receiver's clock, µs.
    pub fn arrivals(&self) -> impl Iterator<Item = (u16, i64)> + 'b {
        let Feedback { base, count, reference, ordinal: _, chunks, mut deltas } = *self;
        let mut at_us = i64::from(reference) * REFERENCE_US;
        let chunks = chunks.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]]));
        let numbered = chunks.flat_map(symbols).take(usize::from(count)).enumerate();
        numbered.filter_map(move |(i, symbol)| {
            let ticks = match symbol {
                0 => return None,
                1 => {
                    let (&small, rest) = deltas.split_first()?;
                    deltas = rest;
                    i64::from(small)
                }
                _ => {
                    let (large, rest) = deltas.split_first_chunk::<2>()?;
                    deltas = rest;
                    i64::from(i16::from_be_bytes(*large))
                }
            };
            at_us += ticks * TICK_US;
            Some((base.wrapping_add(i as u16), at_us))
        })
    }

    /// The first number it covers.
    pub fn first(&self) -> u16 {
        self.base
    }

    /// The how manieth report it is: whoever misses one sees it here.
    pub fn ordinal(&self) -> u8 {
        self.ordinal
    }

    /// The last number it covers.
    pub fn last(&self) -> u16 {
        self.base.wrapping_add(self.count).wrapping_sub(1)
    }
}

/// The symbols of one chunk: 0 lost, 1 a small delta, 2 a large one (§3.1.1, §3.1.3, §3.1.4). The reserved fourth is
/// read as a large one, as its length would have to be known.
fn symbols(chunk: u16) -> impl Iterator<Item = u8> {
    let (count, width, run) = match (chunk >> 14) & 3 {
        0 | 1 => (chunk & 0x1fff, 0, ((chunk >> 13) & 3) as u8),
        2 => (14, 1, 0),
        _ => (7, 2, 0),
    };
    (0..count).map(move |i| match width {
        0 => run,
        1 => ((chunk >> (13 - i)) & 1) as u8,
        _ => ((chunk >> (12 - 2 * i)) & 3) as u8,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtc_rtcp::transport_feedbacks::transport_layer_cc::{
        PacketStatusChunk, RecvDelta, RunLengthChunk, StatusChunkTypeTcc, StatusVectorChunk, SymbolSizeTypeTcc,
        SymbolTypeTcc, TransportLayerCc,
    };
    use rtc_shared::marshal::Marshal;

    /// Written by a library: 3 that arrived in a run, then a vector with one lost and one late.
    fn report() -> Vec<u8> {
        let small = |delta| RecvDelta { type_tcc_packet: SymbolTypeTcc::PacketReceivedSmallDelta, delta };
        let large = |delta| RecvDelta { type_tcc_packet: SymbolTypeTcc::PacketReceivedLargeDelta, delta };
        let run = RunLengthChunk {
            type_tcc: StatusChunkTypeTcc::RunLengthChunk,
            packet_status_symbol: SymbolTypeTcc::PacketReceivedSmallDelta,
            run_length: 3,
        };
        let vector = StatusVectorChunk {
            type_tcc: StatusChunkTypeTcc::StatusVectorChunk,
            symbol_size: SymbolSizeTypeTcc::TwoBit,
            symbol_list: vec![
                SymbolTypeTcc::PacketNotReceived,
                SymbolTypeTcc::PacketReceivedLargeDelta,
                SymbolTypeTcc::PacketReceivedSmallDelta,
            ],
        };
        let packet = TransportLayerCc {
            sender_ssrc: 1,
            media_ssrc: 2,
            base_sequence_number: 65_534,
            packet_status_count: 6,
            reference_time: 10,
            fb_pkt_count: 1,
            packet_chunks: vec![PacketStatusChunk::RunLengthChunk(run), PacketStatusChunk::StatusVectorChunk(vector)],
            recv_deltas: vec![small(1_000), small(250), small(0), large(-5_000), small(500)],
        };
        packet.marshal().unwrap().to_vec()
    }

    #[test]
    fn arrivals_are_read_as_they_were_written() {
        let bytes = report();
        let feedback = Feedback::parse(&bytes[12..]).unwrap();
        let arrivals: Vec<(u16, i64)> = feedback.arrivals().collect();
        let at = 640_000;
        let expected = [(65_534, at + 1_000), (65_535, at + 1_250), (0, at + 1_250), (2, at - 3_750), (3, at - 3_250)];
        assert_eq!(arrivals, expected);
        assert_eq!(feedback.last(), 3);
    }

    #[test]
    fn no_cut_and_no_flipped_bit_makes_it_panic_or_long() {
        let bytes = report();
        for len in 0..bytes.len() - 12 {
            if let Some(feedback) = Feedback::parse(&bytes[12..12 + len]) {
                assert!(feedback.arrivals().count() <= usize::from(COVERED_MAX));
            }
        }
        for at in 12..bytes.len() {
            for bit in 0..8 {
                let mut forged = bytes.clone();
                forged[at] ^= 1 << bit;
                if let Some(feedback) = Feedback::parse(&forged[12..]) {
                    assert!(feedback.arrivals().count() <= usize::from(COVERED_MAX));
                }
            }
        }
    }
}
