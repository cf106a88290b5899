//! A fuzzer's bytes, read as the choices of a story.

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
}
