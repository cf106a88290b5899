//! Pictures and voices made beforehand, and when their packets are due.

use std::time::{Duration, Instant};

use super::film::{DESCRIPTOR_BYTES, Title};
use super::offer::{LEVEL_ID, MID_ID, OPUS, RID_ID, TRANSPORT_CC_ID, VP8};

/// Payload of a packet of a picture.
const PICTURE_PACKET_BYTES: usize = 1_100;
/// A voice at 32 kbit/s.
const VOICE_PACKET_BYTES: usize = 80;
const PICTURES_PER_S: u64 = 30;
/// Chromium's pacer wakes this often…
const BURST_EVERY: Duration = Duration::from_millis(5);
/// …and sends at two and a half times the stream's own rate.
const PACING_PER_CENT: u64 = 250;
/// A sender that is later than this leaves out what it missed, and says so by sending less.
const LATE_MAX: Duration = Duration::from_millis(100);
/// VP8: an intra frame of 1280 × 720 begins so (RFC 6386 §9.1), and any other frame so.
const KEY: [u8; 10] = [0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02];
const DELTA: [u8; 10] = [0x11, 0x02, 0x00, 0, 0, 0, 0, 0, 0, 0];

/// How the packets of a picture follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pacing {
    /// In bursts, as Chromium's pacer lets them go.
    Bursts,
    /// One by one at equal distances.
    Even,
}

/// What a source sounds or looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    Camera {
        packets_per_s: u32,
        pacing: Pacing,
    },
    /// Somebody speaks: a packet every 20 ms at this loudness, in −dBov.
    Voice {
        level: u8,
    },
    /// Somebody is silent, under DTX: a packet every 400 ms.
    Silence,
    /// A camera's real frames, in as many sizes as the section was offered with.
    Film,
    /// A screen's real frames.
    Slides,
    /// A real voice at this loudness, in −dBov.
    Speech {
        level: u8,
    },
}

/// One stream on its way out.
#[derive(Clone, Debug)]
pub struct Reel {
    /// Nothing while it pauses: one SSRC is one sequence, whatever is sent in it and when.
    sound: Option<Sound>,
    pub ssrc: u32,
    mid: Vec<u8>,
    /// The layer's name, in a camera with several; and its place among them, largest first.
    rid: Option<(u8, usize)>,
    began: Instant,
    /// Packets due and sent, or left out, since this sound began.
    place: u64,
    /// The RTP time at which this sound began.
    timestamp_before: u32,
    pub sent: u64,
    sequence: u16,
    pub timestamp: u32,
    picture: u64,
    /// The number of this sound's first picture.
    picture_before: u64,
    wants_key: bool,
    pub report_due: Instant,
}

impl Reel {
    pub fn new(sound: Sound, ssrc: u32, mid: &str, now: Instant) -> Reel {
        Reel {
            sound: Some(sound),
            ssrc,
            mid: mid.as_bytes().to_vec(),
            rid: None,
            began: now,
            place: 0,
            timestamp_before: ssrc,
            sent: 0,
            // Below 2^15, so that the first rollover is far (RFC 3711 §3.3.1).
            sequence: (ssrc >> 17) as u16,
            timestamp: ssrc,
            picture: 0,
            picture_before: 0,
            wants_key: true,
            report_due: now + Duration::from_secs(1),
        }
    }

    /// One layer of several: its name, and its place among them.
    pub fn with_rid(self, rid: u8, layer: usize) -> Reel {
        Reel { rid: Some((rid, layer)), ..self }
    }

    /// The next picture is one that needs no other.
    pub fn want_key(&mut self) {
        self.wants_key = true;
    }

    /// Goes on with another sound, or pauses.
    pub fn change(&mut self, sound: Option<Sound>, now: Instant) {
        self.sound = sound;
        self.began = now;
        self.place = 0;
        // A picture later than the last, however short the pause.
        self.timestamp = self.timestamp.wrapping_add(90_000 / PICTURES_PER_S as u32);
        self.timestamp_before = self.timestamp;
        self.picture_before = self.picture + 1;
        self.wants_key = true;
    }

    pub fn payload_len(&self) -> usize {
        match self.sound {
            Some(Sound::Camera { .. } | Sound::Film | Sound::Slides) => PICTURE_PACKET_BYTES,
            Some(Sound::Voice { .. } | Sound::Silence | Sound::Speech { .. }) | None => VOICE_PACKET_BYTES,
        }
    }

    /// When the next packet is due; never while it pauses.
    pub fn due(&self) -> Option<Instant> {
        Some(self.began + self.due_after(self.sound?))
    }

    fn due_after(&self, sound: Sound) -> Duration {
        match sound {
            Sound::Voice { .. } => Duration::from_millis(20) * self.place as u32,
            Sound::Silence => Duration::from_millis(400) * self.place as u32,
            Sound::Film | Sound::Slides | Sound::Speech { .. } => self.title(sound).film().due_after(self.place),
            Sound::Camera { packets_per_s, pacing: Pacing::Even } => {
                Duration::from_nanos(self.place * 1_000_000_000 / u64::from(packets_per_s.max(1)))
            }
            Sound::Camera { packets_per_s, pacing: Pacing::Bursts } => {
                let picture = picture_of(self.place, packets_per_s);
                let within = self.place - first_of(picture, packets_per_s);
                let burst = (u64::from(packets_per_s) * BURST_EVERY.as_millis() as u64 * PACING_PER_CENT)
                    .div_ceil(100_000)
                    .max(1);
                Duration::from_nanos(picture * 1_000_000_000 / PICTURES_PER_S) + BURST_EVERY * (within / burst) as u32
            }
        }
    }

    /// Writes the packet that is due, with this transport-wide number; nothing while it pauses.
    pub fn write(&mut self, packet: &mut Vec<u8>, transport_number: u16, now: Instant) {
        packet.clear();
        match self.sound {
            Some(sound @ (Sound::Film | Sound::Slides | Sound::Speech { .. })) => {
                return self.write_cut(packet, sound, transport_number, now);
            }
            None => return,
            Some(Sound::Camera { packets_per_s, .. }) => self.write_picture(packet, packets_per_s, transport_number),
            Some(Sound::Voice { level }) => self.write_voice(packet, 960, level, transport_number),
            Some(Sound::Silence) => self.write_voice(packet, 960 * 20, 127, transport_number),
        }
        self.sequence = self.sequence.wrapping_add(1);
        self.sent += 1;
        self.place += 1;
        while self.due().is_some_and(|due| due + LATE_MAX < now) {
            self.place += 1;
        }
    }

    fn title(&self, sound: Sound) -> Title {
        match (sound, self.rid) {
            (Sound::Slides, _) => Title::Screen,
            (Sound::Film, Some((_, 0))) => Title::Large,
            (Sound::Film, Some((_, 2))) => Title::Small,
            (Sound::Film, _) => Title::Middle,
            _ => Title::Voice,
        }
    }

    fn write_cut(&mut self, packet: &mut Vec<u8>, sound: Sound, transport_number: u16, now: Instant) {
        let film = self.title(sound).film();
        if self.wants_key && film.cut(self.place).begins_picture {
            // An encoder would make one at once; here the film is moved on to its next.
            let key = film.next_key(self.place);
            let moved = film.due_after(key) - film.due_after(self.place);
            self.began = self.began.checked_sub(moved).unwrap_or(self.began);
            self.place = key;
            self.wants_key = false;
        }
        let cut = film.cut(self.place);
        if cut.begins_picture {
            self.timestamp = self.timestamp.wrapping_add(film.ticks);
            self.picture += 1;
        }
        match sound {
            Sound::Speech { level } => {
                self.head(packet, false, OPUS, transport_number, Some(level));
                packet.extend_from_slice(&cut.payload);
            }
            _ => {
                self.head(packet, cut.ends_picture, VP8, transport_number, None);
                let at = packet.len();
                packet.extend_from_slice(&cut.payload);
                let id = (self.picture as u16) | 0x8000;
                packet[at + DESCRIPTOR_BYTES - 2..at + DESCRIPTOR_BYTES].copy_from_slice(&id.to_be_bytes());
            }
        }
        self.sequence = self.sequence.wrapping_add(1);
        self.sent += 1;
        self.place += 1;
        // Frames build on each other: who is late goes on where they were, later.
        let due = self.began + film.due_after(self.place);
        if due + LATE_MAX < now {
            self.began += now - due;
        }
    }

    fn write_voice(&mut self, packet: &mut Vec<u8>, ticks: u32, level: u8, transport_number: u16) {
        self.timestamp = self.timestamp.wrapping_add(ticks);
        self.head(packet, false, OPUS, transport_number, Some(level));
        packet.resize(packet.len() + VOICE_PACKET_BYTES, 0xfc);
    }

    fn write_picture(&mut self, packet: &mut Vec<u8>, packets_per_s: u32, transport_number: u16) {
        let (shown, next) = (picture_of(self.place, packets_per_s), picture_of(self.place + 1, packets_per_s));
        let is_first = self.place == first_of(shown, packets_per_s);
        self.picture = self.picture_before + shown;
        self.timestamp = self.timestamp_before.wrapping_add((shown * 90_000 / PICTURES_PER_S) as u32);
        self.head(packet, next != shown, VP8, transport_number, None);
        let is_key = is_first && std::mem::take(&mut self.wants_key);
        let [high, low] = ((self.picture as u16) | 0x8000).to_be_bytes();
        let end = packet.len() + PICTURE_PACKET_BYTES;
        // Payload descriptor with a picture id of 15 bits (RFC 7741 §4.2).
        packet.extend_from_slice(&[if is_first { 0x90 } else { 0x80 }, 0x80, high, low]);
        packet.extend_from_slice(if is_key { &KEY } else { &DELTA });
        packet.resize(end, self.sequence as u8);
    }

    /// RTP header (RFC 3550 §5.1) with extensions of one byte each (RFC 8285 §4.2).
    fn head(&self, packet: &mut Vec<u8>, marker: bool, payload_type: u8, transport_number: u16, level: Option<u8>) {
        packet.extend_from_slice(&[0x90, payload_type | u8::from(marker) << 7]);
        packet.extend_from_slice(&self.sequence.to_be_bytes());
        packet.extend_from_slice(&self.timestamp.to_be_bytes());
        packet.extend_from_slice(&self.ssrc.to_be_bytes());
        packet.extend_from_slice(&[0xbe, 0xde, 0, 0]);
        let start = packet.len();
        packet.push(TRANSPORT_CC_ID << 4 | 1);
        packet.extend_from_slice(&transport_number.to_be_bytes());
        packet.push(MID_ID << 4 | (self.mid.len() as u8 - 1));
        packet.extend_from_slice(&self.mid);
        if let Some((rid, _)) = self.rid {
            packet.extend_from_slice(&[RID_ID << 4, rid]);
        }
        if let Some(level) = level {
            packet.extend_from_slice(&[LEVEL_ID << 4, level | 0x80]);
        }
        let words = (packet.len() - start).div_ceil(4);
        packet.resize(start + 4 * words, 0);
        packet[start - 1] = words as u8;
    }
}

/// The first packet of a picture, counted from the beginning.
fn first_of(picture: u64, packets_per_s: u32) -> u64 {
    (picture * u64::from(packets_per_s)).div_ceil(PICTURES_PER_S)
}

fn picture_of(place: u64, packets_per_s: u32) -> u64 {
    place * PICTURES_PER_S / u64::from(packets_per_s.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reel(sound: Sound) -> (Reel, Instant) {
        let start = Instant::now();
        (Reel::new(sound, 9, "1", start), start)
    }

    #[test]
    fn a_picture_leaves_in_bursts() {
        let (mut reel, start) = reel(Sound::Camera { packets_per_s: 300, pacing: Pacing::Bursts });
        let mut packet = Vec::new();
        let mut due = Vec::new();
        let mut last = Vec::new();
        for _ in 0..12 {
            let at = reel.due().expect("it plays");
            due.push(at.duration_since(start).as_millis());
            reel.write(&mut packet, 0, at);
            last.push(packet[1] & 0x80 != 0);
        }
        assert_eq!(due, [0, 0, 0, 0, 5, 5, 5, 5, 10, 10, 33, 33]);
        assert_eq!(last.iter().position(|last| *last), Some(9));
    }

    #[test]
    fn who_comes_late_leaves_out() {
        let (mut reel, start) = reel(Sound::Voice { level: 20 });
        let mut packet = Vec::new();
        reel.write(&mut packet, 0, start);
        reel.write(&mut packet, 0, start + Duration::from_secs(2));
        assert!(reel.due() >= Some(start + Duration::from_millis(1_880)));
        assert_eq!(reel.sent, 2);
    }

    #[test]
    fn a_pause_is_no_new_stream() {
        let (mut reel, start) = reel(Sound::Camera { packets_per_s: 30, pacing: Pacing::Even });
        let number = |packet: &[u8]| u16::from_be_bytes([packet[2], packet[3]]);
        let (mut one, mut two) = (Vec::new(), Vec::new());
        reel.write(&mut one, 0, start);
        reel.change(None, start);
        assert_eq!(reel.due(), None);
        reel.change(Some(Sound::Camera { packets_per_s: 30, pacing: Pacing::Even }), start);
        reel.write(&mut two, 0, start);
        assert_eq!(number(&two), number(&one) + 1);
        assert_ne!(one[4..8], two[4..8], "a later picture");
    }

    #[test]
    fn a_film_begins_anew_when_a_key_is_wanted() {
        let (reel, start) = reel(Sound::Film);
        let mut reel = reel.with_rid(b'l', 2);
        let mut packet = Vec::new();
        let is_key = |packet: &[u8]| packet[packet.len() - reel_payload()..][4] & 1 == 0;
        reel.write(&mut packet, 0, start);
        assert!(packet.windows(2).any(|pair| pair == [RID_ID << 4, b'l']), "every packet names its layer");
        let mut at = start;
        while !Title::Small.film().cut(reel.place).begins_picture || reel.place < 4 {
            at = reel.due().expect("it plays");
            reel.write(&mut packet, 0, at);
        }
        reel.want_key();
        let before = reel.timestamp;
        reel.write(&mut packet, 0, at);
        assert_eq!(reel.timestamp, before + 6_000, "the next picture, however far the film was moved");
        assert!(reel.due().is_some_and(|due| due <= at + Duration::from_millis(70)));
        assert!(is_key(&packet));
    }

    /// The first packet of the small film's second keyframe.
    fn reel_payload() -> usize {
        let film = Title::Small.film();
        film.cut(film.next_key(1)).payload.len()
    }
}
