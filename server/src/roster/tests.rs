//! Rosters as schools have them.

use super::*;

fn names(text: &[u8]) -> Vec<String> {
    preview(text, &[]).people.into_iter().map(|person| person.name.into()).collect()
}

#[test]
fn a_pasted_list_of_names() {
    let preview = preview("Noé Durand\n\n  Léa   Roy \n".as_bytes(), &[]);
    let lines: Vec<_> = preview.people.iter().map(|person| (person.line, person.name.as_str(), person.doubt)).collect();
    assert_eq!(lines, [(1, "Noé Durand", None), (3, "Léa Roy", None)]);
    assert_eq!((preview.bad.len(), preview.charset.as_str()), (0, "utf-8"));
}

#[test]
fn french_and_english_headings_with_any_separator() {
    let expected = ["Noé Durand", "Léa Roy"];
    assert_eq!(names("Nom;Prénom;Classe\r\nDurand;Noé;5e B\r\nRoy;Léa;5e B\r\n".as_bytes()), expected);
    assert_eq!(names("First name,Last name,Group\nNoé,Durand,5B\nLéa,Roy,5B".as_bytes()), expected);
    assert_eq!(names("E-mail\tNom complet\nn@x\tNoé Durand\nl@x\tLéa Roy".as_bytes()), expected);
    assert_eq!(names("Nom\nNoé Durand\nLéa Roy".as_bytes()), expected);
}

#[test]
fn groups_and_roles_are_read() {
    let preview = preview("name;group;role\nNoé Durand;5e B;élève\nAda Martin;;professeure\nX Y;;chef".as_bytes(), &[]);
    let people: Vec<_> = preview.people.iter().map(|person| (person.role, person.group.as_deref())).collect();
    assert_eq!(people, [(Role::Student, Some("5e B")), (Role::Teacher, None)]);
    assert_eq!(preview.bad, [RosterBadLine { line: 4, text: "X Y;;chef".into(), why: RosterFault::UnknownRole }]);
}

#[test]
fn a_table_without_heading_is_guessed() {
    assert_eq!(names("Durand, Noé\nRoy, Léa".as_bytes()), ["Noé Durand", "Léa Roy"]);
    let with_group = preview("Noé Durand;5e B\nLéa Roy;5e A".as_bytes(), &[]);
    assert_eq!(with_group.people[1].group.as_deref(), Some("5e A"));
    assert_eq!(with_group.people[0].name.as_str(), "Noé Durand");
}

#[test]
fn every_character_set_of_schools() {
    let utf8_marked = [b"\xEF\xBB\xBF".as_slice(), "Nom;Prénom\nDurand;Noé".as_bytes()].concat();
    assert_eq!(names(&utf8_marked), ["Noé Durand"]);
    let windows = b"Nom;Pr\xE9nom\r\nLef\xE8vre;Zo\xE9\r\n\x8Cuvrard;L\xE9a\r\n";
    assert_eq!(names(windows), ["Zoé Lefèvre", "Léa Œuvrard"]);
    assert_eq!(preview(windows, &[]).charset, "windows-1252");
}

#[test]
fn bad_lines_keep_their_number_and_text() {
    let long = "é".repeat(65);
    let text = format!("Nom;Prénom\n\"Durand;Noé\n;\nA;B;C;D\n{long};X\nRoy;Léa");
    let preview = preview(text.as_bytes(), &[]);
    let bad: Vec<_> = preview.bad.iter().map(|bad| (bad.line, bad.why)).collect();
    assert_eq!(
        bad,
        [
            (2, RosterFault::BadQuotes),
            (3, RosterFault::NoName),
            (4, RosterFault::TooManyColumns),
            (5, RosterFault::NameTooLong)
        ]
    );
    assert_eq!(preview.bad[0].text, "\"Durand;Noé");
    assert_eq!(preview.people[0].name.as_str(), "Léa Roy");
}

#[test]
fn doubtful_lines_are_marked_and_kept() {
    let known = [DisplayName::parse("Noé Durand").expect("a name")];
    let preview =
        preview("noé durand\nNo\u{435} Durand\nA\u{200B}da Martin\nCher\nLéa Roy\nLéa Roy".as_bytes(), &known);
    let doubts: Vec<_> = preview.people.iter().map(|person| person.doubt).collect();
    use RosterDoubt::{Cleaned, LooksAlike, OneWord, Twice};
    assert_eq!(doubts, [Some(Twice), Some(LooksAlike), Some(Cleaned), Some(OneWord), None, Some(Twice)]);
}

#[test]
fn what_is_too_much_is_shown_as_too_much() {
    let text: String = (0..limits::ROSTER_MAX + 2).map(|n| format!("Élève Numéro{n}\n")).collect();
    let preview = preview(text.as_bytes(), &[]);
    assert_eq!(preview.people.len(), limits::ROSTER_MAX);
    assert!(preview.bad.iter().all(|bad| bad.why == RosterFault::TooMany));
    assert_eq!(preview.bad.len(), 2);
}

#[test]
fn no_bytes_at_all_make_it_stumble() {
    for length in 0..200_u32 {
        let bytes: Vec<u8> = (0..length).map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
        let preview = preview(&bytes, &[]);
        assert!(preview.people.len() + preview.bad.len() <= bytes.len());
    }
}
