//! Pictures and voices reach those who may have them, each slot as one continuous stream.

use preau_loadtest::{Participant, Source};
use preau_protocol::{Event, MediaEvent, PersonId};

use preau_tests::school::{MEDIA, QUIET, SOON, School};

/// Waits until the relay says that this person is in this slot.
async fn slot_shows(viewer: &mut Participant, mid: &str, wanted: PersonId) {
    let shown = |event: &Event| match event {
        Event::Media(MediaEvent::Slots { slots }) => {
            slots.iter().any(|slot| slot.mid == mid && slot.person == Some(wanted)).then_some(())
        }
        _ => None,
    };
    viewer.conversation.wait_for(SOON, shown).await.expect("a slot says who is in it");
}

#[tokio::test]
async fn a_teacher_is_seen_and_heard_by_everyone() {
    let school = School::start().await;
    let class = school.class(&["Noé", "Zoé"]).await;
    let (mut ada, [mut noe, mut zoe]) = class.in_session(["Noé", "Zoé"]).await;
    ada.connect_media(2).await.expect("connected");
    ada.turn_on(&[Source::Microphone, Source::Camera]).await.expect("on");
    for student in [&mut noe, &mut zoe] {
        student.connect_media(2).await.expect("connected");
        student.look_at(&[ada.person()]).await.expect("looks");
        let slots = student.peer().expect("media").receive.clone();
        slot_shows(student, &slots.video[0], ada.person()).await;
        let peer = student.peer().expect("media");
        let picture = peer.more(&slots.video[0], 40, MEDIA).await.expect("a moving picture");
        assert!(picture.keyframes >= 1, "it begins with something decodable: {picture:?}");
        assert_eq!((picture.gaps, picture.ssrcs.len()), (0, 1), "one continuous stream");
        let voice = peer.more(&slots.audio[0], 100, MEDIA).await.expect("a voice");
        assert_eq!((voice.gaps, voice.ssrcs.len()), (0, 1), "one continuous stream");
    }
}

#[tokio::test]
async fn a_slot_stays_one_stream_when_the_view_changes() {
    let school = School::start().await;
    let class = school.class(&["Noé", "Zoé"]).await;
    let (mut ada, [mut noe, mut zoe]) = class.in_session(["Noé", "Zoé"]).await;
    for person in [&mut ada, &mut noe, &mut zoe] {
        person.connect_media(1).await.expect("connected");
    }
    noe.turn_on(&[Source::Camera]).await.expect("on");
    zoe.turn_on(&[Source::Camera]).await.expect("on");
    let slot = ada.peer().expect("media").receive.video[0].clone();
    for shown in [noe.person(), zoe.person(), noe.person()] {
        ada.look_at(&[shown]).await.expect("looks");
        slot_shows(&mut ada, &slot, shown).await;
        ada.peer().expect("media").more(&slot, 30, MEDIA).await.expect("pictures come");
    }
    let receipt = ada.peer().expect("media").receipt(&slot);
    assert_eq!((receipt.gaps, receipt.ssrcs.len()), (0, 1), "{receipt:?}");
    assert!(receipt.keyframes >= 3, "every change begins with a keyframe: {receipt:?}");
}

#[tokio::test]
async fn the_loudest_three_are_heard() {
    let school = School::start().await;
    let class = school.class(&["A", "B", "C", "D"]).await;
    let (mut ada, mut students) = class.in_session(["A", "B", "C", "D"]).await;
    ada.connect_media(1).await.expect("connected");
    for (student, level) in students.iter_mut().zip([20, 25, 30, 90]) {
        student.connect_media(1).await.expect("connected");
        student.turn_on_at(&[Source::Microphone], level).await.expect("on");
    }
    let slots = ada.peer().expect("media").receive.audio.clone();
    for slot in &slots {
        ada.peer().expect("media").more(slot, 25, MEDIA).await.expect("three voices");
    }
    let loudest = |event: &Event| match event {
        Event::Media(MediaEvent::Slots { slots: filled }) => {
            let heard: Vec<PersonId> =
                filled.iter().filter(|slot| slots.contains(&slot.mid)).filter_map(|slot| slot.person).collect();
            (heard.len() == 3 && !heard.contains(&students[3].person())).then_some(())
        }
        _ => None,
    };
    ada.conversation.wait_for(SOON, loudest).await.expect("the quiet one is not among them");
}

#[tokio::test]
async fn a_screen_has_a_slot_of_its_own() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, [mut noe]) = class.in_session(["Noé"]).await;
    ada.connect_media(1).await.expect("connected");
    noe.connect_media(1).await.expect("connected");
    ada.turn_on(&[Source::Screen, Source::ScreenAudio]).await.expect("shared");
    let peer = noe.peer().expect("media");
    let slots = peer.receive.clone();
    let screen = peer.more(&slots.screen, 10, MEDIA).await.expect("the screen is seen");
    peer.more(&slots.screen_audio, 25, MEDIA).await.expect("and heard");
    assert!(screen.keyframes >= 1);
    assert_eq!(peer.receipt(&slots.video[0]).packets, 0, "nobody looks at a camera");
}

#[tokio::test]
async fn nobody_receives_whom_they_do_not_look_at() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, [mut noe]) = class.in_session(["Noé"]).await;
    ada.connect_media(2).await.expect("connected");
    noe.connect_media(2).await.expect("connected");
    ada.turn_on(&[Source::Camera]).await.expect("on");
    noe.look_at(&[ada.person()]).await.expect("looks");
    let slot = noe.peer().expect("media").receive.video[0].clone();
    noe.peer().expect("media").more(&slot, 5, MEDIA).await.expect("seen");
    noe.look_at(&[]).await.expect("looks away");
    noe.peer().expect("media").silent(&slot, QUIET, SOON).await.expect("no packet is spent on nobody");
}
