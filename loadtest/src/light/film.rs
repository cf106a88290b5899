//! Real frames cut into packets once, so that sending them costs a copy: Opus, and VP8 in three sizes.

use std::sync::LazyLock;
use std::time::Duration;

use crate::frames::{CAMERA, CAMERA_360, CAMERA_720, SCREEN, VOICE};

/// Payload bytes of one packet: with descriptor, stamp and headers it fits into every path's MTU.
const CUT_BYTES: usize = 1_100;
/// A browser's pacer lets a picture's packets go in steps of this…
const STEP: Duration = Duration::from_millis(5);
/// …and a large picture is on its way within about so many of them.
const STEPS_MAX: usize = 8;
/// Room for a stamp at the end of a frame.
pub const TAIL_BYTES: usize = 12;
/// The descriptor of a VP8 payload with a picture id of 15 bits (RFC 7741 §4.2).
pub const DESCRIPTOR_BYTES: usize = 4;

/// One packet of a film.
#[derive(Clone, Debug)]
pub struct Cut {
    /// From the beginning of the film.
    pub after: Duration,
    /// With a descriptor whose picture id is written when it is sent, and room for a stamp in a frame's last packet.
    pub payload: Vec<u8>,
    pub begins_picture: bool,
    pub ends_picture: bool,
    pub is_key: bool,
}

/// A loop of packets.
#[derive(Debug)]
pub struct Film {
    pub cuts: Vec<Cut>,
    pub lasts: Duration,
    /// RTP time from one frame to the next.
    pub ticks: u32,
}

/// The camera, small to large; the screen; a voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Title {
    Small,
    Middle,
    Large,
    Screen,
    Voice,
}

impl Title {
    pub fn film(self) -> &'static Film {
        static SMALL: LazyLock<Film> = LazyLock::new(|| pictures(&CAMERA));
        static MIDDLE: LazyLock<Film> = LazyLock::new(|| pictures(&CAMERA_360));
        static LARGE: LazyLock<Film> = LazyLock::new(|| pictures(&CAMERA_720));
        static SLIDES: LazyLock<Film> = LazyLock::new(|| pictures(&SCREEN));
        static TALK: LazyLock<Film> = LazyLock::new(|| sounds(&VOICE));
        match self {
            Title::Small => &SMALL,
            Title::Middle => &MIDDLE,
            Title::Large => &LARGE,
            Title::Screen => &SLIDES,
            Title::Voice => &TALK,
        }
    }
}

impl Film {
    pub fn cut(&self, place: u64) -> &Cut {
        &self.cuts[(place % self.cuts.len() as u64) as usize]
    }

    /// When a packet is due, counted from the first.
    pub fn due_after(&self, place: u64) -> Duration {
        let rounds = place / self.cuts.len() as u64;
        self.lasts * rounds as u32 + self.cut(place).after
    }

    /// The first packet of the next picture that needs no other, from this place on.
    pub fn next_key(&self, place: u64) -> u64 {
        let all = self.cuts.len() as u64;
        (place..place + all).find(|at| self.cut(*at).is_key && self.cut(*at).begins_picture).unwrap_or(place)
    }
}

fn pictures(reel: &crate::frames::Reel) -> Film {
    let mut cuts = Vec::new();
    for (n, frame) in reel.frames.iter().enumerate() {
        // The key frame flag is an inverse one (RFC 6386 §9.1).
        let is_key = frame.first().is_some_and(|byte| byte & 1 == 0);
        let pieces = frame.len().div_ceil(CUT_BYTES).max(1);
        let in_a_step = pieces.div_ceil(STEPS_MAX).max(2);
        for (at, piece) in frame.chunks(CUT_BYTES).enumerate() {
            let ends_picture = at + 1 == pieces;
            let mut payload = vec![if at == 0 { 0x90 } else { 0x80 }, 0x80, 0, 0];
            payload.extend_from_slice(piece);
            // A decoder stops where the last partition's tokens end (RFC 6386 §9.5): what follows is nobody's.
            payload.resize(payload.len() + if ends_picture { TAIL_BYTES } else { 0 }, 0);
            let after = reel.every * n as u32 + STEP * (at / in_a_step) as u32;
            cuts.push(Cut { after, payload, begins_picture: at == 0, ends_picture, is_key });
        }
    }
    Film { cuts, lasts: reel.every * reel.frames.len() as u32, ticks: reel.ticks }
}

fn sounds(reel: &crate::frames::Reel) -> Film {
    let cut = |(n, frame): (usize, &bytes::Bytes)| Cut {
        after: reel.every * n as u32,
        payload: padded(frame),
        begins_picture: true,
        ends_picture: true,
        is_key: true,
    };
    let cuts = reel.frames.iter().enumerate().map(cut).collect();
    Film { cuts, lasts: reel.every * reel.frames.len() as u32, ticks: reel.ticks }
}

/// One Opus frame as a packet with padding (RFC 6716 §3.2.5), whose bytes a decoder passes over: room for a stamp.
fn padded(frame: &[u8]) -> Vec<u8> {
    let Some((&toc, coded)) = frame.split_first().filter(|(toc, _)| **toc & 3 == 0) else { return frame.to_vec() };
    let mut packet = vec![toc | 3, 0x41, TAIL_BYTES as u8];
    packet.extend_from_slice(coded);
    packet.resize(packet.len() + TAIL_BYTES, 0);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn films_are_real_and_fit() {
        for title in [Title::Small, Title::Middle, Title::Large, Title::Screen] {
            let film = title.film();
            assert!(film.cuts[0].is_key && film.cuts[0].begins_picture);
            assert!(film.lasts.abs_diff(Duration::from_secs(2)) < Duration::from_millis(1), "{title:?}");
            assert!(film.cuts.iter().all(|cut| cut.payload.len() <= DESCRIPTOR_BYTES + CUT_BYTES + TAIL_BYTES));
            let keys = film.cuts.iter().filter(|cut| cut.is_key && cut.begins_picture).count();
            assert_eq!(keys, 2, "{title:?} has one each second");
        }
        assert!(Title::Large.film().cuts.len() > 2 * Title::Middle.film().cuts.len());
    }

    #[test]
    fn a_voice_stays_opus() {
        let film = Title::Voice.film();
        assert!((50..=52).contains(&film.cuts.len()), "a second of sound");
        for cut in &film.cuts {
            assert_eq!((cut.payload[0] & 3, cut.payload[1], cut.payload[2]), (3, 0x41, TAIL_BYTES as u8));
        }
    }

    #[test]
    fn a_film_goes_round() {
        let film = Title::Small.film();
        let all = film.cuts.len() as u64;
        assert_eq!(film.due_after(all), film.lasts);
        assert_eq!(film.due_after(2 * all + 1), 2 * film.lasts + film.due_after(1));
        let key = film.next_key(1);
        assert!(film.cut(key).is_key && film.due_after(key) == film.lasts / 2);
        assert_eq!(film.next_key(key + 1), all);
    }
}
