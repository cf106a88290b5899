//! STUN as a client writes it, and who signed a message: on rtc-stun, not on the relay's own code.

use rtc_crypto::{RTCCryptoProvider, providers::AwsLcRsProvider};
use rtc_stun::attributes::{ATTR_MESSAGE_INTEGRITY, AttrType};
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{Message, MessageType, Setter, TransactionId};
use rtc_stun::xoraddr::XorMappedAddress;
use std::net::SocketAddr;
use std::sync::LazyLock;

pub const BINDING_REQUEST: u16 = 0x0001;
pub const ALLOCATE: u16 = 0x0003;
pub const REFRESH: u16 = 0x0004;
pub const CREATE_PERMISSION: u16 = 0x0008;
pub const CHANNEL_BIND: u16 = 0x0009;
pub const SEND_INDICATION: u16 = 0x0016;

pub const USERNAME: u16 = 0x0006;
pub const CHANNEL_NUMBER: u16 = 0x000c;
pub const LIFETIME: u16 = 0x000d;
pub const PEER: u16 = 0x0012;
pub const DATA: u16 = 0x0013;
pub const REALM: u16 = 0x0014;
pub const NONCE: u16 = 0x0015;
pub const REQUESTED_FAMILY: u16 = 0x0017;
pub const REQUESTED_TRANSPORT: u16 = 0x0019;
pub const USE_CANDIDATE: u16 = 0x0025;
pub const ICE_CONTROLLING: u16 = 0x802a;

/// Every challenge names it.
pub const OUR_REALM: &str = "preau";

static PROVIDER: LazyLock<AwsLcRsProvider> = LazyLock::new(AwsLcRsProvider::new);

pub enum Attribute<'a> {
    Raw(u16, Vec<u8>),
    Text(u16, &'a str),
    Address(u16, SocketAddr),
}

impl Setter for Attribute<'_> {
    fn add_to(&self, message: &mut Message) -> rtc_shared::error::Result<()> {
        match self {
            Attribute::Raw(kind, value) => message.add(AttrType(*kind), value),
            Attribute::Text(kind, text) => message.add(AttrType(*kind), text.as_bytes()),
            Attribute::Address(kind, address) => {
                let address = XorMappedAddress { ip: address.ip(), port: address.port() };
                address.add_to_as(message, AttrType(*kind))?;
            }
        }
        Ok(())
    }
}

/// RFC 8489 §9: with a password alone, or with a name in our realm as well.
#[derive(Clone, Copy)]
pub enum Signature<'a> {
    Short(&'a str),
    Long(&'a str, &'a str),
}

impl Signature<'_> {
    fn integrity(self) -> MessageIntegrity<'static> {
        let crypto = PROVIDER.crypto();
        match self {
            Signature::Short(password) => {
                MessageIntegrity::new_short_term_integrity_with_provider(password.to_owned(), crypto)
            }
            Signature::Long(name, password) => MessageIntegrity::new_long_term_integrity_with_provider(
                name.to_owned(),
                OUR_REALM.to_owned(),
                password.to_owned(),
                crypto,
            )
            .expect("there is MD5"),
        }
    }
}

/// A message of this type with these attributes, and a signature and a FINGERPRINT if it is signed.
pub fn message(kind: u16, attributes: &[Attribute<'_>], signature: Option<Signature<'_>>) -> Vec<u8> {
    let mut message = Message::new();
    let mut typ = MessageType::default();
    typ.read_value(kind);
    message.set_type(typ);
    message.transaction_id = TransactionId([7; 12]);
    message.write_header();
    for attribute in attributes {
        attribute.add_to(&mut message).expect("a message has room");
    }
    if let Some(signature) = signature {
        signature.integrity().add_to(&mut message).expect("a message has room");
        FINGERPRINT.add_to(&mut message).expect("a message has room");
    }
    message.raw
}

/// Whether these bytes are a STUN message that was signed so.
pub fn is_signed(bytes: &[u8], signature: Signature<'_>) -> bool {
    let mut message = Message::new();
    if message.unmarshal_binary(bytes).is_err() || !message.contains(ATTR_MESSAGE_INTEGRITY) {
        return false;
    }
    let crypto = PROVIDER.crypto();
    let key = match signature {
        Signature::Short(password) => password.as_bytes().to_vec(),
        Signature::Long(name, password) => MessageIntegrity::long_term_integrity_key(
            name.to_owned(),
            OUR_REALM.to_owned(),
            password.to_owned(),
            crypto,
        )
        .expect("there is MD5"),
    };
    MessageIntegrity::check(&mut message, &key, crypto).is_ok()
}

/// Every run of bytes that lies where TURN carries a datagram.
pub fn inner(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    const CHANNEL_HEADER: usize = 4;
    let channel = bytes.get(CHANNEL_HEADER..).into_iter();
    let data = bytes.windows(2).enumerate().filter(|(_, kind)| **kind == DATA.to_be_bytes());
    channel.chain(data.filter_map(|(at, _)| bytes.get(at + CHANNEL_HEADER..)))
}
