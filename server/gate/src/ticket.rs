//! A place in the line as its owner carries it: signed, bound to one person, and good for a day's morning.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_protocol::{ClassId, PersonId, Place, Priority, UnixMs};

/// Longer than any line; whoever comes back tomorrow stands in tomorrow's.
const LIFE_S: u32 = 12 * 60 * 60;
const FORMAT: u8 = 1;
const BODY_BYTES: usize = 14;
const SEAL_BYTES: usize = 16;

/// What a ticket says, once its seal was found good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub priority: Priority,
    pub place: Place,
    /// Unix seconds.
    pub expires: u32,
}

impl Ticket {
    /// When it was given, in Unix seconds.
    pub fn issued(&self) -> u32 {
        self.expires.saturating_sub(LIFE_S)
    }
}

/// What seals tickets and draws lots. It outlives restarts, or everybody would stand at the end after one.
#[derive(Clone)]
pub struct TicketKey(hmac::Key);

impl TicketKey {
    pub fn new(secret: &[u8; 32]) -> TicketKey {
        TicketKey(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The lot of somebody among all who share their `since`: always the same, so that asking again draws no other one.
    pub fn draw(&self, person: PersonId, since: u32) -> u32 {
        let mac = self.mac(&[b"draw", person.0.as_bytes(), &since.to_be_bytes()]);
        u32::from_be_bytes(*mac.first_chunk().expect("SHA-256 has 32 bytes"))
    }

    /// What the document calls a class: only those who were told know which one it is.
    pub fn sign(&self, class: ClassId) -> u32 {
        let mac = self.mac(&[b"class", class.0.as_bytes()]);
        u32::from_be_bytes(*mac.first_chunk().expect("SHA-256 has 32 bytes"))
    }

    pub fn seal(&self, person: PersonId, priority: Priority, place: Place, now: UnixMs) -> String {
        let mut bytes = Vec::with_capacity(BODY_BYTES + SEAL_BYTES);
        bytes.extend([FORMAT, number(priority)]);
        bytes.extend(place.since.to_be_bytes());
        bytes.extend(place.draw.to_be_bytes());
        bytes.extend(seconds(now).saturating_add(LIFE_S).to_be_bytes());
        let seal = self.seal_of(&bytes, person);
        bytes.extend(seal);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What `text` says, if we sealed it for `person` and it is still good.
    pub fn open(&self, text: &str, person: PersonId, now: UnixMs) -> Option<Ticket> {
        if text.len() > preau_protocol::limits::TICKET_BYTES_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (body, seal) = bytes.split_at_checked(BODY_BYTES)?;
        verify_slices_are_equal(&self.seal_of(body, person), seal).ok()?;
        let word = |at: usize| Some(u32::from_be_bytes(*body.get(at..)?.first_chunk()?));
        let priority = Priority::ALL.into_iter().find(|priority| number(*priority) == body[1])?;
        let ticket = Ticket { priority, place: Place { since: word(2)?, draw: word(6)? }, expires: word(10)? };
        (body[0] == FORMAT && seconds(now) <= ticket.expires).then_some(ticket)
    }

    /// The holder is sealed in, and not named.
    fn seal_of(&self, body: &[u8], person: PersonId) -> [u8; SEAL_BYTES] {
        let mac = self.mac(&[b"ticket", body, person.0.as_bytes()]);
        *mac.first_chunk().expect("SHA-256 has 32 bytes")
    }

    fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(part);
        }
        context.sign().as_ref().try_into().expect("SHA-256 has 32 bytes")
    }
}

pub(crate) fn seconds(at: UnixMs) -> u32 {
    u32::try_from(at.0 / 1_000).unwrap_or(u32::MAX)
}

fn number(priority: Priority) -> u8 {
    match priority {
        Priority::Seated => 0,
        Priority::Teachers => 1,
        Priority::Students => 2,
        Priority::OutOfHour => 3,
        Priority::Observers => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const NOE: PersonId = PersonId(Uuid::from_u128(0x0e0));
    const ZOE: PersonId = PersonId(Uuid::from_u128(0x20e));
    const EIGHT: UnixMs = UnixMs(1_617_688_800_000);

    #[test]
    fn a_ticket_is_good_for_its_owner_and_its_day() {
        let key = TicketKey::new(&[7; 32]);
        let place = Place { since: 1_617_688_800, draw: key.draw(NOE, 1_617_688_800) };
        let text = key.seal(NOE, Priority::Students, place, EIGHT);
        assert!(text.len() <= preau_protocol::limits::TICKET_BYTES_MAX);
        let ticket = key.open(&text, NOE, EIGHT.plus_ms(60_000)).expect("our own ticket");
        assert_eq!((ticket.priority, ticket.place), (Priority::Students, place));
        assert_eq!(key.open(&text, ZOE, EIGHT), None, "handed on");
        assert_eq!(key.open(&text, NOE, EIGHT.plus_ms(13 * 3_600_000)), None, "of yesterday");
        assert_eq!(TicketKey::new(&[8; 32]).open(&text, NOE, EIGHT), None, "another server's");
    }

    #[test]
    fn no_bit_of_a_ticket_can_be_changed() {
        let key = TicketKey::new(&[7; 32]);
        let text = key.seal(NOE, Priority::Observers, Place { since: 9, draw: 9 }, EIGHT);
        let bytes = URL_SAFE_NO_PAD.decode(&text).expect("base64");
        for bit in 0..bytes.len() * 8 {
            let mut forged = bytes.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.open(&URL_SAFE_NO_PAD.encode(forged), NOE, EIGHT), None, "bit {bit}");
        }
        for nonsense in ["", "AA", "=", "é", &text[..text.len() - 2], &format!("{text}AA"), &"A".repeat(10_000)] {
            assert_eq!(key.open(nonsense, NOE, EIGHT), None, "{nonsense:.20}");
        }
    }
}
