//! Sockets break and come back: to the same seat, with everything that was missed, in order.

use preau_loadtest::{Conversation, Participant};
use preau_protocol::{Ask, ChatAsk, ChatEvent, ClassAsk, ClassEvent, DoorEvent, Event};

use preau_tests::school::{SOON, School, class_event, heard_knock};

async fn say(who: &mut Participant, text: &str) {
    who.conversation.done(Ask::Chat(ChatAsk::Say { text: text.into() })).await.expect("said");
}

fn said(event: &Event) -> Option<String> {
    match event {
        Event::Chat(ChatEvent::Said { message }) => Some(message.text.clone()),
        _ => None,
    }
}

#[tokio::test]
async fn what_was_missed_comes_in_order() {
    let school = School::start().await;
    let class = school.class(&["Noé", "Zoé"]).await;
    let (mut ada, [noe, mut zoe]) = class.in_session(["Noé", "Zoé"]).await;
    let (device, person) = (noe.device.clone(), noe.person());
    let (session, last_seq) = noe.conversation.cut();
    let away = |event: &ClassEvent| match event {
        ClassEvent::Changed { person: who } if who.person == person && who.away => Some(()),
        _ => None,
    };
    class_event(&mut ada, away).await;
    for text in ["one", "two", "three"] {
        say(&mut zoe, text).await;
    }
    let mut back = Conversation::resume(&device, class.id, session, last_seq).await.expect("resumed");
    assert!(back.welcome().resumed);
    for text in ["one", "two", "three"] {
        assert_eq!(back.wait_for(SOON, said).await.expect("missed and sent again"), text);
    }
    let snapshot = back
        .take_events()
        .iter()
        .any(|event| matches!(event, Event::Class(class) if matches!(class.as_ref(), ClassEvent::Snapshot { .. })));
    assert!(!snapshot, "single events sufficed");
    let here = |event: &ClassEvent| match event {
        ClassEvent::Changed { person: who } if who.person == person && !who.away => Some(()),
        _ => None,
    };
    class_event(&mut ada, here).await;
}

#[tokio::test]
async fn a_long_absence_is_answered_with_a_snapshot() {
    let school = School::start().await;
    let class = school.class(&["Noé", "Zoé", "Max"]).await;
    let (mut ada, [noe, mut zoe, mut max]) = class.in_session(["Noé", "Zoé", "Max"]).await;
    let (device, person) = (noe.device.clone(), noe.person());
    let (session, last_seq) = noe.conversation.cut();
    let away = |event: &ClassEvent| match event {
        ClassEvent::Changed { person: who } if who.person == person && who.away => Some(()),
        _ => None,
    };
    class_event(&mut ada, away).await;
    // More than the server remembers for one session, within what each may say at once.
    for n in 0..55 {
        let large = (n % 2 == 0).then_some(zoe.person());
        ada.conversation.done(Ask::Class(ClassAsk::Spotlight { person: large })).await.expect("done");
        zoe.conversation.done(Ask::Class(ClassAsk::Hand { up: n % 2 == 0 })).await.expect("done");
        max.conversation.done(Ask::Class(ClassAsk::Hand { up: n % 2 == 0 })).await.expect("done");
    }
    let mut back = Conversation::resume(&device, class.id, session, last_seq).await.expect("resumed");
    assert!(back.welcome().resumed);
    let everything = |event: &Event| match event {
        Event::Class(class) => match class.as_ref() {
            ClassEvent::Snapshot { snapshot } => Some(snapshot.clone()),
            _ => None,
        },
        _ => None,
    };
    let snapshot = back.wait_for(SOON, everything).await.expect("too much for single events");
    assert_eq!((snapshot.spotlight, snapshot.people.len()), (Some(zoe.person()), 4));
    assert!(snapshot.people.iter().filter(|one| one.hand.is_some()).count() == 2, "both hands are up");
    let single =
        |event: &Event| matches!(event, Event::Class(class) if matches!(**class, ClassEvent::Spotlight { .. }));
    assert!(!back.take_events().iter().any(single), "and nothing twice");
}

#[tokio::test]
async fn a_stranger_cannot_resume_somebody_elses_session() {
    let school = School::start().await;
    let class = school.class(&["Noé", "Zoé"]).await;
    let (mut ada, [noe]) = class.in_session(["Noé"]).await;
    let session = noe.conversation.welcome().session;
    let zoe = class.device("Zoé").await;
    let stolen = Conversation::resume(&zoe, class.id, session, 0).await.expect("a hello of her own");
    assert!(!stolen.welcome().resumed);
    assert_eq!(stolen.welcome().name.as_str(), "Zoé");
    heard_knock(&mut ada, stolen.welcome().person).await;
    let other_phone = class.device("Noé").await;
    let stolen = Conversation::resume(&other_phone, class.id, session, 0).await.expect("a knock");
    assert!(!stolen.welcome().resumed, "a session belongs to its device");
    let knock = heard_knock(&mut ada, noe.person()).await;
    assert!(knock.other_device);
}

#[tokio::test]
async fn a_knock_keeps_its_place_when_the_socket_breaks() {
    let school = School::start().await;
    let class = school.class(&["Noé", "Zoé"]).await;
    let (mut ada, _) = class.enter().await;
    let noe = class.knock("Noé").await;
    let first = heard_knock(&mut ada, noe.person()).await;
    let mut zoe = class.knock("Zoé").await;
    heard_knock(&mut ada, zoe.person()).await;
    let noe = noe.resume().await.expect("back in line");
    assert!(noe.conversation.welcome().resumed);
    let (_again, snapshot) = class.enter().await;
    let line: Vec<_> =
        snapshot.door.expect("a teacher").waiting.iter().map(|knock| (knock.person, knock.since)).collect();
    assert_eq!(line[0], (noe.person(), first.since), "still first");
    assert_eq!(line[1].0, zoe.person());
    let answered = zoe.conversation.take_events().iter().any(|e| matches!(e, Event::Door(DoorEvent::Answered { .. })));
    assert!(!answered);
}
