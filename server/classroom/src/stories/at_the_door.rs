//! Knocking, being let in, being sent away.

use preau_protocol::{
    Ask, ClassAsk, Close, DoorAsk, Gone, MediaAsk, Phase, Policy, Refusal, Role, SessionAsk, WaitingFor,
};

use crate::{
    Input, Limits,
    world::{Seen::*, World, name, person},
};

fn door(ask: DoorAsk) -> Ask {
    Ask::Door(ask)
}

#[test]
fn a_student_waits_is_admitted_and_sees_the_class() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé");
    assert_eq!(class.seen_by("Ada"), [Seated, Knock("Noé")]);
    assert_eq!(class.seen_by("Noé"), [Waiting(1, WaitingFor::Answer)]);
    assert!(class.permit_of("Noé").is_none());
    class.admit("Noé");
    assert_eq!(class.seen_by("Noé"), [Seated]);
    assert_eq!(class.seen_by("Ada"), [Answered("Noé"), Joined("Noé")]);
    let permit = class.permit_of("Noé").unwrap();
    assert!(!permit.microphone && !permit.camera && !permit.screen && permit.to_students);
}

#[test]
fn a_teachers_arrival_admits_nobody() {
    let mut class = World::seeded(7).policy(Policy::Roster).expecting(&["Noé"]).student("Noé");
    assert_eq!(class.seen_by("Noé"), [Waiting(1, WaitingFor::Opening)]);
    class = class.teacher("Ada");
    assert_eq!(class.seen_by("Noé"), [Waiting(1, WaitingFor::Answer)]);
    assert_eq!(class.ask("Ada", door(DoorAsk::Open {})), Ok(()));
    assert_eq!(class.seen_by("Noé"), [Seated]);
    class.comes("Zoé");
    assert!(!class.is_seated("Zoé"), "she is not on the roster");
}

#[test]
fn the_line_moves_up() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé").student("Zoé").student("Léo");
    for who in ["Noé", "Zoé", "Léo"] {
        class.seen_by(who);
    }
    class.admit("Zoé");
    assert_eq!(class.seen_by("Noé"), []);
    assert_eq!(class.seen_by("Léo"), [Waiting(2, WaitingFor::Answer)]);
    assert_eq!(class.ask("Ada", door(DoorAsk::Policy { policy: Policy::Shut })), Ok(()));
    assert_eq!(class.seen_by("Léo"), [Waiting(2, WaitingFor::Shut)]);
    class.admit("Léo");
    assert_eq!(class.seen_by("Léo"), [Seated]);
}

#[test]
fn a_note_reaches_those_who_wait() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé");
    class.seen_by("Noé");
    assert_eq!(class.ask("Ada", door(DoorAsk::Note { text: "In five minutes".into() })), Ok(()));
    assert_eq!(class.seen_by("Noé"), [Note]);
    class.comes("Zoé");
    assert_eq!(class.seen_by("Zoé"), [Note, Waiting(2, WaitingFor::Answer)]);
    assert_eq!(class.ask("Ada", door(DoorAsk::Note { text: "a".repeat(501) })), Err(Refusal::Limit));
}

#[test]
fn the_refused_may_knock_again_soon() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé");
    assert_eq!(class.ask("Ada", door(DoorAsk::Refuse { people: vec![person("Noé")] })), Ok(()));
    assert_eq!(class.seen_by("Noé"), [Waiting(1, WaitingFor::Answer), Closed(Close::Refused)]);
    class.after_s(9);
    class.comes("Noé");
    assert_eq!(class.seen_by("Noé"), [Closed(Close::Refused)]);
    class.after_s(1);
    class.comes("Noé");
    assert_eq!(class.seen_by("Noé"), [Waiting(1, WaitingFor::Answer)]);
}

#[test]
fn the_removed_stay_out_until_forgiven() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé");
    class.admit("Noé");
    class.seen_by("Noé");
    let remove = Ask::Class(ClassAsk::Remove { person: person("Noé"), block: false });
    assert_eq!(class.ask("Ada", remove), Ok(()));
    assert_eq!(class.seen_by("Noé"), [Gone(Gone::Removed), Closed(Close::Removed)]);
    assert_eq!(class.permit_of("Noé"), None);
    class.comes("Noé");
    assert_eq!(class.seen_by("Noé"), [Closed(Close::Removed)]);
    assert_eq!(class.snapshot_for("Ada").door.unwrap().barred[0].name, name("Noé"));
    assert_eq!(class.ask("Ada", door(DoorAsk::Forgive { person: person("Noé") })), Ok(()));
    class.comes("Noé");
    assert_eq!(class.seen_by("Noé"), [Waiting(1, WaitingFor::Answer)]);
}

#[test]
fn a_removal_ends_with_the_lesson_and_a_block_does_not() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé").student("Zoé");
    assert_eq!(class.ask("Ada", door(DoorAsk::Block { person: person("Noé") })), Ok(()));
    let remove = |who| Ask::Class(ClassAsk::Remove { person: person(who), block: false });
    assert_eq!(class.ask("Ada", remove("Zoé")), Ok(()));
    assert_eq!(class.ask("Ada", remove("Ada")), Err(Refusal::IsTeacher));
    assert_eq!(class.ask("Ada", Ask::Class(ClassAsk::End {})), Ok(()));
    assert_eq!(class.class.phase(), Phase::Ended);
    assert_eq!(class.closed(class.session("Ada")), Some(Close::Done));
    class.comes("Ada");
    assert_eq!(class.class.phase(), Phase::Open);
    let (noe, zoe) = (class.comes("Noé"), class.comes("Zoé"));
    assert_eq!((class.closed(noe), class.closed(zoe)), (Some(Close::Removed), None));
}

#[test]
fn who_waits_may_ask_for_nothing() {
    let asks = [
        Ask::Door(DoorAsk::Open {}),
        Ask::Class(ClassAsk::Hand { up: true }),
        Ask::Media(MediaAsk::View { looks: vec![] }),
    ];
    for ask in asks {
        let mut class = World::seeded(7).teacher("Ada").student("Noé");
        class.seen_by("Ada");
        class.ask_unanswered("Noé", ask);
        assert_eq!(class.closed(class.session("Noé")), Some(Close::NotAllowed));
        assert_eq!(class.seen_by("Ada"), [Answered("Noé")]);
    }
    let mut class = World::seeded(7).teacher("Ada").student("Noé");
    assert_eq!(class.ask("Noé", Ask::Session(SessionAsk::Leave {})), Ok(()));
    assert_eq!(class.closed(class.session("Noé")), Some(Close::Done));
}

#[test]
fn a_lobby_takes_so_many_strangers_and_everyone_expected() {
    let limits = Limits { strangers_max: 1, ..Limits::default() };
    let mut class = World::seeded(7).expecting(&["Noé", "Léo"]).limited(limits).student("Zoé").student("Eve");
    assert_eq!(class.closed(class.session("Eve")), Some(Close::Full));
    let expected = [class.comes("Noé"), class.comes("Léo")];
    assert_eq!(expected.map(|session| class.closed(session)), [None, None]);
    assert_eq!(class.ask("Zoé", Ask::Session(SessionAsk::Leave {})), Ok(()));
    class.comes("Eve");
    assert_eq!(class.closed(class.session("Eve")), None);
}

#[test]
fn a_full_class_admits_nobody_and_still_takes_its_teacher() {
    let limits = Limits { seats_max: 3, seats_for_teachers: 2, ..Limits::default() };
    let mut class = World::seeded(7).limited(limits).teacher("Ada").student("Noé").student("Zoé");
    let both = Ask::Door(DoorAsk::Admit { people: vec![person("Noé"), person("Zoé")] });
    assert_eq!(class.ask("Ada", both), Err(Refusal::ClassFull));
    class.admit("Noé");
    class.seen_by("Zoé");
    let zoe = Ask::Door(DoorAsk::Admit { people: vec![person("Zoé")] });
    assert_eq!(class.ask("Ada", zoe), Err(Refusal::ClassFull));
    class = class.teacher("Grace");
    assert!(class.is_seated("Grace"));
    assert_eq!(class.ask("Noé", Ask::Session(SessionAsk::Leave {})), Ok(()));
    assert_eq!(class.seen_by("Zoé"), [Waiting(1, WaitingFor::Answer)]);
}

#[test]
fn a_look_alike_is_marked_and_never_walks_in() {
    let mut class = World::seeded(7).policy(Policy::Roster).expecting(&["Noé Petit", "Nоé Pеtit"]).teacher("Ada");
    assert_eq!(class.ask("Ada", door(DoorAsk::Open {})), Ok(()));
    class.comes("Nоé Pеtit");
    assert!(!class.is_seated("Nоé Pеtit"), "written with Cyrillic letters");
    let door = class.snapshot_for("Ada").door.unwrap();
    assert_eq!(door.waiting[0].about.look_alike, Some(name("Noé Petit")));
    class.comes("ada lovelace");
    let door = class.snapshot_for("Ada").door.unwrap();
    assert_eq!(door.waiting[1].about.look_alike, Some(name("Ada Lovelace")), "nor is a student the teacher");
}

#[test]
fn a_silent_knock_expires_and_a_reload_keeps_its_place() {
    let mut class = World::seeded(7).teacher("Ada").student("Noé").student("Zoé");
    class.loses("Noé");
    class.after_s(29);
    let old = class.session("Noé");
    class.comes("Noé");
    assert_eq!(class.closed(old), Some(Close::Replaced));
    assert_eq!(class.seen_by("Noé"), [Waiting(1, WaitingFor::Answer)]);
    class.loses("Noé");
    class.seen_by("Zoé");
    class.after_s(30);
    assert_eq!(class.closed(class.session("Noé")), Some(Close::Done));
    assert_eq!(class.seen_by("Zoé"), [Waiting(1, WaitingFor::Answer)]);
}

#[test]
fn the_roster_changes_under_those_who_wait() {
    let mut class = World::seeded(7).policy(Policy::Roster).teacher("Ada").student("Noé");
    assert_eq!(class.ask("Ada", door(DoorAsk::Open {})), Ok(()));
    assert!(!class.is_seated("Noé"));
    class = class.expecting(&["Noé"]);
    assert!(class.is_seated("Noé"));
    assert_eq!(class.snapshot_for("Ada").door.unwrap().expected, 1);
    class.setup.policy = Policy::Ask;
    class.set_up();
    class = class.expecting(&["Zoé"]);
    class.comes("Zoé");
    assert!(!class.is_seated("Zoé"));
    class.setup.policy = Policy::Roster;
    class.set_up();
    assert!(!class.is_seated("Zoé"), "the set-up page opens no door");
}

#[test]
fn a_token_runs_out() {
    let mut class = World::seeded(7).teacher("Ada");
    let until = class.now.plus_ms(100_000);
    class.arrive("Noé", Role::Student, 1, Some(until));
    class.admit("Noé");
    class.seen_by("Noé");
    class.after_s(40);
    assert_eq!(class.seen_by("Noé"), [RefreshDue]);
    let session = class.session("Noé");
    class.handle(Input::Refreshed { session, until: class.now.plus_ms(200_000) });
    class.after_s(199);
    assert_eq!(class.seen_by("Noé"), [RefreshDue]);
    assert!(class.is_seated("Noé"));
    class.after_s(1);
    assert_eq!(class.seen_by("Noé"), [Gone(Gone::Expired), Closed(Close::NotAuthenticated)]);
    assert_eq!(class.permit_of("Noé"), None);
    class.comes("Noé");
    assert_eq!(class.seen_by("Noé"), [Waiting(1, WaitingFor::Answer)], "back to the door");
}

#[test]
fn a_token_that_runs_out_while_its_owner_is_away_costs_no_seat() {
    let mut class = World::seeded(7).teacher("Ada");
    let until = class.now.plus_ms(100_000);
    let session = class.arrive("Noé", Role::Student, 1, Some(until));
    class.admit("Noé");
    class.loses("Noé");
    class.after_s(101);
    assert_eq!(class.closed(session), Some(Close::NotAuthenticated));
    assert_eq!(class.permit_of("Noé"), None, "its media ends");
    class.comes("Noé");
    assert!(class.is_seated("Noé"));
}

#[test]
fn a_revoked_invitation_leads_out() {
    let mut class = World::seeded(7).expecting(&["Noé"]).teacher("Ada").student("Noé");
    class.admit("Noé");
    class.handle(Input::Revoked { person: person("Noé") });
    assert_eq!(class.closed(class.session("Noé")), Some(Close::Removed));
    class.comes_on("Noé", 2);
    class.admit("Noé");
    assert!(class.is_seated("Noé"), "with a new invitation, on any device");
}
