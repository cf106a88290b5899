//! Transport-wide feedback to one publisher: when each of its packets arrived
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use crate::rtp::extend;
use std::time::{Duration, Instant};

/// How often a publisher hears of its packets; browsers estimate well with 50 to 100 ms.
pub const FEEDBACK_EVERY: Duration = Duration::from_millis(60);

/// Numbers covered by one message. More between two feedbacks is an outage or a forgery.
const COVERED_MAX: u64 = 400;

/// Arrivals waiting to be told: the ingress limit allows fewer in one interval.
const ARRIVALS_MAX: usize = 512;

const TICK: Duration = Duration::from_micros(250);
const REFERENCE: Duration = Duration::from_millis(64);

#[derive(Default)]
pub struct Twcc {
    epoch: Option<Instant>,
    newest: u64,
    arrivals: Vec<(u64, Instant)>,
    count: u8,
}

impl Twcc {
    pub fn on_packet(&mut self, number: u16, now: Instant) {
        self.epoch.get_or_insert(now);
        // Starts above zero, so that a packet from before the first has a number too.
        let near = if self.newest == 0 { 0x1_0000 + u64::from(number) } else { self.newest };
        let number = extend(near, number);
        self.newest = self.newest.max(number);
        if self.arrivals.len() < ARRIVALS_MAX {
            self.arrivals.push((number, now));
        }
    }

    /// The RTCP packet that tells all arrivals since the last one, if there were any.
    pub fn feedback(&mut self, media_ssrc: u32) -> Option<Vec<u8>> {
        let epoch = self.epoch?;
        self.arrivals.sort_unstable();
        self.arrivals.dedup_by_key(|(number, _)| *number);
        let (_, newest) = (self.arrivals.first()?, self.arrivals.last()?.0);
        let oldest = newest.saturating_sub(COVERED_MAX - 1);
        self.arrivals.retain(|(number, _)| *number >= oldest);
        let &(base, first_at) = self.arrivals.first()?;
        let reference = first_at.saturating_duration_since(epoch).as_micros() / REFERENCE.as_micros();
        let mut last = (reference * REFERENCE.as_micros()) as i64;
        // As large as they may become: a message costs the same allocations, however many packets it tells of.
        let mut symbols = Vec::with_capacity((newest - base + 1) as usize);
        let mut deltas = Vec::with_capacity(2 * self.arrivals.len());
        let mut told = base;
        for &(number, at) in &self.arrivals {
            let at = at.saturating_duration_since(epoch).as_micros() as i64;
            let ticks = (at - last) / TICK.as_micros() as i64;
            let Ok(delta) = i16::try_from(ticks) else { break };
            symbols.resize((number - base) as usize, 0_u16);
            if let Ok(small) = u8::try_from(delta) {
                symbols.push(1);
                deltas.push(small);
            } else {
                symbols.push(2);
                deltas.extend_from_slice(&delta.to_be_bytes());
            }
            last += ticks * TICK.as_micros() as i64;
            told = number;
        }
        self.arrivals.retain(|(number, _)| *number > told);
        let count = self.count;
        self.count = self.count.wrapping_add(1);
        Some(write(media_ssrc, base as u16, reference as u32, count, &symbols, &deltas))
    }
}

/// One status vector chunk for seven packets, two bits each (§3.1.4): simple, and small enough.
fn write(media_ssrc: u32, base: u16, reference: u32, count: u8, symbols: &[u16], deltas: &[u8]) -> Vec<u8> {
    const HEADER_LEN: usize = 20;
    let mut out = Vec::with_capacity(HEADER_LEN + 2 * symbols.len().div_ceil(7) + deltas.len() + 3);
    out.extend_from_slice(&[0x8f, 205, 0, 0]);
    out.extend_from_slice(&crate::report::OUR_SSRC.to_be_bytes());
    out.extend_from_slice(&media_ssrc.to_be_bytes());
    out.extend_from_slice(&base.to_be_bytes());
    out.extend_from_slice(&(symbols.len() as u16).to_be_bytes());
    out.extend_from_slice(&reference.to_be_bytes()[1..]);
    out.push(count);
    for seven in symbols.chunks(7) {
        let mut chunk = 0xc000_u16;
        for (i, symbol) in seven.iter().enumerate() {
            chunk |= symbol << (12 - 2 * i);
        }
        out.extend_from_slice(&chunk.to_be_bytes());
    }
    out.extend_from_slice(deltas);
    let padding = (4 - out.len() % 4) % 4;
    if padding > 0 {
        out[0] |= 0x20;
        out.resize(out.len() + padding - 1, 0);
        out.push(padding as u8);
    }
    let words = (out.len() / 4 - 1) as u16;
    out[2..4].copy_from_slice(&words.to_be_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtc_rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
    use rtc_shared::marshal::Unmarshal;

    #[test]
    fn feedback_reads_back_as_it_was() {
        let start = Instant::now();
        let mut twcc = Twcc::default();
        for (number, ms) in [(65_534, 0), (65_535, 5), (1, 9), (2, 300)] {
            twcc.on_packet(number, start + Duration::from_millis(ms));
        }
        let bytes = twcc.feedback(9).unwrap();
        let read = TransportLayerCc::unmarshal(&mut &bytes[..]).unwrap();
        assert_eq!((read.base_sequence_number, read.packet_status_count, read.media_ssrc), (65_534, 5, 9));
        let deltas: Vec<i64> = read.recv_deltas.iter().map(|d| d.delta).collect();
        assert_eq!(deltas, [0, 5_000, 4_000, 291_000]);
        assert!(twcc.feedback(9).is_none());
    }

    #[test]
    fn a_forged_jump_costs_nothing() {
        let now = Instant::now();
        let mut twcc = Twcc::default();
        for number in [0, 30_000, 60_000, 20_000] {
            twcc.on_packet(number, now);
        }
        assert!(twcc.feedback(9).unwrap().len() < 200);
    }
}
