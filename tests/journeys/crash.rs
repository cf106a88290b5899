//! The server is killed in the middle of a lesson and comes back: seats, chat and decisions are as they were.

use preau_loadtest::Source;
use preau_protocol::{Ask, ChatAsk, DoorAsk, Policy};

use preau_tests::school::{MEDIA, SOON, School, heard_knock, set_policy, turned_away};

#[tokio::test]
async fn nobody_who_was_seated_is_admitted_twice() {
    let mut school = School::start().await;
    let class = school.class(&["Noé", "Zoé", "Max"]).await;
    let (mut ada, [mut noe, mut zoe]) = class.in_session(["Noé", "Zoé"]).await;
    noe.conversation.done(Ask::Chat(ChatAsk::Say { text: "avant".into() })).await.expect("said");
    for person in [&mut ada, &mut noe, &mut zoe] {
        person.connect_media(2).await.expect("connected");
    }
    let max = class.knock("Max").await;
    heard_knock(&mut ada, max.person()).await;

    school.server.crash().await.expect("killed");
    school.server.restart().await.expect("up again");

    // A student first: no teacher has come back yet, and none is asked.
    let mut noe = noe.resume().await.expect("the server is back");
    let snapshot = noe.seated(SOON).await.expect("the seat was kept");
    assert_eq!(snapshot.chat.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(), ["avant"]);
    let mut ada = ada.resume().await.expect("the server is back");
    ada.seated(SOON).await.expect("so was the teacher's");
    let mut zoe = zoe.resume().await.expect("the server is back");
    zoe.seated(SOON).await.expect("and Zoé's");
    let mut max = max.resume().await.expect("the server is back");
    heard_knock(&mut ada, max.person()).await;
    assert!(max.seated(preau_tests::school::QUIET).await.is_err(), "whoever waited waits");

    ada.connect_media(2).await.expect("media anew");
    ada.turn_on(&[Source::Camera]).await.expect("on");
    noe.connect_media(2).await.expect("media anew");
    noe.look_at(&[ada.person()]).await.expect("looks");
    let slot = noe.peer().expect("media").receive.video[0].clone();
    noe.peer().expect("media").more(&slot, 10, MEDIA).await.expect("moving pictures again");
}

#[tokio::test]
async fn what_was_answered_is_on_disk() {
    let mut school = School::start().await;
    let class = school.class(&["Noé", "Zoé"]).await;
    let (mut ada, _) = class.enter().await;
    let zoe = class.knock("Zoé").await;
    heard_knock(&mut ada, zoe.person()).await;
    set_policy(&mut ada, Policy::Shut).await;
    ada.conversation.done(Ask::Door(DoorAsk::Block { person: zoe.person() })).await.expect("acknowledged");
    school.server.crash().await.expect("killed the moment it was acknowledged");
    school.server.restart().await.expect("up again");
    assert_eq!(turned_away(&zoe.device, class.id).await.code, 4410, "a block is a block");
    let mut ada = ada.resume().await.expect("the server is back");
    let snapshot = ada.seated(SOON).await.expect("seated");
    let door = snapshot.door.expect("a teacher");
    assert_eq!((door.policy, door.barred.len()), (Policy::Shut, 1));
}

#[tokio::test]
async fn a_lesson_ends_when_it_was_said_at_first() {
    let mut school = School::start_with(&["--gate-class-length-max", "90 min"]).await;
    let class = school.class(&[]).await;
    let (ada, snapshot) = class.enter().await;
    let end = snapshot.ends_at.expect("everybody knows from the start");
    school.server.crash().await.expect("killed");
    school.server.restart().await.expect("up again");
    let mut ada = ada.resume().await.expect("the server is back");
    assert_eq!(ada.seated(SOON).await.expect("seated").ends_at, Some(end));
}

#[tokio::test]
async fn an_orderly_stop_tells_everyone_to_come_back() {
    let mut school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, [mut noe]) = class.in_session(["Noé"]).await;
    let status = school.server.stop().await.expect("stopped");
    assert!(status.success(), "{status}");
    for person in [&mut ada, &mut noe] {
        assert_eq!(preau_tests::school::code_of(person).await, preau_protocol::Close::Draining.code());
    }
    school.server.restart().await.expect("up again");
    let mut noe = noe.resume().await.expect("the server is back");
    noe.seated(SOON).await.expect("the seat was kept");
}
