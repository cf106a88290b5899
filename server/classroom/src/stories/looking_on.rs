//! Observers: parents, inspectors.

use preau_protocol::{Ask, ChatAsk, ClassAsk, DoorAsk, OwnRights, Policy, Refusal, Rights, Role, Sending, WaitingFor};

use crate::world::{Seen::*, World, name, person};

#[test]
fn an_observer_is_asked_about_whatever_the_door_says() {
    let mut class = World::seeded(7).policy(Policy::Roster).expecting(&["Noé"]).teacher("Ada");
    class.ask("Ada", Ask::Door(DoorAsk::Open {})).unwrap();
    class.seen_by("Ada");
    class.arrive("Inès", Role::Observer, 1, None);
    assert_eq!(class.seen_by("Inès"), [Waiting(1, WaitingFor::Answer)]);
    assert_eq!(class.seen_by("Ada"), [Knock("Inès")]);
    class.admit("Inès");
    assert!(class.is_seated("Inès"));
    let snapshot = class.snapshot_for("Ada");
    assert_eq!(snapshot.door.unwrap().expected, 1, "nobody expects her");
    assert_eq!(class.person_seen_by("Ada", "Inès").role, Role::Observer);
}

#[test]
fn an_observer_sees_as_pupils_do_and_does_nothing() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé");
    class.admit("Noé");
    class.arrive("Inès", Role::Observer, 1, None);
    class.admit("Inès");
    let snapshot = class.snapshot_for("Inès");
    assert!(snapshot.door.is_none() && snapshot.people.iter().all(|person| person.about.is_none()));
    assert_eq!(class.person_seen_by("Noé", "Inès").role, Role::Observer, "pupils do not take her for one of them");
    assert_eq!(class.person_seen_by("Ada", "Inès").rights, Rights::NONE);
    let on = Sending { camera: true, ..Sending::default() };
    for ask in [
        Ask::Class(ClassAsk::Sending { sending: on }),
        Ask::Class(ClassAsk::Hand { up: true }),
        Ask::Chat(ChatAsk::Say { text: "Bonjour".into() }),
    ] {
        assert_eq!(class.ask("Inès", ask), Err(Refusal::NoRight));
    }
    let all = OwnRights { speak: Some(true), ..OwnRights::default() };
    let give = Ask::Class(ClassAsk::RightsOf { person: person("Inès"), rights: all });
    assert_eq!(class.ask("Ada", give), Err(Refusal::NoRight), "nor can a teacher make her speak");
    assert_eq!(class.ask("Inès", Ask::Class(ClassAsk::End {})), Err(Refusal::TeachersOnly));
    let permit = class.permit_of("Inès").unwrap();
    assert!(!permit.microphone && !permit.camera && !permit.screen);
}

#[test]
fn an_observer_named_like_the_teacher_is_marked() {
    let mut class = World::seeded(7);
    class.setup.class.teacher = name("Inès");
    class.set_up();
    class = class.teacher("Ada");
    class.arrive("Inès", Role::Observer, 1, None);
    let door = class.snapshot_for("Ada").door.unwrap();
    assert!(door.waiting[0].about.look_alike.is_some());
}
