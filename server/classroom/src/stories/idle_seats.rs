//! Seats that nobody uses while others wait for them.

use preau_protocol::{Ask, ClassAsk, Close, DoorAsk, Gone, Policy, Reduction, Role, Sending, SessionAsk, WaitingFor};

use crate::{
    Input, Limits,
    world::{Seen::*, World, person},
};

const HALF_AN_HOUR_S: u64 = 1_800;
/// The seats of `full`: one of a student, and one for whoever teaches.
const LIMITS: Limits = Limits {
    seats_max: 2,
    seats_for_teachers: 1,
    strangers_max: 9,
    listed_max: 9,
    lesson_ms_max: None,
    idle_ms: Some(1_800_000),
    still_there_ms: 120_000,
};

/// Ada teaches, Noé has the one seat, others wait.
fn full() -> World {
    let mut class = World::seeded(7).limited(LIMITS).teacher("Ada").student("Noé");
    class.admit("Noé");
    class.handle(Input::SeatsWanted(true));
    class.seen_by("Noé");
    class
}

#[test]
fn who_does_nothing_is_asked_and_without_an_answer_the_seat_is_free() {
    let mut class = full();
    class.after_s(HALF_AN_HOUR_S - 1);
    assert_eq!(class.seen_by("Noé"), []);
    class.after_s(1);
    assert_eq!(class.seen_by("Noé"), [StillThere]);
    class.seen_by("Ada");
    class.after_s(119);
    assert!(class.is_seated("Noé"));
    class.after_s(1);
    assert_eq!(class.seen_by("Noé"), [Gone(Gone::Idle), Closed(Close::Done)]);
    assert_eq!(class.seen_by("Ada"), [Left("Noé", Gone::Idle)], "and she was never asked");
}

#[test]
fn an_answer_or_any_act_keeps_the_seat() {
    let asks = [Ask::Session(SessionAsk::Here {}), Ask::Class(ClassAsk::Hand { up: true })];
    for ask in asks {
        let mut class = full();
        class.after_s(HALF_AN_HOUR_S + 60);
        class.ask("Noé", ask).unwrap();
        class.after_s(HALF_AN_HOUR_S - 1);
        assert!(class.is_seated("Noé"));
        class.seen_by("Noé");
        class.after_s(1);
        assert_eq!(class.seen_by("Noé"), [StillThere], "and it is asked again");
    }
}

#[test]
fn who_is_heard_or_seen_is_there() {
    let mut class = full();
    let on = Sending { microphone: true, ..Sending::default() };
    class.ask("Noé", Ask::Class(ClassAsk::Sending { sending: on })).unwrap();
    class.after_s(10 * HALF_AN_HOUR_S);
    assert!(class.is_seated("Noé"));
    assert!(!class.seen_by("Noé").contains(&StillThere));
}

#[test]
fn nobody_is_asked_while_nobody_waits() {
    let mut class = full();
    class.after_s(HALF_AN_HOUR_S);
    assert_eq!(class.seen_by("Noé"), [StillThere]);
    class.handle(Input::SeatsWanted(false));
    class.after_s(24 * 3_600);
    assert!(class.is_seated("Noé"));
    class.handle(Input::SeatsWanted(true));
    assert_eq!(class.seen_by("Noé"), []);
    class.after_s(0);
    assert_eq!(class.seen_by("Noé"), [StillThere], "two minutes begin anew");
    class.after_s(119);
    assert!(class.is_seated("Noé"));
}

#[test]
fn a_moment_in_which_nobody_waits_takes_no_question_back() {
    let mut class = full();
    class.after_s(HALF_AN_HOUR_S + 60);
    class.handle(Input::SeatsWanted(false));
    class.after_s(1);
    class.handle(Input::SeatsWanted(true));
    class.after_s(58);
    assert!(class.is_seated("Noé"));
    class.after_s(1);
    assert!(!class.is_seated("Noé"));
}

#[test]
fn who_was_idle_comes_back_without_being_admitted_again() {
    let mut class = full();
    class.ask("Ada", Ask::Door(DoorAsk::Policy { policy: Policy::Shut })).unwrap();
    class.after_s(HALF_AN_HOUR_S + 120);
    assert!(!class.is_seated("Noé"));
    class.comes("Noé");
    assert!(class.is_seated("Noé"), "nobody new, whatever the door says");
}

#[test]
fn who_was_idle_comes_back_after_a_crash_as_well() {
    let mut class = full();
    class.after_s(HALF_AN_HOUR_S + 120);
    class.crash();
    class.comes("Ada");
    class.comes("Noé");
    assert!(class.is_seated("Noé"));
}

#[test]
fn a_seat_that_went_to_somebody_else_is_waited_for() {
    let mut class = full();
    class.comes("Zoé");
    assert_eq!(class.seen_by("Zoé"), [Waiting(1, WaitingFor::Seat)]);
    class.after_s(HALF_AN_HOUR_S + 120);
    class.admit("Zoé");
    class.comes("Noé");
    assert_eq!(class.seen_by("Noé"), [Waiting(1, WaitingFor::Seat)]);
    class.ask("Zoé", Ask::Session(SessionAsk::Leave {})).unwrap();
    assert!(class.is_seated("Noé"), "as soon as there is room");
}

#[test]
fn what_a_teacher_decides_since_then_holds() {
    for refusal in [DoorAsk::Refuse { people: vec![person("Noé")] }, DoorAsk::Block { person: person("Noé") }] {
        let mut class = full();
        class.comes("Zoé");
        class.after_s(HALF_AN_HOUR_S + 120);
        class.admit("Zoé");
        class.comes("Noé");
        class.ask("Ada", Ask::Door(refusal)).unwrap();
        class.ask("Zoé", Ask::Session(SessionAsk::Leave {})).unwrap();
        class.after_s(60);
        class.comes("Noé");
        assert!(!class.is_seated("Noé"));
    }
}

#[test]
fn another_device_or_another_role_is_somebody_new() {
    let mut class = full();
    class.after_s(HALF_AN_HOUR_S + 120);
    class.comes_on("Noé", 2);
    assert!(!class.is_seated("Noé"));
    class.arrive("Noé", Role::Observer, 1, None);
    assert!(!class.is_seated("Noé"));
    class.arrive("Noé", Role::Student, 1, None);
    assert!(class.is_seated("Noé"));
}

#[test]
fn who_missed_the_question_is_asked_again() {
    let mut class = full();
    class.loses("Noé");
    class.is_back("Noé");
    class.after_s(HALF_AN_HOUR_S);
    class.seen_by("Noé");
    let session = class.session("Noé");
    class.handle(Input::Snapshot { session });
    assert_eq!(class.seen_by("Noé"), [Seated, StillThere]);
}

#[test]
fn everybody_inside_hears_what_the_server_is_short_of() {
    let mut class = full();
    class.seen_by("Ada");
    class.comes("Zoé");
    class.seen_by("Zoé");
    class.handle(Input::Reduced(Reduction::AudioOnly));
    class.handle(Input::Reduced(Reduction::AudioOnly));
    assert_eq!(class.seen_by("Noé"), [Other]);
    assert_eq!(class.seen_by("Zoé"), [], "who waits learns nothing of it");
    assert_eq!(class.snapshot_for("Ada").reduction, Reduction::AudioOnly);
    class.handle(Input::Reduced(Reduction::Nothing));
    assert_eq!(class.snapshot_for("Noé").reduction, Reduction::Nothing);
}
