//! Where one datagram ends and the next begins in a stream.

use bytes::BytesMut;

/// A full datagram in an indication of TURN. No browser sends longer ones: it would not on UDP.
const FRAME_BYTES_MAX: usize = 2_048;
/// RFC 8489 §5.
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// A first message of either kind has its cookie within these.
const FIRST_BYTES: usize = 10;

/// How a stream is cut. Its first message is STUN in either case, so the place of its cookie tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Two bytes of length before each datagram: ICE-TCP (RFC 4571 §2, RFC 6544 §3).
    Counted,
    /// Messages that say their own length: TURN (RFC 8656 §12.5).
    Turn,
}

/// Not what a browser would send: the connection is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotFramed;

/// The bytes of one stream on their way to being datagrams. Holds one frame and what was read with it.
#[derive(Default)]
pub struct Frames {
    buffer: BytesMut,
    framing: Option<Framing>,
}

impl Frames {
    /// Where to put what is read next.
    pub fn buffer(&mut self) -> &mut BytesMut {
        self.buffer.reserve(FRAME_BYTES_MAX);
        &mut self.buffer
    }

    /// How the stream is cut, once its first bytes are there.
    pub fn framing(&self) -> Option<Framing> {
        self.framing
    }

    /// The next whole frame: a datagram, or a message of TURN.
    pub fn cut(&mut self) -> Result<Option<BytesMut>, NotFramed> {
        let framing = match self.framing {
            Some(framing) => framing,
            None => match self.buffer.first_chunk::<FIRST_BYTES>() {
                None => return Ok(None),
                Some(first) => *self.framing.insert(Framing::of(first).ok_or(NotFramed)?),
            },
        };
        let Some(&[a, b, c, d]) = self.buffer.first_chunk() else { return Ok(None) };
        let (skipped, len) = match (framing, a) {
            (Framing::Counted, _) => (2, usize::from(u16::from_be_bytes([a, b]))),
            (Framing::Turn, 0..=3) => (0, 20 + usize::from(u16::from_be_bytes([c, d]))),
            (Framing::Turn, 64..=79) => (0, (4 + usize::from(u16::from_be_bytes([c, d]))).next_multiple_of(4)),
            (Framing::Turn, _) => return Err(NotFramed),
        };
        if len > FRAME_BYTES_MAX {
            return Err(NotFramed);
        }
        if self.buffer.len() < skipped + len {
            return Ok(None);
        }
        let mut frame = self.buffer.split_to(skipped + len);
        Ok(Some(frame.split_off(skipped)))
    }
}

impl Framing {
    fn of(first: &[u8; FIRST_BYTES]) -> Option<Framing> {
        let is_stun = |byte: u8| byte <= 3;
        if is_stun(first[0]) && first[4..8] == MAGIC_COOKIE {
            Some(Framing::Turn)
        } else if is_stun(first[2]) && first[6..10] == MAGIC_COOKIE {
            Some(Framing::Counted)
        } else {
            None
        }
    }

    /// A run of datagrams of `segment` bytes each (the last may be shorter), as this stream carries them.
    pub fn frame(self, run: &[u8], segment: usize) -> Vec<u8> {
        match self {
            // What goes through TURN is wrapped and padded already.
            Framing::Turn => run.to_vec(),
            Framing::Counted => {
                let mut framed = Vec::with_capacity(run.len() + 2 * run.len().div_ceil(segment.max(1)));
                for datagram in run.chunks(segment.max(1)) {
                    framed.extend_from_slice(&(datagram.len() as u16).to_be_bytes());
                    framed.extend_from_slice(datagram);
                }
                framed
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A STUN message of `len` bytes after its header.
    fn stun(len: u16) -> Vec<u8> {
        let mut message = vec![0, 1];
        message.extend_from_slice(&len.to_be_bytes());
        message.extend_from_slice(&MAGIC_COOKIE);
        message.resize(20 + usize::from(len), 7);
        message
    }

    /// What comes out when the stream arrives in pieces of `step` bytes.
    fn cut(stream: &[u8], step: usize) -> Result<Vec<Vec<u8>>, NotFramed> {
        let (mut frames, mut out) = (Frames::default(), Vec::new());
        for piece in stream.chunks(step) {
            frames.buffer().extend_from_slice(piece);
            while let Some(frame) = frames.cut()? {
                out.push(frame.to_vec());
            }
        }
        Ok(out)
    }

    #[test]
    fn counted_datagrams_come_out_whole_however_they_arrive() {
        let datagrams = [stun(8), vec![0x80; 1_200], vec![], vec![0x90; 3]];
        let stream: Vec<u8> = datagrams.iter().flat_map(|d| Framing::Counted.frame(d, d.len())).collect();
        // An empty run has no frame: the null packet of RFC 4571 is written by hand.
        let at = 2 + datagrams[0].len() + 2 + datagrams[1].len();
        let stream = [&stream[..at], &[0, 0], &stream[at..]].concat();
        for step in [1, 2, 3, 7, 1_000, 5_000] {
            assert_eq!(cut(&stream, step).expect("framed"), datagrams, "step {step}");
        }
    }

    #[test]
    fn messages_of_turn_come_out_whole_with_their_padding() {
        let channel = [vec![0x40, 1, 0, 5], vec![9; 5], vec![0; 3]].concat();
        let messages = [stun(8), channel, stun(0)];
        for step in [1, 3, 11, 100] {
            assert_eq!(cut(&messages.concat(), step).expect("framed"), messages, "step {step}");
        }
    }

    #[test]
    fn what_no_browser_sends_is_cut_off() {
        let web = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec();
        let oversize = [stun(8), vec![0x40, 1, 0xff, 0xff], vec![0; 5_000]].concat();
        let long = [Framing::Counted.frame(&stun(8), 28), vec![0xff, 0xff], vec![0; 5_000]].concat();
        let other = [stun(8), vec![0x80; 40]].concat();
        for stream in [web, oversize, long, other, vec![0xff; 40], vec![0; 40]] {
            assert_eq!(cut(&stream, 10), Err(NotFramed));
        }
    }

    #[test]
    fn a_run_is_framed_datagram_by_datagram() {
        let run: Vec<u8> = (0..10).collect();
        assert_eq!(Framing::Counted.frame(&run, 4), [0, 4, 0, 1, 2, 3, 0, 4, 4, 5, 6, 7, 0, 2, 8, 9]);
        assert_eq!(Framing::Turn.frame(&run, 4), run);
    }
}
