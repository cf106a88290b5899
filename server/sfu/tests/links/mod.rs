//! Ways that are narrow, lossy or shared: what the relay makes of them, in virtual time.

use super::world::{Browser, World};
use preau_sfu::{Event, Link, Look, PeerId, Permit, Pictures, Quality, Reduced, Role, SlotStats, Source};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_rtcp::transport_feedbacks::transport_layer_cc::{
    PacketStatusChunk, RecvDelta, StatusChunkTypeTcc, StatusVectorChunk, SymbolSizeTypeTcc, SymbolTypeTcc,
    TransportLayerCc,
};
use rtc_shared::marshal::Marshal;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// A camera's layers: RID, picture height, bits a second.
const LAYERS: [(&str, u16, usize); 3] = [("l", 180, 120_000), ("m", 360, 400_000), ("h", 720, 1_200_000)];
const FRAME_MS: u64 = 33;
const FEEDBACK_MS: u64 = 50;
/// How often a browser renews its consent.
const CONSENT_MS: u64 = 5_000;
const WIDE: Way = Way { bps: 20_000_000, delay_ms: 20, queue_bytes: 100_000, lost_percent: 0, jitter_ms: 0 };

/// What lies between the relay and one browser.
#[derive(Clone, Copy)]
struct Way {
    bps: u64,
    delay_ms: u64,
    queue_bytes: usize,
    lost_percent: u64,
    /// Every other span of this length, packets are held until it is over.
    jitter_ms: u64,
}

/// A browser that receives over a way, and reports what arrives when.
struct Receiver {
    way: Way,
    start: Instant,
    free_at: Instant,
    /// Arrival, how long it queued, bytes.
    under_way: VecDeque<(Instant, Duration, Vec<u8>)>,
    reports: bool,
    arrivals: Vec<(u64, Instant)>,
    numbered: u64,
    chance: u64,
    /// Since the last look: bytes by layer, and the longest time in the queue.
    shown: BTreeMap<u8, usize>,
    voices: usize,
    queued_max: Duration,
}

struct Story {
    world: World,
    start: Instant,
    teacher: PeerId,
    receivers: BTreeMap<PeerId, Receiver>,
    numbers: [u16; LAYERS.len()],
    wants_key: [bool; LAYERS.len()],
    is_sent: [bool; LAYERS.len()],
    frame: u8,
}

impl Story {
    fn new() -> Story {
        let mut world = World::new();
        let mut ada = Browser::new(1, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
        let simulcast = "a=mid:1\r\na=rid:l send\r\na=rid:m send\r\na=rid:h send\r\na=simulcast:send l;m;h\r\n\
             a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n";
        ada.offer.sdp = ada.offer.sdp.replace("a=mid:1\r\n", simulcast);
        let teacher = world.seat(ada, Role::Teacher);
        world.relay.allow(teacher, Permit::everything(), world.now);
        Story {
            start: world.now,
            world,
            teacher,
            receivers: BTreeMap::new(),
            numbers: [1_000; LAYERS.len()],
            wants_key: [true; LAYERS.len()],
            is_sent: [true; LAYERS.len()],
            frame: 0,
        }
    }

    /// Somebody who looks at the teacher over a way of their own.
    fn student(&mut self, number: u64, way: Way) -> PeerId {
        let mut browser = Browser::new(number, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
        let cc = "a=extmap:5 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n";
        browser.offer.sdp = browser.offer.sdp.replace("a=recvonly\r\n", &format!("a=recvonly\r\n{cc}"));
        let id = self.world.seat(browser, Role::Student);
        self.world.browsers.get_mut(&id).unwrap().held = Some(Vec::new());
        let receiver = Receiver {
            way,
            start: self.world.now,
            free_at: self.world.now,
            under_way: VecDeque::new(),
            reports: true,
            arrivals: Vec::new(),
            numbered: 0,
            chance: number,
            shown: BTreeMap::new(),
            voices: 0,
            queued_max: Duration::ZERO,
        };
        self.receivers.insert(id, receiver);
        self.world.relay.view(id, &[Look { peer: self.teacher, height_px: 720 }], self.world.now);
        id
    }

    fn way(&mut self, id: PeerId, way: Way) {
        self.receivers.get_mut(&id).unwrap().way = way;
    }

    fn pass(&mut self, seconds: u64) {
        for receiver in self.receivers.values_mut() {
            (receiver.shown, receiver.voices, receiver.queued_max) = (BTreeMap::new(), 0, Duration::ZERO);
        }
        for _ in 0..seconds * 1000 {
            self.millisecond();
        }
    }

    fn millisecond(&mut self) {
        self.world.pass(Duration::from_millis(1));
        let ms = (self.world.now - self.start).as_millis() as u64;
        if ms % CONSENT_MS == 0 {
            let everybody: Vec<PeerId> = self.world.browsers.keys().copied().collect();
            everybody.into_iter().for_each(|id| self.world.check(id, false));
        }
        if ms % FRAME_MS == 0 {
            self.picture();
        }
        if ms % 20 == 0 {
            let teacher = self.world.browsers.get_mut(&self.teacher).unwrap();
            let (way, sound) = (teacher.way, teacher.audio_packet(20));
            self.world.send_raw(way, sound);
        }
        self.world.pump();
        let now = self.world.now;
        let mut feedback = Vec::new();
        for (id, receiver) in &mut self.receivers {
            let browser = self.world.browsers.get_mut(id).unwrap();
            receiver.take(browser.held.as_mut().unwrap(), now);
            receiver.deliver(browser, now);
            if ms % FEEDBACK_MS == 0
                && receiver.reports
                && let Some(report) = receiver.report(self.start)
            {
                feedback.push((browser.way, browser.seal_report(&report)));
            }
        }
        for (way, report) in feedback {
            self.world.send_raw(way, report);
        }
        self.obey();
    }

    /// What the relay asks of the teacher's browser.
    fn obey(&mut self) {
        for report in std::mem::take(&mut self.world.browsers.get_mut(&self.teacher).unwrap().reports) {
            if report[..2] == [0x81, 206] {
                let ssrc = u32::from_be_bytes([report[8], report[9], report[10], report[11]]);
                self.wants_key[(ssrc - 5_000) as usize] = true;
            }
        }
        for event in self.world.events.iter().filter(|event| matches!(event, Event::Wanted { .. })) {
            let Event::Wanted { peer, source: Source::Camera, height_px } = event else { continue };
            assert_eq!(*peer, self.teacher);
            for at in 0..LAYERS.len() {
                let is_needed = *height_px > 0 && (at == 0 || LAYERS[at - 1].1 < *height_px);
                self.wants_key[at] |= is_needed && !self.is_sent[at];
                self.is_sent[at] = is_needed;
            }
        }
        self.world.events.retain(|event| !matches!(event, Event::Wanted { .. }));
    }

    fn picture(&mut self) {
        self.frame = self.frame.wrapping_add(1);
        for (at, (rid, height, bps)) in LAYERS.iter().enumerate() {
            if !self.is_sent[at] {
                continue;
            }
            let is_key = std::mem::take(&mut self.wants_key[at]);
            let bytes = bps / 8 * FRAME_MS as usize / 1000 * if is_key { 4 } else { 1 };
            let packets = bytes.div_ceil(1_100);
            for n in 0..packets {
                let payload = payload(at as u8, self.frame, is_key, n == 0, *height, bytes / packets);
                let rid = [0xbe, 0xde, 0, 1, 0x30, rid.as_bytes()[0], 0x40, b'1'];
                self.numbers[at] = self.numbers[at].wrapping_add(1);
                let teacher = self.world.browsers.get_mut(&self.teacher).unwrap();
                let (way, ssrc) = (teacher.way, 5_000 + at as u32);
                let timestamp = u32::from(self.frame) * 3_000;
                let sealed = teacher.seal_as(self.numbers[at], n + 1 == packets, timestamp, ssrc, &rid, &payload);
                self.world.relay.receive(way, None, &mut { sealed }, self.world.now);
            }
        }
        self.world.pump();
    }

    /// The layer of most of what `id` was shown since the last `pass` began; `None` if no picture.
    fn layer(&self, id: PeerId) -> Option<&'static str> {
        let shown = &self.receivers[&id].shown;
        let most = shown.iter().filter(|(_, bytes)| **bytes > 2_000).max_by_key(|(_, bytes)| **bytes);
        most.map(|(layer, _)| LAYERS[usize::from(*layer)].0)
    }

    fn link(&self, id: PeerId) -> Link {
        self.world.relay.link(id).unwrap()
    }

    fn told(&self, id: PeerId) -> Vec<(Quality, Reduced)> {
        let of = |event: &Event| match event {
            Event::Link { peer, link } if *peer == id => Some((link.quality, link.reduced)),
            _ => None,
        };
        self.world.events.iter().filter_map(of).collect()
    }
}

/// A VP8 payload whose last byte tells the layer.
fn payload(layer: u8, frame: u8, is_key: bool, is_first: bool, height: u16, len: usize) -> Vec<u8> {
    let mut payload = vec![if is_first { 0x90 } else { 0x80 }, 0x80, 0x80, frame];
    let [low, high] = height.to_le_bytes();
    payload.extend_from_slice(&[if is_key { 0x10 } else { 0x11 }, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, low, high]);
    payload.resize(len.max(16), layer);
    payload
}

impl Receiver {
    /// Puts what the relay sent on its way.
    fn take(&mut self, held: &mut Vec<Vec<u8>>, now: Instant) {
        for bytes in held.drain(..) {
            let backlog = self.free_at.saturating_duration_since(now);
            let waiting = backlog.as_micros() as u64 * self.way.bps / 8_000_000;
            self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let is_lost = (self.chance >> 33) % 100 < self.way.lost_percent;
            if is_lost || waiting as usize + bytes.len() > self.way.queue_bytes {
                continue;
            }
            let takes = Duration::from_micros((bytes.len() as u64 + 28) * 8_000_000 / self.way.bps);
            self.free_at = self.free_at.max(now) + takes;
            let span = Duration::from_millis(self.way.jitter_ms.max(1));
            let into = Duration::from_nanos(((self.free_at - self.start).as_nanos() % (2 * span).as_nanos()) as u64);
            let held = if self.way.jitter_ms > 0 { span.saturating_sub(into) } else { Duration::ZERO };
            let arrival = self.free_at + Duration::from_millis(self.way.delay_ms) + held;
            self.under_way.push_back((arrival, backlog, bytes));
        }
    }

    fn deliver(&mut self, browser: &mut Browser, now: Instant) {
        while self.under_way.front().is_some_and(|(at, ..)| *at <= now) {
            let Some((arrival, queued, bytes)) = self.under_way.pop_front() else { return };
            self.queued_max = self.queued_max.max(queued);
            assert!(browser.receive(&bytes, now).is_empty());
            for seen in browser.seen.drain(..) {
                let number = seen.number.expect("everything is numbered");
                let near = self.numbered.wrapping_sub(u64::from(self.numbered as u16));
                let full = [near.wrapping_sub(0x1_0000), near, near + 0x1_0000].map(|near| near + u64::from(number));
                let full = full.into_iter().min_by_key(|full| full.abs_diff(self.numbered)).unwrap();
                self.numbered = full.max(self.numbered);
                self.arrivals.push((full, arrival));
                match seen.payload_type {
                    96 => *self.shown.entry(*seen.payload.last().unwrap()).or_default() += bytes.len(),
                    111 => self.voices += 1,
                    _ => {}
                }
            }
        }
    }

    /// Feedback of what has arrived since the last one, written by a library.
    fn report(&mut self, start: Instant) -> Option<Vec<u8>> {
        self.arrivals.sort_unstable();
        let (first, last) = (self.arrivals.first()?.0, self.arrivals.last()?.0);
        let ticks = |at: Instant| (at - start).as_micros() as i64 / 250;
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
            fb_pkt_count: 0,
            packet_chunks: symbols.chunks(7).map(chunk).collect(),
            recv_deltas: deltas,
        };
        Some(report.marshal().unwrap().to_vec())
    }
}

#[test]
fn a_wide_way_shows_the_full_picture_within_two_seconds() {
    let mut class = Story::new();
    let noe = class.student(2, WIDE);
    class.pass(2);
    class.pass(3);
    assert_eq!(class.layer(noe), Some("h"), "{:?}", class.link(noe));
    assert!(class.told(noe).iter().all(|(_, reduced)| *reduced <= Reduced::Smaller));
    assert_eq!((class.link(noe).quality, class.link(noe).reduced), (Quality::Good, Reduced::Nothing));
    class.pass(20);
    assert_eq!(class.receivers[&noe].shown.keys().copied().collect::<Vec<u8>>(), [2], "and stays");
}

#[test]
fn a_narrow_way_shows_a_small_picture_and_no_queue_grows() {
    let mut class = Story::new();
    let noe = class.student(2, Way { bps: 300_000, ..WIDE });
    class.pass(5);
    class.pass(20);
    assert_eq!(class.layer(noe), Some("l"), "{:?}", class.link(noe));
    let receiver = &class.receivers[&noe];
    assert!(receiver.voices > 20 * 45, "{} of 1,000 sounds", receiver.voices);
    assert!(receiver.queued_max < Duration::from_millis(600), "{:?}", receiver.queued_max);
    assert!(class.told(noe).contains(&(Quality::Fair, Reduced::Smaller)));
}

#[test]
fn a_way_for_hardly_more_than_a_voice_carries_the_voice() {
    let mut class = Story::new();
    let noe = class.student(2, Way { bps: 90_000, queue_bytes: 20_000, ..WIDE });
    class.pass(10);
    class.pass(20);
    assert_eq!(class.layer(noe), None, "{:?} {:?}", class.link(noe), class.receivers[&noe].shown);
    assert!(class.receivers[&noe].voices > 20 * 45, "{} of 1,000 sounds", class.receivers[&noe].voices);
    assert!(class.told(noe).contains(&(Quality::Poor, Reduced::AudioOnly)));
}

#[test]
fn a_way_that_narrows_and_widens_takes_the_picture_down_and_up_and_nobody_elses() {
    let mut class = Story::new();
    let (noe, zoe) = (class.student(2, WIDE), class.student(3, WIDE));
    class.pass(5);
    assert_eq!((class.layer(noe), class.layer(zoe)), (Some("h"), Some("h")));
    class.way(noe, Way { bps: 700_000, ..WIDE });
    class.pass(3);
    class.pass(5);
    assert!(matches!(class.layer(noe), Some("m" | "l")), "{:?} {:?}", class.layer(noe), class.link(noe));
    class.pass(15);
    assert_eq!(class.layer(noe), Some("m"), "{:?}", class.link(noe));
    assert_eq!(class.receivers[&zoe].shown.keys().copied().collect::<Vec<u8>>(), [2]);
    class.way(noe, WIDE);
    class.pass(30);
    class.pass(5);
    assert_eq!(class.layer(noe), Some("h"), "{:?}", class.link(noe));
}

#[test]
fn a_tenth_lost_in_the_air_takes_no_picture_away() {
    let mut class = Story::new();
    let noe = class.student(2, Way { lost_percent: 10, ..WIDE });
    class.pass(10);
    class.pass(20);
    assert_eq!(class.layer(noe), Some("h"), "{:?}", class.link(noe));
    let link = class.link(noe);
    assert!((6..=14).contains(&link.loss_down) && link.quality == Quality::Fair, "{link:?}");
}

#[test]
fn jitter_takes_no_picture_away() {
    let mut class = Story::new();
    let noe = class.student(2, Way { jitter_ms: 150, ..WIDE });
    class.pass(10);
    class.pass(20);
    assert_eq!(class.layer(noe), Some("h"), "{:?}", class.link(noe));
    assert_eq!(class.link(noe).reduced, Reduced::Nothing);
}

#[test]
fn pictures_nobody_looks_at_are_not_sent_and_those_chosen_away_not_received() {
    let mut class = Story::new();
    let noe = class.student(2, WIDE);
    class.pass(5);
    class.world.relay.set_pictures(noe, Pictures::Few, class.world.now);
    class.pass(5);
    class.pass(5);
    assert_eq!(class.layer(noe), Some("l"));
    assert_eq!(class.is_sent, [true, false, false]);
    class.world.relay.set_pictures(noe, Pictures::None, class.world.now);
    class.pass(5);
    class.pass(5);
    assert_eq!((class.layer(noe), class.is_sent), (None, [false; 3]));
    assert!(class.receivers[&noe].voices > 5 * 45);
    class.world.relay.set_pictures(noe, Pictures::All, class.world.now);
    class.pass(3);
    class.pass(5);
    assert_eq!((class.layer(noe), class.is_sent), (Some("h"), [true; 3]));
    let of_camera = |slot: &SlotStats| slot.source == Source::Camera && slot.from == Some(class.teacher);
    let slot = class.world.relay.slots(noe).into_iter().find(of_camera).unwrap();
    assert_eq!(slot.height_px, Some(720));
    assert!((900..1_500).contains(&slot.kbps), "{slot:?}");
}

#[test]
fn who_never_reports_is_not_kept_small() {
    let mut class = Story::new();
    let noe = class.student(2, WIDE);
    class.receivers.get_mut(&noe).unwrap().reports = false;
    class.pass(4);
    class.pass(4);
    assert_eq!(class.layer(noe), Some("h"));
}
