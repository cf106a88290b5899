//! RTP and RTCP as they are after decryption, of every shape: what leaves is well made, permitted, and bounded.

use crate::class::{
    Class, DESCRIPTOR_ID, LEVEL_ID, MID_ID, Manners, NUMBER_ID, OPUS, RED, REPAIRED_RID_ID, RID_ID, RIDS, Received,
    SENT, VIDEO, extension, header_len, long, long_extension, packet, short,
};
use crate::script::Script;
use bytes::BytesMut;
use preau_sfu::{Audience, PeerId, Permit, Pictures, Role, Source};
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

const PEOPLE: usize = 3;
/// Sound and pictures on every way, in every codec.
const KINDS: [u8; 10] = [OPUS, RED, 96, 97, 98, 99, 102, 103, 45, 46];
/// Two requests for a keyframe of one stream are at least so far apart (`stream.rs`).
const KEYFRAME_GAP: Duration = Duration::from_millis(250);
/// Without draining; the relay asks for it after 256 (`BATCH_DATAGRAMS_MAX`), and bears more.
const UNDRAINED_MAX: usize = 700;
/// Sealed datagrams kept to be sent again.
const SENT_KEPT: usize = 16;
/// Ends every payload, before its padding, with the packet's own number and who sent it behind.
const MARK: [u8; 4] = [0xf5, 0xc3, 0x5a, 0x17];

struct Story {
    class: Class,
    roles: [Role; PEOPLE],
    permits: [Permit; PEOPLE],
    sent: VecDeque<(usize, Vec<u8>)>,
    /// By sender and SSRC: the newest number sent.
    sequences: HashMap<(usize, u32), u16>,
    asked_at: HashMap<(usize, u32), Instant>,
    made: u16,
    /// By receiver, SSRC and a packet's own number: under which index it was seen.
    seen: HashMap<(usize, u32, u16), u64>,
    undrained: usize,
}

pub fn run(data: &[u8]) {
    let mut story = Story::new();
    let mut script = Script(data);
    while let Some(act) = script.next() {
        let from = usize::from(act >> 5) % PEOPLE;
        match act & 15 {
            0..=4 => story.send_packet(from, &mut script),
            5 => story.send_rtp(from, script.many(), &mut script),
            6 => story.class.send_rtcp(from, script.many()),
            7 | 8 => story.report(from, &mut script),
            9 => story.send_again(&mut script),
            10 | 11 => {
                let ms = u64::from(script.byte()) * script.pick(&[1, 20, 200]);
                story.class.pass(Duration::from_millis(ms));
            }
            _ => story.ask(from, act & 3, &mut script),
        }
        // What waits is judged by the rules of the moment when it leaves.
        story.undrained += 1;
        if act & 16 == 0 || story.undrained > UNDRAINED_MAX {
            story.class.drain();
            story.undrained = 0;
        }
        story.look();
    }
    story.class.pass(Duration::from_secs(40));
    story.look();
}

impl Story {
    fn new() -> Story {
        let manners = |role, has_red, has_rtx, has_numbers| Manners {
            role,
            has_red,
            has_rtx,
            has_numbers,
            sources: &Source::ALL,
            codecs: VIDEO.len(),
        };
        let class = Class::new(&[
            manners(Role::Teacher, true, true, true),
            manners(Role::Student, false, true, false),
            manners(Role::Student, true, false, true),
        ]);
        let mut story = Story {
            class,
            roles: [Role::Teacher, Role::Student, Role::Student],
            permits: std::array::from_fn(|_| Permit::everything()),
            sent: VecDeque::new(),
            sequences: HashMap::new(),
            asked_at: HashMap::new(),
            made: 0,
            seen: HashMap::new(),
            undrained: 0,
        };
        for who in 0..PEOPLE {
            story.class.look(who, &[((who + 1) % PEOPLE, 360), ((who + 2) % PEOPLE, 180)]);
        }
        story
    }

    /// A packet that is nearly as a browser sends it.
    fn send_packet(&mut self, from: usize, script: &mut Script<'_>) {
        let how = script.byte();
        let (section, layer) = (usize::from(how & 3), usize::from(how >> 2 & 3) % RIDS.len());
        let ssrc = 1_000 * (from as u32 + 1) + 10 * section as u32 + layer as u32;
        let kind = script.pick(&KINDS);
        let is_repair = VIDEO.iter().any(|(_, rtx)| *rtx == kind);
        let ssrc = if is_repair { ssrc + 5 } else { ssrc };
        let step = script.pick(&[1, 1, 1, 1, 2, 3, 0, 0xffff, 100, 0x7fff]);
        let sequence = self.sequences.entry((from, ssrc)).or_insert(65_530);
        *sequence = sequence.wrapping_add(step);
        let sequence = *sequence;
        let timestamp = u32::from(sequence).wrapping_mul(3000).wrapping_add(u32::from(script.byte()) << 24);
        let number = sequence.to_be_bytes();
        let rid = RIDS[layer].as_bytes();
        let names = match how >> 4 & 3 {
            0 | 1 if matches!(kind, 45 | 46) => {
                let mut descriptor = script.pick(&DESCRIPTORS).to_vec();
                descriptor.splice(1..3, number);
                descriptor.extend_from_slice(script.some());
                let mid = SENT[section].1.as_bytes();
                long_extension(&[(MID_ID, mid), (RID_ID, rid), (NUMBER_ID, &number), (DESCRIPTOR_ID, &descriptor)])
            }
            0 => extension(&[(MID_ID, SENT[section].1.as_bytes()), (LEVEL_ID, &[script.byte()])]),
            1 => extension(&[(MID_ID, b"1"), (RID_ID, rid), (NUMBER_ID, &number)]),
            2 => extension(&[(MID_ID, SENT[section].1.as_bytes()), (REPAIRED_RID_ID, rid), (NUMBER_ID, &number)]),
            _ => {
                let mut body = script.some().to_vec();
                body.resize(body.len().next_multiple_of(4), 0);
                let profile = script.pick(&[[0xbe, 0xde], [0x10, 0x00], [0, 0]]);
                [&profile[..], &((body.len() / 4) as u16).to_be_bytes(), &body].concat()
            }
        };
        let mut payload = beginning(kind, script);
        if is_repair {
            payload.splice(..0, sequence.wrapping_sub(u16::from(script.byte())).to_be_bytes());
        }
        payload.extend_from_slice(script.some());
        let mut plain = packet(kind, how & 0x40 != 0, (sequence, timestamp, ssrc), &names, &payload);
        plain[0] |= if how & 0x80 != 0 { 0x20 } else { 0 };
        self.send_rtp(from, &plain, script);
    }

    /// Any bytes as a packet, with its sender's mark and its padding behind.
    fn send_rtp(&mut self, from: usize, plain: &[u8], script: &mut Script<'_>) {
        let mut plain = plain.to_vec();
        self.made = self.made.wrapping_add(1);
        plain.extend_from_slice(&MARK);
        plain.extend_from_slice(&self.made.to_be_bytes());
        plain.push(from as u8);
        if plain[0] & 0x20 != 0 {
            plain.push(script.pick(&[1, 1, 0, 7, 8, 200, 255]));
        }
        let sealed = self.class.send_rtp(from, &plain);
        self.sent.push_back((from, sealed));
        if self.sent.len() > SENT_KEPT {
            self.sent.pop_front();
        }
    }

    /// What was sent is sent once more, as it was or with one byte changed.
    fn send_again(&mut self, script: &mut Script<'_>) {
        let at = usize::from(script.byte()) % self.sent.len().max(1);
        let Some((from, mut bytes)) = self.sent.get(at).cloned() else { return };
        if !script.flag() {
            return self.class.send(from, &bytes);
        }
        let at = usize::from(script.short()) % bytes.len();
        bytes[at] ^= script.byte().max(1);
        self.class.drain();
        let before = self.class.relay.stats().packets_forwarded;
        self.class.send(from, &bytes);
        self.class.drain();
        assert_eq!(self.class.relay.stats().packets_forwarded, before, "what is forged is forwarded");
    }

    /// A report on what somebody receives or sends.
    fn report(&mut self, from: usize, script: &mut Script<'_>) {
        let how = script.byte();
        let slots = &self.class.people[from].slots;
        let (_, media, rtx) = slots[usize::from(how >> 4) % slots.len()];
        let ours = 1_000 * (from as u32 + 1) + 10 * u32::from(how >> 4 & 3);
        let mut body = Vec::new();
        let (count, kind, ssrcs) = match how % 8 {
            // NACK, PLI, FIR, REMB.
            0 | 1 => (1, 205, [1, media]),
            2 => (1, 206, [1, media]),
            3 => (4, 206, [1, 0]),
            4 => (15, 206, [1, 0]),
            // Transport-wide feedback.
            5 => (15, 205, [1, media]),
            // Reports of sender and receiver.
            6 => (script.byte() & 31, 200, [ours, script.byte().into()]),
            _ => (script.byte() & 31, 201, [ours, script.pick(&[media, rtx])]),
        };
        body.extend_from_slice(script.some());
        body.resize(body.len().next_multiple_of(4), 0);
        let words = 2 + body.len() as u16 / 4;
        let mut report = vec![0x80 | count, kind];
        report.extend_from_slice(&words.to_be_bytes());
        ssrcs.iter().for_each(|ssrc| report.extend_from_slice(&ssrc.to_be_bytes()));
        report.extend_from_slice(&body);
        if how & 8 != 0 {
            // Compound: an empty receiver report goes before.
            report.splice(..0, [0x80, 201, 0, 1, 0, 0, 0, 1]);
        }
        self.class.send_rtcp(from, &report);
    }

    /// What the server asks of its relay.
    fn ask(&mut self, who: usize, what: u8, script: &mut Script<'_>) {
        let how = script.byte();
        let (relay, now) = (&mut self.class.relay, self.class.now);
        let id = PeerId(who as u64 + 1);
        match what {
            0 => {
                let sources =
                    SENT.iter().enumerate().filter(|(bit, _)| how >> bit & 1 != 0).map(|(_, (source, _))| *source);
                let audience = if how & 16 == 0 { Audience::Everyone } else { Audience::Teachers };
                self.permits[who] = Permit { sources: sources.collect(), audience };
                relay.allow(id, self.permits[who].clone(), now);
            }
            1 => {
                let height = script.pick(&[0, 180, 360, 1080]);
                self.class.look(who, &[(usize::from(how) % PEOPLE, height), (usize::from(how >> 4) % PEOPLE, 180)]);
            }
            2 => relay.set_pictures(id, script.pick(&[Pictures::All, Pictures::Few, Pictures::None]), now),
            _ => {
                self.roles[who] = if how & 1 == 0 { Role::Teacher } else { Role::Student };
                relay.set_role(id, self.roles[who], now);
            }
        }
    }

    fn look(&mut self) {
        for received in std::mem::take(&mut self.class.received) {
            match received {
                Received::Rtp { to, ssrc, index, plain } => self.expect_permitted(to, (ssrc, index), &plain),
                Received::Rtcp { to, at, plain } => self.expect_report(to, &plain, at),
            }
        }
        self.class.events.clear();
    }

    /// Nothing of a person without permit ever reaches anybody, and nothing twice but as a repair.
    fn expect_permitted(&mut self, to: usize, (ssrc, index): (u32, u64), plain: &[u8]) {
        let payload = &plain[header_len(plain).expect("it was opened")..];
        // Padding may have cut the mark off; then nobody can tell.
        let Some(&[a, b, c, d, high, low, who]) = payload.last_chunk() else { return };
        if [a, b, c, d] != MARK {
            return;
        }
        let who = usize::from(who);
        assert_ne!(who, to, "one's own packets come back");
        assert!(!self.permits[who].sources.is_empty(), "{who} may send nothing");
        let is_for_all = self.permits[who].audience == Audience::Everyone;
        assert!(is_for_all || self.roles[to] == Role::Teacher, "{who} may reach teachers only");
        let slots = &self.class.people[to].slots;
        if slots.iter().any(|(_, media, _)| *media == ssrc) {
            let id = u16::from_be_bytes([high, low]);
            let seen = *self.seen.entry((to, ssrc, id)).or_insert(index);
            assert_eq!(seen, index, "one packet twice");
        }
    }

    /// A report is one that others can read, and keyframes are not asked for all the time.
    fn expect_report(&mut self, to: usize, plain: &[u8], now: Instant) {
        let mut bytes = BytesMut::from(plain);
        rtc_rtcp::packet::unmarshal(&mut bytes).unwrap_or_else(|error| panic!("{error}: {plain:02x?}"));
        let is_keyframe_request = plain[1] == 206 && plain[0] & 31 == 1;
        if is_keyframe_request {
            assert_eq!(short(&plain[2..]), 2);
            let ssrc = long(&plain[8..]);
            if let Some(before) = self.asked_at.insert((to, ssrc), now) {
                assert!(now >= before + KEYFRAME_GAP, "{ssrc} is asked for keyframes without end");
            }
        }
    }
}

/// As a browser describes AV1 in three layers, each with a part more: a keyframe, one in two layers, and frames.
const DESCRIPTORS: [&[u8]; 7] = [
    &KEYFRAME,
    &NARROW,
    &[0xc5, 0, 0],
    &[0xca, 0, 0],
    &[0xc1, 0, 0],
    &[0x86, 0, 0],
    &[0xc3, 0, 0, 0x1a, 0x20, 0x10, 0x08, 0x00],
];
const KEYFRAME: [u8; 90] = [
    0xc0, 0x00, 0x05, 0x80, 0x08, 0x14, 0x85, 0x21, 0x4e, 0xaa, 0xaa, 0xa8, 0x00, 0x06, 0x00, 0x00, 0x40, 0x00, 0x10,
    0x00, 0x02, 0xaa, 0x80, 0xa8, 0x00, 0x06, 0x00, 0x00, 0x40, 0x00, 0x10, 0x00, 0x02, 0xa0, 0x00, 0xa8, 0x00, 0x06,
    0x00, 0x00, 0x40, 0x00, 0x16, 0xd5, 0x49, 0x24, 0x1b, 0x55, 0x24, 0x90, 0x6d, 0x54, 0x92, 0x31, 0x57, 0xe0, 0x01,
    0x97, 0x4c, 0xa8, 0x64, 0x33, 0x0e, 0x22, 0x23, 0x96, 0xec, 0xa8, 0x65, 0x53, 0x04, 0x22, 0x43, 0x90, 0xec, 0xa8,
    0x77, 0x53, 0x01, 0x3f, 0x00, 0xb3, 0x02, 0x7f, 0x01, 0x67, 0x04, 0xff, 0x02, 0xcf,
];
/// The same, with which decode targets are active.
const NARROW: [u8; 92] = {
    let mut narrow = [0; 92];
    let mut at = 0;
    while at < KEYFRAME.len() {
        narrow[at] = KEYFRAME[at];
        at += 1;
    }
    narrow[3] |= 0x40;
    (narrow[90], narrow[91]) = (0x1f, 0x80);
    narrow
};

/// How payloads of each codec begin, when they begin well.
fn beginning(kind: u8, script: &mut Script<'_>) -> Vec<u8> {
    let beginnings: &[&[u8]] = match kind {
        RED => &[&[0x80 | OPUS, 0, 0, 3, OPUS, 1, 2, 3], &[OPUS], &[0x80 | OPUS, 0xff, 0xff, 0xff, OPUS], &[]],
        96 | 97 => &[
            &[0x90, 0xe0, 0x81, 0x02, 7, 0x20, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 1, 0x68, 1],
            &[0x90, 0x80, 0x41, 0x11, 0, 0],
            &[0x80, 0x80, 0x81],
            &[],
        ],
        98 | 99 => &[
            &[0x8c, 0x81, 0x02, 0, 1],
            &[0xaf, 0x05, 0x19, 7, 0x18, 1, 0x40, 0, 0xb4],
            &[0x0d, 0x81],
            &[],
            // Three layers of a keyframe, and of what follows it.
            &[0xbe, 0xcf, 0x98, 0x10, 0x50, 1, 0x40, 0, 0xb4, 2, 0x80, 1, 0x68, 5, 0, 2, 0xd0],
            &[0xbc, 0xcf, 0x98, 0x13],
            &[0xbc, 0xcf, 0x98, 0x15],
            &[0xfd, 0xcf, 0x99, 0x50, 2],
            &[0xfd, 0xcf, 0x99, 0x53, 2],
        ],
        102 | 103 => {
            &[&[0x67, 0x42, 0xe0, 0x1f], &[0x78, 0, 4, 0x67, 0x42, 0xe0, 0x1f, 0, 2, 0x68, 1], &[0x7c, 0x85], &[]]
        }
        45 | 46 => &[&[0x18, 0x0a, 0x0b], &[0x28, 0x81], &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], &[], &[0x10, 7]],
        _ => &[&[0xfc], &[]],
    };
    script.pick(beginnings).to_vec()
}

/// People with voices and cameras in each codec, who lose things, report, and are allowed less and less.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    // Act, section and extensions, kind, step, timestamp, [level,] beginning, rest.
    let voice = |from: u8| [from << 5, 0x00, 0, 0, 0, 0x10, 0, 0];
    let red = |from: u8| [from << 5, 0x00, 1, 0, 0, 0x05, 0, 0];
    let camera = |from: u8, kind: u8, layer: u8| [from << 5, 0x11 | layer << 2, kind, 0, 0, 0, 4, 1, 2, 3, 4];
    let screen = |from: u8| [from << 5, 0x02, 2, 0, 0, 0x7f, 0, 2, 5, 6];
    let repair = |from: u8, back: u8| [from << 5, 0x21, 3, 0, 0, 1, back, 0];
    let second = [10, 250, 1];
    let nack = |from: u8, slot: u8| [from << 5 | 7, slot << 4, 4, 0, 10, 0, 3];
    let pli = |from: u8, slot: u8| [from << 5 | 7, slot << 4 | 2, 0];
    let arrivals = |from: u8| [from << 5 | 7, 0x0d, 12, 0, 0, 0, 4, 0, 0, 1, 0, 0x20, 4, 4, 4];
    let permit = |who: u8, sources: u8| [who << 5 | 12, sources];
    let look = |who: u8, at: u8| [who << 5 | 13, at, 2];
    let voices = [&voice(0)[..], &red(0), &voice(1), &red(2), &second, &voice(0), &permit(0, 0), &voice(0)].concat();
    let mut cameras = Vec::new();
    for kind in [2, 4, 6, 8] {
        for layer in 0..3 {
            cameras.extend_from_slice(&camera(0, kind, layer));
        }
        cameras.extend_from_slice(&second);
    }
    let mut losses = [camera(1, 2, 0), camera(1, 2, 0), camera(1, 2, 0)].concat();
    for part in [
        &nack(0, 5)[..],
        &nack(2, 5),
        &pli(0, 5),
        &repair(1, 1),
        &arrivals(0),
        &arrivals(2),
        &second,
        &[9, 0, 0],
        &[9, 0, 1, 0, 20, 1],
    ] {
        losses.extend_from_slice(part);
    }
    let rights = [
        &camera(0, 2, 0)[..],
        &screen(0),
        &look(1, 0),
        &permit(0, 0x11),
        &camera(0, 2, 0),
        &permit(0, 2),
        &camera(0, 2, 0),
        &[15, 1],
        &[0x20 | 15, 0],
        &[14, 0, 1],
        &second,
        &screen(0),
        &permit(0, 0),
    ];
    // A microphone begins anew with another SSRC, and what was said before is sent once more.
    let anew = [&voice(0)[..], &voice(0), &[0, 0x04, 0, 0, 0, 0x10, 0, 0], &[9, 0, 0], &second, &[9, 1, 0]].concat();
    // Somebody's screen in three layers: a keyframe, a frame that is missing, and one that is repaired.
    let vp9 = |beginning: u8| [0x02, 0x02, 4, 0, 0, 0x7f, beginning, 2, 5, 6];
    let av1 = |step: u8, descriptor: u8, beginning: u8| [2, 2, 8, step, 0, descriptor, 0, beginning, 2, 5, 6];
    let [mut spatial, mut described] = [Vec::new(), Vec::new()];
    for beginning in [4, 5, 6, 7, 8, 7, 8] {
        spatial.extend_from_slice(&vp9(beginning));
    }
    for (step, descriptor, beginning) in
        [(0, 0, 0), (0, 2, 4), (0, 3, 4), (0, 4, 4), (4, 5, 4), (0, 4, 4), (0, 1, 0), (0, 2, 4), (0, 6, 4)]
    {
        described.extend_from_slice(&av1(step, descriptor, beginning));
        described.extend_from_slice(&second[..2]);
        described.push(0);
    }
    for story in [&mut spatial, &mut described] {
        story.extend_from_slice(&second);
        story.extend_from_slice(&look(1, 0));
    }
    vec![
        ("spatial", spatial),
        ("described", described),
        ("voices", voices),
        ("anew", anew),
        ("cameras", cameras),
        ("losses", losses),
        ("rights", rights.concat()),
    ]
}
