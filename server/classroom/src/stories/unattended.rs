//! The teacher is gone for a while.

use preau_protocol::{Ask, ChatAsk, Close, DoorAsk, Gone, Phase, Policy, Refusal, SessionAsk, WaitingFor};

use crate::world::{Seen::*, World};

#[test]
fn children_are_not_left_alone_together() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé").student("Zoé");
    class.admit("Noé");
    class.loses("Ada");
    class.after_s(19);
    assert_eq!(class.class.phase(), Phase::Open);
    assert!(class.permit_of("Noé").unwrap().to_students);
    class.seen_by("Zoé");
    class.after_s(1);
    assert_eq!(class.class.phase(), Phase::Unattended);
    assert!(!class.permit_of("Noé").unwrap().to_students);
    assert!(class.permit_of("Ada").unwrap().to_students);
    let say = || Ask::Chat(ChatAsk::Say { text: "Hé".into() });
    assert_eq!(class.ask("Noé", say()), Err(Refusal::Unattended));
    assert_eq!(class.seen_by("Zoé"), [Waiting(1, WaitingFor::TeacherAway)]);
    class.is_back("Ada");
    assert_eq!(class.class.phase(), Phase::Open);
    assert!(class.permit_of("Noé").unwrap().to_students);
    assert_eq!(class.ask("Noé", say()), Ok(()));
    assert_eq!(class.seen_by("Zoé"), [Waiting(1, WaitingFor::Answer)]);
}

#[test]
fn the_door_does_not_stay_open() {
    let mut class = World::seeded(7).policy(Policy::Roster).expecting(&["Noé", "Zoé"]).teacher("Ada");
    assert_eq!(class.ask("Ada", Ask::Door(DoorAsk::Open {})), Ok(()));
    assert_eq!(class.ask("Ada", Ask::Session(SessionAsk::Leave {})), Ok(()));
    class.after_s(10);
    class.comes("Noé");
    assert!(class.is_seated("Noé"), "within the grace");
    class.after_s(10);
    class.comes("Zoé");
    assert!(!class.is_seated("Zoé"));
    class.comes("Ada");
    assert!(!class.is_seated("Zoé"), "a teacher's arrival admits nobody");
    assert!(!class.snapshot_for("Ada").door.unwrap().opened);
}

#[test]
fn a_class_left_alone_ends() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé").student("Zoé");
    class.admit("Noé");
    assert_eq!(class.ask("Ada", Ask::Session(SessionAsk::Leave {})), Ok(()));
    for who in ["Noé", "Zoé"] {
        class.seen_by(who);
    }
    class.after_s(20 + 3_599);
    assert_eq!(class.class.phase(), Phase::Unattended);
    class.after_s(1);
    assert_eq!(class.class.phase(), Phase::Ended);
    for who in ["Noé", "Zoé"] {
        let seen = class.seen_by(who);
        assert_eq!(seen[seen.len() - 2..], [Gone(Gone::Ended), Closed(Close::Done)]);
    }
}

#[test]
fn a_seat_is_kept_for_ten_minutes() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé").student("Zoé");
    class.admit("Noé");
    class.admit("Zoé");
    class.loses("Noé");
    class.loses("Zoé");
    class.after_s(599);
    class.is_back("Noé");
    class.seen_by("Ada");
    class.after_s(1);
    assert_eq!(class.seen_by("Ada"), [Left("Zoé", Gone::Lost)]);
    assert!(class.is_seated("Noé") && !class.is_seated("Zoé"));
}

#[test]
fn a_door_opened_over_a_broken_line_opens_when_the_teacher_is_back() {
    let mut class = World::seeded(7).policy(Policy::Roster).expecting(&["Noé"]).teacher("Ada").student("Noé");
    class.loses("Ada");
    class.after_s(20);
    class.ask("Ada", Ask::Door(DoorAsk::Open {})).unwrap();
    assert!(!class.is_seated("Noé"), "nobody watches over the class");
    class.is_back("Ada");
    assert!(class.is_seated("Noé"));
}
