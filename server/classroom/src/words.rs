//! What people write: cleaned and measured once, before anybody else sees it.

use preau_protocol::Refusal;

/// A chat message or a note: at most `chars_max` characters, trimmed, its lines ended by `\n`, without control
/// characters and without those that make text run the other way beyond its own line. It may be empty.
pub(crate) fn cleaned(text: &str, chars_max: usize) -> Result<String, Refusal> {
    let visible: String = text.replace("\r\n", "\n").chars().filter(|c| !is_unwelcome(*c)).collect();
    let trimmed = visible.trim();
    if trimmed.chars().count() > chars_max {
        return Err(Refusal::Limit);
    }
    Ok(trimmed.to_owned())
}

/// Joiners and marks are welcome: emoji, Persian and Arabic need them. Overrides and isolates are not.
fn is_unwelcome(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cleaned_and_measured() {
        assert_eq!(cleaned("  Bonjour\r\nà tous\u{7}  ", 40), Ok("Bonjour\nà tous".into()));
        assert_eq!(cleaned("a\u{202E}b\u{2066}c", 3), Ok("abc".into()));
        assert_eq!(cleaned("👩\u{200D}🏫", 3), Ok("👩\u{200D}🏫".into()));
        assert_eq!(cleaned(" \n\t ", 3), Ok(String::new()));
        assert_eq!(cleaned("abcd", 3), Err(Refusal::Limit));
    }
}
