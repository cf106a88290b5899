//! People who do not read, and sockets whose other end is gone: they are cut, what they hold of memory is bounded, and the
//! class does not notice. `make test` has a few who do not read; at length there are a thousand of each.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use preau_loadtest::{Conversation, ConversationError, Device};
use preau_protocol::{Ask, ClassAsk, ClassEvent, ClassId, Close, Event, PersonId};
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
/// In the class itself, and among how many who wave: everybody is told of each hand.
const DEAF: (usize, usize) = (12, 8);
const DEAF_AT_LENGTH: (usize, usize) = (1_000, 2);
/// A little slower than the server allows anybody to ask.
const ASK_EVERY: Duration = Duration::from_millis(36);
/// A server with its hands full says so; people come again.
const AGAIN_EVERY: Duration = Duration::from_millis(500);
/// Whoever is not heard of is gone after 45 s (DOOR.md), counted from a hello; a busy machine says it a little later.
const DEAD_AFTER: Duration = Duration::from_secs(44);
const DEAD_BEFORE: Duration = Duration::from_secs(52);
/// A connection that ends without a close frame: whoever reads too late, even then.
const CUT_SHORT: u16 = 1006;
/// The kernel's buffers have to fill, and a write to stand for ten seconds.
const CUT_WITHIN: Duration = Duration::from_secs(90);
/// What each of them may cost: what waits for a reader until it is cut.
const EACH_KB_MAX: f64 = 128.0;
/// What a process takes besides while it is busy.
const BUSY_MB_MAX: f64 = 32.0;

#[tokio::test]
async fn whoever_does_not_read_or_is_gone_is_cut_and_the_class_goes_on() {
    let portal = Portal::new();
    let server = Server::start_with(&portal.flags()).await.expect("starts");
    let mut lesson = Lesson::over(server).await;
    let before = memory_mb(&lesson.school.server);
    let (people, hands) = if tally::at_length() { DEAF_AT_LENGTH } else { DEAF };
    let gone = if tally::at_length() { vanish(&lesson, &portal).await } else { JoinSet::new() };
    let mut deaf = sit_deaf(&mut lesson, &portal, people).await;
    let mut waving = JoinSet::new();
    for n in 0..hands {
        let student = come(&mut lesson, &portal, &format!("waving {n}")).await;
        waving.spawn(wave(student));
    }
    let (mut told, mut cost) = (JoinSet::new(), 0.0_f64);
    while !deaf.is_empty() {
        if deaf.len() % (people / 4) == 0 {
            lesson.goes_on(&format!("with {} who do not read", deaf.len())).await;
        }
        let is_away = |event: &Event| match event {
            Event::Class(event) => match &**event {
                ClassEvent::Changed { person } => person.away.then_some(person.person),
                _ => None,
            },
            _ => None,
        };
        let away = lesson.ada.conversation.wait_for(CUT_WITHIN, is_away).await.expect("whoever does not read is away");
        cost = cost.max(memory_mb(&lesson.school.server) - before);
        // Whoever reads then learns why, if it is soon.
        let mut wire = deaf.remove(&away).expect("nobody else is cut");
        told.spawn(async move { wire.close_code().await });
    }
    drop(waving);
    let told = told.join_all().await;
    assert!(told.iter().all(|code| [Close::Slow.code(), CUT_SHORT].contains(code)), "{told:?}");
    // A close frame has a second to leave: too little for us to read what stands before a thousand of them.
    let hear_why = told.iter().filter(|code| **code == Close::Slow.code()).count();
    assert!(tally::at_length() || hear_why * 2 >= people, "most hear why: {told:?}");
    let gone = gone.join_all().await;
    let silent = gone.len();
    for lasted in gone {
        assert!((DEAD_AFTER..DEAD_BEFORE).contains(&lasted), "a socket that is gone was kept for {lasted:?}");
    }
    let bound = BUSY_MB_MAX + (people + silent) as f64 * EACH_KB_MAX / 1e3;
    assert!(cost < bound, "{cost} MB, and not less than {bound}");
    lesson.goes_on("after all of them").await;
    tally::survived(if tally::at_length() { 2 } else { 1 }, &[]);
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
async fn sit_deaf(lesson: &mut Lesson, portal: &Portal, people: usize) -> BTreeMap<PersonId, Wire> {
    let (mut deaf, mut pace) = (BTreeMap::new(), interval(ASK_EVERY));
    for n in 0..people {
        pace.tick().await;
        let token = portal.sign(&student_claims(lesson.class.id, &format!("deaf {n}")));
        let wire = knock(&lesson.school.stranger(), lesson.class.id, &token).await;
        let knocks = |event: &Event| match event {
            Event::Door(preau_protocol::DoorEvent::Knock { knock }) => Some(knock.person),
            _ => None,
        };
        let person = lesson.ada.conversation.wait_for(CUT_WITHIN, knocks).await.expect("a teacher hears a knock");
        admit(&mut lesson.ada.conversation, person).await.expect("let in");
        deaf.insert(person, wire);
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
    let mut tick = interval(ASK_EVERY);
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
