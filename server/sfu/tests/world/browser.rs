//! A browser of the world, on rtc-dtls and rtc-srtp, not on the relay's own code.

use bytes::BytesMut;
use preau_sfu::{Mid, Offer, PeerId, ReceiveMids, Source, Way};
use rtc_crypto::{RTCCryptoProvider, providers::AwsLcRsProvider};
use rtc_dtls::config::{ConfigBuilder, HandshakeConfig};
use rtc_dtls::crypto::Certificate as DtlsCertificate;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;
use rtc_stun::attributes::{ATTR_DATA, ATTR_ICE_CONTROLLING, ATTR_USE_CANDIDATE, ATTR_USERNAME, ATTR_XOR_PEER_ADDRESS};
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{
    BINDING_REQUEST, CLASS_INDICATION, Getter, METHOD_SEND, Message, MessageType, Setter, TransactionId,
};
use rtc_stun::textattrs::TextAttribute;
use rtc_stun::xoraddr::XorMappedAddress;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

const VIDEO_SLOTS: usize = 2;
const VP8: u8 = 96;
const RTX: u8 = 97;
const OPUS: u8 = 111;

/// An RTP packet as a browser decrypted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub payload_type: u8,
    pub marker: bool,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    /// Its transport-wide number, if the browser asked for one.
    pub number: Option<u16>,
    /// Its header extension, from the profile on.
    pub extension: Vec<u8>,
    pub payload: Vec<u8>,
}

pub struct Browser {
    pub id: PeerId,
    /// How it reaches the relay.
    pub way: Way,
    /// Its datagrams go through an allocation.
    pub tunnel: Option<Tunnel>,
    /// What TURN answered, and is still to be looked at.
    pub turned: Vec<Message>,
    pub offer: Offer,
    pub answer: String,
    provider: Arc<dyn RTCCryptoProvider>,
    dtls: Endpoint,
    config: Arc<HandshakeConfig>,
    pub is_gcm: bool,
    pictures: u8,
    keys: Option<(Context, Context)>,
    pub seen: Vec<Seen>,
    /// Decrypted RTCP.
    pub reports: Vec<Vec<u8>>,
    pub stun_answers: usize,
    /// As whom the relay answered the last check.
    pub seen_as: Option<SocketAddr>,
    pub datagrams: usize,
    /// What the relay sent, for a story with a way of its own to carry; `None`: it arrives at once.
    pub held: Option<Vec<Vec<u8>>>,
    next: u16,
}

impl Browser {
    pub fn new(number: u64, prefers: SrtpProtectionProfile) -> Browser {
        let provider: Arc<dyn RTCCryptoProvider> = Arc::new(AwsLcRsProvider::new());
        let certificate = DtlsCertificate::generate_self_signed(vec!["browser".to_owned()], provider.crypto()).unwrap();
        let fingerprint = fingerprint(certificate.certificate[0].as_ref());
        let profiles = match prefers {
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => vec![prefers],
            // Browsers put AES-CM first, whatever they would rather have.
            _ => vec![SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80, prefers],
        };
        let config = ConfigBuilder::default()
            .with_crypto_provider(provider.clone())
            .with_certificates(vec![certificate])
            .with_srtp_protection_profiles(profiles)
            .with_insecure_skip_verify(true)
            .build(true, None)
            .unwrap();
        let address = SocketAddr::from(([198, 51, 100 + (number >> 8) as u8, number as u8], 4000));
        let dtls = Endpoint::new(address, TransportProtocol::UDP, None);
        Browser {
            id: PeerId(number),
            way: address.into(),
            tunnel: None,
            turned: Vec::new(),
            offer: offer(number, &fingerprint),
            answer: String::new(),
            provider,
            dtls,
            config: Arc::new(config),
            is_gcm: false,
            pictures: 0,
            keys: None,
            seen: Vec::new(),
            reports: Vec::new(),
            stun_answers: 0,
            seen_as: None,
            datagrams: 0,
            held: None,
            next: 65_530,
        }
    }
}

impl Browser {
    pub fn wrapped(&self, bytes: Vec<u8>) -> Vec<u8> {
        match &self.tunnel {
            None => bytes,
            Some(tunnel) => tunnel.wrap(&bytes),
        }
    }

    /// What the relay sent, out of its wrapping. Answers of TURN are put aside.
    pub fn unwrapped(&mut self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        match bytes[..2] {
            [64..=79, _] => {
                let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
                Some(bytes[4..4 + length].to_vec())
            }
            [0, 0x17] => {
                let mut message = Message::new();
                message.unmarshal_binary(&bytes).unwrap();
                Some(message.get(ATTR_DATA).unwrap())
            }
            [0, 1] | [1, 1] => Some(bytes),
            [0..=3, _] => {
                let mut message = Message::new();
                message.unmarshal_binary(&bytes).unwrap();
                self.turned.push(message);
                None
            }
            _ => Some(bytes),
        }
    }

    pub fn binding_request(&self, nominates: bool, password: Option<&str>) -> Vec<u8> {
        let theirs = self.answer_value("a=ice-ufrag:");
        let password = password.unwrap_or(self.answer_value("a=ice-pwd:"));
        let mut setters: Vec<Box<dyn Setter + '_>> = vec![
            Box::new(TransactionId::new()),
            Box::new(BINDING_REQUEST),
            Box::new(TextAttribute::new(ATTR_USERNAME, format!("{theirs}:user{}", self.id.0))),
            Box::new(Raw(ATTR_ICE_CONTROLLING, &[0; 8])),
        ];
        if nominates {
            setters.push(Box::new(Raw(ATTR_USE_CANDIDATE, &[])));
        }
        let crypto = self.provider.crypto();
        setters.push(Box::new(MessageIntegrity::new_short_term_integrity_with_provider(password.to_owned(), crypto)));
        setters.push(Box::new(FINGERPRINT));
        let mut message = Message::new();
        message.build(&setters).unwrap();
        message.raw
    }

    fn answer_value(&self, prefix: &str) -> &str {
        self.answer.lines().find_map(|line| line.strip_prefix(prefix)).unwrap()
    }

    /// The SSRC of the slot in section `mid`, as the answer announced it.
    pub fn slot_ssrc(&self, mid: &str) -> u32 {
        let section = self.answer.split("m=").find(|part| part.contains(&format!("a=mid:{mid}\r\n"))).unwrap();
        let line = section.lines().find_map(|line| line.strip_prefix("a=ssrc:")).unwrap();
        line.split(' ').next().unwrap().parse().unwrap()
    }

    pub fn start_dtls(&mut self, now: Instant) {
        self.dtls.connect(now, relay_address(), self.config.clone(), None).unwrap();
    }

    pub fn stop_dtls(&mut self, now: Instant) {
        self.dtls.stop(now, relay_address());
    }

    pub fn take_flights(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.dtls.poll_transmit()).map(|transmit| transmit.message.to_vec()).collect()
    }

    pub fn receive(&mut self, bytes: &[u8], now: Instant) -> Vec<Vec<u8>> {
        self.datagrams += 1;
        match bytes[0] {
            0..=3 => {
                self.stun_answers += 1;
                let mut message = Message::new();
                message.unmarshal_binary(bytes).unwrap();
                let mut seen_as = XorMappedAddress::default();
                seen_as.get_from(&message).unwrap();
                self.seen_as = Some(SocketAddr::new(seen_as.ip, seen_as.port));
            }
            20..=63 => {
                let events = self.dtls.read(now, relay_address(), None, BytesMut::from(bytes)).unwrap_or_default();
                if events.iter().any(|event| matches!(event, EndpointEvent::HandshakeComplete)) {
                    self.derive_keys();
                }
                return self.take_flights();
            }
            _ if (192..=223).contains(&bytes[1]) => {
                let (_, incoming) = self.keys.as_mut().unwrap();
                self.reports.push(incoming.decrypt_rtcp(bytes).unwrap().to_vec());
            }
            _ => {
                let (_, incoming) = self.keys.as_mut().unwrap();
                let plain = incoming.decrypt_rtp(bytes).unwrap();
                let words = if plain[0] & 0x10 == 0 { 0 } else { 1 + u16::from_be_bytes([plain[14], plain[15]]) };
                let (extension, payload) = plain[12..].split_at(4 * usize::from(words));
                self.seen.push(Seen {
                    payload_type: plain[1] & 0x7f,
                    marker: plain[1] & 0x80 != 0,
                    sequence: u16::from_be_bytes([plain[2], plain[3]]),
                    timestamp: u32::from_be_bytes([plain[4], plain[5], plain[6], plain[7]]),
                    ssrc: u32::from_be_bytes([plain[8], plain[9], plain[10], plain[11]]),
                    number: (words == 2).then(|| u16::from_be_bytes([plain[17], plain[18]])),
                    extension: extension.to_vec(),
                    payload: payload.to_vec(),
                });
            }
        }
        Vec::new()
    }

    fn derive_keys(&mut self) {
        let state = self.dtls.get_connection_state(relay_address()).unwrap();
        let (profile, salt) = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => (ProtectionProfile::AeadAes128Gcm, 12),
            _ => (ProtectionProfile::Aes128CmHmacSha1_80, 14),
        };
        self.is_gcm = salt == 12;
        let keying = state.export_keying_material("EXTRACTOR-dtls_srtp", &[], 32 + 2 * salt).unwrap();
        let keying: &[u8] = keying.as_ref();
        let context =
            |key: &[u8], salt: &[u8]| Context::new(key, salt, profile, None, None, self.provider.crypto()).unwrap();
        let ours = context(&keying[..16], &keying[32..32 + salt]);
        let theirs = context(&keying[16..32], &keying[32 + salt..]);
        self.keys = Some((ours, theirs));
    }

    /// A sealed VP8 packet with a 15-bit picture id, of a size that its number decides.
    pub fn video_packet(&mut self, is_key: bool, is_first: bool, is_last: bool) -> Vec<u8> {
        let mut payload = vec![if is_first { 0x90 } else { 0x80 }, 0x80, 0x80, self.pictures];
        payload.extend_from_slice(&[if is_key { 0x10 } else { 0x11 }, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01]);
        payload.resize(1_000, self.id.0 as u8);
        self.pictures = self.pictures.wrapping_add(u8::from(is_last));
        let timestamp = u32::from(self.pictures) * 3_000;
        let ssrc = self.camera_ssrc();
        self.seal(VP8, is_last, timestamp, ssrc, &[], &payload)
    }

    pub fn audio_packet(&mut self, level: u8) -> Vec<u8> {
        let extension = [0xbe, 0xde, 0, 1, 0x10, level, 0, 0];
        let ssrc = self.id.0 as u32 * 1_000 + 1;
        let timestamp = u32::from(self.next) * 960;
        self.seal(OPUS, false, timestamp, ssrc, &extension, &[0xfc; 80])
    }

    pub fn camera_ssrc(&self) -> u32 {
        self.id.0 as u32 * 1_000 + 2
    }

    fn seal(&mut self, kind: u8, marker: bool, timestamp: u32, ssrc: u32, extension: &[u8], payload: &[u8]) -> Vec<u8> {
        let sequence = self.next;
        self.next = self.next.wrapping_add(1);
        self.seal_numbered(kind, sequence, marker, timestamp, ssrc, extension, payload)
    }

    /// A sealed VP8 packet whose numbers are the story's own.
    pub fn seal_as(
        &mut self,
        sequence: u16,
        marker: bool,
        timestamp: u32,
        ssrc: u32,
        extension: &[u8],
        payload: &[u8],
    ) -> Vec<u8> {
        self.seal_numbered(VP8, sequence, marker, timestamp, ssrc, extension, payload)
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of an RTP header")]
    fn seal_numbered(
        &mut self,
        kind: u8,
        sequence: u16,
        marker: bool,
        timestamp: u32,
        ssrc: u32,
        extension: &[u8],
        payload: &[u8],
    ) -> Vec<u8> {
        let mut packet = vec![0x80 | if extension.is_empty() { 0 } else { 0x10 }, kind | u8::from(marker) << 7];
        packet.extend_from_slice(&sequence.to_be_bytes());
        packet.extend_from_slice(&timestamp.to_be_bytes());
        packet.extend_from_slice(&ssrc.to_be_bytes());
        packet.extend_from_slice(extension);
        packet.extend_from_slice(payload);
        self.keys.as_mut().unwrap().0.encrypt_rtp(&packet).unwrap().to_vec()
    }

    pub fn seal_report(&mut self, report: &[u8]) -> Vec<u8> {
        self.keys.as_mut().unwrap().0.encrypt_rtcp(report).unwrap().to_vec()
    }
}

/// How datagrams are wrapped for the relay's TURN.
#[derive(Clone, Copy)]
pub enum Tunnel {
    Channel(u16),
    Indication(SocketAddr),
}

impl Tunnel {
    pub fn wrap(&self, datagram: &[u8]) -> Vec<u8> {
        match self {
            Tunnel::Channel(number) => {
                let mut bytes = number.to_be_bytes().to_vec();
                bytes.extend_from_slice(&(datagram.len() as u16).to_be_bytes());
                bytes.extend_from_slice(datagram);
                bytes
            }
            Tunnel::Indication(to) => {
                let mut message = Message::new();
                message.set_type(MessageType::new(METHOD_SEND, CLASS_INDICATION));
                message.transaction_id = TransactionId([9; 12]);
                message.write_header();
                XorMappedAddress { ip: to.ip(), port: to.port() }
                    .add_to_as(&mut message, ATTR_XOR_PEER_ADDRESS)
                    .unwrap();
                message.add(ATTR_DATA, datagram);
                message.raw
            }
        }
    }
}

struct Raw(rtc_stun::attributes::AttrType, &'static [u8]);

impl Setter for Raw {
    fn add_to(&self, message: &mut Message) -> rtc_shared::error::Result<()> {
        message.add(self.0, self.1);
        Ok(())
    }
}

fn relay_address() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 5000))
}

fn fingerprint(der: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
    let bytes: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(":")
}

/// Sections 0 microphone, 1 camera, 2 and 3 audio slots, then video slots.
fn offer(number: u64, fingerprint: &str) -> Offer {
    let count = 4 + VIDEO_SLOTS;
    let mids: Vec<String> = (0..count).map(|mid| mid.to_string()).collect();
    let mut sdp = format!(
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n\
         a=ice-ufrag:user{number}\r\na=ice-pwd:0123456789012345678901\r\n\
         a=fingerprint:sha-1 00:01\r\na=fingerprint:sha-256 {fingerprint}\r\na=setup:actpass\r\n",
        mids.join(" ")
    );
    for mid in 0..count {
        let (kind, types) = if matches!(mid, 1 | 4..) { ("video", "96 97") } else { ("audio", "111") };
        let direction = if mid < 2 { "sendonly" } else { "recvonly" };
        sdp += &format!(
            "m={kind} 9 UDP/TLS/RTP/SAVPF {types}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na=rtcp-mux\r\na={direction}\r\n"
        );
        if kind == "video" {
            sdp += &format!("a=rtpmap:{VP8} VP8/90000\r\na=rtpmap:{RTX} rtx/90000\r\na=fmtp:{RTX} apt={VP8}\r\n");
        } else {
            sdp +=
                &format!("a=rtpmap:{OPUS} opus/48000/2\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n");
        }
        if mid < 2 {
            sdp += &format!("a=ssrc:{} cname:c\r\n", number * 1_000 + mid as u64 + 1);
        }
    }
    let mid = |mid: usize| Mid::parse(&mid.to_string()).unwrap();
    Offer {
        sdp,
        send: [(Source::Microphone, mid(0)), (Source::Camera, mid(1))].into_iter().collect(),
        receive: ReceiveMids {
            audio: vec![mid(2), mid(3)],
            video: (4..count).map(mid).collect(),
            ..Default::default()
        },
    }
}
