//! People who do not read, and sockets whose other end is gone: they are cut, what they hold of memory is bounded, and the
//! class does not notice.

use std::time::{Duration, Instant};

use preau_loadtest::{Conversation, ConversationError, Device};
use preau_protocol::{Ask, ClassAsk, ClassEvent, ClassId, Event};
use preau_tests::Server;
use preau_tests::portal::{Portal, student_claims};
use preau_tests::school::heard_knock;
use preau_tests::wire::Wire;
use tokio::task::JoinSet;
use tokio::time::interval;

use crate::lesson::{Lesson, admit, memory_mb};
use crate::tally;

/// Sockets whose other end is gone, in so many lobbies: one holds 200 people who are not on its roster.
const GONE: usize = 1_000;
const LOBBIES: usize = 5;
/// In the class itself, among those who wave.
const DEAF: usize = 40;
const WAVING: usize = 8;
/// A little slower than the server allows.
const HAND_EVERY: Duration = Duration::from_millis(36);
/// A server with its hands full says so; people come again.
const AGAIN_EVERY: Duration = Duration::from_millis(500);
/// Whoever is not heard of is gone after 45 s (DOOR.md), counted from a hello; a busy machine says it a little later.
const DEAD_AFTER: Duration = Duration::from_secs(44);
const DEAD_BEFORE: Duration = Duration::from_secs(52);
/// The kernel's buffers have to fill, and a write to stand for ten seconds.
const CUT_WITHIN: Duration = Duration::from_secs(90);
/// What all of them together may cost: some 64 kB each.
const MEMORY_MB_MAX: f64 = 64.0;

#[tokio::test]
async fn a_thousand_sockets_that_are_gone_and_forty_that_do_not_read_are_cut_and_the_class_goes_on() {
    let portal = Portal::new();
    let server = Server::start_with(&portal.flags()).await.expect("starts");
    let mut lesson = Lesson::over(server).await;
    let before = memory_mb(&lesson.school.server);
    let gone = vanish(&lesson, &portal).await;
    let deaf = sit_deaf(&mut lesson, &portal).await;
    let mut waving = JoinSet::new();
    for n in 0..WAVING {
        let student = come(&mut lesson, &portal, &format!("waving {n}")).await;
        waving.spawn(wave(student));
    }
    let mut away = 0;
    while away < DEAF {
        if away % 10 == 0 {
            lesson.goes_on(&format!("with {away} of them cut")).await;
        }
        let is_away = |event: &Event| match event {
            Event::Class(event) => match &**event {
                ClassEvent::Changed { person } => person.away.then_some(()),
                _ => None,
            },
            _ => None,
        };
        lesson.ada.conversation.wait_for(CUT_WITHIN, is_away).await.expect("whoever does not read is away");
        away += 1;
    }
    drop((waving, deaf));
    for lasted in gone.join_all().await {
        assert!((DEAD_AFTER..DEAD_BEFORE).contains(&lasted), "a socket that is gone was kept for {lasted:?}");
    }
    let cost = memory_mb(&lesson.school.server) - before;
    assert!(cost < MEMORY_MB_MAX, "{cost} MB");
    lesson.goes_on("after all of them").await;
    tally::survived(1, &[]);
}

/// People who knock, and are never heard of again. Each task ends with its socket, and says how long that took.
async fn vanish(lesson: &Lesson, portal: &Portal) -> JoinSet<Duration> {
    let mut gone = JoinSet::new();
    for lobby in 0..LOBBIES {
        let class = lesson.school.class(&[]).await;
        for n in 0..GONE / LOBBIES {
            let token = portal.sign(&student_claims(class.id, &format!("gone {lobby} {n}")));
            let mut wire = knock(&lesson.school.stranger(), class.id, &token).await;
            gone.spawn(async move {
                let knocked = Instant::now();
                // What comes is taken, and no ping is answered.
                while wire.next_frame().await.is_ok() {}
                knocked.elapsed()
            });
        }
    }
    gone
}

/// Students who are let in, and read nothing from then on.
async fn sit_deaf(lesson: &mut Lesson, portal: &Portal) -> Vec<Wire> {
    let mut deaf = Vec::new();
    for n in 0..DEAF {
        let token = portal.sign(&student_claims(lesson.class.id, &format!("deaf {n}")));
        deaf.push(knock(&lesson.school.stranger(), lesson.class.id, &token).await);
        let knocks = |event: &Event| match event {
            Event::Door(preau_protocol::DoorEvent::Knock { knock }) => Some(knock.person),
            _ => None,
        };
        let person = lesson.ada.conversation.wait_for(CUT_WITHIN, knocks).await.expect("a teacher hears a knock");
        admit(&mut lesson.ada.conversation, person).await.expect("let in");
    }
    deaf
}

async fn come(lesson: &mut Lesson, portal: &Portal, subject: &str) -> Conversation {
    let token = portal.sign(&student_claims(lesson.class.id, subject));
    let mut tries = interval(AGAIN_EVERY);
    let student = loop {
        tries.tick().await;
        match Conversation::open_with_token(&lesson.school.stranger(), lesson.class.id, &token).await {
            Ok(student) => break student,
            Err(ConversationError::Turned(_)) => {}
            Err(other) => panic!("a token is good: {other}"),
        }
    };
    heard_knock(&mut lesson.ada, student.welcome().person).await;
    admit(&mut lesson.ada.conversation, student.welcome().person).await.expect("let in");
    student
}

/// Raises and lowers a hand, as fast as one may: everyone hears of each.
async fn wave(mut student: Conversation) {
    let mut tick = interval(HAND_EVERY);
    for n in 0_u32.. {
        tick.tick().await;
        if student.send(Ask::Class(ClassAsk::Hand { up: n % 2 == 0 })).await.is_err() {
            return;
        }
        student.take_events();
    }
}

/// Comes to a class, again if the gate says that the server has its hands full.
async fn knock(device: &Device, class: ClassId, token: &str) -> Wire {
    let mut tries = interval(AGAIN_EVERY);
    loop {
        tries.tick().await;
        let mut wire = Wire::open(device).await;
        wire.text(&format!(r#"{{"hello":{{"version":1,"class":"{class}","token":"{token}"}}}}"#)).await;
        if wire.next_text().await.starts_with(r#"{"welcome""#) {
            return wire;
        }
    }
}
