//! Any text as a name: what is taken is safe to show, and the same when it is read again.

use preau_classroom::looks;
use preau_protocol::limits::{NAME_BYTES_MAX, NAME_GRAPHEMES_MAX};
use preau_protocol::{DisplayName, NameError};
use unicode_normalization::is_nfc;
use unicode_segmentation::UnicodeSegmentation;

/// Default_Ignorable_Code_Point of Unicode 17 (DerivedCoreProperties): what draws nothing. Written from there, not from our code.
const IGNORABLE: [(u32, u32); 17] = [
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
];

pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match DisplayName::parse(&text) {
        Ok(name) => check(&text, &name),
        Err(NameError::Empty) => assert!(!text.chars().any(|c| c.is_alphanumeric() && !is_hidden(c)), "{text:?}"),
        Err(NameError::TooLong) => {
            assert!(text.chars().count() > NAME_GRAPHEMES_MAX || text.len() > NAME_BYTES_MAX / 3)
        }
    }
}

fn check(text: &str, name: &DisplayName) {
    let shown = name.as_str();
    assert!(is_nfc(shown), "not NFC: {shown:?} of {text:?}");
    assert!((1..=NAME_GRAPHEMES_MAX).contains(&shown.graphemes(true).count()), "{shown:?}");
    assert!(shown.len() <= NAME_BYTES_MAX);
    assert!(!shown.chars().any(|c| is_hidden(c) || (c.is_whitespace() && c != ' ')), "hidden in {shown:?}");
    assert!(shown.trim() == shown && !shown.contains("  "), "{shown:?}");
    assert_eq!(DisplayName::parse(shown).as_ref(), Ok(name), "cleaned twice");
    assert!(!DisplayName::hides_something(shown));
    let json = serde_json::to_string(name).expect("a text");
    assert_eq!(serde_json::from_str::<DisplayName>(&json).as_ref().ok(), Some(name));
    // Somebody who adds what cannot be seen is nobody else.
    let disguised = shown.replace(' ', " \u{200B}\u{2066}");
    assert_eq!(DisplayName::parse(&disguised).as_ref(), Ok(name), "disguised");
    let alike = looks(name);
    assert!(alike.iter().all(|look| !look.contains(char::is_whitespace)));
    assert_eq!(alike, looks(&DisplayName::parse(shown).expect("it was one")));
}

/// Controls and what draws nothing: of these a name has none.
fn is_hidden(c: char) -> bool {
    c.is_control() || IGNORABLE.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(c)))
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let marks = format!("a{}", "\u{301}\u{323}".repeat(40));
    vec![
        ("plain", "  Noé \t Durand ".into()),
        ("apart", "Noe\u{301}".into()),
        // Once a finding: what stood between a letter and its accent went, and the two were not brought together.
        ("parted", "Noe\u{200B}\u{301}".into()),
        ("sides", "A\u{202E}da\u{2066}\u{FEFF} \u{5D0}\u{5D1}".into()),
        ("family", "👩\u{200D}👩\u{200D}👧 \u{1F1EB}\u{1F1F7}".into()),
        ("marks", marks.into()),
        ("korean", "\u{1112}\u{1161}\u{11AB}\u{3164}".into()),
        ("unseen", "Ada\u{1D173}\u{1BCA0}\u{FFF0}".into()),
    ]
}
