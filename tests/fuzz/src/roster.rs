//! Any bytes as an uploaded roster: every line is somebody, or a bad line with its number; nothing is lost.

use preau::roster::preview;
use preau_protocol::limits::{GROUP_CHARS_MAX, ROSTER_MAX};
use preau_protocol::{DisplayName, RosterFault};

/// What is shown of a bad line.
const SHOWN_CHARS_MAX: usize = 200;

pub fn run(data: &[u8]) {
    let known = [DisplayName::parse("Noé Durand").expect("a name")];
    let preview = preview(data, &known);
    let is_utf8 = std::str::from_utf8(data).is_ok();
    assert_eq!(preview.charset, if is_utf8 { "utf-8" } else { "windows-1252" });

    let lines = lines(data, is_utf8);
    let mut told: Vec<u32> = preview.people.iter().map(|person| person.line).collect();
    assert!(told.is_sorted(), "people in another order");
    assert!(preview.bad.is_sorted_by_key(|bad| bad.line), "bad lines in another order");
    told.extend(preview.bad.iter().map(|bad| bad.line));
    told.sort_unstable();
    // The heading, if there is one, is the first line that is not empty; every other one is told of once.
    assert!(told == lines || told[..] == lines[1.min(lines.len())..], "{told:?} of {lines:?}");

    assert!(preview.people.len() < ROSTER_MAX);
    for person in &preview.people {
        assert_eq!(DisplayName::parse(person.name.as_str()).as_ref(), Ok(&person.name));
        assert!(person.group.as_ref().is_none_or(|group| group.chars().count() <= GROUP_CHARS_MAX));
    }
    for bad in &preview.bad {
        assert!(bad.text.chars().count() <= SHOWN_CHARS_MAX && !bad.text.contains(['\n', '\r']));
        assert!(bad.why != RosterFault::TooMany || preview.people.len() + known.len() == ROSTER_MAX);
    }
    let json = serde_json::to_vec(&preview).expect("words of the wire");
    assert_eq!(serde_json::from_slice::<preau_protocol::RosterPreview>(&json).ok(), Some(preview));
}

/// The numbers of the lines in which something stands, counted from 1: told from the bytes alone.
fn lines(data: &[u8], is_utf8: bool) -> Vec<u32> {
    let data = data.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(data);
    let text: String = if is_utf8 {
        String::from_utf8_lossy(data).into_owned()
    } else {
        // What Windows wrote above 0x7f is letters and signs, but for one space.
        data.iter().map(|byte| if *byte >= 0x80 && *byte != 0xA0 { 'é' } else { char::from(*byte) }).collect()
    };
    let unified = text.replace("\r\n", "\n").replace('\r', "\n");
    (1..).zip(unified.split('\n')).filter(|(_, line)| !line.trim().is_empty()).map(|(number, _)| number).collect()
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("pasted", "Noé Durand\n\n  Léa   Roy \n".into()),
        ("table", "Nom;Prénom;Classe;Rôle\r\nDurand;Noé;5e B;élève\r\nRoy;Léa;5e B;prof\r\n".into()),
        ("quoted", "name,group\n\"Durand; dit \"\"Nono\"\"\",5e B\n\"Roy,5e B\nX,Y,Z,,,,1\n".into()),
        ("windows", b"Nom;Pr\xE9nom\rLef\xE8vre;Zo\xE9\r\x8Cuvrard;L\xE9a\r".to_vec()),
        ("tabs", "E-mail\tNom complet\nn@x\tNoé Durand\n\tLéa\t\t\n".into()),
        ("hidden", "A\u{200B}da Martin;;chef\n\u{FEFF}\u{2028};x\n".into()),
    ]
}
