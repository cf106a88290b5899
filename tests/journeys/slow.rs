//! A reader that does not read: cut, told so, and free to come back.

use std::time::Duration;

use preau_loadtest::{Conversation, Participant};
use preau_protocol::{Ask, ClassAsk, ClassEvent, Close, Policy, ServerFrame};
use tokio::task::JoinSet;
use tokio::time::interval;

use preau_tests::school::{SOON, School};
use preau_tests::wire::Wire;

const NAMES: [&str; 12] =
    ["Noé", "Zoé", "Léa", "Tom", "Inès", "Adam", "Lou", "Yanis", "Rose", "Jules", "Nour", "Émile"];
/// A little slower than the server allows.
const HAND_EVERY: Duration = Duration::from_millis(36);
/// The kernel's buffers have to fill first, and then the server's.
const CUT_WITHIN: Duration = Duration::from_secs(90);

/// Raises and lowers a hand, as fast as one may: everyone hears of each.
async fn wave(mut student: Participant) {
    let mut tick = interval(HAND_EVERY);
    for n in 0_u32.. {
        tick.tick().await;
        if student.conversation.send(Ask::Class(ClassAsk::Hand { up: n % 2 == 0 })).await.is_err() {
            return;
        }
        student.conversation.take_events();
    }
}

#[tokio::test]
async fn whoever_does_not_read_is_cut_as_slow_and_may_come_back() {
    let school = School::start().await;
    let class = school.class_with(Policy::Roster, &NAMES).await;
    let mut ada = Wire::open(&school.teacher).await;
    ada.text(&format!(r#"{{"hello":{{"version":1,"class":"{}"}}}}"#, class.id)).await;
    // Whoever asks before they are welcome may not be heard: the class may be on its way from the disk.
    let first = ada.next_text().await;
    let Ok(ServerFrame::Welcome(welcome)) = serde_json::from_str(&first) else { panic!("no welcome but {first}") };
    ada.text(r#"{"id":1,"ask":{"door":{"open":{}}}}"#).await;
    let mut waving = JoinSet::new();
    let mut watcher = class.knock(NAMES[0]).await;
    watcher.seated(SOON).await.expect("the door is open");
    for name in &NAMES[1..] {
        let mut student = class.knock(name).await;
        student.seated(SOON).await.expect("the door is open");
        waving.spawn(wave(student));
    }
    let is_away = |event: &preau_protocol::Event| match event {
        preau_protocol::Event::Class(event) => match &**event {
            ClassEvent::Changed { person } => person.away.then_some(()),
            _ => None,
        },
        _ => None,
    };
    watcher.conversation.wait_for(CUT_WITHIN, is_away).await.expect("the class learns that Ada is away");
    drop(waving);
    assert_eq!(ada.close_code().await, Close::Slow.code());
    let back = Conversation::resume(&school.teacher, class.id, welcome.session, 0).await.expect("Ada comes back");
    assert!(back.welcome().resumed, "to the same conversation");
}
