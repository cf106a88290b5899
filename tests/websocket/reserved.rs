//! Chapters 3 and 4: reserved bits and reserved opcodes (RFC 6455 §5.2).

use crate::case::{BINARY, BROKEN, CLOSE, Case, FIN, Step, TEXT, frame, ping, say, text};

const GREETING: &[u8] = b"Hello, world!";
const WORD: &[u8] = b"reserved opcode payload";

pub fn cases() -> Vec<Case> {
    let rsv = |bits: u8| bits << 4;
    let together = |bytes: Vec<Vec<u8>>| vec![Step::Send(bytes.concat())];
    let each = |bytes: Vec<Vec<u8>>| bytes.into_iter().map(Step::Send).collect();
    let octets = |bytes: Vec<Vec<u8>>| vec![Step::Chops(bytes.concat(), 1)];
    vec![
        alone("3.1", FIN | rsv(1) | TEXT, GREETING),
        after_a_message("3.2", FIN | rsv(2) | TEXT, GREETING, together),
        after_a_message("3.3", FIN | rsv(3) | TEXT, GREETING, each),
        after_a_message("3.4", FIN | rsv(4) | TEXT, GREETING, octets),
        alone("3.5", FIN | rsv(5) | BINARY, b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"),
        alone("3.6", FIN | rsv(6) | BINARY, GREETING),
        alone("3.7", FIN | rsv(7) | CLOSE, b""),
        alone("4.1.1", FIN | 3, b""),
        alone("4.1.2", FIN | 4, WORD),
        after_a_message("4.1.3", FIN | 5, b"", together),
        after_a_message("4.1.4", FIN | 6, GREETING, together),
        after_a_message("4.1.5", FIN | 7, GREETING, octets),
        alone("4.2.1", FIN | 11, b""),
        alone("4.2.2", FIN | 12, WORD),
        after_a_message("4.2.3", FIN | 13, b"", together),
        after_a_message("4.2.4", FIN | 14, GREETING, together),
        after_a_message("4.2.5", FIN | 15, GREETING, octets),
    ]
}

fn alone(number: &str, first: u8, payload: &[u8]) -> Case {
    Case::new(number, vec![Step::Send(frame(first, payload)), Step::Closed(&[BROKEN])])
}

/// What came before counts; of the ping that follows nobody hears.
fn after_a_message(number: &str, first: u8, payload: &[u8], send: impl Fn(Vec<Vec<u8>>) -> Vec<Step>) -> Case {
    let said = format!("Hello, world! {number}");
    let mut steps = send(vec![text(say(&said).as_bytes()), frame(first, payload), ping(b"")]);
    steps.extend([Step::Closed(&[BROKEN]), Step::Kept(said)]);
    Case::new(number, steps)
}
