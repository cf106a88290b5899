//! Students who try what is a teacher's: refused with a code, and nothing changes.

use preau_loadtest::{ConversationError, Participant, Source};
use preau_protocol::{Ask, ChatAsk, ChatEvent, ClassAsk, ClassEvent, Event, Phase, Policy, Refusal, Rights, Sending};

use preau_tests::school::{MEDIA, QUIET, SOON, School, class_event, heard_knock};
use preau_tests::teachers;

async fn refused(who: &mut Participant, ask: Ask) -> Refusal {
    match who.conversation.done(ask.clone()).await {
        Err(ConversationError::Refused(code)) => code,
        other => panic!("{ask:?} was not refused: {other:?}"),
    }
}

#[tokio::test]
async fn what_teachers_do_students_cannot() {
    let school = School::start().await;
    let class = school.class(&["Noé", "Zoé", "Max"]).await;
    let (mut ada, [mut noe, mut zoe]) = class.in_session(["Noé", "Zoé"]).await;
    let max = class.knock("Max").await;
    heard_knock(&mut ada, max.person()).await;
    let (teacher, other) = (ada.person(), zoe.person());
    for ask in teachers::acts(noe.person(), teacher, other, max.person()) {
        assert_eq!(refused(&mut noe, ask.clone()).await, Refusal::TeachersOnly, "{ask:?}");
    }
    // The class is as it was: Max still waits, Zoé is still there, the policy is still the teacher's.
    noe.conversation.done(Ask::Class(ClassAsk::Hand { up: true })).await.expect("still in class");
    let events = zoe.conversation.take_events();
    let changed = events.iter().any(|event| matches!(event, Event::Door(_) | Event::Session(_)));
    assert!(!changed, "{events:?}");
    let (_again, snapshot) = class.enter().await;
    let door = snapshot.door.expect("a teacher's snapshot");
    assert_eq!((snapshot.phase, door.policy, door.waiting.len(), door.barred.len()), (Phase::Open, Policy::Ask, 1, 0));
    assert_eq!((snapshot.rights, snapshot.people.len()), (Rights::STUDENTS, 3));
}

#[tokio::test]
async fn a_right_taken_away_stops_packets_whatever_the_client_sends() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, [mut noe]) = class.in_session(["Noé"]).await;
    for person in [&mut ada, &mut noe] {
        person.connect_media(2).await.expect("connected");
    }
    noe.turn_on(&[Source::Microphone, Source::Camera]).await.expect("on");
    ada.look_at(&[noe.person()]).await.expect("looks");
    let slots = ada.peer().expect("media").receive.clone();
    let peer = ada.peer().expect("media");
    peer.more(&slots.video[0], 10, MEDIA).await.expect("sees Noé");
    peer.more(&slots.audio[0], 10, MEDIA).await.expect("hears Noé");

    let rights = Rights { camera: false, ..Rights::STUDENTS };
    ada.conversation.done(Ask::Class(ClassAsk::Rights { rights })).await.expect("no cameras");
    let peer = ada.peer().expect("media");
    peer.silent(&slots.video[0], QUIET, SOON).await.expect("the picture stops");
    peer.more(&slots.audio[0], 10, MEDIA).await.expect("the voice goes on");
    let told = |event: &ClassEvent| match event {
        ClassEvent::Silenced { sending } => Some(*sending),
        _ => None,
    };
    let left = Sending { microphone: true, ..Sending::default() };
    assert_eq!(class_event(&mut noe, told).await, left, "Noé is told what is still sent");
    let all_on = Sending { microphone: true, camera: true, screen: false };
    assert_eq!(refused(&mut noe, Ask::Class(ClassAsk::Sending { sending: all_on })).await, Refusal::NoRight);

    ada.conversation.done(Ask::Class(ClassAsk::Mute { people: vec![noe.person()] })).await.expect("muted");
    ada.peer().expect("media").silent(&slots.audio[0], QUIET, SOON).await.expect("the voice stops");
    let voice = Sending { microphone: true, ..Sending::default() };
    noe.conversation.done(Ask::Class(ClassAsk::Sending { sending: voice })).await.expect("may turn it on again");
    ada.peer().expect("media").more(&slots.audio[0], 10, MEDIA).await.expect("heard again");
}

#[tokio::test]
async fn a_microphone_that_is_off_is_not_heard_although_it_sends() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, [mut noe]) = class.in_session(["Noé"]).await;
    for person in [&mut ada, &mut noe] {
        person.connect_media(2).await.expect("connected");
    }
    noe.force_on(Source::Microphone, 10).expect("a tampered client");
    noe.force_on(Source::Screen, 10).expect("a tampered client");
    let peer = ada.peer().expect("media");
    let (voice, screen) = (peer.receive.audio[0].clone(), peer.receive.screen.clone());
    noe.turn_on(&[Source::Camera]).await.err();
    peer.silent(&screen, QUIET, SOON).await.expect("students have no right to share a screen");
    assert_eq!(peer.receipt(&screen).packets, 0);
    noe.turn_all_off().await.expect("all off");
    noe.force_on(Source::Microphone, 10).expect("a tampered client");
    let peer = ada.peer().expect("media");
    peer.silent(&voice, QUIET, SOON).await.expect("off is off");
}

#[tokio::test]
async fn chat_follows_its_right_and_stays_text() {
    let school = School::start().await;
    let class = school.class(&["Noé", "Zoé"]).await;
    let (mut ada, [mut noe, mut zoe]) = class.in_session(["Noé", "Zoé"]).await;
    let text = "<img src=x onerror=alert(1)> 1 < 2 & é\u{202E}";
    noe.conversation.done(Ask::Chat(ChatAsk::Say { text: text.into() })).await.expect("said");
    let said = |event: &Event| match event {
        Event::Chat(ChatEvent::Said { message }) => Some(message.clone()),
        _ => None,
    };
    let message = zoe.conversation.wait_for(SOON, said).await.expect("heard");
    assert_eq!((message.name.as_str(), message.person), ("Noé", noe.person()));
    assert!(message.text.starts_with("<img src=x onerror=alert(1)> 1 < 2 & é"), "text is text: {}", message.text);
    ada.conversation.done(Ask::Chat(ChatAsk::Erase { message: message.id })).await.expect("erased");
    let erased = |event: &Event| matches!(event, Event::Chat(ChatEvent::Erased { .. })).then_some(());
    zoe.conversation.wait_for(SOON, erased).await.expect("gone for everyone");

    let rights = Rights { chat: false, ..Rights::STUDENTS };
    ada.conversation.done(Ask::Class(ClassAsk::Rights { rights })).await.expect("no chat");
    assert_eq!(refused(&mut noe, Ask::Chat(ChatAsk::Say { text: "x".into() })).await, Refusal::NoRight);
    assert_eq!(refused(&mut noe, Ask::Chat(ChatAsk::Erase { message: message.id })).await, Refusal::TeachersOnly);
    let long = "x".repeat(2_001);
    assert_eq!(refused(&mut ada, Ask::Chat(ChatAsk::Say { text: long })).await, Refusal::Limit);
}
