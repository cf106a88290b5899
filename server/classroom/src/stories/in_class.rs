//! Hands, voices, rights, chat.

use preau_protocol::{Ask, ChatAsk, ChatId, ClassAsk, OwnRights, Reaction, Refusal, Rights, Sending, SessionAsk};

use crate::world::{Seen::*, World, person};

const ALL_ON: Sending = Sending { microphone: true, camera: true, screen: false };

fn with_noe() -> World {
    let mut class = World::seeded(7).teacher("Ada").student("Noé").student("Zoé");
    class.admit("Noé");
    class.admit("Zoé");
    class
}

fn send(sending: Sending) -> Ask {
    Ask::Class(ClassAsk::Sending { sending })
}

#[test]
fn hands_go_up_in_order_and_come_down() {
    let mut class = with_noe();
    assert_eq!(class.ask("Zoé", Ask::Class(ClassAsk::Hand { up: true })), Ok(()));
    class.after_s(1);
    assert_eq!(class.ask("Noé", Ask::Class(ClassAsk::Hand { up: true })), Ok(()));
    let (zoe, noe) = (class.person_seen_by("Ada", "Zoé").hand, class.person_seen_by("Ada", "Noé").hand);
    assert!(zoe.is_some() && zoe < noe);
    let lower = |who| Ask::Class(ClassAsk::LowerHand { person: person(who) });
    assert_eq!(class.ask("Ada", lower("Zoé")), Ok(()));
    assert_eq!(class.person_seen_by("Noé", "Zoé").hand, None);
    assert_eq!(class.ask("Noé", lower("Noé")), Err(Refusal::TeachersOnly));
    assert_eq!(class.ask("Ada", lower("Eve")), Err(Refusal::NoSuchPerson));
}

#[test]
fn the_relay_forwards_what_is_turned_on() {
    let mut class = with_noe();
    assert_eq!(class.ask("Noé", send(ALL_ON)), Ok(()));
    let permit = class.permit_of("Noé").unwrap();
    assert!(permit.microphone && permit.camera && !permit.screen);
    let screen = Sending { screen: true, ..ALL_ON };
    assert_eq!(class.ask("Noé", send(screen)), Err(Refusal::NoRight));
    assert_eq!(class.person_seen_by("Zoé", "Noé").sending, ALL_ON, "nothing of it was done");
    assert_eq!(class.ask("Ada", send(screen)), Ok(()));
}

#[test]
fn mute_is_once_and_a_right_is_for_long() {
    let mut class = with_noe();
    class.ask("Noé", send(ALL_ON)).unwrap();
    class.seen_by("Noé");
    assert_eq!(class.ask("Ada", Ask::Class(ClassAsk::Mute { people: vec![person("Noé")] })), Ok(()));
    assert_eq!(class.seen_by("Noé"), [Other, Changed("Noé")]);
    assert!(!class.permit_of("Noé").unwrap().microphone);
    assert_eq!(class.ask("Noé", send(ALL_ON)), Ok(()));
    let quiet = Rights { speak: false, ..Rights::STUDENTS };
    assert_eq!(class.ask("Ada", Ask::Class(ClassAsk::Rights { rights: quiet })), Ok(()));
    let permit = class.permit_of("Noé").unwrap();
    assert!(!permit.microphone && permit.camera);
    assert_eq!(class.ask("Noé", send(ALL_ON)), Err(Refusal::NoRight));
    let own = OwnRights { speak: Some(true), ..OwnRights::default() };
    assert_eq!(class.ask("Ada", Ask::Class(ClassAsk::RightsOf { person: person("Noé"), rights: own })), Ok(()));
    assert_eq!(class.ask("Noé", send(ALL_ON)), Ok(()));
    assert_eq!(class.ask("Zoé", send(ALL_ON)), Err(Refusal::NoRight));
}

#[test]
fn mute_all_leaves_the_teacher_a_voice() {
    let mut class = with_noe();
    for who in ["Ada", "Noé", "Zoé"] {
        class.ask(who, send(ALL_ON)).unwrap();
    }
    assert_eq!(class.ask("Ada", Ask::Class(ClassAsk::MuteAll {})), Ok(()));
    let voices = ["Ada", "Noé", "Zoé"].map(|who| class.permit_of(who).unwrap().microphone);
    assert_eq!(voices, [true, false, false]);
}

#[test]
fn reactions_pass_and_not_too_many() {
    let mut class = with_noe();
    let clap = || Ask::Class(ClassAsk::React { reaction: Reaction::Clap });
    let replies = [(); 4].map(|()| class.ask("Noé", clap()));
    assert_eq!(replies, [Ok(()), Ok(()), Ok(()), Err(Refusal::TooSoon)]);
    class.comes("Noé");
    assert_eq!(class.ask("Noé", clap()), Err(Refusal::TooSoon), "a reload brings no new ones");
    class.after_s(1);
    assert_eq!(class.ask("Noé", clap()), Ok(()));
}

#[test]
fn chat_is_said_kept_and_erased() {
    let mut class = with_noe();
    let say = |text: &str| Ask::Chat(ChatAsk::Say { text: text.into() });
    assert_eq!(class.ask("Noé", say("  Bonjour  ")), Ok(()));
    assert_eq!(class.ask("Noé", say(" \n ")), Err(Refusal::Malformed));
    assert_eq!(class.ask("Noé", say(&"a".repeat(2_001))), Err(Refusal::Limit));
    let chat = class.snapshot_for("Zoé").chat;
    assert_eq!((chat[0].id, chat[0].text.as_str()), (ChatId(1), "Bonjour"));
    let erase = |id| Ask::Chat(ChatAsk::Erase { message: ChatId(id) });
    assert_eq!(class.ask("Noé", erase(1)), Err(Refusal::TeachersOnly));
    assert_eq!(class.ask("Ada", erase(2)), Err(Refusal::NoSuchMessage));
    assert_eq!(class.ask("Ada", erase(1)), Ok(()));
    assert_eq!(class.snapshot_for("Zoé").chat, []);
    assert_eq!(class.ask("Ada", erase(1)), Err(Refusal::NoSuchMessage));
}

#[test]
fn the_spotlight_goes_out_with_whom_it_shows() {
    let mut class = with_noe();
    let show = |who| Ask::Class(ClassAsk::Spotlight { person: Some(person(who)) });
    assert_eq!(class.ask("Ada", show("Eve")), Err(Refusal::NoSuchPerson));
    assert_eq!(class.ask("Ada", show("Noé")), Ok(()));
    assert_eq!(class.snapshot_for("Zoé").spotlight, Some(person("Noé")));
    assert_eq!(class.ask("Noé", Ask::Session(SessionAsk::Leave {})), Ok(()));
    assert_eq!(class.snapshot_for("Zoé").spotlight, None);
}

#[test]
fn a_student_who_plays_teacher_is_refused_and_written_down() {
    let mut class = with_noe();
    let before = class.snapshot_for("Ada");
    let (entries, remove) = (class.journal.len(), ClassAsk::Remove { person: person("Zoé"), block: true });
    assert_eq!(class.ask("Noé", Ask::Class(remove)), Err(Refusal::TeachersOnly));
    assert_eq!(class.journal.len(), entries + 1);
    assert_eq!(class.snapshot_for("Ada"), before, "nothing was changed");
    for _ in 0..50 {
        assert_eq!(class.ask("Noé", Ask::Class(ClassAsk::End {})), Err(Refusal::TeachersOnly));
    }
    assert_eq!(class.journal.len(), entries + 20, "enough is enough");
}

#[test]
fn students_learn_nothing_about_each_other() {
    let mut class = with_noe();
    assert!(class.person_seen_by("Noé", "Zoé").about.is_none());
    assert!(class.person_seen_by("Ada", "Zoé").about.is_some());
    assert!(class.snapshot_for("Noé").door.is_none());
}
