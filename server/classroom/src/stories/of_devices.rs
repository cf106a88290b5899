//! One person, several browsers.

use preau_protocol::{Ask, Close, DoorAsk, Policy, Refusal, SessionAsk, WaitingFor};

use crate::{
    Input,
    world::{Seen::*, World, device_of, person},
};

#[test]
fn the_same_browser_takes_the_seat_over() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé");
    class.admit("Noé");
    class.seen_by("Ada");
    let first = class.session("Noé");
    class.comes("Noé");
    assert_eq!(class.closed(first), Some(Close::Replaced));
    assert_eq!(class.seen_by("Noé"), [Seated]);
    assert_eq!(class.seen_by("Ada"), [Changed("Noé")], "and nobody is asked");
}

#[test]
fn another_device_is_asked_about_even_under_roster() {
    let mut class = World::seeded(7).policy(Policy::Roster).expecting(&["Noé"]).teacher("Ada");
    assert_eq!(class.ask("Ada", Ask::Door(DoorAsk::Open {})), Ok(()));
    let laptop = class.comes_on("Noé", 1);
    assert!(class.is_seated("Noé"));
    class.seen_by("Ada");
    class.comes_on("Noé", 2);
    assert!(!class.is_seated("Noé"));
    assert_eq!(class.seen_by("Ada"), [KnockOnOtherDevice("Noé")]);
    class.admit("Noé");
    assert!(class.is_seated("Noé"));
    assert_eq!(class.closed(laptop), Some(Close::Replaced));
    assert_eq!(class.class.session_of(person("Noé")), Some(class.session("Noé")));
}

#[test]
fn refusing_the_other_device_does_not_touch_the_first() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé");
    class.admit("Noé");
    let laptop = class.session("Noé");
    class.comes_on("Noé", 2);
    assert_eq!(class.ask("Ada", Ask::Door(DoorAsk::Refuse { people: vec![person("Noé")] })), Ok(()));
    assert!(class.class.seat(laptop).is_some());
    class.comes_on("Noé", 1);
    assert!(class.is_seated("Noé"), "a reload is not what was refused");
}

#[test]
fn who_slips_into_the_line_before_the_click_is_not_admitted() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé");
    let admit = || Ask::Door(DoorAsk::Admit { people: vec![person("Noé")] });
    class.comes_on("Noé", 2);
    assert_eq!(class.ask("Ada", admit()), Err(Refusal::TooSoon));
    class.after_s(2);
    assert_eq!(class.ask("Ada", admit()), Ok(()));
}

#[test]
fn a_teacher_who_is_here_is_asked_about_their_other_device() {
    let mut class = World::seeded(7).teacher("Ada");
    let laptop = class.session("Ada");
    let tablet = class.comes_on("Ada", 2);
    assert!(class.class.seat(tablet).is_none());
    // Once the laptop is lost for longer than the grace, the tablet walks in.
    class.handle(Input::Lost { session: laptop });
    class.after_s(19);
    assert!(class.class.seat(tablet).is_none());
    class.after_s(1);
    assert!(class.class.seat(tablet).is_some());
    assert_eq!(class.closed(laptop), Some(Close::Replaced));
    assert_eq!(class.ask("Ada", Ask::Session(SessionAsk::Leave {})), Ok(()));
}

#[test]
fn a_reload_in_the_line_swaps_no_device() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé");
    class.comes("Noé");
    class.admit("Noé");
    assert!(class.is_seated("Noé"));
}

#[test]
fn another_device_waits_for_an_answer_and_not_for_the_door() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé");
    class.admit("Noé");
    let laptop = class.session("Noé");
    class.ask("Ada", Ask::Door(DoorAsk::Policy { policy: Policy::Shut })).unwrap();
    class.comes_on("Noé", 2);
    assert_eq!(class.seen_by("Noé"), [Waiting(1, WaitingFor::Answer)]);
    class.handle(Input::Revoked { person: person("Eve") });
    assert_eq!(class.seen_by("Noé"), []);
    class.handle(Input::Ask { session: laptop, id: 1, ask: Ask::Session(SessionAsk::Leave {}) });
    assert_eq!(class.seen_by("Noé"), [Waiting(1, WaitingFor::Shut)], "without a seat they are new again");
}

#[test]
fn a_browser_that_was_signed_out_is_out_and_another_of_the_same_person_stays() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé");
    class.admit("Noé");
    let (laptop, who) = (class.session("Noé"), person("Noé"));
    class.comes_on("Noé", 2);
    let phone = class.session("Noé");
    class.handle(Input::SignedOut { person: who, device: device_of("Noé", 2) });
    assert_eq!((class.closed(phone), class.closed(laptop)), (Some(Close::NotAuthenticated), None));
    class.handle(Input::SignedOut { person: who, device: device_of("Noé", 3) });
    assert_eq!(class.closed(laptop), None, "nobody is here with that one");
    class.handle(Input::Lost { session: laptop });
    class.handle(Input::SignedOut { person: who, device: device_of("Noé", 1) });
    assert_eq!(class.closed(laptop), Some(Close::NotAuthenticated));
    class.comes_on("Noé", 1);
    assert!(!class.is_seated("Noé"), "no seat was kept for it");
}
