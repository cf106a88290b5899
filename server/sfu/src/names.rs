//! The names by which the relay and its caller speak of the same things.

use std::fmt;

/// One seat's media session. The caller gives the number and never gives it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u64);

/// A place in a class, whatever media it has at the moment. The caller gives the number and never gives it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeatId(pub u64);

/// Another relay of this process, or this one. The caller numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelayId(pub u16);

/// One class's media: peers hear and see each other only within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub u64);

/// A media section's identification tag (RFC 5888 §4), as the browser wrote it in its offer.
/// Kept in place: a seat has some forty of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mid {
    /// The text, and zeros behind it.
    bytes: [u8; Mid::LEN_MAX],
    len: u8,
}

impl Mid {
    /// Browsers write one or two digits; the tag is also a header extension of at most 16 bytes.
    pub const LEN_MAX: usize = 16;

    /// A token of RFC 8859 letters, digits and marks, 1 to [`Mid::LEN_MAX`] bytes, or nothing.
    pub fn parse(text: &str) -> Option<Mid> {
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"-_.+".contains(&b);
        let fits = (1..=Mid::LEN_MAX).contains(&text.len());
        (fits && text.bytes().all(is_token)).then(|| {
            let mut mid = Mid { len: text.len() as u8, ..Mid::none() };
            mid.bytes[..text.len()].copy_from_slice(text.as_bytes());
            mid
        })
    }

    /// Of no section: what is sent there does not come by this transport.
    pub(crate) fn none() -> Mid {
        Mid { bytes: [0; Mid::LEN_MAX], len: 0 }
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).expect("letters, digits and marks")
    }
}

impl fmt::Display for Mid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Mid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mid({:?})", self.as_str())
    }
}

/// What a person can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    Microphone,
    Camera,
    Screen,
    ScreenAudio,
}

impl Source {
    pub const ALL: [Source; 4] = [Source::Microphone, Source::Camera, Source::Screen, Source::ScreenAudio];

    /// Whether this is heard, not seen.
    pub fn is_audio(self) -> bool {
        matches!(self, Source::Microphone | Source::ScreenAudio)
    }
}

/// Who a peer is to the relay: decides which permits reach it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Teacher,
    Student,
}

/// Who may receive what a peer sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    Everyone,
    /// An unattended class: what students send reaches teachers only.
    Teachers,
}
