//! DOOR's attacks on the HTTP surface that need no token.

use std::time::Instant;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::world::{PATIENCE, World, class_with_noe};

const UPGRADE: &str = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[tokio::test]
async fn a_foreign_origin_changes_nothing_and_gets_no_socket() {
    let world = World::start_with("origins = [\"https://lms.example.org\"]\n").await;
    let teacher = world.teacher().await;
    let cookie = format!("cookie: {}\r\n", teacher.cookie.as_ref().unwrap());
    let own = &teacher.origin;
    let draft = json!({"title": "x", "starts_at": 1, "policy": "ask", "familiar": true}).to_string();
    let refused = [
        "origin: null\r\n".to_string(),
        "origin: https://evil.example.org\r\n".into(),
        format!("origin: {own}.evil.example.org\r\n"),
        format!("origin: {}\r\n", own.replace("http://", "https://")),
        format!("origin: {own}0\r\n"),
        format!("origin: {own}/\r\n"),
        format!("origin: {}\r\n", own.to_uppercase()),
        "origin: http://localhost\r\n".into(),
        "origin: \r\n".into(),
        format!("origin: {own}\r\norigin: {own}\r\n"),
        // A browser always says; with its cookie, silence is a trick.
        String::new(),
    ];
    for origin in &refused {
        let headers = format!("{origin}{cookie}content-type: application/json\r\n");
        let posted = teacher.say("POST", "/api/classes", &headers, draft.as_bytes()).await;
        assert_eq!(posted.problem(), (403, "bad_origin".into()), "{origin}");
        let socket = teacher.say("GET", "/ws", &format!("{origin}{cookie}{UPGRADE}"), b"").await;
        assert_eq!(socket.problem(), (403, "bad_origin".into()), "{origin}");
    }
    assert_eq!(teacher.get("/api/classes").await.json(), json!([]));
    for origin in [own.as_str(), "https://lms.example.org"] {
        let headers = format!("origin: {origin}\r\n{cookie}{UPGRADE}");
        let socket = teacher.say("GET", "/ws", &headers, b"").await;
        assert_eq!((socket.status, socket.header("sec-websocket-accept")), (101, Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")));
    }
    assert_eq!(teacher.say("GET", "/ws", UPGRADE, b"").await.status, 101, "no browser, no cookie");
    let plain = teacher.ask("GET", "/ws", "", b"").await;
    assert_eq!(plain.problem(), (400, "malformed".into()));
}

#[tokio::test]
async fn a_secret_in_an_address_is_refused_and_not_logged() {
    let world = World::start().await;
    let browser = world.browser();
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzcHkifQ.c2lnbmF0dXJl";
    for path in ["/", "/ws", "/class/x", "/api/me", "/healthz", "/nothing"] {
        for query in
            [format!("token={jwt}"), format!("x={jwt}"), "access_token=0123secret".into(), "in=0123secret".into()]
        {
            let answer = browser.get(&format!("{path}?{query}")).await;
            assert_eq!(answer.problem(), (400, "token_in_url".into()), "{path}?{query}");
        }
    }
    let claim = json!({"invitation": {"secret": "0123secret"}});
    assert_eq!(browser.post("/api/claim", &claim).await.status, 401);
    let log = world.log().await;
    assert!(log.contains("answered"), "requests are logged");
    assert!(!log.contains("eyJ") && !log.contains("0123secret") && !log.contains("127.0.0.1"), "{log}");
}

#[tokio::test]
async fn names_are_in_no_log() {
    let world = World::start().await;
    let teacher = world.teacher().await;
    let (class, person, link) = class_with_noe(&teacher).await;
    let mut noe = world.browser();
    noe.open(&link).await;
    noe.get(&format!("/api/classes/{class}/invited")).await;
    teacher.post(&format!("/api/classes/{class}/invitations/{person}/revoke"), &json!({})).await;
    let log = world.log().await;
    for secret in [
        "Noé",
        "Durand",
        "Maths",
        link.rsplit('=').next().unwrap(),
        noe.cookie.as_ref().unwrap().split('=').nth(1).unwrap(),
    ] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

/// OWASP ASVS 5.0, 16.3.1: when, how, with what outcome, in which request; and never who.
#[tokio::test]
async fn whoever_signs_in_or_fails_to_has_a_line_in_the_log() {
    let world = World::start().await;
    let teacher = world.teacher().await;
    let (_, _, link) = class_with_noe(&teacher).await;
    world.browser().open(&link).await;
    let wrong = json!({"invitation": {"secret": "0123secret"}});
    let refused = world.browser().post("/api/claim", &wrong).await;
    for _ in 0..60 {
        assert_eq!(world.browser().post("/api/claim", &json!({"token": {"token": "a.b.c"}})).await.status, 401);
    }
    let log = world.log().await;
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let told = |what: &str| lines.iter().filter(|line| line["message"] == what).collect::<Vec<_>>();
    let ways: Vec<&str> = told("signed in").iter().filter_map(|line| line["way"].as_str()).collect();
    assert_eq!(ways, ["account", "invitation"]);
    let failures = told("not signed in");
    let first = failures[0];
    assert_eq!(
        (&first["way"], &first["why"], &first["level"]),
        (&json!("invitation"), &json!("not authenticated"), &json!("INFO"))
    );
    assert_eq!(first["request_id"].as_str(), refused.header("x-request-id"));
    assert!(first["timestamp"].is_string());
    let untold: u64 = failures.iter().filter_map(|line| line["untold"].as_u64()).sum();
    assert!(failures.len() < 61 && untold + failures.len() as u64 <= 61, "{} lines, {untold} untold", failures.len());
}

#[tokio::test]
async fn headers_that_dribble_in_are_cut() {
    let world = World::start().await;
    let mut slow = TcpStream::connect(world.address()).await.unwrap();
    let started = Instant::now();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: loc").await.unwrap();
    let mut rest = Vec::new();
    // However it is cut, with an answer or without: nothing more is read.
    let _ = timeout(PATIENCE, slow.read_to_end(&mut rest)).await.expect("cut in time");
    let took = started.elapsed().as_secs_f64();
    assert!((4.0..8.0).contains(&took), "{took}");
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn headers_without_end_are_refused() {
    let world = World::start().await;
    let browser = world.browser();
    let long = format!("x: {}\r\n", "a".repeat(32 * 1024));
    assert_eq!(browser.say("GET", "/", &long, b"").await.status, 431);
    let many: String = (0..100).map(|n| format!("x-{n}: 1\r\n")).collect();
    assert_eq!(browser.say("GET", "/", &many, b"").await.status, 431);
}

#[tokio::test]
async fn a_flooder_waits_and_the_school_behind_the_same_address_does_not() {
    let world = World::start().await;
    let teacher = world.teacher().await;
    let (_, _, link) = class_with_noe(&teacher).await;
    let flooder = world.browser();
    let mut statuses = Vec::new();
    for n in 0..130 {
        let answer = flooder.post("/api/claim", &json!({"invitation": {"secret": format!("guess {n}")}})).await;
        statuses.push(answer.status);
        if answer.status == 429 {
            assert_eq!(answer.problem().1, "too_many");
            assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
        }
    }
    assert!(statuses[..100].iter().all(|status| *status == 401), "{statuses:?}");
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(world.browser().open(&link).await.status, 200);
}

#[tokio::test]
async fn a_cookie_that_somebody_planted_is_not_taken_over() {
    let world = World::start().await;
    let planted = format!("__Host-preau={}", "A".repeat(43));
    let mut victim = world.browser();
    victim.cookie = Some(planted.clone());
    let claimed = victim.open(world.ready["welcome"].as_str().unwrap()).await;
    assert_eq!(claimed.status, 200);
    assert_ne!(victim.cookie, Some(planted));
}
