//! Bytes of a file to text: UTF-8 with or without its mark, else what Windows wrote for decades.

use std::borrow::Cow;

/// The text, its line ends made `\n`, and the character set it was in: `utf-8` or `windows-1252`.
pub fn decode(bytes: &[u8]) -> (String, &'static str) {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let (text, charset) = match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), "utf-8"),
        Err(_) => (encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0, "windows-1252"),
    };
    (text.replace("\r\n", "\n").replace('\r', "\n"), charset)
}
