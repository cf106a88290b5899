//! The browser's half of SRTP with AEAD_AES_128_GCM (RFC 3711 §4.3, RFC 7714), in few lines and not the relay's own.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

const TAG_LEN: usize = 16;
const SALT_LEN: usize = 12;
/// The first bit of an SRTCP trailer: it is encrypted.
const ENCRYPTED: u32 = 0x8000_0000;

/// The keys of one direction.
pub struct Direction {
    rtp: (LessSafeKey, [u8; SALT_LEN]),
    rtcp: (LessSafeKey, [u8; SALT_LEN]),
}

impl Direction {
    pub fn new(key: &[u8], salt: &[u8]) -> Direction {
        let cipher = |label: u8| {
            let mut secret = [0; 16];
            derive(key, salt, label, &mut secret);
            LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &secret).expect("a key has 16 bytes"))
        };
        let salt_of = |label: u8| {
            let mut secret = [0; SALT_LEN];
            derive(key, salt, label, &mut secret);
            secret
        };
        Direction { rtp: (cipher(0), salt_of(2)), rtcp: (cipher(3), salt_of(5)) }
    }

    /// Seals a packet whose header, with CSRCs and extensions, is `header_len` long.
    pub fn seal_rtp(&self, plain: &[u8], header_len: usize, index: u64) -> Vec<u8> {
        let (header, payload) = plain.split_at(header_len);
        let (key, salt) = &self.rtp;
        seal(key, rtp_nonce(salt, ssrc(&plain[8..]), index), header, header, payload)
    }

    pub fn open_rtp(&self, sealed: &[u8], header_len: usize, index: u64) -> Option<Vec<u8>> {
        let (header, payload) = sealed.split_at_checked(header_len)?;
        let (key, salt) = &self.rtp;
        open(key, rtp_nonce(salt, ssrc(&sealed[8..]), index), header, header, payload)
    }

    pub fn seal_rtcp(&self, plain: &[u8], index: u32) -> Vec<u8> {
        let (header, rest) = plain.split_at(8);
        let trailer = (index | ENCRYPTED).to_be_bytes();
        let (key, salt) = &self.rtcp;
        let nonce = rtcp_nonce(salt, ssrc(&plain[4..]), index);
        let mut sealed = seal(key, nonce, &[header, &trailer].concat(), header, rest);
        sealed.extend_from_slice(&trailer);
        sealed
    }

    pub fn open_rtcp(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (sealed, trailer) = sealed.split_last_chunk::<4>()?;
        let (header, rest) = sealed.split_at_checked(8)?;
        let (key, salt) = &self.rtcp;
        let index = u32::from_be_bytes(*trailer) & !ENCRYPTED;
        let nonce = rtcp_nonce(salt, ssrc(&sealed[4..]), index);
        open(key, nonce, &[header, trailer].concat(), header, rest)
    }
}

fn seal(key: &LessSafeKey, nonce: [u8; 12], aad: &[u8], header: &[u8], body: &[u8]) -> Vec<u8> {
    let mut sealed = body.to_vec();
    let nonce = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(nonce, Aad::from(aad), &mut sealed).expect("a packet is short");
    [header, &sealed].concat()
}

fn open(key: &LessSafeKey, nonce: [u8; 12], aad: &[u8], header: &[u8], body: &[u8]) -> Option<Vec<u8>> {
    let mut opened = body.to_vec();
    let nonce = Nonce::assume_unique_for_key(nonce);
    key.open_in_place(nonce, Aad::from(aad), &mut opened).ok()?;
    opened.truncate(opened.len() - TAG_LEN);
    Some([header, &opened].concat())
}

fn ssrc(bytes: &[u8]) -> [u8; 4] {
    *bytes.first_chunk().expect("a packet has an SSRC")
}

fn rtp_nonce(salt: &[u8; SALT_LEN], ssrc: [u8; 4], index: u64) -> [u8; 12] {
    let mut nonce = *salt;
    // RFC 7714 §8.1: two zero bytes, the SSRC, the rollover counter and the sequence number.
    let index = &index.to_be_bytes()[2..];
    nonce[2..].iter_mut().zip(ssrc.iter().chain(index)).for_each(|(byte, with)| *byte ^= with);
    nonce
}

fn rtcp_nonce(salt: &[u8; SALT_LEN], ssrc: [u8; 4], index: u32) -> [u8; 12] {
    let mut nonce = *salt;
    // RFC 7714 §9.1.
    let [a, b, c, d] = index.to_be_bytes();
    nonce[2..].iter_mut().zip(ssrc.into_iter().chain([0, 0, a, b, c, d])).for_each(|(byte, with)| *byte ^= with);
    nonce
}

/// RFC 3711 §4.3.1 and §4.3.3, with a derivation rate of zero.
fn derive(key: &[u8], salt: &[u8], label: u8, out: &mut [u8]) {
    let mut counter = [0; 16];
    counter[..SALT_LEN].copy_from_slice(salt);
    counter[7] ^= label;
    let key = UnboundCipherKey::new(&AES_128, key).and_then(EncryptingKey::ctr).expect("a key has 16 bytes");
    let context = EncryptionContext::Iv128(FixedLength::from(&counter));
    out.fill(0);
    key.less_safe_encrypt(out, context).expect("a key is short");
}
