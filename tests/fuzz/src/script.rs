//! A fuzzer's bytes, read as the choices of a story.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What is left of them.
pub struct Script<'a>(pub &'a [u8]);

impl<'a> Script<'a> {
    /// The next choice; `None` at the end of the story.
    pub fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// The next choice, and the first of its kind when the story has ended.
    pub fn byte(&mut self) -> u8 {
        self.next().unwrap_or_default()
    }

    pub fn short(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    pub fn flag(&mut self) -> bool {
        self.byte() & 1 != 0
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::from(self.byte()) % of.len()]
    }

    /// So many bytes as the next choice says, or as are left.
    pub fn some(&mut self) -> &'a [u8] {
        let len = usize::from(self.byte());
        self.take(len)
    }

    /// The same with up to 2,047 bytes: more than a datagram holds.
    pub fn many(&mut self) -> &'a [u8] {
        let len = usize::from(self.short() & 0x07ff);
        self.take(len)
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// What was sealed as base64url, as it is or with some bytes of it, or some bits of what it encodes, made into others.
    pub fn changed(&mut self, sealed: &str) -> String {
        let (how, at) = (self.byte(), usize::from(self.short()));
        let mut text = sealed.as_bytes().to_vec();
        let decoded = URL_SAFE_NO_PAD.decode(sealed).ok().filter(|bytes| !bytes.is_empty());
        match (how % 6, decoded) {
            (0, _) => {}
            (1, Some(mut bytes)) => {
                let at = at % bytes.len();
                bytes[at] ^= self.byte();
                text = URL_SAFE_NO_PAD.encode(bytes).into_bytes();
            }
            (2, Some(bytes)) => text = URL_SAFE_NO_PAD.encode([&bytes, self.some()].concat()).into_bytes(),
            (3, _) => text.truncate(at % sealed.len()),
            (4, _) => text.extend_from_slice(self.some()),
            (_, _) => {
                let at = at % text.len();
                text[at] = self.byte();
            }
        }
        String::from_utf8_lossy(&text).into_owned()
    }
}
