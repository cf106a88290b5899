//! Any bytes as a TCP stream of datagrams: cut the same however they arrive, and no frame is longer than a datagram.

use crate::script::Script;
use crate::stun;
use bytes::BytesMut;
use preau::ways::{Frames, Framing, NotFramed};

/// A full datagram in an indication of TURN.
const FRAME_BYTES_MAX: usize = 2_048;

pub fn run(data: &[u8]) {
    let mut script = Script(data);
    let step = usize::from(script.byte());
    let stream = script.0;
    let (whole, framing) = cut(stream, stream.len().max(1));
    let (pieces, again) = cut(stream, step.max(1));
    assert_eq!((&whole, framing), (&pieces, again), "cut otherwise in pieces of {step}");
    let (frames, outcome) = whole;
    assert!(frames.iter().all(|frame| frame.len() <= FRAME_BYTES_MAX));
    // What was cut off, put together again, is how the stream began.
    let joined: Vec<u8> = frames.iter().flat_map(|frame| as_sent(framing, frame)).collect();
    assert!(stream.starts_with(&joined), "something was lost");
    if outcome.is_ok() {
        assert!(stream.len() - joined.len() < 2 + FRAME_BYTES_MAX, "a whole frame was kept back");
    }
    if framing.is_none() {
        assert!(frames.is_empty() && (outcome.is_err() || stream.len() < 10), "nobody knows what this is");
    }
}

fn as_sent(framing: Option<Framing>, frame: &BytesMut) -> Vec<u8> {
    match framing {
        // An empty run has no frame; an empty datagram has its two bytes.
        Some(Framing::Counted) if frame.is_empty() => vec![0, 0],
        Some(framing) => framing.frame(frame, frame.len()),
        None => panic!("a frame of no framing"),
    }
}

type Cut = (Vec<BytesMut>, Result<(), NotFramed>);

fn cut(stream: &[u8], step: usize) -> (Cut, Option<Framing>) {
    let (mut frames, mut out) = (Frames::default(), Vec::new());
    for piece in stream.chunks(step) {
        frames.buffer().extend_from_slice(piece);
        loop {
            match frames.cut() {
                Ok(Some(frame)) => out.push(frame),
                Ok(None) => break,
                Err(error) => return ((out, Err(error)), frames.framing()),
            }
        }
    }
    ((out, Ok(())), frames.framing())
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let hello = stun::message(stun::BINDING_REQUEST, &[], None);
    let counted = |datagrams: &[&[u8]]| -> Vec<u8> {
        let framed = datagrams.iter().flat_map(|d| [&(d.len() as u16).to_be_bytes()[..], d].concat());
        std::iter::once(7).chain(framed).collect()
    };
    let channel = [0x40, 1, 0, 5, 9, 9, 9, 9, 9, 0, 0, 0];
    vec![
        ("counted", counted(&[&hello, &[0x80; 40], &[], &[0x90; 3]])),
        ("turn", [&[3][..], &hello, &channel, &hello].concat()),
        ("web", b"\x05GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("long", [&counted(&[&hello])[..], &[0xff; 64]].concat()),
    ]
}
