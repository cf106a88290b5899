//! Through filtered networks, on a stack that is not our own: TURN brings whoever has a seat into the class, and nobody else.

use preau_loadtest::{ConversationError, ParticipantError, Source};
use preau_protocol::{Ask, ClassAsk, Close, IceServer, MediaAsk};

use preau_tests::school::{MEDIA, OUT, QUIET, School};

/// What is left where only this transport gets through.
pub fn only(servers: Vec<IceServer>, transport: &str) -> Vec<IceServer> {
    let narrowed = servers.into_iter().map(|mut server| {
        server.urls.retain(|url| url.starts_with("turn:") && url.ends_with(transport));
        server
    });
    narrowed.collect()
}

#[tokio::test]
async fn a_class_is_seen_by_turn_and_the_removed_lose_it_at_once() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, [mut noe]) = class.in_session(["Noé"]).await;
    ada.connect_media(2).await.expect("connected");
    ada.turn_on(&[Source::Microphone, Source::Camera]).await.expect("on");
    let servers = only(noe.ways().await.expect("ways"), "transport=udp");
    noe.connect_relayed(servers.clone()).await.expect("connected by TURN");
    noe.look_at(&[ada.person()]).await.expect("looks");
    let slots = noe.peer().expect("media").receive.clone();
    noe.peer().expect("media").more(&slots.video[0], 30, MEDIA).await.expect("sees Ada");
    noe.peer().expect("media").more(&slots.audio[0], 10, MEDIA).await.expect("hears Ada");

    let remove = ClassAsk::Remove { person: noe.person(), block: false };
    ada.conversation.done(Ask::Class(remove)).await.expect("removed");
    noe.peer().expect("media").silent(&slots.video[0], QUIET, OUT).await.expect("sees nobody any more");
    noe.peer().expect("media").silent(&slots.audio[0], QUIET, OUT).await.expect("and hears nobody");
}

#[tokio::test]
async fn whoever_waits_is_told_no_way() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (_ada, _) = class.enter().await;
    let mut noe = class.knock("Noé").await;
    let told = noe.conversation.ask(Ask::Media(MediaAsk::Ways {})).await;
    let closing = match told {
        Err(ConversationError::Closed(closing)) => closing,
        other => panic!("{other:?}"),
    };
    assert_eq!(closing.code, Close::NotAllowed.code());
}

#[tokio::test]
async fn where_nothing_is_relayed_there_are_no_ways() {
    let school = School::start_with(&["--ways-turn", "off"]).await;
    let class = school.class(&[]).await;
    let (mut ada, _) = class.enter().await;
    assert_eq!(ada.ways().await.expect("an answer"), []);
}

#[tokio::test]
async fn made_up_credentials_open_nothing() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (_ada, [mut noe]) = class.in_session(["Noé"]).await;
    let mut servers = only(noe.ways().await.expect("ways"), "transport=udp");
    servers[0].credential = "made up".into();
    match noe.connect_relayed(servers).await {
        Err(ParticipantError::Media(_)) => {}
        other => panic!("{:?}", other.map(|_| "connected")),
    }
    noe.conversation.done(Ask::Class(ClassAsk::Hand { up: true })).await.expect("the seat is as it was");
}
