//! Portals' tokens at the socket: who gets in with one, and who does not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_loadtest::{Conversation, ConversationError};
use preau_protocol::{
    Ask, ChatAsk, ClassAsk, ClassEvent, ClassId, Close, DoorAsk, Event, Outcome, Policy, Proof, Refusal, Role, Sending,
    SessionAsk, SessionEvent, Turned,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use preau_tests::portal::{Portal, now_s, student_claims, with};
use preau_tests::school::{Class, SOON, School, heard_knock};

async fn code_for(school: &School, class: ClassId, token: &str) -> u16 {
    match Conversation::open_with_token(&school.stranger(), class, token).await {
        Err(ConversationError::Closed(closing)) => closing.code,
        Err(other) => panic!("{other}"),
        Ok(mut open) => open.closed(SOON).await.expect("closed").code,
    }
}

async fn school_with_a_portal() -> (Portal, School, Class) {
    let portal = Portal::new();
    let school = School::start_with(&portal.flags()).await;
    let class = school.class(&["Noé"]).await;
    (portal, school, class)
}

#[tokio::test]
async fn a_portals_student_knocks_by_name() {
    let (portal, school, class) = school_with_a_portal().await;
    let (mut ada, _) = class.enter().await;
    let token = portal.sign(&student_claims(class.id, "42"));
    let mut lea = Conversation::open_with_token(&school.stranger(), class.id, &token).await.expect("good");
    assert_eq!((lea.welcome().name.as_str(), lea.welcome().role), ("Élève 42", Role::Student));
    let knock = heard_knock(&mut ada, lea.welcome().person).await;
    assert_eq!(knock.about.proof, Proof::Portal { issuer: "ENT".into() });
    assert_eq!((knock.about.group.as_deref(), knock.about.on_roster), (Some("5e B"), false));
    ada.admit(&[lea.welcome().person]).await.expect("let in");
    let seated = |event: &Event| matches!(event, Event::Class(_)).then_some(());
    lea.wait_for(SOON, seated).await.expect("in");
}

#[tokio::test]
async fn a_portal_that_floods_is_told_to_wait_and_nobody_else_is() {
    // A minute's worth comes at once: sixty people.
    let portal = Portal::with_settings("hellos_per_s_max = 1");
    let school = School::start_with(&portal.flags()).await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, _) = class.enter().await;
    let token = |n: u32| portal.sign(&student_claims(class.id, &n.to_string()));
    let knock = async |n: u32| Conversation::open_with_token(&school.stranger(), class.id, &token(n)).await;
    let first = knock(0).await.expect("the portal's first");
    ada.admit(&[first.welcome().person]).await.expect("let in");
    let mut sent = 1;
    let refused = loop {
        match knock(sent).await {
            Ok(_) => sent += 1,
            Err(refused) => break refused,
        }
    };
    assert!((60..120).contains(&sent), "{sent}");
    match refused {
        ConversationError::Turned(Turned::SchoolFull { retry_after_ms }) => assert!(retry_after_ms <= 2_000),
        other => panic!("{other}"),
    }
    // An invitation is no portal's, and a seat is a seat.
    let noe = class.knock("Noé").await;
    heard_knock(&mut ada, noe.person()).await;
    assert_eq!(knock(0).await.expect("a seat is a seat").welcome().person, first.welcome().person);
}

#[tokio::test]
async fn a_parent_is_asked_about_then_sees_and_does_nothing() {
    let (portal, school, class) = school_with_a_portal().await;
    let (mut ada, _) = class.enter().await;
    let token = portal.sign(&with(student_claims(class.id, "43"), "role", json!("parent")));
    let mut inspector = Conversation::open_with_token(&school.stranger(), class.id, &token).await.expect("good");
    assert_eq!(inspector.welcome().role, Role::Observer);
    let knock = heard_knock(&mut ada, inspector.welcome().person).await;
    assert_eq!((knock.role, knock.about.on_roster), (Role::Observer, false));
    ada.admit(&[inspector.welcome().person]).await.expect("let in");
    let seated = |event: &Event| match event {
        Event::Class(event) => match &**event {
            ClassEvent::Snapshot { snapshot } => Some(snapshot.clone()),
            _ => None,
        },
        _ => None,
    };
    let snapshot = inspector.wait_for(SOON, seated).await.expect("in");
    assert!(snapshot.door.is_none() && snapshot.people.len() == 2);
    let speak = Sending { microphone: true, ..Sending::default() };
    for ask in [
        Ask::Class(ClassAsk::Sending { sending: speak }),
        Ask::Class(ClassAsk::Hand { up: true }),
        Ask::Chat(ChatAsk::Say { text: "Bonjour".into() }),
    ] {
        let outcome = inspector.ask(ask).await.expect("an answer");
        assert_eq!(outcome, Outcome::refused(Refusal::NoRight));
    }
}

#[tokio::test]
async fn forged_and_foreign_tokens_are_not_believed() {
    let (portal, mut school, class) = school_with_a_portal().await;
    let claims = student_claims(class.id, "42");
    let header = |changes: Value| {
        let mut header = json!({"alg": "HS256", "typ": "JWT"});
        for (name, value) in changes.as_object().expect("an object") {
            header[name.as_str()] = value.clone();
        }
        portal.sign_with(&header, &claims)
    };
    let now = now_s();
    let good = portal.sign(&claims);
    let (signed, signature) = good.rsplit_once('.').expect("three parts");
    let bad = [
        ("no signature", format!("{signed}.")),
        ("none", header(json!({"alg": "none"}))),
        ("None", header(json!({"alg": "None"}))),
        (
            "NONE without a signature",
            format!(
                "{}.{}.",
                URL_SAFE_NO_PAD.encode(r#"{"alg":"NONE","typ":"JWT"}"#),
                URL_SAFE_NO_PAD.encode(claims.to_string())
            ),
        ),
        ("another algorithm", header(json!({"alg": "RS256"}))),
        ("kid as a path", header(json!({"kid": "../../../../dev/null"}))),
        ("kid as SQL", header(json!({"kid": "' UNION SELECT 'k' --"}))),
        ("kid of 10 kB", header(json!({"kid": "k".repeat(10_000)}))),
        ("jwk", header(json!({"jwk": {"kty": "oct", "k": "AAAA"}}))),
        ("crit", header(json!({"crit": ["exp"]}))),
        ("other claims", {
            let teacher = with(claims.clone(), "role", json!("teacher"));
            let head = signed.split('.').next().expect("a header");
            format!("{head}.{}.{signature}", URL_SAFE_NO_PAD.encode(teacher.to_string()))
        }),
        ("no audience", portal.sign(&with(claims.clone(), "aud", Value::Null))),
        ("another audience", portal.sign(&with(claims.clone(), "aud", json!("moodle")))),
        ("another issuer", portal.sign(&with(claims.clone(), "iss", json!("https://evil.example")))),
        ("an ID token", portal.sign(&with(claims.clone(), "nonce", json!("n")))),
        ("an access token", portal.sign_with(&json!({"alg": "HS256", "typ": "at+jwt"}), &claims)),
        (
            "expired",
            portal.sign(&with(
                with(with(claims.clone(), "iat", json!(now - 400)), "nbf", json!(now - 400)),
                "exp",
                json!(now - 60),
            )),
        ),
        ("not yet valid", portal.sign(&with(claims.clone(), "nbf", json!(now + 120)))),
        ("good for a day", portal.sign(&with(claims.clone(), "exp", json!(now + 86_400)))),
        ("exp as text", portal.sign(&with(claims.clone(), "exp", json!((now + 300).to_string())))),
        ("no token at all", "neither.header.nor-claims".into()),
    ];
    for (what, token) in &bad {
        assert_eq!(code_for(&school, class.id, token).await, Close::NotAuthenticated.code(), "{what}");
    }
    school.server.stop().await.expect("stops");
    let log = school.server.log();
    assert!(log.contains("not signed in"), "{log}");
    for (what, token) in &bad {
        assert!(!log.contains(token), "{what} is in the log");
    }
}

#[tokio::test]
async fn a_token_that_names_keys_elsewhere_makes_no_request() {
    let (portal, school, class) = school_with_a_portal().await;
    let attacker = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/keys", attacker.local_addr().expect("an address"));
    for name in ["jku", "x5u"] {
        let header = json!({"alg": "HS256", "typ": "JWT", name: url});
        let token = portal.sign_with(&header, &student_claims(class.id, "42"));
        assert_eq!(code_for(&school, class.id, &token).await, Close::NotAuthenticated.code(), "{name}");
    }
    let asked = tokio::time::timeout(preau_tests::school::QUIET, attacker.accept()).await;
    assert!(asked.is_err(), "the server asked the attacker for keys");
}

#[tokio::test]
async fn a_token_of_another_class_is_as_good_as_for_none() {
    let (portal, school, class) = school_with_a_portal().await;
    let other = school.class(&[]).await;
    let nowhere: ClassId = "00000000-0000-4000-8000-000000000000".parse().expect("an id");
    let token = portal.sign(&student_claims(class.id, "42"));
    assert_eq!(code_for(&school, other.id, &token).await, Close::NotAllowed.code());
    let token = portal.sign(&student_claims(nowhere, "42"));
    assert_eq!(code_for(&school, nowhere, &token).await, Close::NotAllowed.code());
}

#[tokio::test]
async fn a_token_that_runs_out_in_class_leads_back_to_the_door_unless_refreshed() {
    let (portal, school, class) = school_with_a_portal().await;
    let (mut ada, _) = class.enter().await;
    let brief = |subject: &str| {
        // The server allows clocks to differ a little, so this is good for some seconds more.
        portal.sign(&with(student_claims(class.id, subject), "exp", json!(now_s() + 4)))
    };
    let mut seats = Vec::new();
    for subject in ["kept", "lost"] {
        let seat = Conversation::open_with_token(&school.stranger(), class.id, &brief(subject)).await.expect("good");
        heard_knock(&mut ada, seat.welcome().person).await;
        ada.admit(&[seat.welcome().person]).await.expect("let in");
        seats.push(seat);
    }
    let mut lost = seats.pop().expect("two");
    let mut kept = seats.pop().expect("two");
    let due = |event: &Event| matches!(event, Event::Session(SessionEvent::RefreshDue { .. })).then_some(());
    kept.wait_for(SOON * 3, due).await.expect("asked for a fresh token");
    let fresh = portal.sign(&student_claims(class.id, "kept"));
    kept.done(Ask::Session(SessionAsk::Refresh { token: fresh })).await.expect("taken");
    let foreign = portal.sign(&student_claims(class.id, "somebody else"));
    lost.done(Ask::Session(SessionAsk::Refresh { token: foreign })).await.expect_err("only one's own");
    let gone = |event: &Event| match event {
        Event::Session(SessionEvent::Gone { why }) => Some(*why),
        _ => None,
    };
    assert_eq!(lost.wait_for(SOON * 3, gone).await.expect("told"), preau_protocol::Gone::Expired);
    assert_eq!(lost.closed(SOON).await.expect("closed").code, Close::NotAuthenticated.code());
    kept.done(Ask::Class(preau_protocol::ClassAsk::Hand { up: true })).await.expect("still in class");
}

#[tokio::test]
async fn names_are_cleaned_and_look_alikes_marked() {
    let (portal, school, class) = school_with_a_portal().await;
    let (mut ada, _) = class.enter().await;
    let noe = class.knock("Noé").await;
    heard_knock(&mut ada, noe.person()).await;
    for (subject, name, shown) in [("1", "N\u{43E}é", "N\u{43E}é"), ("2", "\u{202E}N\u{200B}oé\u{2066}", "Noé")] {
        let token = portal.sign(&with(student_claims(class.id, subject), "name", json!(name)));
        let twin = Conversation::open_with_token(&school.stranger(), class.id, &token).await.expect("good");
        let knock = heard_knock(&mut ada, twin.welcome().person).await;
        assert_eq!(knock.name.as_str(), shown);
        let like = knock.about.look_alike.expect("it looks like somebody who is there");
        assert!(["Noé", "N\u{43E}é"].contains(&like.as_str()), "{name:?} looks like {like}");
    }
    ada.conversation.done(Ask::Door(DoorAsk::Policy { policy: Policy::Roster })).await.expect("opened");
    let walked_in = |event: &preau_protocol::ClassEvent| match event {
        preau_protocol::ClassEvent::Joined { person } => Some(person.person),
        _ => None,
    };
    assert_eq!(preau_tests::school::class_event(&mut ada, walked_in).await, noe.person(), "only the one on the roster");
}
