//! Many people behind one address, and somebody among them who floods.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::{SinkExt, StreamExt, stream};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::world::{Answer, Browser, PATIENCE, World};

const UPGRADE: &str = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
/// The proxy before the server says so; it is trusted.
const SCHOOL: &str = "x-forwarded-for: 203.0.113.7\r\n";
const NEIGHBOUR: &str = "x-forwarded-for: 198.51.100.9\r\n";
const OPERATOR: &str = "sixteen-letters-or-more";
const PUPILS: usize = 1_200;
/// Pupils who open their link at the same moment.
const AT_ONCE: usize = 24;

async fn start() -> World {
    // Here it is not the gate that is tried out.
    let config = "trusted_proxies = [\"127.0.0.1\"]\noperator_token = \"sixteen-letters-or-more\"\n\
                  [gate]\naccepts_per_s_max = 1000000\n";
    World::start_with(config).await
}

/// A socket of somebody who says nothing on it.
async fn silent(browser: &Browser, from: &str) -> Answer {
    browser.say("GET", "/ws", &format!("origin: {}\r\n{from}{UPGRADE}", browser.origin), b"").await
}

/// Says hello, and returns the first word of the answer with the conversation.
async fn hello(browser: &Browser, from: &str, class: &str) -> Option<(String, WebSocketStream<TcpStream>)> {
    let stream = TcpStream::connect(browser.address).await.ok()?;
    let mut request = format!("ws://{}/ws", browser.address).into_client_request().expect("an address");
    let (name, value) = from.trim_end().split_once(": ").expect("a header");
    for (name, value) in
        [(name, value), ("origin", browser.origin.as_str()), ("cookie", browser.cookie.as_deref().unwrap_or("a=b"))]
    {
        let name: tokio_tungstenite::tungstenite::http::HeaderName = name.parse().expect("a name");
        request.headers_mut().insert(name, value.parse().expect("a value"));
    }
    let (mut socket, _) = client_async(request, stream).await.ok()?;
    let hello = json!({"hello": {"version": 1, "class": class}}).to_string();
    socket.send(Message::text(hello)).await.ok()?;
    let answer = timeout(PATIENCE, socket.next()).await.ok()??.ok()?;
    let word = answer.to_text().ok()?.split('"').nth(1)?.to_owned();
    Some((word, socket))
}

/// A class with so many pupils: its id and their links.
async fn class_of(teacher: &Browser, pupils: usize) -> (String, Vec<String>) {
    let draft = json!({"title": "Maths", "starts_at": 1_700_000_000_000_u64, "policy": "ask", "familiar": true});
    let class = teacher.post("/api/classes", &draft).await.json()["class"].as_str().unwrap().to_string();
    let people: Vec<_> = (0..pupils).map(|n| json!({"name": format!("Pupil {n}"), "role": "student"})).collect();
    let invitations = teacher.post(&format!("/api/classes/{class}/roster"), &json!({"people": people})).await.json();
    let links = invitations.as_array().unwrap().iter().map(|one| one["link"].as_str().unwrap().to_owned());
    (class, links.collect())
}

/// Opens a link as the page does, and knocks.
async fn comes_in(world: Browser, link: String, class: String) -> bool {
    let mut pupil = world;
    let secret = link.rsplit('=').next().unwrap();
    let claim = json!({"invitation": {"secret": secret}}).to_string();
    let headers = format!("origin: {}\r\n{SCHOOL}content-type: application/json\r\n", pupil.origin);
    let claimed = pupil.say("POST", "/api/claim", &headers, claim.as_bytes()).await;
    pupil.cookie = claimed.header("set-cookie").and_then(|line| Some(line.split(';').next()?.into()));
    claimed.status == 200 && hello(&pupil, SCHOOL, &class).await.is_some_and(|(word, _)| word == "welcome")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_school_of_1200_gets_in_while_somebody_floods_from_the_same_address() {
    let world = start().await;
    let teacher = world.teacher().await;
    let (class, links) = class_of(&teacher, PUPILS).await;
    // A seated teacher's pupils are not queued.
    let (word, _teaching) = hello(&teacher, NEIGHBOUR, &class).await.expect("a conversation");
    assert_eq!(word, "welcome");

    let (over, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let flooder = {
        let (browser, over, refused) = (world.browser(), over.clone(), refused.clone());
        tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                let answer = silent(&browser, SCHOOL).await;
                if answer.status == 429 {
                    assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            }
        })
    };
    timeout(PATIENCE, async {
        while refused.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the flooder spends the network's budget");

    let started = Instant::now();
    let arrivals = links.into_iter().map(|link| comes_in(world.browser(), link, class.clone()));
    let inside =
        stream::iter(arrivals).buffer_unordered(AT_ONCE).filter(|is_in| std::future::ready(*is_in)).count().await;
    println!("{inside} in {:?}, the flooder was refused {} times", started.elapsed(), refused.load(Ordering::Relaxed));
    over.store(true, Ordering::Relaxed);
    flooder.await.expect("it only floods");
    assert!(inside * 1_000 >= PUPILS * 999, "{inside} of {PUPILS}");
    assert!(refused.load(Ordering::Relaxed) > 0);

    let report =
        teacher.ask("GET", "/api/ops/attacks.csv", &format!("authorization: Bearer {OPERATOR}\r\n"), b"").await;
    assert!(report.body.contains(",flood,"), "{report:?}");
    assert!(!report.body.contains("203.0.113"), "nothing of who tried");
}

#[tokio::test]
async fn who_is_known_comes_in_after_a_restart_although_the_network_has_spent_everything() {
    let world = start().await;
    let teacher = world.teacher().await;
    let (class, _) = class_of(&teacher, 1).await;
    let world = world.crashed().await;
    let teacher = Browser { address: world.address(), origin: world.browser().origin, ..teacher };
    let stranger = world.browser();
    let mut statuses = Vec::new();
    while statuses.last() != Some(&429) && statuses.len() < 2_000 {
        statuses.push(silent(&stranger, SCHOOL).await.status);
    }
    assert_eq!(statuses.last(), Some(&429), "{} were opened", statuses.len());
    assert_eq!(silent(&stranger, NEIGHBOUR).await.status, 101, "others do not notice");
    let planted = Browser { cookie: Some(format!("__Host-preau={}", "A".repeat(43))), ..stranger };
    assert!(hello(&planted, SCHOOL, &class).await.is_none(), "a cookie that nobody was given");
    let (word, _) = hello(&teacher, SCHOOL, &class).await.expect("the store knows this browser");
    assert_eq!(word, "welcome");
}

#[tokio::test]
async fn only_a_trusted_proxy_says_who_somebody_is() {
    let world = World::start().await;
    let stranger = world.browser();
    let mut refused = 0;
    for n in 0..1_060 {
        // A new address each time, if one believes it.
        refused += usize::from(
            silent(&stranger, &format!("x-forwarded-for: 10.{}.{}.1\r\n", n / 250, n % 250)).await.status == 429,
        );
    }
    assert!(refused >= 20, "{refused}");
}

#[tokio::test]
async fn attacks_are_counted_by_kind_for_operators_only() {
    let world = start().await;
    let browser = world.browser();
    assert_eq!(browser.get("/?token=x").await.status, 400);
    assert_eq!(browser.say("POST", "/api/signout", "origin: https://evil.example.org\r\n", b"").await.status, 403);
    assert_eq!(browser.post("/api/claim", &json!({"token": {"token": "a.b.c"}})).await.status, 401);
    assert_eq!(browser.post("/api/claim", &json!({"invitation": {"secret": "x"}})).await.status, 401);
    let class = "00000000-0000-4000-8000-000000000001";
    assert!(hello(&browser, NEIGHBOUR, class).await.is_none_or(|(word, _)| word != "welcome"));
    let bearer = |token: &str| format!("authorization: Bearer {token}\r\n");
    assert_eq!(browser.ask("GET", "/api/ops/attacks.csv", &bearer("another-one-entirely"), b"").await.status, 401);
    let report = browser.ask("GET", "/api/ops/attacks.csv", &bearer(OPERATOR), b"").await;
    assert_eq!((report.status, report.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    for line in [
        ",secret_in_address,1\r\n",
        ",foreign_page,1\r\n",
        ",bad_token,1\r\n",
        ",no_token,2\r\n",
        ",operator_token,1\r\n",
    ] {
        assert!(report.body.contains(line), "{line:?} is not in {}", report.body);
    }
    let operations = browser.ask("GET", "/api/ops", &bearer(OPERATOR), b"").await.json();
    let counts = operations["attacks"].as_array().unwrap();
    let bad = counts.iter().find(|count| count["kind"] == "bad_token").unwrap();
    assert_eq!((&bad["total"], &bad["lately"]), (&json!(1), &json!(1)));
}
