//! People in the lobby who try what only the seated may.

use preau_loadtest::Participant;
use preau_protocol::{
    Ask, ChatAsk, ClassAsk, Close, DoorAsk, Felt, Look, MediaAsk, Pictures, ReceiveMids, SendMids, Sending,
    limits::LOBBY_STRANGERS_MAX,
};

use preau_tests::portal::{Portal, student_claims};
use preau_tests::school::{Class, QUIET, School, code_of, heard_knock, learnt_nothing};

/// Somebody waits, asks for this, and is shown out; the teacher's class goes on.
async fn shown_out_for(ask: impl Fn(&Class, &Participant) -> Ask) {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, _) = class.enter().await;
    let mut noe = class.knock("Noé").await;
    heard_knock(&mut ada, noe.person()).await;
    let ask = ask(&class, &noe);
    noe.conversation.send(ask.clone()).await.expect("sent");
    assert_eq!(code_of(&mut noe).await, Close::NotAllowed.code(), "{ask:?}");
    assert!(learnt_nothing(&mut noe));
    let answer = ada.conversation.ask(Ask::Class(ClassAsk::MuteAll {})).await;
    assert!(answer.is_ok(), "the class goes on");
}

#[tokio::test]
async fn an_offer_from_the_lobby_makes_no_media() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, _) = class.enter().await;
    let mut noe = class.knock("Noé").await;
    heard_knock(&mut ada, noe.person()).await;
    let refused = noe.connect_media(1).await.err().expect("no media for whoever waits").to_string();
    assert!(refused.contains("4403"), "{refused}");
}

#[tokio::test]
async fn views_and_offers_by_hand_from_the_lobby_end_the_conversation() {
    shown_out_for(|_, noe| Ask::Media(MediaAsk::View { looks: vec![Look { person: noe.person(), height_px: 180 }] }))
        .await;
    let mid = |text: &str| text.to_string();
    shown_out_for(|_, _| {
        Ask::Media(MediaAsk::Offer {
            sdp: "v=0\r\n".into(),
            send: SendMids { microphone: mid("0"), camera: mid("1"), screen: mid("2"), screen_audio: mid("3") },
            receive: ReceiveMids { audio: vec![], screen: mid("4"), screen_audio: mid("5"), video: vec![] },
        })
    })
    .await;
}

#[tokio::test]
async fn words_about_pictures_and_connections_from_the_lobby_end_the_conversation() {
    shown_out_for(|_, _| Ask::Media(MediaAsk::Receive { pictures: Pictures::None })).await;
    shown_out_for(|_, _| Ask::Media(MediaAsk::Felt { felt: Felt::default() })).await;
    shown_out_for(|_, noe| Ask::Media(MediaAsk::Inspect { person: noe.person() })).await;
}

#[tokio::test]
async fn chat_hands_and_the_door_from_the_lobby_end_the_conversation() {
    shown_out_for(|_, _| Ask::Chat(ChatAsk::Say { text: "coucou".into() })).await;
    shown_out_for(|_, _| Ask::Class(ClassAsk::Hand { up: true })).await;
    shown_out_for(|_, _| Ask::Class(ClassAsk::Sending { sending: Sending::default() })).await;
    shown_out_for(|_, noe| Ask::Door(DoorAsk::Admit { people: vec![noe.person()] })).await;
}

#[tokio::test]
async fn a_flood_of_strangers_fills_the_lobby_and_no_more() {
    let portal = Portal::new();
    let school = School::start_with(&portal.flags()).await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, _) = class.enter().await;
    let mut strangers = Vec::new();
    for n in 0..LOBBY_STRANGERS_MAX {
        let token = portal.sign(&student_claims(class.id, &format!("stranger-{n}")));
        let conversation = preau_loadtest::Conversation::open_with_token(&school.stranger(), class.id, &token).await;
        strangers.push(conversation.expect("there is room"));
    }
    let token = portal.sign(&student_claims(class.id, "one-too-many"));
    let full = match preau_loadtest::Conversation::open_with_token(&school.stranger(), class.id, &token).await {
        Err(preau_loadtest::ConversationError::Closed(closing)) => closing,
        Err(other) => panic!("{other}"),
        Ok(mut open) => open.closed(preau_tests::school::SOON).await.expect("closed"),
    };
    assert_eq!(full.code, Close::Full.code());
    let mut noe = class.knock("Noé").await;
    let knock = heard_knock(&mut ada, noe.person()).await;
    assert!(knock.about.on_roster, "whoever is on the roster finds a place");
    ada.admit(&[noe.person()]).await.expect("and is let in");
    noe.seated(preau_tests::school::SOON).await.expect("in");
}

#[tokio::test]
async fn nothing_of_a_running_class_reaches_the_lobby() {
    let school = School::start().await;
    let class = school.class(&["Noé", "Zoé"]).await;
    let (mut ada, [mut zoe]) = class.in_session(["Zoé"]).await;
    let mut noe = class.knock("Noé").await;
    heard_knock(&mut ada, noe.person()).await;
    let say = Ask::Chat(ChatAsk::Say { text: "secret".into() });
    zoe.conversation.done(say).await.expect("said");
    zoe.conversation.done(Ask::Class(ClassAsk::Hand { up: true })).await.expect("raised");
    zoe.connect_media(1).await.expect("connected");
    zoe.turn_on(&[preau_loadtest::Source::Microphone]).await.expect("on");
    // Nothing more comes for a while, and nothing that came was about the class.
    let nothing = noe.conversation.wait_for(QUIET, |event| {
        (!matches!(event, preau_protocol::Event::Lobby(_) | preau_protocol::Event::Session(_))).then_some(())
    });
    assert!(nothing.await.is_err());
    assert!(learnt_nothing(&mut noe));
}
