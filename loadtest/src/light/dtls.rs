//! DTLS in the active role, up to the keys of media (RFC 5764), on one certificate for all light peers.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rtc_crypto::{RTCCryptoProvider, providers::AwsLcRsProvider};
use rtc_dtls::config::{ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;

/// The library waits a second for a lost flight; thousands who join at once lose some.
const FLIGHT_INTERVAL: Duration = Duration::from_millis(400);
const EXPORTER: &str = "EXTRACTOR-dtls_srtp";
const KEY_LEN: usize = 16;
const SALT_LEN: usize = 12;
/// The endpoint tells associations apart by address; each of ours has one of its own.
const THE_RELAY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

/// Made once: a certificate for each of a thousand peers would be what a run measures.
static IDENTITY: LazyLock<Identity> = LazyLock::new(Identity::make);

struct Identity {
    provider: Arc<dyn RTCCryptoProvider>,
    config: Arc<HandshakeConfig>,
    fingerprint: String,
}

impl Identity {
    fn make() -> Identity {
        let provider: Arc<dyn RTCCryptoProvider> = Arc::new(AwsLcRsProvider::new());
        let certificate = Certificate::generate_self_signed(vec!["light".to_owned()], provider.crypto())
            .expect("a P-256 key and its certificate can be made");
        let fingerprint = fingerprint(certificate.certificate.first().expect("a chain of one"));
        let config = ConfigBuilder::default()
            .with_crypto_provider(provider.clone())
            .with_certificates(vec![certificate])
            // Nothing else: what is measured is measured with the same cipher everywhere.
            .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
            // No CA knows a relay's certificate: its fingerprint is compared when it is done.
            .with_insecure_skip_verify(true)
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .with_flight_interval(FLIGHT_INTERVAL)
            .build(true, None)
            .expect("a generated certificate makes a configuration");
        Identity { provider, config: Arc::new(config), fingerprint }
    }
}

/// `AB:CD:…`, as an offer has it.
pub fn own_fingerprint() -> &'static str {
    &IDENTITY.fingerprint
}

pub fn provider() -> &'static dyn RTCCryptoProvider {
    IDENTITY.provider.as_ref()
}

/// Both directions of one peer's media.
pub struct Keys {
    pub sealer: Context,
    pub opener: Context,
}

pub enum Progress {
    Going,
    Connected(Box<Keys>),
    Failed,
}

pub struct Dtls {
    endpoint: Endpoint,
    /// The relay's, from its answer.
    fingerprint: String,
    is_connected: bool,
}

impl Dtls {
    pub fn new(fingerprint: String) -> Dtls {
        let endpoint = Endpoint::new(THE_RELAY, TransportProtocol::UDP, None);
        Dtls { endpoint, fingerprint, is_connected: false }
    }

    /// Sends the first flight.
    pub fn begin(&mut self, now: Instant) -> Progress {
        match self.endpoint.connect(now, THE_RELAY, IDENTITY.config.clone(), None) {
            Ok(()) => Progress::Going,
            Err(_) => Progress::Failed,
        }
    }

    pub fn receive(&mut self, datagram: &[u8], now: Instant) -> Progress {
        let Ok(events) = self.endpoint.read(now, THE_RELAY, None, BytesMut::from(datagram)) else {
            return if self.is_connected { Progress::Going } else { Progress::Failed };
        };
        for event in events {
            match event {
                EndpointEvent::HandshakeComplete => {
                    self.is_connected = true;
                    return self.keys().map_or(Progress::Failed, |keys| Progress::Connected(Box::new(keys)));
                }
                EndpointEvent::PeerClosed => return Progress::Failed,
                _ => {}
            }
        }
        Progress::Going
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        // Out of retransmissions: whoever waits for the connection gives up by its own clock.
        let _ = self.endpoint.handle_timeout(THE_RELAY, now);
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_connected { None } else { self.endpoint.poll_timeout(&THE_RELAY) }
    }

    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.endpoint.poll_transmit().map(|transmit| transmit.message.to_vec())
    }

    /// The media keys, if the certificate shown is the answer's. We are the client (RFC 5764 §4.2).
    fn keys(&self) -> Option<Keys> {
        let state = self.endpoint.get_connection_state(THE_RELAY)?;
        if !fingerprint(state.peer_certificates.first()?).eq_ignore_ascii_case(&self.fingerprint) {
            return None;
        }
        let keying = state.export_keying_material(EXPORTER, &[], 2 * (KEY_LEN + SALT_LEN)).ok()?;
        let (client, rest): (&[u8], _) = keying.as_ref().split_at_checked(KEY_LEN)?;
        let (server, rest) = rest.split_at_checked(KEY_LEN)?;
        let (client_salt, server_salt) = rest.split_at_checked(SALT_LEN)?;
        let context = |key, salt| {
            Context::new(key, salt, ProtectionProfile::AeadAes128Gcm, None, None, IDENTITY.provider.crypto()).ok()
        };
        Some(Keys { sealer: context(client, client_salt)?, opener: context(server, server_salt)? })
    }
}

fn fingerprint(der: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
    let bytes: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(":")
}
