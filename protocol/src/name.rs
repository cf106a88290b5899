//! Names of people: parsed once, safe to show anywhere.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use ts_rs::TS;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::limits::{NAME_BYTES_MAX, NAME_GRAPHEMES_MAX};

/// What a person is called: NFC, one line, 1 to 64 graphemes, no control, bidirectional or zero-width characters.
/// Shared: every list that somebody is on has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, TS)]
#[serde(try_from = "String")]
#[ts(type = "string")]
pub struct DisplayName(Arc<str>);

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("the name is empty")]
    Empty,
    #[error("the name is longer than {NAME_GRAPHEMES_MAX} characters")]
    TooLong,
}

impl DisplayName {
    /// Cleans `text` and makes it a name. Invisible and direction-changing characters are taken out, white space is
    /// folded; what remains must be 1 to 64 graphemes.
    pub fn parse(text: &str) -> Result<DisplayName, NameError> {
        // Composed last: what stood between a letter and its accent is gone then.
        let visible: String = text.chars().filter(|c| !is_hidden(*c)).nfc().collect();
        let name = visible.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.len() > NAME_BYTES_MAX || name.graphemes(true).count() > NAME_GRAPHEMES_MAX {
            return Err(NameError::TooLong);
        }
        Ok(DisplayName(name.into()))
    }

    /// Whether [`DisplayName::parse`] would take something invisible out of `text`.
    pub fn hides_something(text: &str) -> bool {
        text.chars().any(is_hidden)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DisplayName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        DisplayName::parse(&text)
    }
}

impl Serialize for DisplayName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl From<DisplayName> for String {
    fn from(name: DisplayName) -> String {
        name.as_str().to_owned()
    }
}

impl std::fmt::Display for DisplayName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Characters that draw nothing, or make others draw elsewhere: two names must not differ by them alone.
fn is_hidden(c: char) -> bool {
    let control = c.is_control() && !c.is_whitespace();
    control
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}' | '\u{E000}'..='\u{F8FF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cleaned() {
        let name = |text: &str| DisplayName::parse(text).map(String::from);
        assert_eq!(name("  Noé \t Durand "), Ok("Noé Durand".into()));
        assert_eq!(name("Noe\u{301}"), Ok("Noé".into()));
        assert_eq!(name("A\u{202E}da\u{200B}\u{FEFF}"), Ok("Ada".into()));
        assert_eq!(name("Noe\u{200B}\u{301}"), Ok("Noé".into()), "what parted a letter and its accent");
        assert_eq!(name("Ada\u{1D173}\u{1BCA0}\u{FFF0}"), Ok("Ada".into()), "seldom used, and drawn by nobody");
        assert_eq!(name("\u{200B}\u{2060} "), Err(NameError::Empty));
        assert_eq!(name(&"é".repeat(64)), Ok("é".repeat(64)));
        assert_eq!(name(&"é".repeat(65)), Err(NameError::TooLong));
        assert_eq!(name(&format!("a{}", "\u{301}".repeat(4_000))), Err(NameError::TooLong));
    }
}
