//! One peer's DTLS association, in the passive role, up to the keys of its media (RFC 5764).

use crate::certificate::{Certificate, sha256};
use crate::srtp::{Profile, SrtpKeys};
use bytes::BytesMut;
use rtc_crypto::RTCCryptoProvider;
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// From the first ICE check to the keys: browsers need 50 ms, a bad network some retransmissions.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(15);

/// First retransmission; the library's one second is what a lost flight would cost a join.
const FLIGHT_INTERVAL: Duration = Duration::from_millis(400);

/// A handshake is about six datagrams each way; the rest is retransmission or an attack.
const DATAGRAMS_MAX: u32 = 128;

/// RFC 5764 §4.2.
const EXPORTER: &str = "EXTRACTOR-dtls_srtp";

/// The endpoint tells associations apart by address; each of ours has an endpoint of its own, so
/// that a peer may change its address without DTLS noticing.
const THE_PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

/// What all peers' associations share.
#[derive(Clone)]
pub struct DtlsConfig {
    /// For clients that have AES-GCM: rtc-dtls follows the client's order, browsers put AES-CM
    /// first, and GCM costs a fifth.
    gcm: Arc<HandshakeConfig>,
    /// For the others.
    any: Arc<HandshakeConfig>,
    provider: Arc<dyn RTCCryptoProvider>,
}

impl DtlsConfig {
    /// Panics if the certificate can not be used at all, which a restart would not mend.
    pub fn new(certificate: &Certificate) -> DtlsConfig {
        let provider = certificate.provider();
        let gcm = SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm;
        let cm = SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80;
        let handshake = |profiles| {
            let config = ConfigBuilder::default()
                .with_crypto_provider(provider.clone())
                .with_certificates(vec![certificate.for_dtls()])
                .with_srtp_protection_profiles(profiles)
                .with_client_auth(ClientAuthType::RequireAnyClientCert)
                // No CA knows a browser's certificate: its fingerprint is compared when it is done.
                .with_insecure_skip_verify(true)
                .with_extended_master_secret(ExtendedMasterSecretType::Require)
                .with_flight_interval(FLIGHT_INTERVAL)
                .build(false, None);
            Arc::new(config.expect("a generated or imported P-256 certificate makes a configuration"))
        };
        DtlsConfig { gcm: handshake(vec![gcm]), any: handshake(vec![cm]), provider: provider.clone() }
    }

    pub fn provider(&self) -> &Arc<dyn RTCCryptoProvider> {
        &self.provider
    }
}

/// What a datagram brought about.
pub enum Progress {
    Going,
    /// The keys, once; the certificate is the offer's.
    Connected(Box<SrtpKeys>),
    Closed,
    Failed,
}

pub struct Dtls {
    endpoint: Endpoint,
    datagrams: u32,
    is_connected: bool,
}

impl Dtls {
    pub fn new(config: &DtlsConfig) -> Dtls {
        let endpoint = Endpoint::new(THE_PEER, TransportProtocol::UDP, Some(config.gcm.clone()));
        Dtls { endpoint, datagrams: 0, is_connected: false }
    }

    /// One datagram from a validated address. `fingerprints` are the offer's.
    pub fn receive(
        &mut self,
        datagram: &[u8],
        fingerprints: &[[u8; 32]],
        config: &DtlsConfig,
        now: Instant,
    ) -> Progress {
        if !self.is_connected {
            if self.datagrams == 0 && !may_have_gcm(datagram) {
                self.endpoint.set_server_config(Some(config.any.clone()));
            }
            self.datagrams += 1;
            if self.datagrams > DATAGRAMS_MAX {
                return Progress::Failed;
            }
        }
        let Ok(events) = self.endpoint.read(now, THE_PEER, None, BytesMut::from(datagram)) else {
            // After the handshake a bad record is noise; before it, the association is spoilt.
            return if self.is_connected { Progress::Going } else { Progress::Failed };
        };
        let mut progress = Progress::Going;
        for event in events {
            match event {
                EndpointEvent::HandshakeComplete => {
                    progress = match self.keys(fingerprints, config) {
                        Some(keys) => {
                            self.is_connected = true;
                            Progress::Connected(Box::new(keys))
                        }
                        None => return Progress::Failed,
                    };
                }
                EndpointEvent::PeerClosed => return Progress::Closed,
                // No data channels: whatever it is, nobody reads it.
                _ => {}
            }
        }
        progress
    }

    /// The media keys, if the peer's certificate is one that its offer named.
    fn keys(&self, fingerprints: &[[u8; 32]], config: &DtlsConfig) -> Option<SrtpKeys> {
        let state = self.endpoint.get_connection_state(THE_PEER)?;
        let shown = sha256(state.peer_certificates.first()?);
        if !fingerprints.contains(&shown) {
            return None;
        }
        let profile = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => Profile::AeadAes128Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => Profile::Aes128CmHmacSha1_80,
            _ => return None,
        };
        let keying = state.export_keying_material(EXPORTER, &[], profile.keying_len()).ok()?;
        SrtpKeys::new(profile, keying.as_ref(), config.provider.crypto())
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<BytesMut> {
        self.endpoint.poll_transmit().map(|transmit| transmit.message)
    }

    /// When a flight is to be sent again.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_connected { None } else { self.endpoint.poll_timeout(&THE_PEER) }
    }

    /// Sends a flight again if it is time. False if the handshake gave up.
    pub fn handle_timeout(&mut self, now: Instant) -> bool {
        self.endpoint.poll_timeout(&THE_PEER).is_none() || self.endpoint.handle_timeout(THE_PEER, now).is_ok()
    }
}

/// Whether a ClientHello offers AEAD_AES_128_GCM in `use_srtp` (RFC 5764 §4.1.1), or may do so in
/// a part that is yet to come: only recent browsers write hellos so long that they are cut.
fn may_have_gcm(datagram: &[u8]) -> bool {
    const RECORD_AND_MESSAGE_HEADERS: usize = 13 + 12;
    const USE_SRTP: u16 = 14;
    let read = || {
        let mut rest = datagram.get(RECORD_AND_MESSAGE_HEADERS + 2 + 32..)?;
        // Session id, cookie, cipher suites, compression methods (RFC 6347 §4.2.1).
        for length_bytes in [1, 1, 2, 1] {
            rest = split_vector(rest, length_bytes)?.1;
        }
        let (mut extensions, _) = split_vector(rest, 2)?;
        while let Some((kind, after)) = extensions.split_first_chunk() {
            let (body, after) = split_vector(after, 2)?;
            if u16::from_be_bytes(*kind) == USE_SRTP {
                let (profiles, _) = split_vector(body, 2)?;
                return Some(profiles.chunks_exact(2).any(|profile| *profile == [0, 7]));
            }
            extensions = after;
        }
        Some(false)
    };
    read().unwrap_or(true)
}

/// A TLS vector and what follows it; its length takes `length_bytes`.
fn split_vector(bytes: &[u8], length_bytes: usize) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_at_checked(length_bytes)?;
    let length = length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(profiles: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 13 + 12 + 2 + 32];
        bytes.extend_from_slice(&[0, 0, 0, 2, 0xc0, 0x2b, 1, 0]);
        let srtp_len = profiles.len() as u8;
        let mut extensions = vec![0, 23, 0, 0, 0, 14, 0, srtp_len + 3, 0, srtp_len];
        extensions.extend_from_slice(profiles);
        extensions.push(0);
        bytes.extend_from_slice(&[0, extensions.len() as u8]);
        bytes.extend_from_slice(&extensions);
        bytes
    }

    #[test]
    fn a_hello_tells_whether_gcm_is_offered() {
        assert!(may_have_gcm(&hello(&[0, 1, 0, 7])));
        assert!(!may_have_gcm(&hello(&[0, 1, 0, 2])));
        let whole = hello(&[0, 1, 0, 2]);
        for len in 0..whole.len() {
            may_have_gcm(&whole[..len]);
        }
    }
}
