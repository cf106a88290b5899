//! The pictures and sounds that virtual participants send: real frames, encoded beforehand.

use std::io::Cursor;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use rtc::media::io::ivf_reader::IVFReader;
use rtc::media::io::ogg_reader::OggReader;

/// What a person sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    Microphone,
    Camera,
    Screen,
    ScreenAudio,
}

impl Source {
    /// In the order of their media sections.
    pub const ALL: [Source; 4] = [Source::Microphone, Source::Camera, Source::Screen, Source::ScreenAudio];

    pub fn is_video(self) -> bool {
        match self {
            Source::Camera | Source::Screen => true,
            Source::Microphone | Source::ScreenAudio => false,
        }
    }

    /// The frames of this source, to be sent over and over.
    pub fn reel(self) -> &'static Reel {
        match self {
            Source::Camera => &CAMERA,
            Source::Screen => &SCREEN,
            Source::Microphone | Source::ScreenAudio => &VOICE,
        }
    }
}

/// A loop of encoded frames.
#[derive(Debug)]
pub struct Reel {
    pub frames: Vec<Bytes>,
    /// From one frame to the next.
    pub every: Duration,
    /// The same in ticks of the RTP clock (90 kHz for video, 48 kHz for Opus).
    pub ticks: u32,
}

/// The camera's larger layers, which only light peers send.
pub static CAMERA_720: LazyLock<Reel> = LazyLock::new(|| pictures(include_bytes!("../media/camera-720.ivf"), 15));
pub static CAMERA_360: LazyLock<Reel> = LazyLock::new(|| pictures(include_bytes!("../media/camera-360.ivf"), 15));
pub static CAMERA: LazyLock<Reel> = LazyLock::new(|| pictures(include_bytes!("../media/camera.ivf"), 15));
pub static SCREEN: LazyLock<Reel> = LazyLock::new(|| pictures(include_bytes!("../media/screen.ivf"), 5));
pub static VOICE: LazyLock<Reel> = LazyLock::new(|| sounds(include_bytes!("../media/voice.ogg")));

fn pictures(file: &'static [u8], per_s: u32) -> Reel {
    let (mut reader, _) = IVFReader::new(Cursor::new(file)).expect("media/*.ivf are IVF files");
    let mut frames = Vec::new();
    while let Ok((frame, _)) = reader.parse_next_frame() {
        frames.push(frame.freeze());
    }
    Reel { frames, every: Duration::from_secs(1) / per_s, ticks: 90_000 / per_s }
}

fn sounds(file: &'static [u8]) -> Reel {
    let mut reader = OggReader::new_with_options(Cursor::new(file), false);
    let mut frames = Vec::new();
    while let Ok((payload, page)) = reader.parse_next_page() {
        if page.opus_header_type(&payload).is_none() && !payload.is_empty() {
            frames.push(payload.freeze());
        }
    }
    Reel { frames, every: Duration::from_millis(20), ticks: 960 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reel_begins_with_something_decodable() {
        for source in [Source::Camera, Source::Screen] {
            let reel = source.reel();
            // A VP8 keyframe has its lowest bit clear and the start code 9d 01 2a (RFC 6386 §9.1).
            assert_eq!((reel.frames[0][0] & 1, &reel.frames[0][3..6]), (0, &[0x9d, 0x01, 0x2a][..]));
            assert!(reel.frames.iter().any(|frame| frame[0] & 1 == 1), "{source:?} has frames between keyframes");
        }
        let voice = Source::Microphone.reel();
        assert!(voice.frames.len() >= 50, "a second of sound has 50 frames, not {}", voice.frames.len());
        assert!(voice.frames.iter().all(|frame| frame.len() < 200), "one Opus packet a page");
    }
}
