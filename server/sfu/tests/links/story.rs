//! A class in virtual time: cameras in three layers, and receivers each over a way of their own.

use super::receiver::Receiver;
use super::way::Way;
use crate::world::{Browser, World};
use preau_sfu::{Event, Link, Look, PeerId, Permit, Quality, Reduced, Role, Source};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A camera's layers: RID, picture height, bits a second.
pub const LAYERS: [(&str, u16, usize); 3] = [("l", 180, 120_000), ("m", 360, 400_000), ("h", 720, 1_200_000)];
const FRAME_MS: u64 = 33;
/// How often a browser renews its consent.
const CONSENT_MS: u64 = 5_000;

struct Camera {
    layers: Vec<(&'static str, u16, usize)>,
    numbers: Vec<u16>,
    wants_key: Vec<bool>,
    is_sent: Vec<bool>,
    frame: u8,
}

pub struct Story {
    pub world: World,
    start: Instant,
    pub teacher: PeerId,
    pub receivers: BTreeMap<PeerId, Receiver>,
    /// The teacher speaks.
    pub is_heard: bool,
    /// Students know retransmissions.
    pub are_repaired: bool,
    cameras: BTreeMap<PeerId, Camera>,
}

impl Story {
    pub fn new() -> Story {
        Story::with(&LAYERS)
    }

    /// A class whose teacher's camera has these layers.
    pub fn with(layers: &[(&'static str, u16, usize)]) -> Story {
        let mut world = World::new();
        let ada = film(Browser::new(1, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm));
        let teacher = world.seat(ada, Role::Teacher);
        world.relay.allow(teacher, Permit::everything(), world.now);
        let cameras = BTreeMap::from([(teacher, Camera::new(layers))]);
        Story {
            start: world.now,
            world,
            teacher,
            receivers: BTreeMap::new(),
            are_repaired: true,
            is_heard: true,
            cameras,
        }
    }

    /// Somebody who looks at the teacher over a way of their own.
    pub fn student(&mut self, number: u64, way: Way) -> PeerId {
        let mut browser = film(Browser::new(number, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm));
        let cc = "a=extmap:5 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n";
        browser.offer.sdp = browser.offer.sdp.replace("a=recvonly\r\n", &format!("a=recvonly\r\n{cc}"));
        if !self.are_repaired {
            let is_rtx = |line: &str| line.contains("rtx/90000") || line.contains("apt=");
            let lines = browser.offer.sdp.split_inclusive('\n').filter(|line| !is_rtx(line));
            browser.offer.sdp = lines.collect();
        }
        let id = self.world.seat(browser, Role::Student);
        let browser = self.world.browsers.get_mut(&id).unwrap();
        browser.held = Some(Vec::new());
        let mut receiver = Receiver::new(number, way, self.world.now);
        for pair in browser.answer.lines().filter_map(|line| line.strip_prefix("a=ssrc-group:FID ")) {
            let (media, repair) = pair.split_once(' ').unwrap();
            receiver.repairs.insert(repair.parse().unwrap(), media.parse().unwrap());
        }
        self.receivers.insert(id, receiver);
        self.look(id, &[(self.teacher, 720)]);
        id
    }

    pub fn look(&mut self, id: PeerId, at: &[(PeerId, u16)]) {
        let looks: Vec<Look> = at.iter().map(|(peer, height_px)| Look { peer: *peer, height_px: *height_px }).collect();
        self.world.relay.view(id, &looks, self.world.now);
    }

    /// A student turns the camera on.
    pub fn films(&mut self, id: PeerId) {
        self.world.relay.allow(id, Permit::everything(), self.world.now);
        self.cameras.insert(id, Camera::new(&LAYERS));
    }

    /// From now on a layer of the teacher's camera gets so much of her own way.
    pub fn feed(&mut self, layer: usize, bps: usize) {
        self.cameras.get_mut(&self.teacher).unwrap().layers[layer].2 = bps;
    }

    pub fn way(&mut self, id: PeerId, way: Way) {
        self.receivers.get_mut(&id).unwrap().way = way;
    }

    pub fn pass(&mut self, seconds: u64) {
        let now = self.world.now;
        self.receivers.values_mut().for_each(|receiver| receiver.reset(now));
        for _ in 0..seconds * 1000 {
            self.millisecond();
        }
    }

    fn millisecond(&mut self) {
        self.world.pass(Duration::from_millis(1));
        let ms = (self.world.now - self.start).as_millis() as u64;
        if ms.is_multiple_of(CONSENT_MS) {
            let everybody: Vec<PeerId> = self.world.browsers.keys().copied().collect();
            everybody.into_iter().for_each(|id| self.world.check(id, false));
        }
        if ms.is_multiple_of(FRAME_MS) {
            self.pictures();
        }
        if ms.is_multiple_of(20) && self.is_heard {
            let teacher = self.world.browsers.get_mut(&self.teacher).unwrap();
            let (way, sound) = (teacher.way, teacher.audio_packet(20));
            self.world.send_raw(way, sound);
        }
        self.world.pump();
        let now = self.world.now;
        let mut said = Vec::new();
        for (id, receiver) in &mut self.receivers {
            let browser = self.world.browsers.get_mut(id).unwrap();
            said.extend(receiver.millisecond(browser, now).into_iter().map(|bytes| (browser.way, bytes)));
        }
        for (way, report) in said {
            self.world.send_raw(way, report);
        }
        self.obey();
    }

    /// What the relay asks of browsers with cameras.
    fn obey(&mut self) {
        for (id, camera) in &mut self.cameras {
            for report in std::mem::take(&mut self.world.browsers.get_mut(id).unwrap().reports) {
                if report[..2] == [0x81, 206] {
                    let ssrc = u32::from_be_bytes([report[8], report[9], report[10], report[11]]);
                    camera.wants_key[(ssrc - first_ssrc(*id)) as usize] = true;
                }
            }
        }
        for event in self.world.events.iter().filter(|event| matches!(event, Event::Wanted { .. })) {
            let Event::Wanted { peer, source: Source::Camera, height_px } = event else { continue };
            let Some(camera) = self.cameras.get_mut(peer) else { continue };
            for at in 0..camera.layers.len() {
                let is_needed = *height_px > 0 && (at == 0 || camera.layers[at - 1].1 < *height_px);
                camera.wants_key[at] |= is_needed && !camera.is_sent[at];
                camera.is_sent[at] = is_needed;
            }
        }
        self.world.events.retain(|event| !matches!(event, Event::Wanted { .. }));
    }

    fn pictures(&mut self) {
        for (id, camera) in &mut self.cameras {
            let browser = self.world.browsers.get_mut(id).unwrap();
            for (way, sealed) in camera.frame(*id, browser) {
                self.world.relay.receive(way, None, &mut { sealed }, self.world.now);
            }
        }
        self.world.pump();
    }

    /// Which layers the teacher's camera sends.
    pub fn is_sent(&self) -> &[bool] {
        self.sent_by(self.teacher)
    }

    /// Which layers somebody's camera sends.
    pub fn sent_by(&self, id: PeerId) -> &[bool] {
        &self.cameras[&id].is_sent
    }

    /// The layer of most of what `id` was shown since the last `pass` began; `None` if no picture.
    pub fn layer(&self, id: PeerId) -> Option<&'static str> {
        let shown = &self.receivers[&id].shown;
        let most = shown.iter().filter(|(_, bytes)| **bytes > 2_000).max_by_key(|(_, bytes)| **bytes);
        most.map(|(layer, _)| LAYERS[usize::from(*layer)].0)
    }

    pub fn link(&self, id: PeerId) -> Link {
        self.world.relay.link(id).unwrap()
    }

    pub fn told(&self, id: PeerId) -> Vec<(Quality, Reduced)> {
        let of = |event: &Event| match event {
            Event::Link { peer, link } if *peer == id => Some((link.quality, link.reduced)),
            _ => None,
        };
        self.world.events.iter().filter_map(of).collect()
    }

    /// Frames a second, and the share of the time for which the picture stood still.
    pub fn seen(&self, id: PeerId) -> (f64, f64) {
        let receiver = &self.receivers[&id];
        (receiver.frames_per_s(self.world.now), receiver.still(self.world.now))
    }
}

fn film(mut browser: Browser) -> Browser {
    let simulcast = "a=mid:1\r\na=rid:l send\r\na=rid:m send\r\na=rid:h send\r\na=simulcast:send l;m;h\r\n\
         a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n";
    browser.offer.sdp = browser.offer.sdp.replace("a=mid:1\r\n", simulcast);
    browser
}

/// Of a person's camera: its layers follow.
fn first_ssrc(id: PeerId) -> u32 {
    1_000_000 + 10 * id.0 as u32
}

impl Camera {
    fn new(layers: &[(&'static str, u16, usize)]) -> Camera {
        let count = layers.len();
        Camera {
            layers: layers.to_vec(),
            numbers: vec![1_000; count],
            wants_key: vec![true; count],
            is_sent: vec![true; count],
            frame: 0,
        }
    }

    /// The packets of the next frame.
    fn frame(&mut self, id: PeerId, browser: &mut Browser) -> Vec<(preau_sfu::Way, Vec<u8>)> {
        self.frame = self.frame.wrapping_add(1);
        let mut sent = Vec::new();
        for (at, (rid, height, bps)) in self.layers.iter().enumerate().filter(|(at, _)| self.is_sent[*at]) {
            let is_key = std::mem::take(&mut self.wants_key[at]);
            let bytes = bps / 8 * FRAME_MS as usize / 1000 * if is_key { 4 } else { 1 };
            let packets = bytes.div_ceil(1_100);
            for n in 0..packets {
                let payload = payload(at as u8, self.frame, is_key, n == 0, *height, bytes / packets);
                let rid = [0xbe, 0xde, 0, 1, 0x30, rid.as_bytes()[0], 0x40, b'1'];
                self.numbers[at] = self.numbers[at].wrapping_add(1);
                let ssrc = first_ssrc(id) + at as u32;
                let timestamp = u32::from(self.frame) * 3_000;
                let sealed = browser.seal_as(self.numbers[at], n + 1 == packets, timestamp, ssrc, &rid, &payload);
                sent.push((browser.way, sealed));
            }
        }
        sent
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
