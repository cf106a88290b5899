//! STUN messages that no stack would send.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A binding request (RFC 8489 §5) with this user name and a MESSAGE-INTEGRITY that is none.
pub fn forged_binding(username: &str, random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut attributes = Vec::new();
    let mut attribute = |kind: u16, value: &[u8]| {
        attributes.extend(kind.to_be_bytes());
        attributes.extend((value.len() as u16).to_be_bytes());
        attributes.extend(value);
        attributes.resize(attributes.len().next_multiple_of(4), 0);
    };
    attribute(0x0006, username.as_bytes());
    attribute(0x0025, &[]);
    attribute(0x0024, &[0x7e, 0xff, 0xff, 0xff]);
    attribute(0x0008, &random.random::<[u8; 20]>());
    let mut message = vec![0x00, 0x01];
    message.extend((attributes.len() as u16).to_be_bytes());
    message.extend(0x2112_A442_u32.to_be_bytes());
    message.extend(random.random::<[u8; 12]>());
    message.extend(attributes);
    message
}
