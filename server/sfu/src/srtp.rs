//! The keys of one peer's media: seals what leaves, opens what comes (RFC 3711, RFC 7714).

use crate::replay::ReplayWindow;
use crate::rtp::extend;
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rtc_crypto::{BlockCipherAlgorithm, RTCCrypto};
use rtc_srtp::context::Context;
use rtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use rtc_srtp::protection_profile::ProtectionProfile;

/// What sealing adds to a packet at most: the GCM tag (RFC 7714 §12), and the SRTCP index.
pub const OVERHEAD_MAX: usize = TAG_LEN + 4;

const TAG_LEN: usize = 16;
const KEY_LEN: usize = 16;
const GCM_SALT_LEN: usize = 12;
const ENCRYPTED: u32 = 0x8000_0000;
/// Half a round of sequence numbers: a longer step forward looks like one back.
const STEP_MAX: u64 = 0x7fff;

/// The protection both sides chose in DTLS (RFC 5764 §4.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    AeadAes128Gcm,
    Aes128CmHmacSha1_80,
}

impl Profile {
    /// Bytes that DTLS must export: two keys and two salts (RFC 5764 §4.2).
    pub fn keying_len(self) -> usize {
        2 * (KEY_LEN + self.salt_len())
    }

    fn salt_len(self) -> usize {
        match self {
            Profile::AeadAes128Gcm => GCM_SALT_LEN,
            Profile::Aes128CmHmacSha1_80 => 14,
        }
    }
}

/// Why a packet was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOpened {
    TooShort,
    Replayed,
    BadAuthentication,
}

/// Both directions of one peer.
pub struct SrtpKeys {
    pub sealer: Sealer,
    pub opener: Opener,
}

impl SrtpKeys {
    /// Takes `Profile::keying_len` bytes from the exporter; we are the DTLS server. `None` if
    /// there are too few of them.
    pub fn new(profile: Profile, keying: &[u8], crypto: &dyn RTCCrypto) -> Option<SrtpKeys> {
        let salt_len = profile.salt_len();
        let (client_key, rest) = keying.split_at_checked(KEY_LEN)?;
        let (server_key, rest) = rest.split_at_checked(KEY_LEN)?;
        let (client_salt, rest) = rest.split_at_checked(salt_len)?;
        let server_salt = rest.get(..salt_len)?;
        Some(match profile {
            Profile::AeadAes128Gcm => SrtpKeys {
                sealer: Sealer::Gcm(Gcm::new(server_key, server_salt, crypto)?),
                opener: Opener::Gcm(Gcm::new(client_key, client_salt, crypto)?),
            },
            Profile::Aes128CmHmacSha1_80 => SrtpKeys {
                sealer: Sealer::Cm(Box::new(cm_context(server_key, server_salt, false, crypto)?)),
                opener: Opener::Cm(Box::new(cm_context(client_key, client_salt, true, crypto)?)),
            },
        })
    }
}

fn cm_context(key: &[u8], salt: &[u8], opens: bool, crypto: &dyn RTCCrypto) -> Option<Context> {
    // The window of rtc-srtp is 64 here, as its own default: the fallback gets no more care.
    let srtp = opens.then(|| srtp_replay_protection(64));
    let srtcp = opens.then(|| srtcp_replay_protection(64));
    Context::new(key, salt, ProtectionProfile::Aes128CmHmacSha1_80, srtp, srtcp, crypto).ok()
}

/// Seals what we send to one peer. Rollover counters are the caller's: it owns the sequences.
pub enum Sealer {
    Gcm(Gcm),
    Cm(Box<Context>),
}

impl Sealer {
    /// Seals the RTP packet in `out[..len]`, whose header is `header_len` long, in place. `index`
    /// is its sequence number with rollovers. Returns the sealed length; `None` if `out` lacks
    /// [`OVERHEAD_MAX`] bytes of room.
    pub fn seal_rtp(&mut self, out: &mut [u8], header_len: usize, len: usize, index: u64) -> Option<usize> {
        match self {
            Sealer::Gcm(gcm) => gcm.seal_rtp(out, header_len, len, index),
            Sealer::Cm(context) => {
                let sealed = context.encrypt_rtp(out.get(..len)?).ok()?;
                out.get_mut(..sealed.len())?.copy_from_slice(&sealed);
                Some(sealed.len())
            }
        }
    }

    /// Seals a compound RTCP packet; `index` counts up by one for each.
    pub fn seal_rtcp(&mut self, packet: &[u8], index: u32) -> Option<Vec<u8>> {
        match self {
            Sealer::Gcm(gcm) => gcm.seal_rtcp(packet, index),
            Sealer::Cm(context) => context.encrypt_rtcp(packet).ok().map(|sealed| sealed.to_vec()),
        }
    }
}

/// Opens what one peer sends.
pub enum Opener {
    Gcm(Gcm),
    Cm(Box<Context>),
}

impl Opener {
    /// Opens an SRTP packet in place. `window` is the sender's own. Returns the plain length and
    /// the packet's index. Nothing changes unless it authenticates and is fresh.
    pub fn open_rtp(
        &mut self,
        packet: &mut [u8],
        header_len: usize,
        window: &mut ReplayWindow,
    ) -> Result<(usize, u64), NotOpened> {
        let sequence = packet.get(2..4).ok_or(NotOpened::TooShort)?;
        let sequence = u16::from_be_bytes([sequence[0], sequence[1]]);
        let index = window.newest().map_or(u64::from(sequence), |near| extend(near, sequence));
        // From before the first number of all it would count as a leap of nearly a whole round, and every slot would leap
        // with it: no receiver could follow (RFC 3711 §3.3.1).
        let is_leap = window.newest().is_some_and(|near| index > near + STEP_MAX);
        if is_leap || !window.is_fresh(index) {
            return Err(NotOpened::Replayed);
        }
        let len = match self {
            Opener::Gcm(gcm) => gcm.open_rtp(packet, header_len, index)?,
            Opener::Cm(context) => {
                let plain = context.decrypt_rtp(packet).map_err(|_| NotOpened::BadAuthentication)?;
                packet.get_mut(..plain.len()).ok_or(NotOpened::TooShort)?.copy_from_slice(&plain);
                plain.len()
            }
        };
        window.accept(index);
        Ok((len, index))
    }

    /// Opens an SRTCP packet in place and returns its plain length.
    pub fn open_rtcp(&mut self, packet: &mut [u8], window: &mut ReplayWindow) -> Result<usize, NotOpened> {
        match self {
            Opener::Gcm(gcm) => gcm.open_rtcp(packet, window),
            Opener::Cm(context) => {
                // Shorter than header, index and tag: do not trouble the library with it.
                if packet.len() < 8 + 4 + 10 {
                    return Err(NotOpened::TooShort);
                }
                let plain = context.decrypt_rtcp(packet).map_err(|_| NotOpened::BadAuthentication)?;
                packet.get_mut(..plain.len()).ok_or(NotOpened::TooShort)?.copy_from_slice(&plain);
                Ok(plain.len())
            }
        }
    }
}

/// AEAD_AES_128_GCM in one direction (RFC 7714).
pub struct Gcm {
    rtp: LessSafeKey,
    rtp_salt: [u8; GCM_SALT_LEN],
    rtcp: LessSafeKey,
    rtcp_salt: [u8; GCM_SALT_LEN],
}

impl Gcm {
    fn new(key: &[u8], salt: &[u8], crypto: &dyn RTCCrypto) -> Option<Gcm> {
        let cipher = |label| {
            let session: [u8; KEY_LEN] = derive(crypto, label, key, salt)?;
            Some(LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &session).ok()?))
        };
        Some(Gcm {
            rtp: cipher(0)?,
            rtp_salt: derive(crypto, 2, key, salt)?,
            rtcp: cipher(3)?,
            rtcp_salt: derive(crypto, 5, key, salt)?,
        })
    }

    /// RFC 7714 §8.1.
    fn rtp_nonce(&self, header: &[u8], index: u64) -> Option<Nonce> {
        let ssrc = header.get(8..12)?;
        let mut nonce = self.rtp_salt;
        let place = index.to_be_bytes();
        for i in 0..4 {
            nonce[2 + i] ^= ssrc[i];
        }
        for i in 0..6 {
            nonce[6 + i] ^= place[2 + i];
        }
        Some(Nonce::assume_unique_for_key(nonce))
    }

    fn seal_rtp(&self, out: &mut [u8], header_len: usize, len: usize, index: u64) -> Option<usize> {
        let (plain, rest) = out.split_at_mut_checked(len)?;
        let (header, body) = plain.split_at_mut_checked(header_len)?;
        let tag_out = rest.get_mut(..TAG_LEN)?;
        let nonce = self.rtp_nonce(header, index)?;
        let tag = self.rtp.seal_in_place_separate_tag(nonce, Aad::from(&*header), body).ok()?;
        tag_out.copy_from_slice(tag.as_ref());
        Some(len + TAG_LEN)
    }

    fn open_rtp(&self, packet: &mut [u8], header_len: usize, index: u64) -> Result<usize, NotOpened> {
        if packet.len() < header_len + TAG_LEN {
            return Err(NotOpened::TooShort);
        }
        let plain_len = packet.len() - TAG_LEN;
        let (header, body) = packet.split_at_mut(header_len);
        let nonce = self.rtp_nonce(header, index).ok_or(NotOpened::TooShort)?;
        self.rtp.open_in_place(nonce, Aad::from(&*header), body).map_err(|_| NotOpened::BadAuthentication)?;
        Ok(plain_len)
    }

    /// RFC 7714 §9.1.
    fn rtcp_nonce(&self, header: &[u8], index: u32) -> Option<Nonce> {
        let ssrc = header.get(4..8)?;
        let mut nonce = self.rtcp_salt;
        let place = (index & !ENCRYPTED).to_be_bytes();
        for i in 0..4 {
            nonce[2 + i] ^= ssrc[i];
            nonce[8 + i] ^= place[i];
        }
        Some(Nonce::assume_unique_for_key(nonce))
    }

    fn seal_rtcp(&self, packet: &[u8], index: u32) -> Option<Vec<u8>> {
        let word = (index | ENCRYPTED).to_be_bytes();
        let header = packet.first_chunk::<8>()?;
        let mut aad = [0; 12];
        aad[..8].copy_from_slice(header);
        aad[8..].copy_from_slice(&word);
        let mut out = Vec::with_capacity(packet.len() + OVERHEAD_MAX);
        out.extend_from_slice(packet);
        let nonce = self.rtcp_nonce(packet, index)?;
        let tag = self.rtcp.seal_in_place_separate_tag(nonce, Aad::from(&aad), &mut out[8..]).ok()?;
        out.extend_from_slice(tag.as_ref());
        out.extend_from_slice(&word);
        Some(out)
    }

    fn open_rtcp(&self, packet: &mut [u8], window: &mut ReplayWindow) -> Result<usize, NotOpened> {
        if packet.len() < 8 + TAG_LEN + 4 {
            return Err(NotOpened::TooShort);
        }
        let (sealed, word) = packet.split_at_mut(packet.len() - 4);
        let word = u32::from_be_bytes([word[0], word[1], word[2], word[3]]);
        // We never agreed to RTCP in the clear (RFC 7714 §9.3).
        if word & ENCRYPTED == 0 {
            return Err(NotOpened::BadAuthentication);
        }
        let index = u64::from(word & !ENCRYPTED);
        if !window.is_fresh(index) {
            return Err(NotOpened::Replayed);
        }
        let nonce = self.rtcp_nonce(sealed, word).ok_or(NotOpened::TooShort)?;
        let (header, body) = sealed.split_at_mut(8);
        let mut aad = [0; 12];
        aad[..8].copy_from_slice(header);
        aad[8..].copy_from_slice(&word.to_be_bytes());
        let plain = self.rtcp.open_in_place(nonce, Aad::from(&aad), body).map_err(|_| NotOpened::BadAuthentication)?;
        window.accept(index);
        Ok(8 + plain.len())
    }
}

/// The AES-CM key derivation of RFC 3711 §4.3, with a rate of zero and one block or less.
fn derive<const N: usize>(crypto: &dyn RTCCrypto, label: u8, key: &[u8], salt: &[u8]) -> Option<[u8; N]> {
    let mut block = [0; 16];
    block.get_mut(..salt.len())?.copy_from_slice(salt);
    block[7] ^= label;
    crypto.block_encrypt(BlockCipherAlgorithm::Aes128, key, &mut block).ok()?;
    block.first_chunk::<N>().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Certificate;

    /// Keys for both ends of one call: what one seals the other opens.
    fn pair(profile: Profile) -> (SrtpKeys, SrtpKeys) {
        let provider = Certificate::generate().unwrap().provider();
        let keying: Vec<u8> = (0..profile.keying_len() as u8).collect();
        let salt = profile.salt_len();
        let mut swapped = keying[KEY_LEN..2 * KEY_LEN].to_vec();
        swapped.extend_from_slice(&keying[..KEY_LEN]);
        swapped.extend_from_slice(&keying[2 * KEY_LEN + salt..]);
        swapped.extend_from_slice(&keying[2 * KEY_LEN..2 * KEY_LEN + salt]);
        let ours = SrtpKeys::new(profile, &keying, provider.crypto()).unwrap();
        let theirs = SrtpKeys::new(profile, &swapped, provider.crypto()).unwrap();
        (ours, theirs)
    }

    const PACKET: [u8; 20] = [0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8];

    #[test]
    fn what_is_sealed_opens_once() {
        for profile in [Profile::AeadAes128Gcm, Profile::Aes128CmHmacSha1_80] {
            let (mut ours, mut theirs) = pair(profile);
            let mut bytes = PACKET.to_vec();
            bytes.resize(64, 0);
            let len = ours.sealer.seal_rtp(&mut bytes, 12, PACKET.len(), 1).unwrap();
            bytes.truncate(len);
            let mut window = ReplayWindow::default();
            let mut again = bytes.clone();
            let (plain, index) = theirs.opener.open_rtp(&mut bytes, 12, &mut window).unwrap();
            assert_eq!((&bytes[..plain], index), (&PACKET[..], 1));
            assert_eq!(theirs.opener.open_rtp(&mut again, 12, &mut window), Err(NotOpened::Replayed));
        }
    }

    #[test]
    fn nothing_leaps_nearly_a_round() {
        let (mut ours, mut theirs) = pair(Profile::AeadAes128Gcm);
        let mut window = ReplayWindow::default();
        let mut open = |index: u64| {
            let mut bytes = PACKET.to_vec();
            bytes[2..4].copy_from_slice(&(index as u16).to_be_bytes());
            bytes.resize(64, 0);
            let len = ours.sealer.seal_rtp(&mut bytes, 12, PACKET.len(), index).unwrap();
            theirs.opener.open_rtp(&mut bytes[..len], 12, &mut window).map(|(_, index)| index)
        };
        assert_eq!(open(5), Ok(5));
        assert_eq!(open(65_530), Err(NotOpened::Replayed));
        assert_eq!(open(6), Ok(6), "and what follows is still there");
        assert_eq!(open(6 + STEP_MAX), Ok(6 + STEP_MAX));
    }

    #[test]
    fn our_gcm_is_what_rtc_srtp_opens() {
        let provider = Certificate::generate().unwrap().provider();
        let keying: Vec<u8> = (0..56).collect();
        let mut ours = SrtpKeys::new(Profile::AeadAes128Gcm, &keying, provider.crypto()).unwrap();
        let mut theirs = Context::new(
            &keying[16..32],
            &keying[44..56],
            ProtectionProfile::AeadAes128Gcm,
            None,
            None,
            provider.crypto(),
        )
        .unwrap();
        let mut bytes = [0; 64];
        bytes[..PACKET.len()].copy_from_slice(&PACKET);
        let len = ours.sealer.seal_rtp(&mut bytes, 12, PACKET.len(), 1).unwrap();
        assert_eq!(&theirs.decrypt_rtp(&bytes[..len]).unwrap()[..], &PACKET[..]);
        let report = [0x80, 201, 0, 1, 0, 0, 0, 9];
        let sealed = ours.sealer.seal_rtcp(&report, 1).unwrap();
        assert_eq!(&theirs.decrypt_rtcp(&sealed).unwrap()[..], &report[..]);
    }

    #[test]
    fn noise_of_every_length_is_refused() {
        for profile in [Profile::AeadAes128Gcm, Profile::Aes128CmHmacSha1_80] {
            let (mut ours, _) = pair(profile);
            for len in 0..200 {
                let mut window = ReplayWindow::default();
                let mut noise = vec![0x80; len];
                assert!(ours.opener.open_rtp(&mut noise, 12.min(len), &mut window).is_err());
                assert!(ours.opener.open_rtcp(&mut noise, &mut window).is_err());
                assert_eq!(window.newest(), None);
            }
        }
    }
}
