//! The controlling side of ICE for one pair of addresses (RFC 8445), and answers to the other side's checks.

use std::net::SocketAddr;

use rtc_shared::error::Result;
use rtc_stun::attributes::{
    ATTR_ICE_CONTROLLING, ATTR_MESSAGE_INTEGRITY, ATTR_PRIORITY, ATTR_USE_CANDIDATE, ATTR_USERNAME, AttrType,
};
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message, Setter, TransactionId};
use rtc_stun::textattrs::TextAttribute;
use rtc_stun::xoraddr::XorMappedAddress;

use super::dtls::provider;

/// Of a host candidate (RFC 8445 §5.1.2).
const PRIORITY: u32 = (126 << 24) | (65_535 << 8) | 255;

/// The credentials of both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    pub local_ufrag: String,
    pub local_password: String,
    pub remote_ufrag: String,
    pub remote_password: String,
}

/// What a STUN datagram of the relay is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Our check was answered.
    Answered,
    /// A check of its own, with the answer to it.
    Asked(Vec<u8>),
    Nothing,
}

impl Credentials {
    /// A check that nominates (RFC 8445 §8.1.2).
    pub fn check(&self) -> Vec<u8> {
        let username = format!("{}:{}", self.remote_ufrag, self.local_ufrag);
        build(&[
            Box::new(TransactionId::new()),
            Box::new(BINDING_REQUEST),
            Box::new(TextAttribute::new(ATTR_USERNAME, username)),
            Box::new(Raw(ATTR_ICE_CONTROLLING, [7; 8].to_vec())),
            Box::new(Raw(ATTR_PRIORITY, PRIORITY.to_be_bytes().to_vec())),
            Box::new(Raw(ATTR_USE_CANDIDATE, Vec::new())),
            Box::new(integrity(&self.remote_password)),
            Box::new(FINGERPRINT),
        ])
    }

    /// Reads a STUN datagram that came from `from`.
    pub fn hear(&self, datagram: &[u8], from: SocketAddr) -> Heard {
        let mut message = Message::new();
        if message.unmarshal_binary(datagram).is_err() || !message.contains(ATTR_MESSAGE_INTEGRITY) {
            return Heard::Nothing;
        }
        let is_request = message.typ == BINDING_REQUEST;
        let password = if is_request { &self.local_password } else { &self.remote_password };
        if MessageIntegrity::check(&mut message, password.as_bytes(), provider().crypto()).is_err() {
            return Heard::Nothing;
        }
        if message.typ == BINDING_SUCCESS {
            return Heard::Answered;
        }
        if !is_request {
            return Heard::Nothing;
        }
        Heard::Asked(build(&[
            Box::new(message.transaction_id),
            Box::new(BINDING_SUCCESS),
            Box::new(XorMappedAddress { ip: from.ip(), port: from.port() }),
            Box::new(integrity(&self.local_password)),
            Box::new(FINGERPRINT),
        ]))
    }
}

fn integrity(password: &str) -> MessageIntegrity<'static> {
    MessageIntegrity::new_short_term_integrity_with_provider(password.to_owned(), provider().crypto())
}

fn build(setters: &[Box<dyn Setter + '_>]) -> Vec<u8> {
    let mut message = Message::new();
    message.build(setters).expect("attributes of a bounded length make a message");
    message.raw
}

struct Raw(AttrType, Vec<u8>);

impl Setter for Raw {
    fn add_to(&self, message: &mut Message) -> Result<()> {
        message.add(self.0, &self.1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sides_check_each_other() {
        let text = str::to_owned;
        let ours = Credentials {
            local_ufrag: text("us"),
            local_password: text("our password"),
            remote_ufrag: text("them"),
            remote_password: text("their password"),
        };
        let theirs = Credentials {
            local_ufrag: text("them"),
            local_password: text("their password"),
            remote_ufrag: text("us"),
            remote_password: text("our password"),
        };
        let from = SocketAddr::from(([127, 0, 0, 1], 5000));
        let Heard::Asked(answer) = theirs.hear(&ours.check(), from) else { panic!("a check is answered") };
        assert_eq!(ours.hear(&answer, from), Heard::Answered);
        assert_eq!(ours.hear(&ours.check(), from), Heard::Nothing, "signed for somebody else");
    }
}
