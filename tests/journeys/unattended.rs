//! A class whose teacher is gone: after a grace of 20 s children are not left alone together.

use std::time::Duration;

use preau_loadtest::{ConversationError, Source};
use preau_protocol::{Ask, ChatAsk, ClassAsk, ClassEvent, Phase, Policy, Refusal, SessionAsk, WaitingFor};

use preau_tests::school::{MEDIA, QUIET, SOON, School, class_event, set_policy, stands};

/// The grace, and as long again for a busy machine.
const PAST_GRACE: Duration = Duration::from_secs(40);

#[tokio::test]
async fn without_a_teacher_students_neither_see_nor_hear_each_other() {
    let school = School::start().await;
    let class = school.class(&["Noé", "Zoé", "Max"]).await;
    let (mut ada, [mut noe, mut zoe]) = class.in_session(["Noé", "Zoé"]).await;
    set_policy(&mut ada, Policy::Roster).await;
    for student in [&mut noe, &mut zoe] {
        student.connect_media(1).await.expect("connected");
        student.turn_on(&[Source::Microphone, Source::Camera]).await.expect("on");
    }
    zoe.look_at(&[noe.person()]).await.expect("looks");
    let slots = zoe.peer().expect("media").receive.clone();
    zoe.peer().expect("media").more(&slots.video[0], 10, MEDIA).await.expect("Zoé sees Noé");
    zoe.peer().expect("media").more(&slots.audio[0], 10, MEDIA).await.expect("Zoé hears Noé");

    ada.conversation.done(Ask::Session(SessionAsk::Leave {})).await.ok();
    let phase = |wanted: Phase| {
        move |event: &preau_protocol::Event| match event {
            preau_protocol::Event::Class(class) => match class.as_ref() {
                ClassEvent::Phase { phase } if *phase == wanted => Some(()),
                _ => None,
            },
            _ => None,
        }
    };
    zoe.conversation.wait_for(PAST_GRACE, phase(Phase::Unattended)).await.expect("everyone is told");
    let peer = zoe.peer().expect("media");
    peer.silent(&slots.video[0], QUIET, SOON).await.expect("no picture");
    peer.silent(&slots.audio[0], QUIET, SOON).await.expect("no voice");
    let chat = noe.conversation.done(Ask::Chat(ChatAsk::Say { text: "psst".into() })).await;
    assert!(matches!(chat, Err(ConversationError::Refused(Refusal::Unattended))), "{chat:?}");
    let mut max = class.knock("Max").await;
    stands(&mut max, WaitingFor::TeacherAway).await;

    let (mut ada, snapshot) = class.enter().await;
    assert_eq!(snapshot.people.len(), 3, "the seats were kept");
    zoe.conversation.wait_for(SOON, phase(Phase::Open)).await.expect("the class goes on");
    zoe.peer().expect("media").more(&slots.video[0], 10, MEDIA).await.expect("seen again");
    zoe.peer().expect("media").more(&slots.audio[0], 10, MEDIA).await.expect("heard again");
    noe.conversation.done(Ask::Chat(ChatAsk::Say { text: "re".into() })).await.expect("chat is open again");
    stands(&mut max, WaitingFor::Answer).await;
    ada.conversation.done(Ask::Class(ClassAsk::MuteAll {})).await.expect("the teacher teaches");
}

#[tokio::test]
async fn a_teacher_who_reloads_is_not_missed() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (ada, [mut noe]) = class.in_session(["Noé"]).await;
    let device = ada.device.clone();
    drop(ada);
    let mut again = preau_loadtest::Participant::enter(device, class.id).await.expect("reloaded");
    let snapshot = again.seated(SOON).await.expect("seated again");
    assert_eq!(snapshot.phase, Phase::Open);
    noe.conversation.done(Ask::Chat(ChatAsk::Say { text: "still open".into() })).await.expect("nobody noticed");
    let away = |event: &ClassEvent| matches!(event, ClassEvent::Phase { phase: Phase::Unattended }).then_some(());
    assert!(
        noe.conversation
            .wait_for(QUIET, |event| match event {
                preau_protocol::Event::Class(event) => away(event),
                _ => None,
            })
            .await
            .is_err()
    );
    let back = |event: &ClassEvent| match event {
        ClassEvent::Changed { person } if person.role == preau_protocol::Role::Teacher && !person.away => Some(()),
        ClassEvent::Joined { person } if person.role == preau_protocol::Role::Teacher => Some(()),
        _ => None,
    };
    class_event(&mut noe, back).await;
}
