//! Chapter 6: what is UTF-8 and what is not, and how soon that is said (RFC 6455 §8.1, RFC 3629).

use crate::case::{CONTINUE, Case, FIN, FOREIGN, NOT_UTF8, SAID, SAY, Step, TEXT, fragments, frame, ping, say, text};

const GREETING: &str = "Hello-µ@ßöäüàá-UTF-8!!";
/// Five Greek letters in eleven bytes.
const WORD: &[u8] = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";

pub fn cases() -> Vec<Case> {
    let mut cases = empty_and_split();
    let surrogate = [WORD, b"\xed\xa0\x80", b"edited"].concat();
    let refused = |number: &str, bytes| Case::new(number, vec![Step::Send(bytes), Step::Closed(&[NOT_UTF8])]);
    cases.push(refused("6.3.1", text(&surrogate)));
    cases.push(refused("6.3.2", fragments(TEXT, &surrogate, 1)));
    cases.extend(how_soon());
    for (chapter, rows) in (5..).zip(sequences()) {
        for (row, payload) in (1..).zip(rows) {
            cases.push(one_frame(format!("6.{chapter}.{row}"), &payload));
        }
    }
    cases
}

fn empty_and_split() -> Vec<Case> {
    let three = |a: &[u8], b: &[u8], c: &[u8]| {
        Step::Send([frame(TEXT, a), frame(CONTINUE, b), frame(FIN | CONTINUE, c)].concat())
    };
    let middle = "middle frame payload";
    let (first, second) = (format!("{SAY}Hello-µ@ßöä"), format!("üàá-UTF-8!!{SAID}"));
    let halves = [frame(TEXT, first.as_bytes()), frame(FIN | CONTINUE, second.as_bytes())].concat();
    let word = String::from_utf8_lossy(WORD).into_owned();
    let echoed = |number: &str, bytes: Vec<u8>, said: &str| {
        Case::clean(number, vec![Step::Send(bytes), Step::Echo(said.into())])
    };
    vec![
        Case::new("6.1.1", vec![Step::Send(text(b"")), Step::Closed(&[FOREIGN])]),
        Case::new("6.1.2", vec![three(b"", b"", b""), Step::Closed(&[FOREIGN])]),
        Case::clean("6.1.3", vec![three(b"", say(middle).as_bytes(), b""), Step::Echo(middle.into())]),
        echoed("6.2.1", text(say(GREETING).as_bytes()), GREETING),
        echoed("6.2.2", halves, GREETING),
        echoed("6.2.3", fragments(TEXT, say(GREETING).as_bytes(), 1), GREETING),
        echoed("6.2.4", fragments(TEXT, say(&word).as_bytes(), 1), &word),
    ]
}

/// A beginning that is good, the bytes that spoil it, and an end that is good. Between frames a ping shows that what came
/// was taken; the frame that spoils it is refused without waiting for the message's end. Within one frame the library
/// looks when the frame is whole: the suite calls that not strict, and the RFC leaves it open.
fn how_soon() -> Vec<Case> {
    let payload = [WORD, b"\xf4\x90\x80\x80", b"edited"].concat();
    let mut cases = Vec::new();
    for (n, (from, to)) in [(1, (11, 15)), (2, (12, 13))] {
        let steps = vec![
            Step::Send([frame(TEXT, &payload[..from]), ping(b"A")].concat()),
            Step::Pong(b"A".into()),
            Step::Send(frame(CONTINUE, &payload[from..to])),
            Step::Closed(&[NOT_UTF8]),
        ];
        cases.push(Case::new(format!("6.4.{n}"), steps));
    }
    let head = text(&payload).len() - payload.len();
    for (n, (from, to)) in [(3, (11, 15)), (4, (12, 13))] {
        let bytes = text(&payload);
        let steps = vec![
            Step::Send(bytes[..head + from].into()),
            Step::Silence,
            Step::Send(bytes[head + from..head + to].into()),
            Step::Send(bytes[head + to..].into()),
            Step::Closed(&[NOT_UTF8]),
        ];
        cases.push(Case::new(format!("6.4.{n}"), steps));
    }
    cases
}

/// What is UTF-8 is read, and called foreign; where it may stand in a chat it is echoed before. What is not is refused.
fn one_frame(number: String, payload: &[u8]) -> Case {
    let raw = Step::Send(text(payload));
    let Ok(valid) = str::from_utf8(payload) else {
        return Case::new(number, vec![raw, Step::Closed(&[NOT_UTF8])]);
    };
    let mut steps = Vec::new();
    if !valid.contains(char::is_control) {
        steps.extend([Step::Send(text(say(valid).as_bytes())), Step::Echo(valid.into())]);
    }
    steps.extend([raw, Step::Closed(&[FOREIGN])]);
    Case::new(number, steps)
}

/// Sections 6.5 to 6.23, row by row: the sequences of Markus Kuhn's stress test, as the suite has them.
fn sequences() -> Vec<Vec<Vec<u8>>> {
    let rows = |all: &[&[u8]]| all.iter().map(|row| row.to_vec()).collect::<Vec<_>>();
    let incomplete: [&[u8]; 10] = [
        b"\xc0",
        b"\xe0\x80",
        b"\xf0\x80\x80",
        b"\xf8\x80\x80\x80",
        b"\xfc\x80\x80\x80\x80",
        b"\xdf",
        b"\xef\xbf",
        b"\xf7\xbf\xbf",
        b"\xfb\xbf\xbf\xbf",
        b"\xfd\xbf\xbf\xbf\xbf",
    ];
    let mut continuations: Vec<Vec<u8>> = (1..=6).map(|n| [0x80, 0xbf].repeat(3)[..n].to_vec()).collect();
    continuations.insert(1, vec![0xbf]);
    continuations.push((0x80..0xbf).collect());
    vec![
        rows(&[
            b"hello\x24world",
            b"hello\xc2\xa2world",
            b"hello\xe2\x82\xacworld",
            b"hello\xf0\xa4\xad\xa2world",
            WORD,
        ]),
        (1..=WORD.len()).map(|len| WORD[..len].to_vec()).collect(),
        rows(&[b"\x00", b"\xc2\x80", b"\xe0\xa0\x80", b"\xf0\x90\x80\x80"]),
        rows(&[b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80"]),
        rows(&[b"\x7f", b"\xdf\xbf", b"\xef\xbf\xbf", b"\xf4\x8f\xbf\xbf"]),
        rows(&[b"\xf7\xbf\xbf\xbf", b"\xfb\xbf\xbf\xbf\xbf", b"\xfd\xbf\xbf\xbf\xbf\xbf"]),
        rows(&[b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xef\xbf\xbd", b"\xf4\x8f\xbf\xbf", b"\xf4\x90\x80\x80"]),
        continuations,
        [0xc0..0xdf, 0xe0..0xef, 0xf0..0xf7, 0xf8..0xfb, 0xfc..0xfd]
            .map(|starts: std::ops::Range<u8>| starts.flat_map(|start| [start, b' ']).collect())
            .into(),
        rows(&incomplete),
        vec![incomplete.concat()],
        rows(&[b"\xfe", b"\xff", b"\xfe\xfe\xff\xff"]),
        rows(&[
            b"\xc0\xaf",
            b"\xe0\x80\xaf",
            b"\xf0\x80\x80\xaf",
            b"\xf8\x80\x80\x80\xaf",
            b"\xfc\x80\x80\x80\x80\xaf",
        ]),
        rows(&[
            b"\xc1\xbf",
            b"\xe0\x9f\xbf",
            b"\xf0\x8f\xbf\xbf",
            b"\xf8\x87\xbf\xbf\xbf",
            b"\xfc\x83\xbf\xbf\xbf\xbf",
        ]),
        rows(&[
            b"\xc0\x80",
            b"\xe0\x80\x80",
            b"\xf0\x80\x80\x80",
            b"\xf8\x80\x80\x80\x80",
            b"\xfc\x80\x80\x80\x80\x80",
        ]),
        [0xd800, 0xdb7f, 0xdb80, 0xdbff, 0xdc00, 0xdf80, 0xdfff].map(surrogate).into(),
        [0xd800, 0xdb7f, 0xdb80, 0xdbff]
            .into_iter()
            .flat_map(|high| [0xdc00, 0xdfff].map(|low| [surrogate(high), surrogate(low)].concat()))
            .collect(),
        non_characters(),
        ('\u{fff9}'..='\u{ffff}').map(|c| c.to_string().into_bytes()).collect(),
    ]
}

/// Half of a UTF-16 pair, in three bytes, as no UTF-8 has it.
fn surrogate(half: u16) -> Vec<u8> {
    vec![0xe0 | (half >> 12) as u8, 0x80 | (half >> 6 & 0x3f) as u8, 0x80 | (half & 0x3f) as u8]
}

/// The last two code points of the plane of languages, and those that the suite has of the planes above: valid UTF-8.
fn non_characters() -> Vec<Vec<u8>> {
    let planes = (0..=16).map(|plane: u32| plane << 16);
    let last = planes.flat_map(|plane| [plane | 0xfffe, plane | 0xffff]);
    last.filter_map(char::from_u32).map(|c| c.to_string().into_bytes()).collect()
}
