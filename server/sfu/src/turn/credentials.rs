//! Who may relay: names and passwords that say themselves until when, and nonces that nobody has to remember.

use crate::names::SeatId;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// The realm of RFC 8489 §9.2. It is part of every challenge, so it is short.
pub const REALM: &str = "preau";

/// Gathering takes seconds; whoever changes networks later asks again. An allocation that stands is renewed for as long
/// as its seat is taken.
pub const CREDENTIALS_LIFE: Duration = Duration::from_secs(10 * 60);

/// A stale nonce costs its user one round trip. Refreshes come every few minutes, so most need none.
const NONCE_LIFE: Duration = Duration::from_secs(20 * 60);

const NONCE_LEN: usize = 20;
const NONCE_MAC_BYTES: usize = 6;
const PASSWORD_BYTES: usize = 16;

/// What all shards of a server share, so that any of them, or the edge, can ask who somebody is.
#[derive(Clone)]
pub struct TurnKey {
    key: hmac::Key,
    /// Zero on the time line of nonces and expiries: they mean nothing to another process.
    started: Instant,
}

impl TurnKey {
    /// `secret` is drawn anew by every process.
    pub fn new(secret: &[u8; 32], started: Instant) -> TurnKey {
        TurnKey { key: hmac::Key::new(hmac::HMAC_SHA256, secret), started }
    }

    pub fn started(&self) -> Instant {
        self.started
    }

    fn seconds(&self, now: Instant) -> u32 {
        u32::try_from(now.saturating_duration_since(self.started).as_secs()).unwrap_or(u32::MAX)
    }

    pub fn nonce(&self, now: Instant) -> String {
        self.nonce_of(self.seconds(now))
    }

    fn nonce_of(&self, seconds: u32) -> String {
        format!("{seconds:08x}{}", self.mac("nonce", &format!("{seconds:08x}"), NONCE_MAC_BYTES))
    }

    /// Whether this is one of ours, and recent.
    pub fn is_fresh(&self, nonce: &[u8], now: Instant) -> bool {
        let seconds = nonce.get(..8).and_then(|text| std::str::from_utf8(text).ok());
        let Some(seconds) = seconds.and_then(|text| u32::from_str_radix(text, 16).ok()) else { return false };
        let age = self.seconds(now).checked_sub(seconds);
        nonce.len() == NONCE_LEN
            && verify_slices_are_equal(self.nonce_of(seconds).as_bytes(), nonce).is_ok()
            && age.is_some_and(|age| u64::from(age) <= NONCE_LIFE.as_secs())
    }

    /// A name and its password for whoever has `seat`, good for [`CREDENTIALS_LIFE`].
    pub fn credentials(&self, shard: u16, seat: SeatId, now: Instant) -> (String, String) {
        let until = self.seconds(now + CREDENTIALS_LIFE);
        let username = Username { shard, until, seat }.to_string();
        let password = self.password(&username);
        (username, password)
    }

    pub fn password(&self, username: &str) -> String {
        self.mac("password", username, PASSWORD_BYTES)
    }

    pub fn is_expired(&self, username: &Username, now: Instant) -> bool {
        self.seconds(now) > username.until
    }

    fn mac(&self, purpose: &str, of: &str, bytes: usize) -> String {
        let tag = hmac::sign(&self.key, format!("{purpose}:{of}").as_bytes());
        tag.as_ref().iter().take(bytes).fold(String::with_capacity(2 * bytes), |mut text, byte| {
            // Writing to a String does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// `shard.until.seat`: the edge reads in it where a connection belongs before anybody has checked the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Username {
    pub shard: u16,
    until: u32,
    pub seat: SeatId,
}

impl Username {
    pub fn parse(text: &str) -> Option<Username> {
        let mut parts = text.split('.');
        let username = Username {
            shard: parts.next()?.parse().ok()?,
            until: parts.next()?.parse().ok()?,
            seat: SeatId(parts.next()?.parse().ok()?),
        };
        // One spelling each: `+1` or `01` would be another name with another password.
        (username.to_string() == text).then_some(username)
    }
}

impl std::fmt::Display for Username {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.shard, self.until, self.seat.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_ages_and_cannot_be_made_up() {
        let start = Instant::now();
        let key = TurnKey::new(&[1; 32], start);
        let nonce = key.nonce(start + Duration::from_secs(100));
        assert!(key.is_fresh(nonce.as_bytes(), start + Duration::from_secs(100) + NONCE_LIFE));
        assert!(!key.is_fresh(nonce.as_bytes(), start + Duration::from_secs(101) + NONCE_LIFE));
        assert!(!key.is_fresh(nonce.as_bytes(), start), "from the future");
        assert!(!TurnKey::new(&[2; 32], start).is_fresh(nonce.as_bytes(), start + Duration::from_secs(100)));
        let forged = nonce.replacen("00000064", "00000065", 1);
        assert!(!key.is_fresh(forged.as_bytes(), start + Duration::from_secs(101)));
        assert!(!key.is_fresh(b"", start) && !key.is_fresh(&[0xff; 20], start));
    }

    #[test]
    fn a_name_has_one_spelling() {
        let key = TurnKey::new(&[1; 32], Instant::now());
        let (given, _) = key.credentials(3, SeatId(7), Instant::now());
        let read = Username::parse(&given).unwrap();
        assert_eq!((read.shard, read.seat), (3, SeatId(7)));
        for other in ["", "3", "3.600", "03.600.7", "3.+600.7", "3.600.7.8", "3.600.-7", "70000.600.7", "3.600.7 "] {
            assert_eq!(Username::parse(other), None, "{other}");
        }
    }
}
