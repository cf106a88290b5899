//! A class whose people are connected, and what each of them was sent: sealed by us, opened by us, no handshake.

use crate::relay::{START, relay};
use crate::srtp::Direction;
use crate::stun::{self, Attribute, Signature};
use preau_sfu::{Event, Look, Mid, Offer, PeerId, Permit, ReceiveMids, Relay, Role, RoomId, Source, Way};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub const HEADER_LEN: usize = 12;
pub const OPUS: u8 = 111;
pub const RED: u8 = 63;
/// Media and retransmissions of VP8, VP9, H264, AV1.
pub const VIDEO: [(u8, u8); 4] = [(96, 97), (98, 99), (102, 103), (45, 46)];
/// Layers of a camera, smallest first.
pub const RIDS: [&str; 3] = ["l", "m", "h"];
/// Header extensions.
pub const LEVEL_ID: u8 = 1;
pub const NUMBER_ID: u8 = 3;
pub const MID_ID: u8 = 4;
pub const RID_ID: u8 = 10;
pub const REPAIRED_RID_ID: u8 = 11;
pub const DESCRIPTOR_ID: u8 = 12;
/// Sections of every offer: four that send, then slots.
pub const SENT: [(Source, &str); 4] =
    [(Source::Microphone, "0"), (Source::Camera, "1"), (Source::Screen, "2"), (Source::ScreenAudio, "3")];
const SLOTS: [(Source, &str); 6] = [
    (Source::Microphone, "4"),
    (Source::Microphone, "5"),
    (Source::ScreenAudio, "7"),
    (Source::Screen, "8"),
    (Source::Camera, "9"),
    (Source::Camera, "10"),
];
/// Between two drains; the relay holds that many for each receiver.
const SENT_AT_ONCE_MAX: usize = 4_096;
const RUN_BYTES_MAX: usize = 60_000;
const RUN_SEGMENTS_MAX: usize = 64;
const WAKES_MAX: usize = 2_000;

/// What somebody's browser can do.
#[derive(Clone, Copy)]
pub struct Manners {
    pub role: Role,
    pub has_red: bool,
    pub has_rtx: bool,
    pub has_numbers: bool,
    /// What is offered to send and to receive; with fewer sections and codecs a story begins sooner.
    pub sources: &'static [Source],
    /// How many of [`VIDEO`].
    pub codecs: usize,
}

pub struct Person {
    pub id: PeerId,
    pub way: Way,
    /// The slots' SSRCs: media and retransmissions.
    pub slots: Vec<(Source, u32, u32)>,
    sends: Direction,
    receives: Direction,
    /// Newest index by SSRC, as sent and as received.
    sent: HashMap<u32, u64>,
    received: HashMap<u32, u64>,
    /// Everything received, by SSRC and index: no nonce may serve two packets.
    nonces: HashMap<(u32, u64), Vec<u8>>,
    reports: u32,
}

/// What somebody received, in the clear.
pub enum Received {
    Rtp { to: usize, ssrc: u32, index: u64, plain: Vec<u8> },
    Rtcp { to: usize, at: Instant, plain: Vec<u8> },
}

pub struct Class {
    pub relay: Relay,
    pub now: Instant,
    pub people: Vec<Person>,
    pub received: Vec<Received>,
    pub events: Vec<Event>,
}

impl Class {
    pub fn new(manners: &[Manners]) -> Class {
        let mut class =
            Class { relay: relay(), now: *START, people: Vec::new(), received: Vec::new(), events: Vec::new() };
        for (at, manners) in manners.iter().enumerate() {
            class.join(at, *manners);
        }
        class.drain();
        class
    }

    fn join(&mut self, at: usize, manners: Manners) {
        let id = PeerId(at as u64 + 1);
        let way = Way::Udp(SocketAddr::from(([198, 51, 100, at as u8 + 1], 4000)));
        let offer = offer(at, manners);
        let answer =
            self.relay.answer(id, RoomId(1), manners.role, &offer, self.now).expect("a good offer is answered");
        let keying: [u8; Relay::KEYING_LEN] = std::array::from_fn(|i| (at * 64 + i) as u8);
        let [theirs, ours, their_salt, our_salt] = [&keying[..16], &keying[16..32], &keying[32..44], &keying[44..]];
        self.people.push(Person {
            id,
            way,
            slots: slots(manners).map(|(source, mid)| slot(&answer, source, mid)).collect(),
            sends: Direction::new(theirs, their_salt),
            receives: Direction::new(ours, our_salt),
            sent: HashMap::new(),
            received: HashMap::new(),
            nonces: HashMap::new(),
            reports: 0,
        });
        let value = |name: &str| answer.lines().find_map(|line| line.strip_prefix(name)).expect("it has credentials");
        let username = format!("{}:user{at}", value("a=ice-ufrag:"));
        let attributes = [
            Attribute::Text(stun::USERNAME, &username),
            Attribute::Raw(stun::ICE_CONTROLLING, vec![0; 8]),
            Attribute::Raw(stun::USE_CANDIDATE, Vec::new()),
        ];
        let signature = Signature::Short(value("a=ice-pwd:"));
        let mut check = stun::message(stun::BINDING_REQUEST, &attributes, Some(signature));
        self.relay.receive(way, None, &mut check, self.now);
        self.relay.skip_handshake(id, &keying, self.now);
        self.relay.allow(id, Permit::everything(), self.now);
    }

    /// A packet in the clear, from somebody; not sealed if it has no whole header.
    pub fn send_rtp(&mut self, from: usize, plain: &[u8]) -> Vec<u8> {
        let person = &mut self.people[from];
        let sealed = match header_len(plain) {
            Some(len) => {
                let (ssrc, sequence) = (long(&plain[8..]), short(&plain[2..]));
                let index = person.sent.get(&ssrc).map_or(u64::from(sequence), |near| extend(*near, sequence));
                let newest = person.sent.entry(ssrc).or_insert(index);
                *newest = index.max(*newest);
                person.sends.seal_rtp(plain, len, index)
            }
            None => plain.to_vec(),
        };
        self.send(from, &sealed);
        sealed
    }

    /// A report in the clear; not sealed if it has no whole header.
    pub fn send_rtcp(&mut self, from: usize, plain: &[u8]) {
        let person = &mut self.people[from];
        person.reports += 1;
        let sealed = if plain.len() < 8 { plain.to_vec() } else { person.sends.seal_rtcp(plain, person.reports) };
        self.send(from, &sealed);
    }

    /// Bytes as they are.
    pub fn send(&mut self, from: usize, bytes: &[u8]) {
        self.relay.receive(self.people[from].way, None, &mut bytes.to_vec(), self.now);
    }

    pub fn pass(&mut self, time: Duration) {
        self.drain();
        let until = self.now + time;
        let mut wakes = 0;
        while let Some(at) = self.relay.poll_timeout().filter(|at| *at <= until) {
            wakes += 1;
            assert!(wakes <= WAKES_MAX, "it wakes again and again");
            self.now = self.now.max(at);
            self.relay.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
        self.drain();
    }

    /// Takes what the relay sends, opens it, and holds it to what is true of all of it.
    pub fn drain(&mut self) {
        let (mut datagrams, now) = (0, self.now);
        while let Some(transmit) = self.relay.poll_transmit() {
            let size = transmit.segment_size.unwrap_or(transmit.contents.len());
            assert!(transmit.contents.len() <= RUN_BYTES_MAX && size > 0);
            assert!(transmit.contents.len().div_ceil(size) <= RUN_SEGMENTS_MAX);
            let to = self.people.iter().position(|person| person.way == transmit.to).expect("somebody is there");
            for bytes in transmit.contents.chunks(size) {
                datagrams += 1;
                let person = &mut self.people[to];
                self.received.extend(person.open(bytes).map(|opened| opened.for_whom(to, now)));
            }
            assert!(datagrams <= SENT_AT_ONCE_MAX, "{datagrams} at once");
        }
        while let Some(event) = self.relay.poll_event() {
            self.events.push(event);
        }
    }

    pub fn look(&mut self, who: usize, at: &[(usize, u16)]) {
        let looks: Vec<Look> =
            at.iter().map(|(at, height_px)| Look { peer: self.people[*at].id, height_px: *height_px }).collect();
        self.relay.view(self.people[who].id, &looks, self.now);
    }
}

enum Opened {
    Rtp { ssrc: u32, index: u64, plain: Vec<u8> },
    Rtcp(Vec<u8>),
}

impl Opened {
    fn for_whom(self, to: usize, at: Instant) -> Received {
        match self {
            Opened::Rtp { ssrc, index, plain } => Received::Rtp { to, ssrc, index, plain },
            Opened::Rtcp(plain) => Received::Rtcp { to, at, plain },
        }
    }
}

impl Person {
    /// Opens a datagram; `None` for STUN.
    fn open(&mut self, bytes: &[u8]) -> Option<Opened> {
        if bytes[0] < 128 {
            return None;
        }
        if (192..=223).contains(&bytes[1]) {
            return Some(Opened::Rtcp(self.receives.open_rtcp(bytes).expect("a report opens")));
        }
        let ssrc = long(&bytes[8..]);
        let is_ours = self.slots.iter().any(|(_, media, rtx)| [*media, *rtx].contains(&ssrc));
        assert!(is_ours, "the answer announced no SSRC {ssrc}");
        let sequence = short(&bytes[2..]);
        let index = self.received.get(&ssrc).map_or(u64::from(sequence), |near| extend(*near, sequence));
        let len = header_len(bytes).expect("what is sent has a whole header");
        let plain = self.receives.open_rtp(bytes, len, index).expect("a packet opens");
        let newest = self.received.entry(ssrc).or_insert(index);
        *newest = index.max(*newest);
        if let Some(earlier) = self.nonces.insert((ssrc, index), bytes.to_vec()) {
            assert!(earlier == bytes, "two packets under one nonce: {ssrc} {index}");
        }
        Some(Opened::Rtp { ssrc, index, plain })
    }
}

/// A slot's kind with its SSRCs, as the answer announced them.
fn slot(answer: &str, source: Source, mid: &str) -> (Source, u32, u32) {
    let section = answer.split("\r\nm=").find(|section| section.contains(&format!("a=mid:{mid}\r\n")));
    let ssrcs = section.into_iter().flat_map(str::lines).filter_map(|line| line.strip_prefix("a=ssrc:"));
    let mut ssrcs = ssrcs.filter_map(|line| line.split(' ').next()?.parse().ok());
    let media = ssrcs.next().expect("a slot has an SSRC");
    (source, media, ssrcs.next().unwrap_or(media))
}

pub fn short(bytes: &[u8]) -> u16 {
    bytes.first_chunk().map_or(0, |bytes| u16::from_be_bytes(*bytes))
}

pub fn long(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// The number nearest to `near` that ends in `low`.
pub fn extend(near: u64, low: u16) -> u64 {
    let step = i64::from(low.wrapping_sub(near as u16) as i16);
    near.checked_add_signed(step).unwrap_or(u64::from(low))
}

/// What of a packet is not sealed (RFC 3550 §5.1, §5.3.1).
pub fn header_len(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    let len = HEADER_LEN + 4 * usize::from(first & 0x0f);
    let words = match first & 0x10 {
        0 => None,
        _ => Some(usize::from(short(packet.get(len + 2..len + 4)?))),
    };
    let len = len + words.map_or(0, |words| 4 + 4 * words);
    (first >> 6 == 2 && packet.len() >= len).then_some(len)
}

/// A header extension block of one-byte elements (RFC 8285 §4.2).
pub fn extension(elements: &[(u8, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (id, value) in elements {
        body.push(id << 4 | (value.len() as u8 - 1));
        body.extend_from_slice(value);
    }
    body.resize(body.len().next_multiple_of(4), 0);
    [&[0xbe, 0xde][..], &((body.len() / 4) as u16).to_be_bytes(), &body].concat()
}

/// The same in the two-byte form.
pub fn long_extension(elements: &[(u8, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (id, value) in elements {
        body.extend_from_slice(&[*id, value.len() as u8]);
        body.extend_from_slice(value);
    }
    body.resize(body.len().next_multiple_of(4), 0);
    [&[0x10, 0x00][..], &((body.len() / 4) as u16).to_be_bytes(), &body].concat()
}

pub fn packet(kind: u8, marker: bool, numbers: (u16, u32, u32), extension: &[u8], payload: &[u8]) -> Vec<u8> {
    let (sequence, timestamp, ssrc) = numbers;
    let first = 0x80 | if extension.is_empty() { 0 } else { 0x10 };
    let mut packet = vec![first, kind & 0x7f | u8::from(marker) << 7];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&timestamp.to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(extension);
    packet.extend_from_slice(payload);
    packet
}

fn sent(manners: Manners) -> impl Iterator<Item = (Source, &'static str)> {
    SENT.into_iter().filter(move |(source, _)| manners.sources.contains(source))
}

fn slots(manners: Manners) -> impl Iterator<Item = (Source, &'static str)> {
    SLOTS.into_iter().filter(move |(source, _)| manners.sources.contains(source))
}

fn offer(at: usize, manners: Manners) -> Offer {
    let mids: Vec<&str> = sent(manners).chain(slots(manners)).map(|(_, mid)| mid).collect();
    let mut sdp = format!(
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\na=ice-ufrag:user{at}\r\n\
         a=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 {}00\r\na=setup:actpass\r\n",
        mids.join(" "),
        "00:".repeat(31)
    );
    for (source, mid) in sent(manners) {
        sdp += &section(source, mid, "sendonly", manners);
        if source == Source::Camera {
            for rid in RIDS {
                let _ = write!(sdp, "a=rid:{rid} send\r\n");
            }
            let _ = write!(sdp, "a=simulcast:send {}\r\n", RIDS.join(";"));
        }
    }
    for (source, mid) in slots(manners) {
        sdp += &section(source, mid, "recvonly", manners);
    }
    let mid = |text: &str| Mid::parse(text).expect("a number is a name");
    let of =
        |wanted: Source| slots(manners).filter(move |(source, _)| *source == wanted).map(move |(_, text)| mid(text));
    Offer {
        sdp,
        send: sent(manners).map(|(source, text)| (source, mid(text))).collect(),
        receive: ReceiveMids {
            audio: of(Source::Microphone).collect(),
            screen_audio: of(Source::ScreenAudio).next(),
            screen: of(Source::Screen).next(),
            video: of(Source::Camera).collect(),
        },
    }
}

fn section(source: Source, mid: &str, direction: &str, manners: Manners) -> String {
    let (kind, mut types) =
        if source.is_audio() { ("audio", vec![(OPUS, "opus/48000/2")]) } else { ("video", Vec::new()) };
    if source.is_audio() && manners.has_red {
        types.insert(0, (RED, "red/48000/2"));
    }
    if !source.is_audio() {
        for ((media, rtx), name) in
            VIDEO.into_iter().zip(["VP8/90000", "VP9/90000", "H264/90000", "AV1/90000"]).take(manners.codecs)
        {
            types.push((media, name));
            types.extend(manners.has_rtx.then_some((rtx, "rtx/90000")));
        }
    }
    let list: Vec<String> = types.iter().map(|(kind, _)| kind.to_string()).collect();
    let mut sdp = format!(
        "m={kind} 9 UDP/TLS/RTP/SAVPF {}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na=rtcp-mux\r\na={direction}\r\n",
        list.join(" ")
    );
    for (kind, name) in &types {
        let _ = write!(sdp, "a=rtpmap:{kind} {name}\r\n");
        let repaired = VIDEO.iter().find(|(_, rtx)| rtx == kind);
        let _ = match (*kind, repaired) {
            (_, Some((media, _))) => write!(sdp, "a=fmtp:{kind} apt={media}\r\n"),
            (RED, _) => write!(sdp, "a=fmtp:{RED} {OPUS}/{OPUS}\r\n"),
            (102, _) => write!(sdp, "a=fmtp:102 packetization-mode=1;profile-level-id=42e01f\r\n"),
            _ => Ok(()),
        };
    }
    let mut extensions = vec![
        (LEVEL_ID, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
        (MID_ID, "urn:ietf:params:rtp-hdrext:sdes:mid"),
        (RID_ID, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"),
        (REPAIRED_RID_ID, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"),
        (DESCRIPTOR_ID, "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"),
    ];
    const NUMBERS: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
    extensions.extend(manners.has_numbers.then_some((NUMBER_ID, NUMBERS)));
    for (id, uri) in extensions {
        let _ = write!(sdp, "a=extmap:{id} {uri}\r\n");
    }
    sdp
}
