//! A lecture: so many students that they do not see each other's names come and go.

use preau_protocol::{Ask, ClassAsk, Gone, Reaction, SessionAsk};

use crate::Limits;
use crate::world::{Seen::*, World, person};

/// Ada and two students are listed; Cléo and Dora came later.
fn lecture() -> World {
    let limits = Limits { listed_max: 3, ..Limits::default() };
    let mut class = World::seeded(7).limited(limits).teacher("Ada");
    for who in ["Noé", "Zoé", "Cléo", "Dora"] {
        class = class.student(who);
        class.admit(who);
    }
    class
}

#[test]
fn those_who_came_later_are_a_number_to_students_and_names_to_teachers() {
    let mut class = lecture();
    assert_eq!(class.seen_by("Noé").last(), Some(&Joined("Zoé")), "and nobody after her");
    let ada = class.seen_by("Ada");
    assert!(ada.contains(&Joined("Cléo")) && ada.contains(&Joined("Dora")), "{ada:?}");
    class.after_s(2);
    assert_eq!(class.seen_by("Noé"), [Other], "how many they are");
    class.after_s(60);
    assert_eq!(class.seen_by("Noé"), [], "once");
    let names = |class: &mut World, who| class.snapshot_for(who).people.len();
    assert_eq!([names(&mut class, "Ada"), names(&mut class, "Noé"), names(&mut class, "Dora")], [5, 3, 4]);
    assert_eq!(class.snapshot_for("Dora").seated, Some(5));
    assert_eq!(class.snapshot_for("Ada").seated, None, "she sees all of them");
}

#[test]
fn whoever_does_something_is_seen_by_all_from_then_on() {
    let mut class = lecture();
    for who in ["Ada", "Noé", "Dora"] {
        class.seen_by(who);
    }
    class.ask("Dora", Ask::Class(ClassAsk::Hand { up: true })).unwrap();
    assert_eq!(class.seen_by("Noé"), [Joined("Dora")]);
    assert_eq!((class.seen_by("Ada"), class.seen_by("Dora")), (vec![Changed("Dora")], vec![Joined("Dora")]));
    class.ask("Dora", Ask::Class(ClassAsk::Hand { up: false })).unwrap();
    assert_eq!(class.seen_by("Noé"), [Changed("Dora")]);
    class.ask("Ada", Ask::Class(ClassAsk::Spotlight { person: Some(person("Cléo")) })).unwrap();
    assert_eq!(class.seen_by("Noé"), [Joined("Cléo"), Other], "known before shown");
}

#[test]
fn what_happens_to_the_unlisted_concerns_teachers_and_themselves() {
    let mut class = lecture();
    class.after_s(2);
    for who in ["Ada", "Noé", "Cléo", "Dora"] {
        class.seen_by(who);
    }
    class.ask("Cléo", Ask::Class(ClassAsk::React { reaction: Reaction::Clap })).unwrap();
    class.loses("Dora");
    class.ask("Cléo", Ask::Session(SessionAsk::Leave {})).unwrap();
    assert_eq!(class.seen_by("Noé"), []);
    assert_eq!(class.seen_by("Ada"), [Other, Changed("Dora"), Left("Cléo", Gone::Left)]);
    class.after_s(2);
    assert_eq!(class.seen_by("Noé"), [Other], "one fewer");
}

#[test]
fn after_a_crash_the_list_is_as_long_as_before() {
    let mut class = lecture();
    class.crash();
    class.comes("Noé");
    let snapshot = class.snapshot_for("Noé");
    assert_eq!((snapshot.people.len(), snapshot.seated), (3, Some(5)));
}
