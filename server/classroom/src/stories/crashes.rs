//! The server dies in mid-class.

use preau_protocol::{Ask, ChatAsk, ClassAsk, Close, DoorAsk, Phase, Policy, Rights, WaitingFor};

use crate::world::{Seen::*, World, person};

#[test]
fn nobody_who_was_seated_is_admitted_again() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé").student("Zoé");
    class.admit("Noé");
    class.crash();
    class.comes("Noé");
    assert_eq!(class.seen_by("Noé"), [Seated]);
    class.comes("Zoé");
    assert_eq!(class.seen_by("Zoé"), [Waiting(1, WaitingFor::Answer)], "who waited knocks again");
    class.comes("Ada");
    assert!(class.is_seated("Ada"));
    class.after_s(60);
    assert_eq!(class.class.phase(), Phase::Open);
}

#[test]
fn what_was_decided_survives() {
    let mut class = World::seeded(7).policy(Policy::Shut).teacher("Ada").student("Noé").student("Zoé");
    class.admit("Noé");
    class.admit("Zoé");
    let asks = [
        Ask::Class(ClassAsk::Hand { up: true }),
        Ask::Chat(ChatAsk::Say { text: "Bonjour".into() }),
        Ask::Class(ClassAsk::Spotlight { person: Some(person("Noé")) }),
        Ask::Class(ClassAsk::Rights { rights: Rights { chat: false, ..Rights::STUDENTS } }),
        Ask::Class(ClassAsk::Remove { person: person("Zoé"), block: false }),
        Ask::Door(DoorAsk::Note { text: "Patience".into() }),
        Ask::Door(DoorAsk::Policy { policy: Policy::Roster }),
    ];
    for ask in asks {
        class.ask("Ada", ask).unwrap();
    }
    class.after_s(5);
    let mut before = class.snapshot_for("Ada");
    class.crash();
    class.comes("Ada");
    class.comes("Noé");
    before.people.iter_mut().for_each(|person| person.sending = Default::default());
    assert_eq!(class.snapshot_for("Ada"), before);
    class.comes("Zoé");
    assert_eq!(class.closed(class.session("Zoé")), Some(Close::Removed));
}

#[test]
fn a_class_that_came_back_without_its_teacher_is_unattended_after_the_grace() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé");
    class.admit("Noé");
    class.crash();
    class.comes("Noé");
    class.after_s(19);
    assert!(class.permit_of("Noé").unwrap().to_students);
    class.after_s(1);
    assert!(!class.permit_of("Noé").unwrap().to_students);
    class.after_s(600);
    class.comes("Ada");
    assert_eq!(class.snapshot_for("Ada").people.len(), 2);
}

#[test]
fn the_first_device_is_remembered() {
    let mut class = World::seeded(7).policy(Policy::Roster).expecting(&["Noé"]).student("Noé");
    class.crash();
    class = class.teacher("Ada");
    class.ask("Ada", Ask::Door(DoorAsk::Open {})).unwrap();
    class.comes_on("Noé", 2);
    assert!(!class.is_seated("Noé"), "a crash makes no other device the first");
    class.comes_on("Noé", 1);
    assert!(class.is_seated("Noé"));
}
