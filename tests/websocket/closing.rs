//! Chapter 7: how a conversation is closed, and with which codes (RFC 6455 §5.5.1, §7).

use crate::case::{
    BROKEN, CLOSE, CONTINUE, Case, FIN, NO_CODE, NORMAL, NOT_UTF8, Step, TEXT, TOO_BIG, close, frame, ping, say, text,
};

/// Codes that an endpoint may send. It hears the same, and nothing else.
const VALID: [&[u16]; 13] = [
    &[1000],
    &[1001],
    &[1002],
    &[1003],
    &[1007],
    &[1008],
    &[1009],
    &[1010],
    &[1011],
    &[3000],
    &[3999],
    &[4000],
    &[4999],
];
const INVALID: [u16; 9] = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];

pub fn cases() -> Vec<Case> {
    let mut cases = order();
    let answered = |number: String, bytes: Vec<u8>, codes: &'static [u16]| {
        Case::new(number, vec![Step::Send(bytes), Step::Closed(codes)])
    };
    cases.extend([
        answered("7.3.1".into(), frame(FIN | CLOSE, b""), &[NO_CODE, NORMAL]),
        answered("7.3.2".into(), frame(FIN | CLOSE, b"a"), &[BROKEN]),
        answered("7.3.3".into(), close(NORMAL, b""), &[NORMAL]),
        answered("7.3.4".into(), close(NORMAL, b"Hello World!"), &[NORMAL]),
        answered("7.3.5".into(), close(NORMAL, &[b'*'; 123]), &[NORMAL]),
        answered("7.3.6".into(), close(NORMAL, &[b'*'; 124]), &[BROKEN]),
        answered(
            "7.5.1".into(),
            close(NORMAL, b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited"),
            &[NOT_UTF8],
        ),
    ]);
    cases.extend((1..).zip(VALID).map(|(n, codes)| answered(format!("7.7.{n}"), close(codes[0], b""), codes)));
    cases.extend((1..).zip(INVALID).map(|(n, code)| answered(format!("7.9.{n}"), close(code, b""), &[BROKEN])));
    // Beyond what RFC 6455 §7.4.2 has: the suite leaves it open, and here it is an error like the others.
    cases.push(answered("7.13.1".into(), close(5000, b""), &[BROKEN]));
    cases.push(answered("7.13.2".into(), close(65_535, b""), &[BROKEN]));
    cases
}

/// What stands before a close frame counts, and what comes after it does not.
fn order() -> Vec<Case> {
    let bye = close(NORMAL, b"");
    let then = |number: &str, before: Vec<u8>, after: Vec<u8>| {
        Case::new(number, vec![Step::Send([before, bye.clone(), after].concat()), Step::Closed(&[NORMAL])])
    };
    let said = "Hello World! 7.1.1";
    let mut message_first = then("7.1.1", text(say(said).as_bytes()), vec![]);
    message_first.steps.push(Step::Kept(said.into()));
    let long = b"BAsd7&jh23".iter().copied().cycle().take(256 * 1024).collect::<Vec<_>>();
    let many = [text(&long), text(b"Hello World!"), bye.clone(), ping(b"")].concat();
    vec![
        message_first,
        then("7.1.2", vec![], frame(FIN | CLOSE, b"")),
        then("7.1.3", vec![], ping(b"")),
        then("7.1.4", vec![], text(b"Hello World!")),
        then("7.1.5", frame(TEXT, b"fragment1"), frame(FIN | CONTINUE, b"fragment2")),
        // Four times what one message may be: the server is done with it before it hears the close frame.
        Case::new("7.1.6", vec![Step::Send(many), Step::Closed(&[TOO_BIG])]),
    ]
}
