//! A camera in three spatial layers of one stream (VP9 or AV1, L3T3_KEY): everybody is sent as many as they look at.

use super::world::{Browser, Seen, World};
use super::{is_continuous, nack};
use preau_sfu::{Look, PeerId, Role};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use std::time::Duration;

/// Packets of each layer in one picture.
const PACKETS: [usize; 3] = [1, 2, 3];
const LAYERS: usize = PACKETS.len();
const FRAME: Duration = Duration::from_millis(40);

/// As Chromium 156 describes a keyframe of AV1 in L3T3_KEY: templates 0 to 4 are of the lowest layer, 5 to 9 of the next.
const STRUCTURE: [u8; 87] = [
    0x80, 0x08, 0x14, 0x85, 0x21, 0x4e, 0xaa, 0xaa, 0xa8, 0x00, 0x06, 0x00, 0x00, 0x40, 0x00, 0x10, 0x00, 0x02, 0xaa,
    0x80, 0xa8, 0x00, 0x06, 0x00, 0x00, 0x40, 0x00, 0x10, 0x00, 0x02, 0xa0, 0x00, 0xa8, 0x00, 0x06, 0x00, 0x00, 0x40,
    0x00, 0x16, 0xd5, 0x49, 0x24, 0x1b, 0x55, 0x24, 0x90, 0x6d, 0x54, 0x92, 0x31, 0x57, 0xe0, 0x01, 0x97, 0x4c, 0xa8,
    0x64, 0x33, 0x0e, 0x22, 0x23, 0x96, 0xec, 0xa8, 0x65, 0x53, 0x04, 0x22, 0x43, 0x90, 0xec, 0xa8, 0x77, 0x53, 0x01,
    0x3f, 0x00, 0xb3, 0x02, 0x7f, 0x01, 0x67, 0x04, 0xff, 0x02, 0xcf,
];
/// Which of the nine decode targets are active, by the number of layers that are sent.
const ACTIVE: [[u8; 2]; 3] = [[0x03, 0x80], [0x1f, 0x80], [0xff, 0x80]];
const DESCRIPTOR_ID: u8 = 12;
const DESCRIPTORS: &str = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Vp9,
    Av1,
}

const CODECS: [Codec; 2] = [Codec::Vp9, Codec::Av1];

struct Class {
    world: World,
    codec: Codec,
    ada: PeerId,
    picture: u16,
    /// Of AV1, which numbers each layer of a picture.
    frame: u16,
    sequence: u16,
}

/// One packet as it is sent: its number, whether it ends the picture, its header extension and its payload.
type Sent = (u16, bool, Vec<u8>, Vec<u8>);

impl Class {
    fn new(codec: Codec) -> Class {
        let mut world = World::new();
        let ada = world.seat(browser(codec, 1), Role::Teacher);
        world.allow_all(ada);
        Class { world, codec, ada, picture: 32_760, frame: 65_520, sequence: 65_500 }
    }

    fn viewer(&mut self, number: u64, height_px: u16) -> PeerId {
        let who = self.world.seat(browser(self.codec, number), Role::Student);
        self.look(who, height_px);
        who
    }

    fn look(&mut self, who: PeerId, height_px: u16) {
        self.world.relay.view(who, &[Look { peer: self.ada, height_px }], self.world.now);
        self.world.pump();
    }

    /// A picture as Chromium packs it, in so many layers; nothing of it is sent yet.
    fn compose(&mut self, is_key: bool, layers: usize) -> Vec<Sent> {
        self.picture = (self.picture + 1) & 0x7fff;
        let mut packets = Vec::new();
        for (layer, count) in PACKETS.into_iter().enumerate().take(layers) {
            self.frame = self.frame.wrapping_add(1);
            for at in 0..count {
                let (begins, ends) = (at == 0, at + 1 == count);
                let (extension, mut payload) = match self.codec {
                    Codec::Vp9 => (Vec::new(), self.vp9(is_key, layer, layers, (begins, ends))),
                    Codec::Av1 => self.av1(is_key, layer, layers, (begins, ends)),
                };
                payload.resize(400 + 100 * layer, 7);
                self.sequence = self.sequence.wrapping_add(1);
                packets.push((self.sequence, ends && layer + 1 == layers, extension, payload));
            }
        }
        packets
    }

    fn vp9(&self, is_key: bool, layer: usize, layers: usize, (begins, ends): (bool, bool)) -> Vec<u8> {
        let has_structure = is_key && layer == 0;
        let bits = [(!is_key, 0x40), (begins, 0x08), (ends, 0x04), (has_structure, 0x02)];
        let first = bits.iter().fold(0xb0, |first, (is_set, bit)| if *is_set { first | bit } else { first });
        let [high, low] = self.picture.to_be_bytes();
        let mut payload = vec![first, high | 0x80, low, (layer as u8) << 1];
        if !is_key {
            payload.push(2);
        }
        if has_structure {
            payload.push(0x10 | ((layers as u8 - 1) << 5));
            for height in [180_u16, 360, 720].into_iter().take(layers) {
                payload.extend((height / 9 * 16).to_be_bytes());
                payload.extend(height.to_be_bytes());
            }
        }
        payload
    }

    /// The descriptor in its extension, and a payload that tells as much where VP9's does, with the frame's number.
    fn av1(&self, is_key: bool, layer: usize, layers: usize, (begins, ends): (bool, bool)) -> (Vec<u8>, Vec<u8>) {
        let ([high, low], [first, second]) = (self.picture.to_be_bytes(), self.frame.to_be_bytes());
        let starts_key = is_key && layer == 0 && begins;
        let template = 5 * layer as u8 + u8::from(!is_key);
        let mut descriptor = vec![u8::from(begins) << 7 | u8::from(ends) << 6 | template, first, second];
        if starts_key {
            descriptor.extend_from_slice(&STRUCTURE);
            if layers < LAYERS {
                descriptor[3] |= 0x40;
                descriptor.extend_from_slice(&ACTIVE[layers - 1]);
            }
        }
        let aggregation = if starts_key { 0x18 } else { 0x10 };
        (extension(&descriptor), vec![aggregation, high | 0x80, low, (layer as u8) << 1, first, second])
    }

    fn send(&mut self, (sequence, marker, extension, payload): &Sent) {
        let timestamp = u32::from(payload[1] & 0x7f) << 8 | u32::from(payload[2]);
        let browser = self.world.browsers.get_mut(&self.ada).unwrap();
        let ssrc = browser.camera_ssrc();
        let sealed = browser.seal_as(*sequence, *marker, timestamp * 3_600, ssrc, extension, payload);
        self.world.send(self.ada, sealed);
    }

    fn pictures(&mut self, count: usize, is_key: bool) {
        for at in 0..count {
            self.world.pass(FRAME);
            for packet in self.compose(is_key && at == 0, LAYERS) {
                self.send(&packet);
            }
        }
    }

    /// What somebody was sent since `from`, as `(picture, layer)`, each once.
    fn frames(&self, who: PeerId, from: usize) -> Vec<(u16, u8)> {
        let mut frames: Vec<(u16, u8)> = self.world.seen(who)[from..].iter().map(frame).collect();
        frames.dedup();
        frames
    }

    /// A continuous stream: pictures in order, none twice, each with its layers from the lowest on, and marked at its end.
    fn assert_whole(&self, who: PeerId) {
        let seen = self.world.seen(who);
        assert!(is_continuous(seen) && !seen.is_empty());
        for pair in seen.windows(2) {
            let ((picture, layer), (next, above)) = (frame(&pair[0]), frame(&pair[1]));
            let goes_on = picture == next && (above == layer || above == layer + 1);
            let is_next = next == (picture + 1) & 0x7fff && above == 0;
            assert!(if pair[0].marker { is_next } else { goes_on }, "{picture}.{layer} then {next}.{above}");
            assert_eq!(pair[0].timestamp == pair[1].timestamp, goes_on);
        }
        if self.codec == Codec::Av1 {
            assert_described(seen);
        }
    }

    fn asked(&self) -> u64 {
        self.world.relay.stats().keyframes_requested
    }
}

fn browser(codec: Codec, number: u64) -> Browser {
    let mut browser = Browser::new(number, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
    let map = match codec {
        Codec::Vp9 => "VP9/90000".to_owned(),
        Codec::Av1 => format!("AV1/90000\r\na=extmap:{DESCRIPTOR_ID} {DESCRIPTORS}"),
    };
    browser.offer.sdp = browser.offer.sdp.replace("VP8/90000", &map);
    browser
}

/// In the two-byte form (RFC 8285 §4.3).
fn extension(descriptor: &[u8]) -> Vec<u8> {
    let mut extension = vec![0x10, 0x00, 0, 0, DESCRIPTOR_ID, descriptor.len() as u8];
    extension.extend_from_slice(descriptor);
    extension.resize(extension.len().next_multiple_of(4), 0);
    extension[3] = (extension.len() / 4 - 1) as u8;
    extension
}

/// The descriptor of a packet that came, alone in its extension.
fn descriptor(seen: &Seen) -> &[u8] {
    match seen.extension[..] {
        [0xbe, 0xde, _, _, first, ref rest @ ..] if first >> 4 == DESCRIPTOR_ID => &rest[..usize::from(first & 15) + 1],
        [0x10, 0x00, _, _, DESCRIPTOR_ID, len, ref rest @ ..] => &rest[..usize::from(len)],
        _ => panic!("{:02x?}", seen.extension),
    }
}

/// Descriptors say of which layer each packet is. Numbers of frames begin with the slot and rise, and what a frame refers to keeps its distance:
/// between keyframes all have moved by as much.
fn assert_described(seen: &[Seen]) {
    let mut moved = None;
    let mut last = None;
    for seen in seen {
        let descriptor = descriptor(seen);
        let [number, sent] = [&descriptor[1..], &seen.payload[4..]].map(|two| u16::from_be_bytes([two[0], two[1]]));
        assert_eq!((descriptor[0] & 0x3f) / 5, frame(seen).1);
        let is_key = descriptor.len() > 3;
        assert!(!is_key || descriptor[3..][1..87] == STRUCTURE[1..]);
        let by = number.wrapping_sub(sent);
        moved = moved.filter(|_| !is_key).or(Some(by));
        assert_eq!(moved, Some(by));
        assert!(last.map_or(number == 1, |last| number.wrapping_sub(last) < 100), "{last:?} then {number}");
        last = Some(number);
    }
}

fn frame(seen: &Seen) -> (u16, u8) {
    (u16::from_be_bytes([seen.payload[1] & 0x7f, seen.payload[2]]), (seen.payload[3] >> 1) & 7)
}

fn highest(frames: &[(u16, u8)]) -> u8 {
    frames.iter().map(|(_, layer)| *layer).max().unwrap()
}

#[test]
fn everybody_is_sent_the_layers_they_look_at_and_each_is_an_unbroken_stream() {
    for codec in CODECS {
        let mut class = Class::new(codec);
        let viewers = [(2, 100, 1), (3, 300, 3), (4, 720, 6)];
        let viewers = viewers.map(|(number, height, packets)| (class.viewer(number, height), packets));
        class.pictures(30, true);
        class.pictures(30, true);
        for (who, packets) in viewers {
            assert_eq!(class.world.seen(who).len(), 60 * packets);
            class.assert_whole(who);
        }
        class.world.pass(Duration::from_secs(1));
        class.pictures(10, false);
        let stats = |who| class.world.relay.slots(who)[2].clone();
        let heights = viewers.map(|(who, _)| stats(who).height_px);
        assert_eq!(heights, [Some(180), Some(360), Some(720)]);
        let rates = viewers.map(|(who, _)| stats(who).kbps);
        assert!(rates[0] > 0 && rates[0] < rates[1] && rates[1] < rates[2], "{rates:?}");
    }
}

#[test]
fn more_layers_come_with_a_keyframe_and_fewer_with_the_next_picture() {
    for codec in CODECS {
        let mut class = Class::new(codec);
        let noe = class.viewer(2, 100);
        class.pictures(60, true);
        let asked = class.asked();
        class.look(noe, 720);
        assert_eq!(class.asked(), asked + 1, "a keyframe is asked for");
        let from = class.world.seen(noe).len();
        class.pictures(5, false);
        assert_eq!(highest(&class.frames(noe, from)), 0, "until it comes the small picture goes on");
        class.pictures(60, true);
        assert_eq!(class.frames(noe, from).len(), 5 + 60 * LAYERS);
        class.look(noe, 100);
        let from = class.world.seen(noe).len();
        class.pictures(5, false);
        assert_eq!((class.frames(noe, from).len(), class.asked()), (5, asked + 1), "at once, and nobody is asked");
        class.assert_whole(noe);
    }
}

#[test]
fn what_goes_on_with_fewer_layers_refers_to_what_it_referred_to() {
    for codec in CODECS {
        let mut class = Class::new(codec);
        let noe = class.viewer(2, 300);
        class.pictures(3, true);
        class.look(noe, 100);
        class.pictures(3, false);
        class.assert_whole(noe);
        assert_eq!(class.frames(noe, 0).len(), 3 * 2 + 3);
    }
}

#[test]
fn whoever_knows_no_descriptors_is_sent_none() {
    let mut class = Class::new(Codec::Av1);
    let mut plain = browser(Codec::Av1, 2);
    plain.offer.sdp = plain.offer.sdp.replace(DESCRIPTORS, "urn:other");
    let noe = class.world.seat(plain, Role::Student);
    class.look(noe, 100);
    class.pictures(3, true);
    let seen = class.world.seen(noe);
    assert!(seen.len() == 3 && seen.iter().all(|seen| seen.extension.is_empty()));
}

#[test]
fn what_is_missing_here_is_waited_for_and_comes_in_its_place() {
    for codec in CODECS {
        let mut class = Class::new(codec);
        let (noe, zoe) = (class.viewer(2, 100), class.viewer(3, 720));
        class.pictures(3, true);
        let late = class.compose(false, LAYERS);
        for packet in late.iter().filter(|packet| packet.0 != late[4].0) {
            class.send(packet);
        }
        class.pictures(2, false);
        class.send(&late[4]);
        class.pictures(2, false);
        for (who, packets) in [(noe, 1), (zoe, 6)] {
            assert_eq!(class.world.seen(who).len(), 8 * packets);
            class.assert_whole(who);
        }
    }
}

#[test]
fn what_never_comes_is_missed_by_whoever_was_to_be_shown_it() {
    // Of the largest layer: a packet within its frame, its end, and all of it.
    for (codec, lost) in CODECS.into_iter().flat_map(|codec| [4..5, 5..6, 3..6].map(|lost| (codec, lost))) {
        let mut class = Class::new(codec);
        let (noe, zoe) = (class.viewer(2, 100), class.viewer(3, 720));
        class.pictures(3, true);
        for (at, packet) in class.compose(false, LAYERS).iter().enumerate() {
            if !lost.contains(&at) {
                class.send(packet);
            }
        }
        class.pictures(20, false);
        class.assert_whole(noe);
        assert_eq!(class.frames(noe, 0).len(), 24, "of the small picture nothing was lost");
        let gaps = class.world.seen(zoe).windows(2).filter(|pair| pair[1].sequence != pair[0].sequence.wrapping_add(1));
        assert_eq!(gaps.count(), 1);
    }
}

#[test]
fn a_lost_packet_of_a_layer_is_sent_again_also_after_fewer_are_shown() {
    for codec in CODECS {
        let mut class = Class::new(codec);
        let noe = class.viewer(2, 720);
        class.pictures(3, true);
        let lost = class.world.seen(noe)[9].clone();
        class.look(noe, 100);
        class.pictures(3, false);
        let browser = class.world.browsers.get_mut(&noe).unwrap();
        let (from, sealed) = (browser.way, browser.seal_report(&nack(9, &lost)));
        class.world.send_raw(from, sealed);
        let again = class.world.seen(noe).last().unwrap();
        assert_eq!((again.payload_type, &again.payload[..2]), (97, &lost.sequence.to_be_bytes()[..]));
        assert_eq!(&again.payload[2..], lost.payload);
    }
}

#[test]
fn a_layer_that_its_sender_no_longer_sends_is_not_waited_for() {
    for codec in CODECS {
        let mut class = Class::new(codec);
        let noe = class.viewer(2, 720);
        class.pictures(3, true);
        class.world.pass(FRAME);
        for packet in class.compose(true, 1) {
            class.send(&packet);
        }
        for _ in 0..5 {
            class.world.pass(FRAME);
            class.compose(false, 1).iter().for_each(|packet| class.send(packet));
        }
        class.assert_whole(noe);
        assert_eq!(class.world.relay.slots(noe)[2].height_px, Some(180));
        class.pictures(3, true);
        class.assert_whole(noe);
        assert_eq!(highest(&class.frames(noe, 0)), 2, "it is back");
    }
}
