//! Chapter 2: pings and pongs (RFC 6455 §5.5.2, §5.5.3).

use crate::case::{BROKEN, Case, FIN, PONG, Step, frame, ping};

pub fn cases() -> Vec<Case> {
    let longest = vec![0xfe; 125];
    let answered = |number: &str, payload: &[u8]| {
        Case::clean(number, vec![Step::Send(ping(payload)), Step::Pong(payload.to_vec())])
    };
    let unsolicited = |payload: &[u8]| Step::Send(frame(FIN | PONG, payload));
    let word = b"unsolicited pong payload";
    vec![
        answered("2.1", b""),
        answered("2.2", b"Hello, world!"),
        answered("2.3", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"),
        answered("2.4", &longest),
        Case::new("2.5", vec![Step::Send(ping(&[0xfe; 126])), Step::Closed(&[BROKEN])]),
        Case::clean("2.6", vec![Step::Chops(ping(&longest), 1), Step::Pong(longest)]),
        Case::clean("2.7", vec![unsolicited(b"")]),
        Case::clean("2.8", vec![unsolicited(word)]),
        Case::clean(
            "2.9",
            vec![unsolicited(word), Step::Send(ping(b"ping payload")), Step::Pong(b"ping payload".into())],
        ),
        Case::clean("2.10", ten_pings(Step::Send)),
        Case::clean("2.11", ten_pings(|bytes| Step::Chops(bytes, 1))),
    ]
}

/// All are answered, although one answer would do (RFC 6455 §5.5.3).
fn ten_pings(send: impl Fn(Vec<u8>) -> Step) -> Vec<Step> {
    let payloads: Vec<Vec<u8>> = (0..10).map(|n| format!("payload-{n}").into_bytes()).collect();
    let all = payloads.iter().map(|payload| ping(payload)).collect::<Vec<_>>().concat();
    [send(all)].into_iter().chain(payloads.into_iter().map(Step::Pong)).collect()
}
