//! At the limit: the line before the gate, its tickets, and what operators see and do.

use std::time::Duration;

use preau_loadtest::{Conversation, ConversationError, Device};
use preau_protocol::{
    Amounts, Attack, ClassId, Hello, LineDocument, LineOrder, Operations, OperatorAct, Priority, Problem, ProblemCode,
    Queued, Status, StatusState, Turned, VERSION,
};
use reqwest::{Method, StatusCode};

use preau_tests::school::{SOON, School};

/// Five people at most, of whom four are let in by the gate.
const FIVE: [&str; 2] = ["--gate-people-max", "5"];
const OPERATOR: &str = "sixteen-letters-or-more";

async fn hello(device: &Device, class: ClassId, ticket: Option<String>) -> Result<Conversation, ConversationError> {
    Conversation::hello(device, Hello { version: VERSION, class, token: None, resume: None, ticket }).await
}

async fn queued(device: &Device, class: ClassId, ticket: Option<String>) -> Queued {
    match hello(device, class, ticket).await {
        Err(ConversationError::Turned(Turned::Queued(queued))) => queued,
        other => panic!("not in the line: {:?}", other.map(|open| open.welcome().clone())),
    }
}

async fn get<T: serde::de::DeserializeOwned>(device: &Device, path: &str) -> T {
    let answer = device.request(Method::GET, path).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.json().await.expect("a document")
}

/// Looks at the line as a page does, until it is this place's turn.
async fn called(device: &Device, place: &Queued) -> LineDocument {
    let mut look = tokio::time::interval(Duration::from_millis(100));
    let turn = async {
        loop {
            look.tick().await;
            let document: LineDocument = get(device, "/line.json").await;
            let line = document.lines.iter().find(|line| line.priority == place.priority);
            if line.and_then(|line| line.served).is_some_and(|served| place.place <= served) {
                return document;
            }
        }
    };
    match tokio::time::timeout(SOON, turn).await {
        Ok(document) => document,
        Err(_) => {
            let document: LineDocument = get(device, "/line.json").await;
            let status: Status = get(device, "/status.json").await;
            panic!("not the turn of {place:?}: {document:?}, {status:?}")
        }
    }
}

#[tokio::test]
async fn whoever_finds_no_room_gets_a_place_and_comes_in_at_their_turn() {
    let school = School::start_with(&FIVE).await;
    let maths = school.class(&["Noé"]).await;
    let french = school.class(&["Zoé", "Max", "Eva"]).await;
    // The teacher, and two places kept for a roster of one and a tenth.
    let (_ada, _) = maths.enter().await;
    let zoe = french.knock("Zoé").await;
    let (max, eva) = (french.device("Max").await, french.device("Eva").await);
    let places = (queued(&max, french.id, None).await, queued(&eva, french.id, None).await);
    assert_eq!(places.0.priority, Priority::OutOfHour, "of 2021");
    assert_eq!(queued(&max, french.id, None).await.place, places.0.place, "asking again returns the same");
    let status: Status = get(&max, "/status.json").await;
    assert!(status.people <= 2, "{status:?}");
    // Who comes in the same second draws lots.
    let in_order = places.0.place < places.1.place;
    let ((first, place), (second, behind)) =
        if in_order { ((max, places.0), (eva, places.1)) } else { ((eva, places.1), (max, places.0)) };

    // A seated teacher's pupil is never refused.
    let _noe = maths.knock("Noé").await;
    // A ticket is its owner's alone.
    let stolen = queued(&second, french.id, Some(place.ticket.clone())).await;
    assert_eq!(stolen.place, behind.place);

    // A connection that is lost loses nothing: its place waits for a while, and is not given to the line.
    drop(zoe);
    let mut look = tokio::time::interval(Duration::from_millis(100));
    for _ in 0..15 {
        look.tick().await;
        let document: LineDocument = get(&first, "/line.json").await;
        let served = document.lines.iter().filter_map(|line| line.served).max();
        assert!(served.is_none_or(|served| served < place.place), "{document:?}");
    }
    french.knock("Zoé").await.conversation.leave().await.expect("a goodbye is taken");
    let document = called(&first, &place).await;
    assert!(document.again_in_ms >= 1_000 && document.lines.iter().all(|line| line.waiting <= 1));
    let _first = hello(&first, french.id, Some(place.ticket)).await.expect("it is their turn");
    let still = queued(&second, french.id, Some(behind.ticket)).await;
    assert_eq!(still.place, behind.place, "the next one waits on");
}

#[tokio::test]
async fn a_place_survives_a_crash_of_the_server() {
    let mut school = School::start_with(&FIVE).await;
    let maths = school.class(&["Noé"]).await;
    let french = school.class(&["Zoé", "Max", "Eva"]).await;
    let (ada, _) = maths.enter().await;
    let _zoe = french.knock("Zoé").await;
    let max = french.device("Max").await;
    let place = queued(&max, french.id, None).await;
    let before: LineDocument = get(&max, "/line.json").await;

    school.server.crash().await.expect("killed");
    school.server.restart().await.expect("up again");
    // Whoever has a seat comes back to it, whatever the load.
    let mut ada = ada.resume().await.expect("the server is back");
    ada.seated(SOON).await.expect("the seat was kept");
    // There is room just now, and nobody passes those who stood in the line.
    let eva = queued(&french.device("Eva").await, french.id, None).await;
    let again = queued(&max, french.id, Some(place.ticket.clone())).await;
    assert_eq!(again.place, place.place);
    assert!(again.place.since <= eva.place.since, "of the same seconds lots are drawn");
    let after: LineDocument = get(&max, "/line.json").await;
    assert_ne!(before.life, after.life, "pages are told to come again");
}

#[tokio::test]
async fn an_operator_sees_the_line_and_makes_room() {
    let school = School::start_with(&[&FIVE[..], &["--operator-token", OPERATOR]].concat()).await;
    let maths = school.class(&["Noé"]).await;
    let french = school.class(&["Zoé", "Max"]).await;
    let (_ada, _) = maths.enter().await;
    let _zoe = french.knock("Zoé").await;
    let max = french.device("Max").await;
    let place = queued(&max, french.id, None).await;

    let operator = school.stranger();
    let ask = |act: Option<OperatorAct>, token: &'static str| {
        let method = if act.is_some() { Method::POST } else { Method::GET };
        let request = operator.request(method, "/api/ops").bearer_auth(token);
        async move {
            let request = act.iter().fold(request, |request, act| request.json(act));
            request.send().await.expect("an answer")
        }
    };
    for wrong in ["", "sixteen-letters-or-mord", "sixteen"] {
        assert_eq!(ask(None, wrong).await.status(), StatusCode::UNAUTHORIZED, "{wrong}");
    }
    let seen: Operations = ask(None, OPERATOR).await.json().await.expect("what operators see");
    assert_eq!((seen.used.people, seen.limits.people, seen.reserved), (2, 5, 2));
    assert_eq!((seen.status.state, seen.status.queued, seen.queued), (StatusState::Queueing, 1, 1));
    assert!(seen.classes.iter().any(|class| class.class == french.id && (class.students, class.queued) == (1, 1)));

    let none = OperatorAct::Limits { limits: Amounts { people: 0, ..seen.limits } };
    assert_eq!(ask(Some(none), OPERATOR).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let seated = OperatorAct::Close { priority: Priority::Seated, closed: true };
    assert_eq!(ask(Some(seated), OPERATOR).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "no class is shut out");

    let closed = OperatorAct::Close { priority: Priority::OutOfHour, closed: true };
    assert_eq!(ask(Some(closed), OPERATOR).await.status(), StatusCode::OK);
    let french_again = school.class(&["Eva"]).await;
    let eva = french_again.device("Eva").await;
    let kept_out = hello(&eva, french_again.id, None).await.expect_err("closed");
    assert!(matches!(kept_out, ConversationError::Turned(Turned::Closed { until: None })), "{kept_out}");
    let open = OperatorAct::Close { priority: Priority::OutOfHour, closed: false };
    assert_eq!(ask(Some(open), OPERATOR).await.status(), StatusCode::OK);

    let more = OperatorAct::Limits { limits: Amounts { people: 50, ..seen.limits } };
    let seen: Operations = ask(Some(more), OPERATOR).await.json().await.expect("what operators see");
    assert_eq!(seen.limits.people, 50);
    called(&max, &place).await;
    // Cut at once, as a network does; nobody counts that as an attack.
    hello(&max, french.id, Some(place.ticket)).await.expect("there is room").cut();

    let say = OperatorAct::Say { text: "Une panne est réparée.".into() };
    assert_eq!(ask(Some(say), OPERATOR).await.status(), StatusCode::OK);
    let drain = OperatorAct::Drain { on: true };
    let seen: Operations = ask(Some(drain), OPERATOR).await.json().await.expect("what operators see");
    assert_eq!((seen.status.state, seen.status.incidents.len()), (StatusState::Draining, 1));
    let counted = seen.attacks.iter().find(|count| count.kind == Attack::Malformed);
    assert!(counted.is_some_and(|count| count.total == 0), "{:?}", seen.attacks);
}

/// What an operator sees, after what they do.
async fn operate(school: &School, act: Option<OperatorAct>) -> Operations {
    let method = if act.is_some() { Method::POST } else { Method::GET };
    let request = school.stranger().request(method, "/api/ops").bearer_auth(OPERATOR);
    let request = act.iter().fold(request, |request, act| request.json(act));
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.expect("what operators see")
}

#[tokio::test]
async fn what_an_operator_said_survives_a_crash_and_can_be_given_back() {
    let flags = ["--gate-people-max", "50", "--operator-token", OPERATOR];
    let mut school = School::start_with(&flags).await;
    let french = school.class(&["Zoé"]).await;
    let configured = operate(&school, None).await.limits;
    let limits = Amounts { people: 7, ..configured };
    operate(&school, Some(OperatorAct::Limits { limits })).await;
    operate(&school, Some(OperatorAct::Close { priority: Priority::OutOfHour, closed: true })).await;
    operate(&school, Some(OperatorAct::Say { text: "Peu de places.".into() })).await;
    let said = operate(&school, Some(OperatorAct::Say { text: "Une faute de frape.".into() })).await.status.incidents;
    operate(&school, Some(OperatorAct::Unsay { at: said[0].at })).await;
    assert!(operate(&school, Some(OperatorAct::Drain { on: true })).await.kept);

    school.server.crash().await.expect("killed the moment it was answered");
    school.server.restart().await.expect("up again");
    let seen = operate(&school, None).await;
    assert_eq!((seen.limits, seen.configured), (limits, configured));
    let closed = LineOrder { priority: Priority::OutOfHour, closed: true, until: None };
    assert_eq!((seen.by_hand, seen.draining), (vec![closed], false), "who starts a server lets people in");
    let zoe = french.device("Zoé").await;
    let kept_out = hello(&zoe, french.id, None).await.expect_err("closed");
    assert!(matches!(kept_out, ConversationError::Turned(Turned::Closed { until: None })), "{kept_out}");
    let status: Status = get(&zoe, "/status.json").await;
    let texts: Vec<&str> = status.incidents.iter().map(|incident| incident.text.as_str()).collect();
    assert_eq!(texts, ["Peu de places."]);

    operate(&school, Some(OperatorAct::Close { priority: Priority::OutOfHour, closed: false })).await;
    let seen = operate(&school, Some(OperatorAct::Limits { limits: configured })).await;
    assert_eq!((seen.limits, seen.by_hand), (configured, vec![]));
    hello(&zoe, french.id, None).await.expect("as configured").leave().await.expect("a goodbye is taken");

    // The report of what was tried goes on after an orderly stop.
    let wrong = school.stranger().request(Method::GET, "/api/ops").bearer_auth("a-key-that-is-none").send().await;
    assert_eq!(wrong.expect("an answer").status(), StatusCode::UNAUTHORIZED);
    assert!(school.server.stop().await.expect("stopped").success());
    school.server.restart().await.expect("up again");
    assert_eq!(operate(&school, None).await.limits, configured);
    let report = school.stranger().request(Method::GET, "/api/ops/attacks.csv").bearer_auth(OPERATOR).send().await;
    let report = report.expect("an answer").text().await.expect("text");
    assert!(report.contains(",operator_token,1\r\n"), "{report}");
}

#[tokio::test]
async fn without_a_token_there_is_no_operators_page() {
    let school = School::start().await;
    let answer = school.stranger().request(Method::GET, "/api/ops").bearer_auth(OPERATOR).send().await.expect("answer");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn more_sockets_than_the_server_takes_in_a_second_are_told_to_come_again() {
    let school = School::start_with(&["--gate-accepts-per-s-max", "10"]).await;
    let knock = || async {
        let upgrade = school.stranger().request(Method::GET, "/ws");
        let upgrade = upgrade.header("connection", "Upgrade").header("upgrade", "websocket");
        let upgrade = upgrade.header("sec-websocket-version", "13");
        upgrade.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==").send().await.expect("an answer")
    };
    let answers = futures_util::future::join_all((0..40).map(|_| knock())).await;
    let (taken, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status() == StatusCode::SWITCHING_PROTOCOLS);
    assert!((8..=20).contains(&taken.len()), "{} of 40 at once", taken.len());
    for answer in refused {
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let seconds: u32 = answer.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
        let problem: Problem = answer.json().await.expect("a problem");
        assert_eq!(problem.code, ProblemCode::Unavailable);
        let ms = problem.retry_after_ms.expect("when to come again");
        assert!(problem.wait.is_some() && ms.div_ceil(1_000) == seconds && ms >= 1_000, "{problem:?}");
    }
}
