//! A browser that receives over a way, reports what arrives when, and asks for what is missing.

use super::screen::Screen;
use super::way::{Lane, Way};
use crate::world::{Browser, Seen};
use rtc_rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc_rtcp::transport_feedbacks::transport_layer_cc::{
    PacketStatusChunk, RecvDelta, StatusChunkTypeTcc, StatusVectorChunk, SymbolSizeTypeTcc, SymbolTypeTcc,
    TransportLayerCc,
};
use rtc_rtcp::transport_feedbacks::transport_layer_nack::{TransportLayerNack, nack_pairs_from_sequence_numbers};
use rtc_shared::marshal::Marshal;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

const FEEDBACK_MS: u64 = 50;
/// How often missing packets are looked for.
const LOOK_MS: u64 = 20;

pub struct Receiver {
    pub way: Way,
    start: Instant,
    down: Lane,
    up: Lane,
    /// Arrival, how long it queued, bytes.
    under_way: VecDeque<(Instant, Duration, Vec<u8>)>,
    reports: VecDeque<(Instant, Vec<u8>)>,
    pub is_reporting: bool,
    /// The ticks of its clock, µs.
    pub tick_us: u64,
    arrivals: Vec<(u64, Instant)>,
    numbered: u64,
    /// The next transport-wide number to tell of, and how many reports there were.
    told: Option<u64>,
    reported: u8,
    /// By SSRC.
    screens: BTreeMap<u32, Screen>,
    /// Which media SSRC the one of retransmissions repairs: slots have them in pairs.
    pub repairs: BTreeMap<u32, u32>,
    /// Since the last look: bytes by layer, sounds, and the longest time in the queue.
    pub shown: BTreeMap<u8, usize>,
    pub voices: usize,
    pub queued_max: Duration,
    since: Instant,
}

impl Receiver {
    pub fn new(seed: u64, way: Way, now: Instant) -> Receiver {
        Receiver {
            way,
            start: now,
            down: Lane::new(2 * seed, now),
            up: Lane::new(2 * seed + 1, now),
            under_way: VecDeque::new(),
            reports: VecDeque::new(),
            is_reporting: true,
            tick_us: 1,
            arrivals: Vec::new(),
            numbered: 0,
            told: None,
            reported: 0,
            screens: BTreeMap::new(),
            repairs: BTreeMap::new(),
            shown: BTreeMap::new(),
            voices: 0,
            queued_max: Duration::ZERO,
            since: now,
        }
    }

    /// Begins to count anew.
    pub fn reset(&mut self, now: Instant) {
        (self.shown, self.voices, self.queued_max, self.since) = (BTreeMap::new(), 0, Duration::ZERO, now);
        self.screens.values_mut().for_each(|screen| screen.reset(now));
    }

    /// Frames shown a second, of all pictures.
    pub fn frames_per_s(&self, now: Instant) -> f64 {
        let frames: usize = self.screens.values().flat_map(|screen| screen.frames.values()).sum();
        frames as f64 / (now - self.since).as_secs_f64()
    }

    /// The share of the time for which the best picture stood still.
    pub fn still(&self, now: Instant) -> f64 {
        let still = self.screens.values().map(|screen| screen.still(now)).min().unwrap_or(now - self.since);
        still.as_secs_f64() / (now - self.since).as_secs_f64()
    }

    /// The layers that were seen, in their order.
    pub fn layers(&self) -> Vec<u8> {
        self.screens.values().flat_map(|screen| screen.layers.iter().copied()).collect()
    }

    /// A millisecond passes: what the relay sent goes on its way, what has arrived is looked at. Returns what of the
    /// browser's own reports reaches the relay.
    pub fn millisecond(&mut self, browser: &mut Browser, now: Instant) -> Vec<Vec<u8>> {
        for bytes in browser.held.iter_mut().flat_map(|held| held.drain(..)) {
            if let Some((arrival, queued)) = self.down.carry(&self.way, bytes.len(), now) {
                self.under_way.push_back((arrival, queued, bytes));
            }
        }
        while self.under_way.front().is_some_and(|(at, ..)| *at <= now) {
            let Some((arrival, queued, bytes)) = self.under_way.pop_front() else { break };
            self.queued_max = self.queued_max.max(queued);
            assert!(browser.receive(&bytes, now).is_empty());
            for seen in std::mem::take(&mut browser.seen) {
                self.take(&seen, bytes.len(), arrival);
            }
        }
        let ms = (now - self.start).as_millis() as u64;
        let mut said = Vec::new();
        if ms.is_multiple_of(FEEDBACK_MS) && self.is_reporting {
            said.extend(self.report());
        }
        if ms.is_multiple_of(LOOK_MS) {
            said.extend(self.requests(now));
        }
        for plain in said {
            let sealed = browser.seal_report(&plain);
            if let Some((arrival, _)) = self.up.carry(&self.way, sealed.len(), now) {
                self.reports.push_back((arrival, sealed));
            }
        }
        let arrived = self.reports.iter().take_while(|(at, _)| *at <= now).count();
        self.reports.drain(..arrived).map(|(_, bytes)| bytes).collect()
    }

    fn take(&mut self, seen: &Seen, bytes: usize, arrival: Instant) {
        let number = seen.number.expect("everything is numbered");
        let near = self.numbered.wrapping_sub(u64::from(self.numbered as u16));
        let full = [near.wrapping_sub(0x1_0000), near, near + 0x1_0000].map(|near| near + u64::from(number));
        let full = full.into_iter().min_by_key(|full| full.abs_diff(self.numbered)).unwrap();
        self.numbered = full.max(self.numbered);
        self.arrivals.push((full, arrival));
        match seen.payload_type {
            96 => {
                *self.shown.entry(*seen.payload.last().unwrap()).or_default() += bytes;
                let screen = self.screens.entry(seen.ssrc).or_default();
                screen.on_packet(seen.sequence, seen.marker, &seen.payload, arrival);
            }
            // Padding ends with its length.
            97 if *seen.payload.last().unwrap() < 16 => {
                let original = u16::from_be_bytes([seen.payload[0], seen.payload[1]]);
                if let Some(screen) = self.repairs.get(&seen.ssrc).and_then(|ssrc| self.screens.get_mut(ssrc)) {
                    screen.on_packet(original, seen.marker, &seen.payload[2..], arrival);
                }
            }
            111 => self.voices += 1,
            _ => {}
        }
    }

    fn requests(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let mut said = Vec::new();
        for (ssrc, screen) in &mut self.screens {
            let wanted = screen.look(now);
            if !wanted.missing.is_empty() {
                let nacks = nack_pairs_from_sequence_numbers(&wanted.missing);
                let nack = TransportLayerNack { sender_ssrc: 1, media_ssrc: *ssrc, nacks };
                said.push(nack.marshal().unwrap().to_vec());
            }
            if wanted.needs_keyframe {
                let request = PictureLossIndication { sender_ssrc: 1, media_ssrc: *ssrc };
                said.push(request.marshal().unwrap().to_vec());
            }
        }
        said
    }

    /// Feedback of what has arrived since the last one, written by a library.
    fn report(&mut self) -> Option<Vec<u8>> {
        self.arrivals.sort_unstable();
        // As browsers do: from behind the last one told of, unless something older came late.
        let (first, last) = (self.arrivals.first()?.0, self.arrivals.last()?.0);
        let told = self.told.replace(last + 1).unwrap_or(first);
        let first = first.min(told);
        self.told = self.told.max(Some(told));
        let (start, tick_us) = (self.start, self.tick_us);
        let ticks = |at: Instant| ((at - start).as_micros() as u64 / tick_us * tick_us / 250) as i64;
        let reference = ticks(self.arrivals[0].1) / 256;
        let mut before = reference * 256;
        let mut symbols = Vec::new();
        let mut deltas = Vec::new();
        for number in first..=last {
            let Some((_, at)) = self.arrivals.iter().find(|(arrived, _)| *arrived == number) else {
                symbols.push(SymbolTypeTcc::PacketNotReceived);
                continue;
            };
            let delta = ticks(*at) - before;
            before += delta;
            let kind = if (0..256).contains(&delta) {
                SymbolTypeTcc::PacketReceivedSmallDelta
            } else {
                SymbolTypeTcc::PacketReceivedLargeDelta
            };
            symbols.push(kind);
            deltas.push(RecvDelta { type_tcc_packet: kind, delta: delta * 250 });
        }
        self.arrivals.clear();
        let chunk = |seven: &[SymbolTypeTcc]| {
            PacketStatusChunk::StatusVectorChunk(StatusVectorChunk {
                type_tcc: StatusChunkTypeTcc::StatusVectorChunk,
                symbol_size: SymbolSizeTypeTcc::TwoBit,
                symbol_list: seven.to_vec(),
            })
        };
        let report = TransportLayerCc {
            sender_ssrc: 1,
            media_ssrc: 2,
            base_sequence_number: first as u16,
            packet_status_count: symbols.len() as u16,
            reference_time: reference as u32,
            fb_pkt_count: self.reported,
            packet_chunks: symbols.chunks(7).map(chunk).collect(),
            recv_deltas: deltas,
        };
        self.reported = self.reported.wrapping_add(1);
        Some(report.marshal().unwrap().to_vec())
    }
}
