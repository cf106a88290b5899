//! A camera in three spatial layers of one stream (VP9, L3T3_KEY): everybody is sent as many of them as they look at.

use super::world::{Browser, Seen, World};
use super::{is_continuous, nack};
use preau_sfu::{Look, PeerId, Role};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use std::time::Duration;

/// Packets of each layer in one picture.
const PACKETS: [usize; 3] = [1, 2, 3];
const LAYERS: usize = PACKETS.len();
const FRAME: Duration = Duration::from_millis(40);

struct Class {
    world: World,
    ada: PeerId,
    picture: u16,
    sequence: u16,
}

/// One packet as it is sent: its number, whether it ends the picture, and its payload.
type Sent = (u16, bool, Vec<u8>);

impl Class {
    fn new() -> Class {
        let mut world = World::new();
        let ada = world.seat(browser(1), Role::Teacher);
        world.allow_all(ada);
        Class { world, ada, picture: 32_760, sequence: 65_500 }
    }

    fn viewer(&mut self, number: u64, height_px: u16) -> PeerId {
        let who = self.world.seat(browser(number), Role::Student);
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
            for at in 0..count {
                let (begins, ends) = (at == 0, at + 1 == count);
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
                payload.resize(400 + 100 * layer, 7);
                self.sequence = self.sequence.wrapping_add(1);
                packets.push((self.sequence, ends && layer + 1 == layers, payload));
            }
        }
        packets
    }

    fn send(&mut self, (sequence, marker, payload): &Sent) {
        let timestamp = u32::from(payload[1] & 0x7f) << 8 | u32::from(payload[2]);
        let browser = self.world.browsers.get_mut(&self.ada).unwrap();
        let ssrc = browser.camera_ssrc();
        let sealed = browser.seal_as(*sequence, *marker, timestamp * 3_600, ssrc, &[], payload);
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
    }

    fn asked(&self) -> u64 {
        self.world.relay.stats().keyframes_requested
    }
}

fn browser(number: u64) -> Browser {
    let mut browser = Browser::new(number, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
    browser.offer.sdp = browser.offer.sdp.replace("VP8/90000", "VP9/90000");
    browser
}

fn frame(seen: &Seen) -> (u16, u8) {
    (u16::from_be_bytes([seen.payload[1] & 0x7f, seen.payload[2]]), (seen.payload[3] >> 1) & 7)
}

fn highest(frames: &[(u16, u8)]) -> u8 {
    frames.iter().map(|(_, layer)| *layer).max().unwrap()
}

#[test]
fn everybody_is_sent_the_layers_they_look_at_and_each_is_an_unbroken_stream() {
    let mut class = Class::new();
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

#[test]
fn more_layers_come_with_a_keyframe_and_fewer_with_the_next_picture() {
    let mut class = Class::new();
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

#[test]
fn what_is_missing_here_is_waited_for_and_comes_in_its_place() {
    let mut class = Class::new();
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

#[test]
fn what_never_comes_is_missed_by_whoever_was_to_be_shown_it() {
    let mut class = Class::new();
    let (noe, zoe) = (class.viewer(2, 100), class.viewer(3, 720));
    class.pictures(3, true);
    let torn = class.compose(false, LAYERS);
    for packet in torn.iter().filter(|packet| packet.0 != torn[4].0) {
        class.send(packet);
    }
    class.pictures(20, false);
    class.assert_whole(noe);
    assert_eq!(class.frames(noe, 0).len(), 24, "of the small picture nothing was lost");
    let gaps = class.world.seen(zoe).windows(2).filter(|pair| pair[1].sequence != pair[0].sequence.wrapping_add(1));
    assert_eq!(gaps.count(), 1);
}

#[test]
fn a_lost_packet_of_a_layer_is_sent_again_also_after_fewer_are_shown() {
    let mut class = Class::new();
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

#[test]
fn a_layer_that_its_sender_no_longer_sends_is_not_waited_for() {
    let mut class = Class::new();
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
