//! Chapter 5: fragments, and what may stand between them (RFC 6455 §5.4).

use crate::case::{BROKEN, CONTINUE, Case, FIN, PING, PONG, SAID, SAY, Step, TEXT, frame, ping, say, text};

type Send = fn(Vec<Vec<u8>>) -> Vec<Step>;

/// The three ways in which the suite puts the same frames on the wire.
const WAYS: [Send; 3] = [
    |frames| vec![Step::Send(frames.concat())],
    |frames| frames.into_iter().map(Step::Send).collect(),
    |frames| vec![Step::Chops(frames.concat(), 1)],
];

pub fn cases() -> Vec<Case> {
    let broken = |number: String, mut steps: Vec<Step>| {
        steps.push(Step::Closed(&[BROKEN]));
        Case::new(number, steps)
    };
    let [together, ..] = WAYS;
    let mut cases = Vec::new();
    for (number, opcode) in [("5.1", PING), ("5.2", PONG)] {
        let frames = vec![frame(opcode, b"fragment1"), frame(FIN | CONTINUE, b"fragment2")];
        cases.push(broken(number.into(), together(frames)));
    }
    for (n, send) in (3..).zip(WAYS) {
        let mut steps = send(halves().into());
        steps.push(Step::Echo("fragment1fragment2".into()));
        cases.push(Case::clean(format!("5.{n}"), steps));
    }
    for (n, send) in (6..).zip(WAYS) {
        let [first, second] = halves();
        let mut steps = send(vec![first, ping(b"ping payload"), second]);
        steps.extend([Step::Pong(b"ping payload".into()), Step::Echo("fragment1fragment2".into())]);
        cases.push(Case::clean(format!("5.{n}"), steps));
    }
    for (begin, fin) in [(9, FIN), (12, 0)] {
        for (n, send) in (begin..).zip(WAYS) {
            let frames = vec![frame(fin | CONTINUE, b"non-continuation payload"), text(b"Hello, world!")];
            cases.push(broken(format!("5.{n}"), send(frames)));
        }
    }
    cases.push(after_a_message());
    for (number, fin) in [("5.16", 0), ("5.17", FIN)] {
        let three =
            [frame(fin | CONTINUE, b"fragment1"), frame(TEXT, b"fragment2"), frame(FIN | CONTINUE, b"fragment3")];
        cases.push(broken(number.into(), together([three.clone(), three].concat())));
    }
    cases.push(broken("5.18".into(), together(vec![frame(TEXT, b"fragment1"), text(b"fragment2")])));
    let [together, each, _] = WAYS;
    cases.push(between_pings("5.19", together));
    cases.push(between_pings("5.20", each));
    cases
}

/// What is said in class in two frames.
fn halves() -> [Vec<u8>; 2] {
    let (first, second) = (format!("{SAY}fragment1"), format!("fragment2{SAID}"));
    [frame(TEXT, first.as_bytes()), frame(FIN | CONTINUE, second.as_bytes())]
}

fn after_a_message() -> Case {
    let said = "fragment1 and fragment2 of 5.15".to_owned();
    let (first, second) = (format!("{SAY}fragment1"), format!(" and fragment2 of 5.15{SAID}"));
    let frames = [
        frame(TEXT, first.as_bytes()),
        frame(FIN | CONTINUE, second.as_bytes()),
        frame(CONTINUE, b"fragment3"),
        text(b"fragment4"),
    ];
    Case::new("5.15", vec![Step::Send(frames.concat()), Step::Closed(&[BROKEN]), Step::Kept(said)])
}

/// Five fragments and two pings; the first ping is answered while the message is not whole yet.
fn between_pings(number: &str, send: Send) -> Case {
    let said = "fragment1fragment2fragment3fragment4fragment5";
    let message = say(said);
    let cuts: Vec<&[u8]> = message.as_bytes().chunks(message.len().div_ceil(5)).collect();
    let [a, b, c, d, e] = cuts[..] else { unreachable!("a fifth is a fifth") };
    let mut steps = send(vec![frame(TEXT, a), frame(CONTINUE, b), ping(b"pongme 1!")]);
    steps.push(Step::Pong(b"pongme 1!".into()));
    steps.extend(send(vec![frame(CONTINUE, c), frame(CONTINUE, d), ping(b"pongme 2!"), frame(FIN | CONTINUE, e)]));
    steps.extend([Step::Pong(b"pongme 2!".into()), Step::Echo(said.into())]);
    Case::clean(number, steps)
}
