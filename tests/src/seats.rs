//! Who sits behind which address between which instants, and whether a datagram of the relay's may go there.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// What is on its way when somebody is removed may still arrive (PRODUCT.md).
const GRACE: Duration = Duration::from_secs(1);
/// A stranger who asks for TURN is told once what to prove (ARCHITECTURE.md).
const CHALLENGE_BYTES_MAX: usize = 64;

/// One stay of one person at one address; times since 1970.
#[derive(Clone, Debug)]
struct Stay {
    who: String,
    from: Duration,
    until: Option<Duration>,
}

/// Where everybody sits, and sat.
#[derive(Clone, Debug, Default)]
pub struct Seats(BTreeMap<SocketAddr, Vec<Stay>>);

/// What a datagram from the relay to somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Somebody is seated there at this instant, or was until a second ago.
    Seated,
    /// TURN's one short answer to whoever asks without a name.
    Challenge,
    /// Media, or a key to it, for somebody who is not seated.
    Intruder(String),
    /// Something else that nobody seated asked for.
    Unexplained,
}

impl Seats {
    /// `who` is seated from now on, and this is where their media goes.
    pub fn sit(&mut self, at: SocketAddr, who: &str, now: Duration) {
        self.0.entry(at).or_default().push(Stay { who: who.to_owned(), from: now, until: None });
    }

    /// Whoever sits there is out.
    pub fn rise(&mut self, at: SocketAddr, now: Duration) {
        let last = self.0.get_mut(&at).and_then(|stays| stays.last_mut());
        last.into_iter().for_each(|stay| stay.until = Some(now));
    }

    /// Judges a datagram by where it went, when, and its first byte (RFC 7983 §7).
    pub fn judge(&self, to: SocketAddr, now: Duration, first: u8, len: usize) -> Fate {
        let stays = self.0.get(&to).map(Vec::as_slice).unwrap_or_default();
        let is_there = |stay: &&Stay| stay.from <= now && stay.until.is_none_or(|until| now <= until + GRACE);
        if stays.iter().any(|stay| is_there(&stay)) {
            return Fate::Seated;
        }
        match first {
            0..=3 if len <= CHALLENGE_BYTES_MAX => Fate::Challenge,
            20..=79 | 128..=191 => {
                Fate::Intruder(stays.last().map_or_else(|| "a stranger".to_owned(), |stay| stay.who.clone()))
            }
            _ => Fate::Unexplained,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTP: u8 = 0x80;
    const DTLS: u8 = 22;
    const STUN: u8 = 1;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn s(seconds: f32) -> Duration {
        Duration::from_secs_f32(seconds)
    }

    #[test]
    fn media_to_a_stranger_is_an_intruder() {
        let mut seats = Seats::default();
        seats.sit(at(1), "Noé", s(10.0));
        assert_eq!(seats.judge(at(1), s(11.0), RTP, 100), Fate::Seated);
        assert_eq!(seats.judge(at(2), s(11.0), RTP, 100), Fate::Intruder("a stranger".into()));
        assert_eq!(
            seats.judge(at(2), s(11.0), DTLS, 100),
            Fate::Intruder("a stranger".into()),
            "a handshake is half a key"
        );
        assert_eq!(seats.judge(at(2), s(11.0), 64, 100), Fate::Intruder("a stranger".into()), "relayed by TURN");
    }

    #[test]
    fn a_seat_begins_when_somebody_is_admitted_and_ends_a_second_after_they_are_removed() {
        let mut seats = Seats::default();
        seats.sit(at(1), "Noé", s(10.0));
        assert_eq!(seats.judge(at(1), s(9.0), RTP, 100), Fate::Intruder("Noé".into()), "not yet");
        seats.rise(at(1), s(20.0));
        assert_eq!(seats.judge(at(1), s(20.9), RTP, 100), Fate::Seated);
        assert_eq!(seats.judge(at(1), s(21.1), RTP, 100), Fate::Intruder("Noé".into()));
        seats.sit(at(1), "Zoé", s(30.0));
        assert_eq!(seats.judge(at(1), s(31.0), RTP, 100), Fate::Seated, "the address is somebody else's now");
        assert_eq!(seats.judge(at(1), s(25.0), RTP, 100), Fate::Intruder("Zoé".into()));
    }

    #[test]
    fn strangers_get_one_short_answer_and_nothing_else() {
        let seats = Seats::default();
        assert_eq!(seats.judge(at(2), s(1.0), STUN, 64), Fate::Challenge);
        assert_eq!(seats.judge(at(2), s(1.0), STUN, 92), Fate::Unexplained);
        assert_eq!(seats.judge(at(2), s(1.0), 255, 10), Fate::Unexplained);
    }
}
