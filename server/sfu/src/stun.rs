//! The one STUN exchange of an ICE-lite agent: a Binding request and its answer (RFC 8489, RFC 8445 §7.3).

use rtc_crypto::RTCCrypto;
use rtc_stun::attributes::{ATTR_ICE_CONTROLLING, ATTR_MESSAGE_INTEGRITY, ATTR_USE_CANDIDATE, ATTR_USERNAME};
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message};
use rtc_stun::xoraddr::XorMappedAddress;
use std::net::SocketAddr;

/// Checks of browsers are under 150 bytes; longer ones only cost us hashing.
const REQUEST_LEN_MAX: usize = 512;

/// A well-formed Binding request, not yet authenticated.
pub struct BindingRequest {
    message: Message,
    /// Before the colon of USERNAME: ours. After it: the browser's (RFC 8445 §7.2.2).
    pub local_ufrag: String,
    pub remote_ufrag: String,
    pub nominates: bool,
}

impl BindingRequest {
    /// `None` for anything else: responses, indications, other methods, a peer that does not
    /// accept that we are controlled, a wrong FINGERPRINT.
    pub fn parse(datagram: &[u8]) -> Option<BindingRequest> {
        if datagram.len() > REQUEST_LEN_MAX {
            return None;
        }
        let mut message = Message::new();
        message.unmarshal_binary(datagram).ok()?;
        // Bytes after the message would escape the integrity check.
        let is_whole = datagram.len() == 20 + message.length as usize;
        if !is_whole || message.typ != BINDING_REQUEST || !message.contains(ATTR_MESSAGE_INTEGRITY) {
            return None;
        }
        FINGERPRINT.check(&message).ok()?;
        if !message.contains(ATTR_ICE_CONTROLLING) {
            return None;
        }
        let username = String::from_utf8(message.get(ATTR_USERNAME).ok()?).ok()?;
        let (local, remote) = username.split_once(':')?;
        Some(BindingRequest {
            local_ufrag: local.to_owned(),
            remote_ufrag: remote.to_owned(),
            nominates: message.contains(ATTR_USE_CANDIDATE),
            message,
        })
    }

    /// By which its sender knows the answer again; drawn anew for each request.
    pub fn transaction(&self) -> &[u8; 12] {
        &self.message.transaction_id.0
    }

    /// Whether MESSAGE-INTEGRITY was made with `password`.
    pub fn is_authentic(&mut self, password: &str, crypto: &dyn RTCCrypto) -> bool {
        MessageIntegrity::check(&mut self.message, password.as_bytes(), crypto).is_ok()
    }

    /// The success response: where the request came from, signed with the same password.
    pub fn response(&self, from: SocketAddr, password: &str, crypto: &dyn RTCCrypto) -> Option<Vec<u8>> {
        let mut response = Message::new();
        response
            .build(&[
                Box::new(self.message.transaction_id),
                Box::new(BINDING_SUCCESS),
                Box::new(XorMappedAddress { ip: from.ip(), port: from.port() }),
                Box::new(MessageIntegrity::new_short_term_integrity_with_provider(password.to_owned(), crypto)),
                Box::new(FINGERPRINT),
            ])
            .ok()?;
        Some(response.raw)
    }
}

/// A Binding request as a browser sends it; for tests.
#[cfg(test)]
pub fn request(username: &str, password: &str, nominates: bool, crypto: &dyn RTCCrypto) -> Vec<u8> {
    use crate::turn::Raw;
    use rtc_stun::message::{Setter, TransactionId};
    use rtc_stun::textattrs::TextAttribute;

    let mut message = Message::new();
    let mut setters: Vec<Box<dyn Setter + '_>> = vec![
        Box::new(TransactionId([7; 12])),
        Box::new(BINDING_REQUEST),
        Box::new(TextAttribute::new(ATTR_USERNAME, username.to_owned())),
        Box::new(Raw(ATTR_ICE_CONTROLLING, &[0; 8])),
    ];
    if nominates {
        setters.push(Box::new(Raw(ATTR_USE_CANDIDATE, &[])));
    }
    setters.push(Box::new(MessageIntegrity::new_short_term_integrity_with_provider(password.to_owned(), crypto)));
    setters.push(Box::new(FINGERPRINT));
    message.build(&setters).unwrap();
    message.raw
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Certificate;

    #[test]
    fn a_check_is_read_and_answered() {
        let provider = Certificate::generate().unwrap().provider();
        let bytes = request("ours:theirs", "secret", true, provider.crypto());
        let mut check = BindingRequest::parse(&bytes).unwrap();
        assert_eq!((check.local_ufrag.as_str(), check.remote_ufrag.as_str()), ("ours", "theirs"));
        assert!(check.nominates);
        assert!(check.is_authentic("secret", provider.crypto()));
        assert!(!check.is_authentic("Secret", provider.crypto()));
        let response = check.response("10.0.0.1:9".parse().unwrap(), "secret", provider.crypto()).unwrap();
        assert_eq!(response[..2], [1, 1]);
        assert_eq!(response[8..20], [7; 12]);
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_refused() {
        let provider = Certificate::generate().unwrap().provider();
        let bytes = request("ours:theirs", "secret", false, provider.crypto());
        for len in 0..bytes.len() {
            assert!(BindingRequest::parse(&bytes[..len]).is_none());
        }
        for at in 0..bytes.len() {
            let mut forged = bytes.clone();
            forged[at] ^= 0x10;
            assert!(BindingRequest::parse(&forged).is_none(), "byte {at}");
        }
    }
}
