//! Chapters 9 and 10: sizes, fragments of every size, and many messages. What is within the limits of the door is taken,
//! whatever it is cut into; what is not is refused with the code that says why.

use preau_protocol::limits::MESSAGE_BYTES_MAX;

use crate::case::{BINARY, Case, FIN, FOREIGN, HERE, Step, TEXT, TOO_BIG, fragments, frame, say_in, text};

const KIB: usize = 1024;
const MIB: usize = 1024 * 1024;
const WHOLE: [usize; 6] = [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB];
const FRAGMENTS: [usize; 9] = [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB];
const CHOPS: [usize; 6] = [64, 128, 256, 512, KIB, 2 * KIB];
const EACH: [usize; 6] = [0, 16, 64, 256, KIB, 4 * KIB];
/// Messages of one length in the suite's last sections.
const MESSAGES: u32 = 1_000;

pub fn cases() -> Vec<Case> {
    let words = |len: usize| b"BAsd7&jh23".iter().copied().cycle().take(len).collect::<Vec<_>>();
    let bytes = |len: usize| b"\x00\xfe\x23\xfa\xf0".iter().copied().cycle().take(len).collect::<Vec<_>>();
    let too_big = |number: String, send: Step| Case::new(number, vec![send, Step::Closed(&[TOO_BIG])]);
    let mut cases = Vec::new();
    for (n, len) in (1..).zip(WHOLE) {
        let binary = Step::Send(frame(FIN | BINARY, &bytes(len)));
        if len > MESSAGE_BYTES_MAX {
            cases.push(too_big(format!("9.1.{n}"), Step::Send(text(&words(len)))));
            cases.push(too_big(format!("9.2.{n}"), binary));
        } else {
            let (message, said) = say_in(len);
            cases.push(Case::clean(format!("9.1.{n}"), vec![Step::Send(text(message.as_bytes())), Step::Echo(said)]));
            cases.push(Case::new(format!("9.2.{n}"), vec![binary, Step::Closed(&[FOREIGN])]));
        }
    }
    for (n, size) in (1..).zip(FRAGMENTS) {
        cases.push(too_big(format!("9.3.{n}"), Step::Send(fragments(TEXT, &vec![b'*'; 4 * MIB], size))));
        cases.push(too_big(format!("9.4.{n}"), Step::Send(fragments(BINARY, &vec![0xfe; 4 * MIB], size))));
    }
    for (n, size) in (1..).zip(CHOPS) {
        cases.push(too_big(format!("9.5.{n}"), Step::Chops(text(&words(MIB)), size)));
        cases.push(too_big(format!("9.6.{n}"), Step::Chops(frame(FIN | BINARY, &bytes(MIB)), size)));
    }
    for (n, len) in (1..).zip(EACH) {
        let message = text(format!("{HERE}{}", " ".repeat(len)).as_bytes());
        cases.push(Case::new(format!("9.7.{n}"), vec![Step::Volley(message, MESSAGES)]));
        let first = frame(FIN | BINARY, &vec![0xfe; len]);
        cases.push(Case::new(format!("9.8.{n}"), vec![Step::Send(first), Step::Closed(&[FOREIGN])]));
    }
    let (message, said) = say_in(64 * KIB);
    let cut = fragments(TEXT, message.as_bytes(), 1_300);
    cases.push(Case::clean("10.1.1", vec![Step::Send(cut), Step::Echo(said)]));
    cases
}
