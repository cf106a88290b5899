//! TURN on the wire: addresses, payloads and answers (RFC 8656 §§11, 12, 18).

use rtc_stun::attributes::{ATTR_NONCE, ATTR_REALM, AttrType};
use rtc_stun::error_code::{ErrorCode, ErrorCodeAttribute};
use rtc_stun::message::{
    CLASS_ERROR_RESPONSE, CLASS_REQUEST, CLASS_SUCCESS_RESPONSE, MAGIC_COOKIE, Message, MessageType, Setter,
};
use rtc_stun::textattrs::TextAttribute;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;

use super::credentials::REALM;

const COOKIE: [u8; 4] = MAGIC_COOKIE.to_be_bytes();
const STUN_HEADER: usize = 20;
const SEND_INDICATION: [u8; 2] = [0x00, 0x16];
const DATA_INDICATION: [u8; 2] = [0x00, 0x17];
const XOR_PEER_ADDRESS: u16 = 0x0012;
const DATA: u16 = 0x0013;
pub const CHANNEL_HEADER: usize = 4;

/// An attribute as bytes.
pub struct Raw<'a>(pub AttrType, pub &'a [u8]);

impl Setter for Raw<'_> {
    fn add_to(&self, message: &mut Message) -> rtc_shared::error::Result<()> {
        message.add(self.0, self.1);
        Ok(())
    }
}

/// An XOR'd address (RFC 8489 §14.2).
pub struct XorAddress(pub AttrType, pub SocketAddr);

impl Setter for XorAddress {
    fn add_to(&self, message: &mut Message) -> rtc_shared::error::Result<()> {
        let (value, len) = xor_value(self.1, &message.transaction_id.0);
        message.add(self.0, &value[..len]);
        Ok(())
    }
}

fn mask(transaction: &[u8; 12]) -> [u8; 16] {
    let mut mask = [0; 16];
    mask[..4].copy_from_slice(&COOKIE);
    mask[4..].copy_from_slice(transaction);
    mask
}

fn xor_value(address: SocketAddr, transaction: &[u8; 12]) -> ([u8; 20], usize) {
    let mut value = [0; 20];
    let port = address.port() ^ (MAGIC_COOKIE >> 16) as u16;
    value[2..4].copy_from_slice(&port.to_be_bytes());
    let mut write = |family: u8, ip: &[u8]| {
        value[1] = family;
        for (to, (byte, mask)) in value[4..].iter_mut().zip(ip.iter().zip(mask(transaction))) {
            *to = byte ^ mask;
        }
        4 + ip.len()
    };
    let len = match address.ip() {
        IpAddr::V4(v4) => write(1, &v4.octets()),
        IpAddr::V6(v6) => write(2, &v6.octets()),
    };
    (value, len)
}

/// Reads an XOR'd address.
pub fn read_address(value: &[u8], transaction: &[u8; 12]) -> Option<SocketAddr> {
    let &[_, family, high, low, ref ip @ ..] = value else { return None };
    let port = u16::from_be_bytes([high, low]) ^ (MAGIC_COOKIE >> 16) as u16;
    let mut bytes = [0; 16];
    for (to, (byte, mask)) in bytes.iter_mut().zip(ip.iter().zip(mask(transaction))) {
        *to = byte ^ mask;
    }
    let ip = match (family, ip.len()) {
        (1, 4) => IpAddr::V4(Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3])),
        (2, 16) => IpAddr::V6(Ipv6Addr::from(bytes)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// Whether these bytes are a Send indication.
pub fn is_send_indication(bytes: &[u8]) -> bool {
    bytes.starts_with(&SEND_INDICATION)
}

/// To whom a Send indication is, and where in it the datagram lies (RFC 8656 §11.2). Read by hand: it carries media.
pub fn read_send(bytes: &[u8]) -> Option<(SocketAddr, Range<usize>)> {
    let header: &[u8; STUN_HEADER] = bytes.first_chunk()?;
    let transaction: &[u8; 12] = header.last_chunk()?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    if header[4..8] != COOKIE || bytes.len() != STUN_HEADER + length {
        return None;
    }
    let (mut peer, mut data) = (None, None);
    let mut at = STUN_HEADER;
    while let Some(&[t1, t2, l1, l2]) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let (start, len) = (at + 4, usize::from(u16::from_be_bytes([l1, l2])));
        let value = bytes.get(start..start + len)?;
        match u16::from_be_bytes([t1, t2]) {
            XOR_PEER_ADDRESS => peer = Some(read_address(value, transaction)?),
            DATA => data = Some(start..start + len),
            _ => {}
        }
        at = start + len.next_multiple_of(4);
    }
    Some((peer?, data?))
}

/// The number of a ChannelData message, and where in it the datagram lies (RFC 8656 §12.4).
pub fn read_channel(bytes: &[u8]) -> Option<(u16, Range<usize>)> {
    let &[n1, n2, l1, l2] = bytes.first_chunk()?;
    let end = CHANNEL_HEADER + usize::from(u16::from_be_bytes([l1, l2]));
    // What follows is padding, if anything (§12.5).
    (end <= bytes.len()).then(|| (u16::from_be_bytes([n1, n2]), CHANNEL_HEADER..end))
}

/// Appends `datagram` as ChannelData, padded where it goes over a stream.
pub fn write_channel(out: &mut Vec<u8>, number: u16, datagram: &[u8], is_padded: bool) {
    out.extend_from_slice(&number.to_be_bytes());
    out.extend_from_slice(&(datagram.len() as u16).to_be_bytes());
    out.extend_from_slice(datagram);
    if is_padded {
        out.resize(out.len().next_multiple_of(4), 0);
    }
}

/// Appends `datagram` as a Data indication from `peer` (RFC 8656 §11.6).
pub fn write_data(out: &mut Vec<u8>, peer: SocketAddr, datagram: &[u8]) {
    // Nobody answers an indication: its transaction id tells nothing apart.
    let transaction = [0; 12];
    let (address, address_len) = xor_value(peer, &transaction);
    let padded = datagram.len().next_multiple_of(4);
    let length = 4 + address_len + 4 + padded;
    out.extend_from_slice(&DATA_INDICATION);
    out.extend_from_slice(&(length as u16).to_be_bytes());
    out.extend_from_slice(&COOKIE);
    out.extend_from_slice(&transaction);
    for (kind, value) in [(XOR_PEER_ADDRESS, &address[..address_len]), (DATA, datagram)] {
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&(value.len() as u16).to_be_bytes());
        out.extend_from_slice(value);
    }
    out.resize(out.len() + padded - datagram.len(), 0);
}

/// The request of these bytes, whole and nothing behind it.
pub fn read_request(bytes: &[u8]) -> Option<Message> {
    /// The longest of a browser's requests has a long name and is under 300 bytes.
    const REQUEST_LEN_MAX: usize = 512;
    if bytes.len() > REQUEST_LEN_MAX {
        return None;
    }
    let mut message = Message::new();
    message.unmarshal_binary(bytes).ok()?;
    let is_whole = bytes.len() == STUN_HEADER + message.length as usize;
    (is_whole && message.typ.class == CLASS_REQUEST).then_some(message)
}

/// Builds a success response from these attributes.
pub fn success(request: &Message, attributes: Vec<Box<dyn Setter + '_>>) -> Option<Vec<u8>> {
    answer(request, CLASS_SUCCESS_RESPONSE, attributes)
}

/// Builds an error response. Reasons are left out: nobody reads them, and an answer to a stranger is to be short.
pub fn error(request: &Message, code: ErrorCode, mut attributes: Vec<Box<dyn Setter + '_>>) -> Option<Vec<u8>> {
    attributes.insert(0, Box::new(ErrorCodeAttribute { code, reason: Vec::new() }));
    answer(request, CLASS_ERROR_RESPONSE, attributes)
}

/// The attributes of a challenge (RFC 8489 §9.2.4).
pub fn challenge<'a>(nonce: String) -> Vec<Box<dyn Setter + 'a>> {
    vec![Box::new(TextAttribute::new(ATTR_REALM, REALM.to_owned())), Box::new(TextAttribute::new(ATTR_NONCE, nonce))]
}

fn answer(
    request: &Message,
    class: rtc_stun::message::MessageClass,
    attributes: Vec<Box<dyn Setter + '_>>,
) -> Option<Vec<u8>> {
    let mut message = Message::new();
    let mut setters: Vec<Box<dyn Setter + '_>> =
        vec![Box::new(request.transaction_id), Box::new(MessageType { method: request.typ.method, class })];
    setters.extend(attributes);
    message.build(&setters).ok()?;
    Some(message.raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrapped_is_read_again() {
        let peer: SocketAddr = "192.0.2.1:5000".parse().unwrap();
        for len in 0..9 {
            let datagram = vec![7; len];
            let mut out = Vec::new();
            write_data(&mut out, peer, &datagram);
            out[1] = SEND_INDICATION[1];
            let (to, range) = read_send(&out).unwrap();
            assert_eq!((to, &out[range]), (peer, &datagram[..]));
            let mut out = Vec::new();
            write_channel(&mut out, 0x4001, &datagram, true);
            assert_eq!(out.len() % 4, 0);
            let (number, range) = read_channel(&out).unwrap();
            assert_eq!((number, &out[range]), (0x4001, &datagram[..]));
        }
    }

    #[test]
    fn addresses_of_both_families_are_read_again() {
        for text in ["192.0.2.1:5000", "[2001:db8::1]:443"] {
            let address: SocketAddr = text.parse().unwrap();
            let (value, len) = xor_value(address, &[3; 12]);
            assert_eq!(read_address(&value[..len], &[3; 12]), Some(address));
            assert_eq!(read_address(&value[..len - 1], &[3; 12]), None);
        }
    }

    #[test]
    fn every_cut_of_an_indication_is_refused() {
        let mut out = Vec::new();
        write_data(&mut out, "192.0.2.1:5000".parse().unwrap(), &[7; 30]);
        out[1] = SEND_INDICATION[1];
        for len in 0..out.len() {
            assert!(read_send(&out[..len]).is_none(), "{len}");
        }
    }
}
