//! The server is short of something: what goes first, what stays, and what everybody is told.

use preau_loadtest::Source;
use preau_protocol::{Amounts, Ask, ClassEvent, Event, MediaEvent, Operations, OperatorAct, Reduction, SessionAsk};
use reqwest::Method;

use preau_tests::school::{MEDIA, QUIET, SOON, School, class_event, heard_knock};

const OPERATOR: &str = "sixteen-letters-or-more";

/// The operator says what the limits are from now on.
async fn limit(school: &School, change: impl FnOnce(Amounts) -> Amounts) {
    let operator = school.stranger();
    let seen = operator.request(Method::GET, "/api/ops").bearer_auth(OPERATOR).send().await.expect("an answer");
    let seen: Operations = seen.json().await.expect("what operators see");
    let act = OperatorAct::Limits { limits: change(seen.limits) };
    let request = operator.request(Method::POST, "/api/ops").bearer_auth(OPERATOR).json(&act);
    assert!(request.send().await.expect("an answer").status().is_success());
}

#[tokio::test]
async fn students_cameras_go_first_and_the_teacher_is_seen_and_heard_as_before() {
    let school = School::start_with(&["--operator-token", OPERATOR]).await;
    let class = school.class(&["Noé", "Zoé", "Max"]).await;
    let (mut ada, [mut noe, mut zoe]) = class.in_session(["Noé", "Zoé"]).await;
    for person in [&mut ada, &mut noe, &mut zoe] {
        person.connect_media(2).await.expect("connected");
    }
    ada.turn_on(&[Source::Microphone, Source::Camera]).await.expect("on");
    noe.turn_on(&[Source::Camera]).await.expect("on");
    zoe.look_at(&[ada.person(), noe.person()]).await.expect("looks");
    let slots = zoe.peer().expect("media").receive.clone();
    for slot in &slots.video {
        zoe.peer().expect("media").more(slot, 10, MEDIA).await.expect("both are seen");
    }

    limit(&school, |limits| Amounts { packets_per_s: 1, ..limits }).await;
    let reduced = |event: &ClassEvent| match event {
        ClassEvent::Reduced { reduction } => Some(*reduction),
        _ => None,
    };
    assert_eq!(class_event(&mut zoe, reduced).await, Reduction::StudentCamerasOff);
    assert_eq!(class_event(&mut ada, reduced).await, Reduction::StudentCamerasOff);
    // That is enough: no further step.
    limit(&school, |limits| Amounts { packets_per_s: 1_000_000, ..limits }).await;

    let (teacher, student) = (ada.person(), noe.person());
    let alone = |event: &Event| match event {
        Event::Media(MediaEvent::Slots { slots: filled }) => {
            let shown = |who| filled.iter().any(|slot| slots.video.contains(&slot.mid) && slot.person == Some(who));
            (shown(teacher) && !shown(student)).then_some(())
        }
        _ => None,
    };
    zoe.conversation.wait_for(SOON, alone).await.expect("a name is left of Noé");
    let peer = zoe.peer().expect("media");
    peer.more(&slots.audio[0], 50, MEDIA).await.expect("her voice");
    peer.more(&slots.video[0], 20, MEDIA).await.expect("and her picture");
    assert!(peer.more(&slots.video[1], 1, QUIET).await.is_err(), "nothing of Noé's");
    let mut max = class.knock("Max").await;
    heard_knock(&mut ada, max.person()).await;
    ada.admit(&[max.person()]).await.expect("let in");
    let snapshot = max.seated(SOON).await.expect("seated");
    assert_eq!(snapshot.reduction, Reduction::StudentCamerasOff, "whoever comes later is told as well");
}

#[tokio::test]
async fn whoever_says_that_they_are_there_is_heard_wherever_they_are() {
    let school = School::start().await;
    let class = school.class(&["Noé", "Zoé"]).await;
    let (_ada, [mut noe]) = class.in_session(["Noé"]).await;
    let mut zoe = class.knock("Zoé").await;
    for person in [&mut noe, &mut zoe] {
        person.conversation.done(Ask::Session(SessionAsk::Here {})).await.expect("heard");
    }
}
