//! The secrets in links: made so that the database does not hold them.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::{constant_time, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_protocol::PersonId;
use uuid::Uuid;

use crate::store::{Generation, LINK_KEY_BYTES};

/// Half of HMAC-SHA256's output (RFC 2104 §5): 128 bits cannot be guessed, and the link stays short.
const MAC_BYTES: usize = 16;
const PERSON_BYTES: usize = 16;
const GENERATION_BYTES: usize = 4;
const LINK_BYTES: usize = PERSON_BYTES + GENERATION_BYTES + MAC_BYTES;

/// A personal invitation: whose, and the how-many-th of theirs.
///
/// Its secret is base64url(person ‖ generation ‖ HMAC-SHA256(key, person ‖ generation)\[..16\]). So a link can be shown
/// again at any time, a forged one is refused without a look into the database, and one generation on it is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvitationLink {
    pub person: PersonId,
    pub generation: Generation,
}

impl InvitationLink {
    pub fn seal(self, key: &[u8; LINK_KEY_BYTES]) -> String {
        let mut bytes = self.open_part();
        bytes.extend_from_slice(&mac(key, &bytes));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub fn open(secret: &str, key: &[u8; LINK_KEY_BYTES]) -> Option<InvitationLink> {
        let bytes: [u8; LINK_BYTES] = URL_SAFE_NO_PAD.decode(secret).ok()?.try_into().ok()?;
        let (open, proof) = bytes.split_at(PERSON_BYTES + GENERATION_BYTES);
        constant_time::verify_slices_are_equal(proof, &mac(key, open)).ok()?;
        let (person, generation) = open.split_at(PERSON_BYTES);
        Some(InvitationLink {
            person: PersonId(Uuid::from_slice(person).ok()?),
            generation: Generation(u32::from_be_bytes(generation.try_into().ok()?)),
        })
    }

    fn open_part(self) -> Vec<u8> {
        [self.person.0.as_bytes().as_slice(), &self.generation.0.to_be_bytes()].concat()
    }
}

fn mac(key: &[u8; LINK_KEY_BYTES], open: &[u8]) -> [u8; MAC_BYTES] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    context.update(b"preau invitation 1");
    context.update(open);
    let tag = context.sign();
    tag.as_ref()[..MAC_BYTES].try_into().expect("SHA-256 is longer than this")
}

/// The secret of a link that is used once: 256 random bits, of which only the hash is kept.
pub struct OneTimeSecret([u8; 32]);

impl OneTimeSecret {
    pub fn generate() -> OneTimeSecret {
        OneTimeSecret(random())
    }

    pub fn parse(text: &str) -> Option<OneTimeSecret> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(OneTimeSecret)
    }

    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    pub fn hash(&self) -> [u8; 32] {
        sha256(&self.0)
    }
}

pub(super) fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).expect("the system gives randomness");
    bytes
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_with_its_key_and_nothing_else() {
        let (key, other) = ([1; LINK_KEY_BYTES], [2; LINK_KEY_BYTES]);
        let link = InvitationLink { person: PersonId(Uuid::from_u128(7)), generation: Generation(3) };
        let secret = link.seal(&key);
        assert_eq!(secret.len(), 48);
        assert_eq!(InvitationLink::open(&secret, &key), Some(link));
        assert_eq!(InvitationLink::open(&secret, &other), None);
        for position in 0..secret.len() {
            let mut forged = secret.clone().into_bytes();
            forged[position] = if forged[position] == b'A' { b'B' } else { b'A' };
            assert_eq!(InvitationLink::open(std::str::from_utf8(&forged).unwrap(), &key), None, "{position}");
        }
        for bad in ["", "é", &secret[1..], &format!("{secret}="), &format!("{secret}AAAA")] {
            assert_eq!(InvitationLink::open(bad, &key), None);
        }
    }
}
