//! One case: its number in the suite, what is sent, and what has to come back.

use preau_tests::wire;

/// The first byte of a frame (RFC 6455 §5.2).
pub const FIN: u8 = 0x80;
pub const CONTINUE: u8 = 0x0;
pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xa;

/// What the protocol calls malformed: a text that is none of its messages, and anything binary. Whoever is told so was
/// heard to the end: the message was put together, and read.
pub const FOREIGN: u16 = 4400;
/// RFC 6455 §7.4.1.
pub const NORMAL: u16 = 1000;
pub const BROKEN: u16 = 1002;
pub const NOT_UTF8: u16 = 1007;
pub const TOO_BIG: u16 = 1009;
/// A close frame without a code (RFC 6455 §7.1.5).
pub const NO_CODE: u16 = 1005;

/// The suite's own mask is random; this one is the example of RFC 6455 §5.7.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A message that the class echoes, up to where its text begins, and from where it ends.
pub const SAY: &str = r#"{"id":1,"ask":{"chat":{"say":{"text":""#;
pub const SAID: &str = r#""}}}}"#;

/// The shortest message that is answered and changes nothing, and the number in its answer.
pub const HERE: &str = r#"{"id":2,"ask":{"session":{"here":{}}}}"#;
pub const HERE_ID: u32 = 2;

pub struct Case {
    pub number: String,
    pub steps: Vec<Step>,
}

pub enum Step {
    /// Bytes in one write.
    Send(Vec<u8>),
    /// Bytes in writes of so many.
    Chops(Vec<u8>, usize),
    /// Nothing comes back.
    Silence,
    /// The next thing that comes back is a pong with this payload.
    Pong(Vec<u8>),
    /// The next thing that comes back is what was said.
    Echo(String),
    /// The server closes with one of these codes, before any pong, and then ends the connection in order.
    Closed(&'static [u16]),
    /// Whoever comes to the class now reads this in it: the message counted.
    Kept(String),
    /// A message so many times, each as soon as the one before was answered. More than the server takes of anybody: it
    /// answers at least its burst, and then says why it goes no further.
    Volley(Vec<u8>, u32),
}

impl Case {
    pub fn new(number: impl Into<String>, steps: Vec<Step>) -> Case {
        Case { number: number.into(), steps }
    }

    /// A case at the end of which we close, and the server answers as it should.
    pub fn clean(number: impl Into<String>, mut steps: Vec<Step>) -> Case {
        steps.extend([Step::Send(close(NORMAL, b"")), Step::Closed(&[NORMAL])]);
        Case::new(number, steps)
    }

    /// Whether it says nothing that only somebody seated may say: then it is told before the hello as well.
    pub fn needs_no_seat(&self) -> bool {
        !self.steps.iter().any(|step| matches!(step, Step::Echo(_) | Step::Kept(_) | Step::Volley(..)))
    }
}

pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    wire::frame(first, MASK, payload)
}

pub fn text(payload: &[u8]) -> Vec<u8> {
    frame(FIN | TEXT, payload)
}

pub fn ping(payload: &[u8]) -> Vec<u8> {
    frame(FIN | PING, payload)
}

pub fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(FIN | CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// A message in frames of `size` bytes each.
pub fn fragments(opcode: u8, message: &[u8], size: usize) -> Vec<u8> {
    let count = message.len().div_ceil(size);
    let frames = message.chunks(size).enumerate().map(|(n, fragment)| {
        let first = if n == 0 { opcode } else { CONTINUE };
        let last = if n + 1 == count { FIN } else { 0 };
        frame(first | last, fragment)
    });
    frames.collect::<Vec<_>>().concat()
}

/// The message that says `text` in class.
pub fn say(text: &str) -> String {
    format!("{SAY}{text}{SAID}")
}

/// The same, made `bytes` long: with stars as far as a chat goes, and then with blanks.
pub fn say_in(bytes: usize) -> (String, String) {
    /// Under what a chat holds.
    const STARS_MAX: usize = 1_900;
    let stars = "*".repeat((bytes - SAY.len() - SAID.len()).min(STARS_MAX));
    let message = say(&stars);
    let blanks = " ".repeat(bytes - message.len());
    (message + &blanks, stars)
}
