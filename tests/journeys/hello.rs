//! Before the hello: who may open a socket, what they learn, and how long they have.

use preau_loadtest::{Conversation, ConversationError};
use preau_protocol::{ClassId, Close, Hello, ProblemCode, VERSION};
use reqwest::{Method, StatusCode};

use preau_tests::school::{School, turned_away};
use preau_tests::wire::Wire;

#[tokio::test]
async fn whoever_says_nothing_hears_nothing() {
    let school = School::start().await;
    let mut wire = Wire::open(&school.stranger()).await;
    assert_eq!(wire.until_close().await, (Close::HelloTooLate.code(), vec![]));
}

#[tokio::test]
async fn headers_dribbled_in_are_not_waited_for() {
    let school = School::start().await;
    let mut wire = Wire::dial(&school.stranger()).await;
    wire.send(b"GET /ws HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
    let answer = wire.head().await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn an_unknown_class_and_a_forbidden_one_are_the_same() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let other = school.class(&["Zoé"]).await;
    let noe = class.device("Noé").await;
    let nowhere: ClassId = "00000000-0000-4000-8000-000000000000".parse().expect("an id");
    let (forbidden, unknown) = (turned_away(&noe, other.id).await, turned_away(&noe, nowhere).await);
    let word = |reason: &str| reason.split(' ').next().map(str::to_owned);
    assert_eq!((forbidden.code, word(&forbidden.reason)), (Close::NotAllowed.code(), Some("not_allowed".into())));
    assert_eq!((unknown.code, word(&unknown.reason)), (forbidden.code, word(&forbidden.reason)));
    assert_eq!(unknown.reason.len(), forbidden.reason.len(), "not a byte tells them apart");

    let ask = async |id: ClassId| {
        let answer = noe.request(Method::GET, &format!("/api/classes/{id}/invited")).send().await.expect("answered");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        let mut body: serde_json::Value = serde_json::from_str(&text).expect("a problem is JSON");
        body["request_id"].take();
        (status, body)
    };
    let (forbidden, unknown) = (ask(other.id).await, ask(nowhere).await);
    assert_eq!(forbidden.0, StatusCode::FORBIDDEN);
    assert_eq!(forbidden, unknown);
}

#[tokio::test]
async fn without_a_cookie_or_token_nobody_gets_in() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    assert_eq!(turned_away(&school.stranger(), class.id).await.code, Close::NotAuthenticated.code());
    let answer = school.stranger().my_invitation(class.id).await.expect_err("nothing for strangers").to_string();
    assert!(answer.contains("401"), "{answer}");
    let page = school.stranger().request(Method::GET, &format!("/class/{}", class.id)).send().await.expect("a page");
    let text = page.text().await.expect("a body");
    assert!(!text.contains("Maths 5e B") && !text.contains("Noé"), "the page says nothing of the class");
}

#[tokio::test]
async fn another_version_is_not_spoken() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let hello = Hello { version: VERSION + 1, class: class.id, token: None, resume: None, ticket: None };
    match Conversation::hello(&school.teacher, hello).await {
        Err(ConversationError::Closed(closing)) => assert_eq!(closing.code, Close::Malformed.code()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn foreign_origins_get_no_socket() {
    let school = School::start().await;
    let own = school.server.origin.clone();
    for origin in [
        "https://evil.example".to_string(),
        "null".into(),
        format!("{own}.evil.example"),
        format!("{own}@evil.example"),
        own.replacen("http", "https", 1),
        own.replacen("localhost", "localhost.", 1),
        own.rsplit_once(':').expect("an origin with a port").0.to_string(),
    ] {
        match preau_loadtest::connect(&school.teacher, &origin).await {
            Err(ConversationError::NotUpgraded(status)) => assert_eq!(status, StatusCode::FORBIDDEN, "{origin}"),
            other => panic!("{origin}: {other:?}"),
        }
        let post = school.teacher.request(Method::POST, "/api/signout").json(&serde_json::json!({}));
        let mut post = post.build().expect("a request");
        post.headers_mut().insert("origin", origin.parse().expect("a header"));
        let answer = reqwest::Client::new().execute(post).await.expect("answered");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{origin}");
    }
    assert!(school.teacher.me().await.expect("still signed in").account.is_some());
}

#[tokio::test]
async fn a_token_in_a_query_is_refused_and_not_logged() {
    let mut school = School::start().await;
    let secret = "c2VjcmV0LWluLWEtcXVlcnk";
    for path in [format!("/ws?token={secret}"), format!("/?token={secret}"), format!("/api/me?access_token={secret}")] {
        let answer = school.teacher.request(Method::GET, &path).send().await.expect("answered");
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{path}");
        let problem: preau_protocol::Problem = answer.json().await.expect("a problem");
        assert_eq!(problem.code, ProblemCode::TokenInUrl);
    }
    school.server.stop().await.expect("stops");
    assert!(!school.server.log().contains(secret), "the secret is in the log");
}

#[tokio::test]
async fn secrets_and_names_are_in_no_log() {
    let mut school = School::start().await;
    let class = school.class(&["Ganaëlle Quiberon"]).await;
    let (_ada, [student]) = class.in_session(["Ganaëlle Quiberon"]).await;
    school.server.stop().await.expect("stops");
    let log = school.server.log();
    let link = class.link("Ganaëlle Quiberon");
    let secret = link.rsplit('=').next().expect("a link has a secret");
    let cookie = student.device.cookie().and_then(|pair| pair.split('=').nth(1)).expect("a cookie");
    for (what, text) in [("name", "Quiberon"), ("secret", secret), ("cookie", cookie)] {
        assert!(!log.contains(text), "a {what} is in the log");
    }
    assert!(!log.is_empty(), "the server logs something");
}
