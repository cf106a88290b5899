//! A question that only the operator can ask: does anything arrive, and as whom (`preau doctor`).

use crate::turn::Raw;
use rtc_crypto::{RTCCryptoProvider, providers::AwsLcRsProvider};
use rtc_stun::attributes::{ATTR_ICE_CONTROLLING, ATTR_USERNAME};
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Getter, Message, Setter, TransactionId};
use rtc_stun::textattrs::TextAttribute;
use rtc_stun::xoraddr::XorMappedAddress;
use std::net::SocketAddr;

/// Longer than a ufrag that is drawn: nobody's media has this name.
pub const UFRAG: &str = "preau-doctor";

/// A Binding request of nobody's media, signed with the server's own password for it.
pub struct Probe {
    provider: AwsLcRsProvider,
    password: String,
    transaction: TransactionId,
}

impl Probe {
    pub fn new(password: &str, transaction: [u8; 12]) -> Probe {
        Probe {
            provider: AwsLcRsProvider::new(),
            password: password.to_owned(),
            transaction: TransactionId(transaction),
        }
    }

    /// The shortest question that TURN answers, with a challenge: an Allocate without a name (RFC 8656 §7.1).
    pub fn knock(&self) -> Vec<u8> {
        let mut bytes = vec![0, 3, 0, 8, 0x21, 0x12, 0xa4, 0x42];
        bytes.extend_from_slice(&self.transaction.0);
        bytes.extend_from_slice(&[0, 0x19, 0, 4, 17, 0, 0, 0]);
        bytes
    }

    /// Whether these bytes are TURN's answer to [`Probe::knock`].
    pub fn is_challenge(&self, answer: &[u8]) -> bool {
        answer.get(8..20) == Some(&self.transaction.0) && answer.starts_with(&[1, 0x13])
    }

    pub fn request(&self) -> Vec<u8> {
        let integrity = self.integrity();
        let setters: [Box<dyn Setter + '_>; 6] = [
            Box::new(self.transaction),
            Box::new(BINDING_REQUEST),
            Box::new(TextAttribute::new(ATTR_USERNAME, format!("{UFRAG}:{UFRAG}"))),
            Box::new(Raw(ATTR_ICE_CONTROLLING, &[0; 8])),
            Box::new(integrity),
            Box::new(FINGERPRINT),
        ];
        let mut message = Message::new();
        // Every part is short and of the right kind: it can be built.
        let built = message.build(&setters);
        debug_assert!(built.is_ok());
        message.raw
    }

    /// As whom the server saw us, if these bytes are its answer.
    pub fn read(&self, answer: &[u8]) -> Option<SocketAddr> {
        let mut message = Message::new();
        message.unmarshal_binary(answer).ok()?;
        if message.typ != BINDING_SUCCESS || message.transaction_id != self.transaction {
            return None;
        }
        MessageIntegrity::check(&mut message, self.password.as_bytes(), self.provider.crypto()).ok()?;
        let mut seen_as = XorMappedAddress::default();
        seen_as.get_from(&message).ok()?;
        Some(SocketAddr::new(seen_as.ip, seen_as.port))
    }

    fn integrity(&self) -> MessageIntegrity<'_> {
        MessageIntegrity::new_short_term_integrity_with_provider(self.password.clone(), self.provider.crypto())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stun::BindingRequest;

    #[test]
    fn a_probe_is_read_by_its_server_and_its_answer_by_nobody_else() {
        let probe = Probe::new("secret", [5; 12]);
        let mut read = BindingRequest::parse(&probe.request()).unwrap();
        assert_eq!(read.local_ufrag, UFRAG);
        let crypto = probe.provider.crypto();
        assert!(read.is_authentic("secret", crypto) && !read.is_authentic("other", crypto));
        let seen_as = "192.0.2.7:9".parse().unwrap();
        let answer = read.response(seen_as, "secret", crypto).unwrap();
        assert_eq!(probe.read(&answer), Some(seen_as));
        assert_eq!(Probe::new("secret", [6; 12]).read(&answer), None);
        assert_eq!(Probe::new("other", [5; 12]).read(&answer), None);
    }
}
