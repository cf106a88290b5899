//! Chapter 1: text and binary messages of every length that is written differently (RFC 6455 §5.2, §5.6).

use crate::case::{BINARY, Case, FIN, FOREIGN, Step, frame, say_in, text};

/// The last row of each half goes out in writes of 997 bytes.
const CHOP: usize = 997;
const LENGTHS: [usize; 8] = [0, 125, 126, 127, 128, 65_535, 65_536, 65_536];

pub fn cases() -> Vec<Case> {
    let texts = (1..).zip(LENGTHS).map(|(n, len)| text_of(format!("1.1.{n}"), len, n == LENGTHS.len()));
    // Nothing in the protocol is binary: that it was read to the end shows in what it is called.
    let binaries = (1..).zip(LENGTHS).map(|(n, len)| {
        let bytes = frame(FIN | BINARY, &vec![0xfe; len]);
        Case::new(format!("1.2.{n}"), vec![send(bytes, n == LENGTHS.len()), Step::Closed(&[FOREIGN])])
    });
    texts.chain(binaries).collect()
}

fn text_of(number: String, len: usize, chopped: bool) -> Case {
    if len == 0 {
        return Case::new(number, vec![Step::Send(text(b"")), Step::Closed(&[FOREIGN])]);
    }
    let (message, said) = say_in(len);
    Case::clean(number, vec![send(text(message.as_bytes()), chopped), Step::Echo(said)])
}

fn send(bytes: Vec<u8>, chopped: bool) -> Step {
    if chopped { Step::Chops(bytes, CHOP) } else { Step::Send(bytes) }
}
