//! Cameras in layers, with losses, reorder and changes of view: each slot stays one continuous stream.

use crate::class::{
    Class, MID_ID, Manners, REPAIRED_RID_ID, RID_ID, RIDS, Received, VIDEO, extend, extension, header_len, packet,
    short,
};
use crate::script::Script;
use preau_sfu::{Role, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const PUBLISHERS: usize = 2;
/// Who looks.
const LEA: usize = 2;
/// Timestamps of a slot follow the clock: they wrap after six hours, so no story is longer than one.
const STORY_MAX: Duration = Duration::from_secs(3600);
const HELD_MAX: usize = 64;
/// A gap larger than this becomes one missing packet (`slot.rs`): no receiver could tell the rollovers otherwise.
const REACH: i16 = 1 << 14;
const HEIGHTS: [u16; 4] = [0, 180, 360, 1080];

/// How a browser writes picture ids (RFC 7741 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    None,
    Bits7,
    Bits15,
}

/// One layer of somebody's camera, as its browser counts.
#[derive(Clone)]
struct Layer {
    publisher: usize,
    rid: usize,
    /// Another one when the browser begins anew.
    generation: u32,
    sequence: u16,
    /// The same without rounds.
    steps: u64,
    timestamp: u32,
    picture: u16,
    tl0: u8,
    width: Width,
    has_tl0: bool,
    is_key: bool,
    /// The next packet begins a picture.
    begins: bool,
}

/// A packet as it was published.
#[derive(Clone, Debug)]
struct Origin {
    layer: (usize, usize, u32),
    sequence: u16,
    steps: u64,
    timestamp: u32,
    picture: u16,
    tl0: u8,
    begins_key: bool,
    /// In the clear: from whom, and what.
    from: usize,
    payload: Vec<u8>,
}

/// The same packet, as the slot shows it.
#[derive(Clone, Debug)]
struct Shown {
    origin: usize,
    timestamp: u32,
    picture: Option<(u16, Width)>,
    tl0: Option<u8>,
    payload: Vec<u8>,
}

#[derive(Default)]
struct Slot {
    shown: BTreeMap<u64, Shown>,
    origins: BTreeSet<usize>,
    picture: Option<u16>,
    tl0: Option<u8>,
}

struct Story {
    class: Class,
    layers: Vec<Layer>,
    origins: Vec<Origin>,
    held: Vec<usize>,
    /// Beginnings of layers of which a packet was sent as it was made.
    begun: BTreeSet<(usize, usize, u32)>,
    slots: BTreeMap<u32, Slot>,
}

pub fn run(data: &[u8]) {
    let mut story = Story::new();
    let mut script = Script(data);
    while let Some(act) = script.next() {
        story.act(act, &mut script);
        story.class.drain();
        story.look_at_slots();
    }
}

impl Story {
    fn new() -> Story {
        let manners = |role| Manners {
            role,
            has_red: false,
            has_rtx: true,
            has_numbers: false,
            sources: &[Source::Camera],
            codecs: 1,
        };
        let mut class = Class::new(&[manners(Role::Teacher), manners(Role::Student), manners(Role::Student)]);
        class.look(LEA, &[(0, 360)]);
        let layer = |publisher: usize, rid: usize| Layer {
            publisher,
            rid,
            generation: 0,
            sequence: 65_500 + rid as u16,
            steps: 0,
            timestamp: u32::MAX - 90_000 * rid as u32,
            picture: 126 + 300 * rid as u16,
            tl0: 250,
            width: Width::Bits15,
            has_tl0: true,
            is_key: true,
            begins: true,
        };
        let layers = (0..PUBLISHERS).flat_map(|publisher| (0..RIDS.len()).map(move |rid| layer(publisher, rid)));
        let slots = class.people[LEA].slots.iter().filter(|(source, ..)| *source == Source::Camera);
        let slots = slots.map(|(_, ssrc, _)| (*ssrc, Slot::default())).collect();
        Story { layers: layers.collect(), origins: Vec::new(), held: Vec::new(), begun: BTreeSet::new(), slots, class }
    }

    fn act(&mut self, act: u8, script: &mut Script<'_>) {
        let at = usize::from(act >> 4) % self.layers.len();
        match act & 15 {
            0..=3 => self.send_next(at),
            4 | 5 => {
                let ticks = script.pick(&[3000, 1, 90_000, 0]);
                self.next_picture(at, act & 1 == 1, ticks);
                self.send_next(at);
            }
            // Lost on the way here.
            6 => drop(self.publish(at)),
            7 if self.held.len() < HELD_MAX => {
                let origin = self.publish(at);
                self.held.push(origin);
            }
            8 | 7 => self.release(script.byte()),
            9 => self.look(script),
            10 => {
                let ms = u64::from(script.byte()) * script.pick(&[1, 10, 100]);
                if self.class.now.duration_since(*crate::relay::START) < STORY_MAX {
                    self.class.pass(Duration::from_millis(ms));
                }
            }
            11 => self.nack(script),
            12 => self.jump(at, script),
            13 => {
                let layer = &mut self.layers[at];
                layer.width = script.pick(&[Width::Bits15, Width::Bits7, Width::None]);
                layer.has_tl0 = layer.width != Width::None && script.flag();
            }
            14 => {
                let layer = &mut self.layers[at];
                layer.generation += 1;
                (layer.begins, layer.is_key) = (true, true);
            }
            _ => {
                // A whole picture of all layers, as an encoder makes it.
                self.class.pass(Duration::from_millis(33));
                let publisher = at % PUBLISHERS;
                for at in publisher * RIDS.len()..(publisher + 1) * RIDS.len() {
                    self.next_picture(at, act >> 4 > 9, 3000);
                    self.send_next(at);
                }
            }
        }
    }

    fn next_picture(&mut self, at: usize, is_key: bool, ticks: u32) {
        let layer = &mut self.layers[at];
        layer.timestamp = layer.timestamp.wrapping_add(ticks);
        layer.picture = layer.picture.wrapping_add(1) & 0x7fff;
        layer.tl0 = layer.tl0.wrapping_add(1);
        (layer.is_key, layer.begins) = (is_key, true);
    }

    /// Makes the next packet of a layer.
    fn publish(&mut self, at: usize) -> usize {
        let id = self.origins.len();
        let layer = &mut self.layers[at];
        let payload = layer.payload(id as u32);
        self.origins.push(Origin {
            layer: (layer.publisher, layer.rid, layer.generation),
            sequence: layer.sequence,
            steps: layer.steps,
            timestamp: layer.timestamp,
            picture: layer.picture,
            tl0: layer.tl0,
            begins_key: layer.begins && layer.is_key,
            from: layer.publisher,
            payload,
        });
        layer.sequence = layer.sequence.wrapping_add(1);
        layer.steps += 1;
        layer.begins = false;
        id
    }

    fn send_next(&mut self, at: usize) {
        let origin = self.publish(at);
        self.send(origin, false);
    }

    /// Sends a packet, in the stream that it belongs to or as a repair of it (RFC 4588).
    fn send(&mut self, origin: usize, is_repair: bool) {
        let Origin { layer: (publisher, rid, generation), sequence, steps, timestamp, from, ref payload, .. } =
            self.origins[origin];
        // Half a round later its number is another packet's: no browser sends it any more.
        let is_past = |layer: &Layer| {
            (layer.publisher, layer.rid) == (publisher, rid) && layer.steps - steps > u64::from(u16::MAX / 2)
        };
        if self.layers.iter().any(is_past) {
            return;
        }
        let is_over =
            |layer: &Layer| (layer.publisher, layer.rid) == (publisher, rid) && layer.generation != generation;
        // A repair does not tell of which beginning it is: it belongs to the one that was seen last.
        let has_begun = self.begun.contains(&(publisher, rid, generation));
        if is_repair && (!has_begun || self.layers.iter().any(is_over)) {
            return;
        }
        self.begun.insert((publisher, rid, generation));
        let ssrc = 1_000 * (publisher as u32 + 1) + 10 * rid as u32 + 100_000 * generation;
        let (media, rtx) = VIDEO[0];
        let rid = RIDS[rid].as_bytes();
        let plain = if is_repair {
            let names = extension(&[(MID_ID, b"1"), (REPAIRED_RID_ID, rid)]);
            let payload = [&sequence.to_be_bytes()[..], payload].concat();
            packet(rtx, false, (origin as u16, timestamp, ssrc + 1), &names, &payload)
        } else {
            let names = extension(&[(MID_ID, b"1"), (RID_ID, rid)]);
            packet(media, false, (sequence, timestamp, ssrc), &names, payload)
        };
        self.class.send_rtp(from, &plain);
    }

    /// Something held arrives late, or its repair does, or both.
    fn release(&mut self, how: u8) {
        if self.held.is_empty() {
            return;
        }
        let at = usize::from(how >> 2) % self.held.len();
        let origin = self.held[at];
        if how & 1 == 0 {
            self.held.remove(at);
        }
        self.send(origin, how & 2 != 0);
    }

    fn look(&mut self, script: &mut Script<'_>) {
        let how = script.byte();
        let heights = [script.pick(&HEIGHTS), script.pick(&HEIGHTS)];
        let looks: &[usize] = match how % 5 {
            0 => &[0],
            1 => &[1],
            2 => &[0, 1],
            3 => &[1, 0],
            _ => &[],
        };
        let looks: Vec<(usize, u16)> = looks.iter().copied().zip(heights).collect();
        self.class.look(LEA, &looks);
    }

    /// Lea misses some of the last packets of a slot, or so she says.
    fn nack(&mut self, script: &mut Script<'_>) {
        let Some((ssrc, slot)) = self.slots.iter().nth(usize::from(script.byte()) % self.slots.len()) else { return };
        let newest = slot.shown.last_key_value().map_or(0, |(index, _)| *index);
        let missing = (newest as u16).wrapping_sub(script.pick(&[0, 1, 5, 16, 17, 100, 600, 0x8000]));
        let mut report = vec![0x81, 205, 0, 3, 0, 0, 0, 1];
        report.extend_from_slice(&ssrc.to_be_bytes());
        report.extend_from_slice(&missing.to_be_bytes());
        report.extend_from_slice(&script.short().to_be_bytes());
        self.class.send_rtcp(LEA, &report);
    }

    /// A browser's counters leap.
    fn jump(&mut self, at: usize, script: &mut Script<'_>) {
        let layer = &mut self.layers[at];
        let step = script.pick(&[1, 127, 128, 1_000, 32_000]);
        layer.sequence = layer.sequence.wrapping_add(step);
        layer.steps += u64::from(step);
        layer.timestamp = layer.timestamp.wrapping_add(script.pick(&[0, 1_000, 0x7fff_ffff, 0x8000_0000, 0xffff_f000]));
        layer.picture = layer.picture.wrapping_add(script.pick(&[0, 1, 127, 128, 16_384])) & 0x7fff;
    }

    fn look_at_slots(&mut self) {
        for received in std::mem::take(&mut self.class.received) {
            let Received::Rtp { to: LEA, ssrc, index, plain } = received else { continue };
            if let Some(slot) = self.slots.get_mut(&ssrc) {
                slot.show(index, &plain, &self.origins);
                continue;
            }
            let repaired = self.class.people[LEA].slots.iter().find(|(_, _, rtx)| *rtx == ssrc);
            let slot = repaired.and_then(|(_, media, _)| self.slots.get(media));
            slot.expect("only cameras are sent").repair(&plain);
        }
    }
}

impl Layer {
    /// A descriptor, the beginning of a picture, and at the end the packet's own number.
    fn payload(&self, id: u32) -> Vec<u8> {
        let mut payload = vec![if self.begins { 0x90 } else { 0x80 }];
        let tl0 = u8::from(self.has_tl0) << 6;
        payload.push(u8::from(self.width != Width::None) << 7 | tl0);
        let [high, low] = self.picture.to_be_bytes();
        match self.width {
            Width::None => {}
            Width::Bits7 => payload.push(low & 0x7f),
            Width::Bits15 => payload.extend_from_slice(&[high | 0x80, low]),
        }
        if self.has_tl0 {
            payload.push(self.tl0);
        }
        let height = [180, 360, 720][self.rid] as u16;
        let [low, high] = height.to_le_bytes();
        payload.extend_from_slice(&[u8::from(!self.is_key), 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, low, high]);
        // Larger layers are larger.
        payload.resize(40 * (1 + self.rid), 0);
        payload.extend_from_slice(&id.to_be_bytes());
        payload
    }
}

impl Shown {
    fn read(plain: &[u8]) -> Shown {
        let payload = &plain[header_len(plain).expect("it was opened")..];
        let has = payload[1];
        let (picture, tl0_at) = match (has & 0x80 != 0, payload[2] & 0x80 != 0) {
            (false, _) => (None, 2),
            (true, false) => (Some((u16::from(payload[2]), Width::Bits7)), 3),
            (true, true) => (Some((short(&payload[2..]) & 0x7fff, Width::Bits15)), 4),
        };
        let id = payload.last_chunk().map(|id| u32::from_be_bytes(*id)).expect("a packet has its number");
        Shown {
            origin: id as usize,
            timestamp: crate::class::long(&plain[4..]),
            picture,
            tl0: (has & 0x40 != 0).then(|| payload[tl0_at]),
            payload: payload.to_vec(),
        }
    }

    fn origin<'o>(&self, origins: &'o [Origin]) -> &'o Origin {
        &origins[self.origin]
    }
}

/// What a picture id is counted in when two are compared.
fn modulus(one: Width, other: Width) -> u16 {
    if one == Width::Bits7 || other == Width::Bits7 { 0x7f } else { 0x7fff }
}

impl Slot {
    fn show(&mut self, index: u64, plain: &[u8], origins: &[Origin]) {
        let shown = Shown::read(plain);
        assert!(self.origins.insert(shown.origin), "one packet under two numbers: {shown:?}");
        assert!(!self.shown.contains_key(&index), "two packets under one number: {index}");
        let is_newest = self.shown.last_key_value().is_none_or(|(newest, _)| *newest < index);
        match self.shown.range(..index).next_back() {
            Some((before_index, before)) => {
                let steps = index - before_index;
                if !goes_on(before, &shown, steps, origins) {
                    assert!(is_newest, "a late packet of another stream: {shown:?} after {before:?}");
                    assert_eq!(steps, 1, "a gap at a switch");
                    self.expect_switch(before, &shown, origins);
                }
            }
            None => assert!(self.shown.is_empty(), "something before the first packet"),
        }
        if is_newest {
            self.picture = shown.picture.map(|(picture, _)| picture).or(self.picture);
            self.tl0 = shown.tl0.or(self.tl0);
        }
        self.shown.insert(index, shown);
    }

    fn expect_switch(&self, before: &Shown, shown: &Shown, origins: &[Origin]) {
        assert!(shown.origin(origins).begins_key, "a switch without a keyframe: {shown:?}");
        let ticks = shown.timestamp.wrapping_sub(before.timestamp) as i32;
        assert!(ticks > 0, "{ticks} ticks at a switch: {shown:?} after {before:?}");
        if let (Some(last), Some((picture, width))) = (self.picture, shown.picture) {
            let expected = last.wrapping_add(1) & modulus(width, width);
            assert_eq!(picture, expected, "picture ids at a switch: {shown:?} after {before:?}");
        }
        if let (Some(last), Some(tl0)) = (self.tl0, shown.tl0) {
            assert_eq!(tl0, last.wrapping_add(1), "TL0PICIDX at a switch");
        }
    }

    /// A packet again is the packet as it was.
    fn repair(&self, plain: &[u8]) {
        let payload = &plain[header_len(plain).expect("it was opened")..];
        let Some((newest, _)) = self.shown.last_key_value() else { panic!("a repair of nothing") };
        let index = extend(*newest, short(payload));
        assert!(index <= *newest, "a repair of what was not sent");
        if let Some(shown) = self.shown.get(&index) {
            assert_eq!(shown.payload, payload[2..], "another packet as the repair of {index}");
            assert_eq!(shown.timestamp, crate::class::long(&plain[4..]));
        }
    }
}

/// Whether two packets of a slot are as far apart as when they were published.
fn goes_on(before: &Shown, shown: &Shown, steps: u64, origins: &[Origin]) -> bool {
    let (one, other) = (before.origin(origins), shown.origin(origins));
    let pictures = match (before.picture, shown.picture) {
        (Some((a, one_width)), Some((b, other_width))) => {
            let stepped = b.wrapping_sub(a) ^ other.picture.wrapping_sub(one.picture);
            stepped & modulus(one_width, other_width) == 0
        }
        _ => true,
    };
    let tl0s = match (before.tl0, shown.tl0) {
        (Some(a), Some(b)) => b.wrapping_sub(a) == other.tl0.wrapping_sub(one.tl0),
        _ => true,
    };
    let published = other.sequence.wrapping_sub(one.sequence);
    let is_kept = if published as i16 > REACH { steps == 2 } else { steps as u16 == published };
    one.layer == other.layer
        && is_kept
        && shown.timestamp.wrapping_sub(before.timestamp) == other.timestamp.wrapping_sub(one.timestamp)
        && pictures
        && tl0s
}

/// Two cameras, changes between them and their layers, reorder, repairs, all widths of picture ids.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    // All layers of a publisher at once: the first begins with a keyframe, the rest follows.
    const KEYS: [u8; 2] = [0xcf, 0xdf];
    const PICTURES: [u8; 2] = [0x0f, 0x1f];
    let show = |who: u8, height: u8| [9, who, height, height];
    let changes = [
        &[KEYS[0], PICTURES[0], PICTURES[0], KEYS[1], PICTURES[1]][..],
        &show(1, 2),
        &[KEYS[1], PICTURES[1], PICTURES[1], 0x20, 0x21],
        &show(0, 3),
        &[KEYS[0], PICTURES[0]],
        &show(2, 1),
        &[KEYS[0], KEYS[1], PICTURES[0], PICTURES[1], 10, 200, 1, KEYS[0], KEYS[1]],
        &show(4, 0),
        &show(0, 3),
        &[KEYS[0], PICTURES[0]],
    ];
    let rough = [
        &[KEYS[0], 0x10, 0x17, 0x10, 0x16, 0x10, 0x17, 0x10, 8, 0, 8, 3, 8, 0][..],
        &[11, 0, 1, 0, 7, 11, 1, 2, 0xff, 0xff, 0x14, 0, 0x10, 0x17, 0x14, 1, 8, 2],
    ];
    let widths = [
        &[KEYS[0], PICTURES[0], 0x1d, 1, 1, 0x15, 0, 0x10, 0x1d, 2, 0, 0x15, 0, 0x4d, 1, 0][..],
        &show(1, 2),
        &[KEYS[1], PICTURES[1], 0x1e, 0x1c, 2, 3, 1],
        &show(0, 2),
        &[KEYS[0], PICTURES[0], 0x1e, 0x15, 0, 0x10],
    ];
    // A repair of what came before the first packet, on the other side of the wrap.
    let wrapped = [0x07, 0x0c, 2, 0, 0, 0x05, 0, 0x00, 8, 2, 0x00, 0x04, 0, 0x00];
    // The same packet itself: its number seems to be nearly a round ahead.
    let leap = [0x07, 0x0c, 2, 0, 0, 0x05, 0, 0x00, 8, 0, 0x00, 0x04, 0, 0x00];
    vec![
        ("wrapped", wrapped.to_vec()),
        ("leap", leap.to_vec()),
        ("changes", changes.concat()),
        ("rough", rough.concat()),
        ("widths", widths.concat()),
    ]
}
