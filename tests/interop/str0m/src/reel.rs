//! The frames that this stack sends over and over, from `loadtest/media`.

use std::collections::HashSet;
use std::time::Duration;

/// A loop of encoded frames.
pub struct Reel {
    pub frames: Vec<Vec<u8>>,
    pub every: Duration,
}

impl Reel {
    /// An IVF file: a 32-byte header, then a length and a timestamp before each frame.
    pub fn pictures(file: &[u8], per_s: u32) -> Reel {
        let mut frames = Vec::new();
        let mut rest = &file[32..];
        while let Some((head, tail)) = rest.split_at_checked(12) {
            let len = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
            frames.push(tail[..len].to_vec());
            rest = &tail[len..];
        }
        Reel { frames, every: Duration::from_secs(1) / per_s }
    }

    /// An Ogg file with one packet on each page, behind two pages of headers.
    pub fn sounds(file: &[u8]) -> Reel {
        let mut frames = Vec::new();
        let mut rest = file;
        while rest.len() > 27 {
            let segments = usize::from(rest[26]);
            let len: usize = rest[27..27 + segments].iter().map(|one| usize::from(*one)).sum();
            let body = &rest[27 + segments..];
            frames.push(body[..len].to_vec());
            rest = &body[len..];
        }
        frames.drain(..2);
        frames.retain(|frame| !frame.is_empty());
        Reel { frames, every: Duration::from_millis(20) }
    }

    pub fn known(reels: &[&Reel]) -> HashSet<Vec<u8>> {
        reels.iter().flat_map(|reel| reel.frames.iter().cloned()).collect()
    }
}
