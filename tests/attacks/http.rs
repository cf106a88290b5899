//! Requests as no browser makes them: foreign pages, secrets in addresses, bodies and headers without end or sense.

use std::time::{Duration, Instant};

use preau_tests::school::draft;
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::ground::{Ground, OPERATOR};
use crate::stranger::{Stranger, UPGRADE, listen};
use crate::table::Tries;

const JSON: &str = "content-type: application/json\r\n";

pub async fn foreign_pages(ground: &Ground, tries: &mut Tries) {
    let stranger = ground.stranger();
    let own = stranger.origin().to_owned();
    let cookie = ground.school.teacher.cookie().expect("a teacher has a cookie");
    let body = serde_json::to_string(&draft(preau_protocol::Policy::Ask)).expect("a draft is JSON");
    let classes = ground.school.teacher.classes().await.expect("listed").len();
    for origin in [
        "origin: null\r\n".to_owned(),
        "origin: https://evil.example\r\n".into(),
        format!("origin: {own}.evil.example\r\n"),
        format!("origin: {own}@evil.example\r\n"),
        format!("origin: {}\r\n", own.replacen("http", "https", 1)),
        format!("origin: {}\r\n", own.replacen("localhost", "localhost.", 1)),
        format!("origin: {}\r\n", own.replacen("localhost", "127.0.0.1", 1)),
        format!("origin: {own}0\r\n"),
        format!("origin: {own}/\r\n"),
        format!("origin: {}\r\n", own.to_uppercase()),
        "origin: http://localhost\r\n".into(),
        "origin: \r\n".into(),
        "origin: file://\r\n".into(),
        format!("origin: {own}\r\norigin: {own}\r\n"),
        format!("origin: {own}, https://evil.example\r\n"),
        // With a browser's cookie, silence is a trick.
        String::new(),
    ] {
        let headers = format!("{origin}cookie: {cookie}\r\n");
        let (status, _) = stranger.upgrade(&format!("{headers}{UPGRADE}")).await;
        tries.saw(format!("{origin:?} at the socket"), status, status == 403);
        let head = format!(
            "POST /api/classes HTTP/1.1\r\nhost: localhost\r\n{headers}{JSON}connection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let status = stranger.say(head.as_bytes()).await.status();
        tries.saw(format!("{origin:?} posts"), status, status == 403);
    }
    let after = ground.school.teacher.classes().await.expect("listed").len();
    tries.held("nothing was made", classes == after);
    // A form of another page: a simple request (Fetch §2.2.5) has another type of content.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let teacher = stranger.with(&ground.school.teacher);
        let said = teacher.request("POST", "/api/classes", &format!("content-type: {kind}\r\n"), body.as_bytes()).await;
        tries.saw(kind, said.status(), said.status() == 400);
    }
}

pub async fn secrets_in_addresses(ground: &Ground, tries: &mut Tries) {
    let (class, _) = ground.class([]).await;
    let (_, token) = ground.student(class.id, "1");
    let stranger = ground.stranger();
    for path in ["/", "/ws", "/class/x", "/api/me", "/healthz", "/nothing", "/line.json"] {
        for name in ["token", "access_token", "x", "Token", "JWT", "in", "secret"] {
            let said = stranger.request("GET", &format!("{path}?a=1&{name}={token}"), UPGRADE, b"").await;
            tries.saw(format!("{path}?{name}"), said.status(), said.status() == 400 && !said.text.contains(&token));
        }
    }
    // Where it is no query: it may be answered, but is in no log (the canaries tell).
    for path in [format!("/{token}"), format!("/class/{token}"), format!("/assets/{token}.js")] {
        let status = stranger.get(&path).await.status();
        tries.saw("a token as a path", status, (400..=404).contains(&status) || status == 200);
    }
}

pub async fn odd_paths(ground: &Ground, tries: &mut Tries) {
    let stranger = ground.stranger();
    for path in [
        "/../../../../etc/passwd",
        "/assets/../../../../etc/passwd",
        "/assets/..%2f..%2f..%2fetc%2fpasswd",
        "/assets/%2e%2e/%2e%2e/preau.sqlite",
        "/assets/....//....//etc/passwd",
        "/assets/\\..\\..\\preau.sqlite",
        "/assets/%00",
        "/%ff%fe",
        "//etc/passwd",
        "/class/..%2f..",
        "/class/00000000-0000-4000-8000-00000000000g",
        "/api/classes/' OR 1=1 --/invited",
        "/api/classes/%27%20OR%201=1/invited",
        "/metrics",
        "/.git/config",
        "/preau.sqlite",
    ] {
        let said = stranger.get(path).await;
        let leaked = ["root:", "SQLite format", "[core]", "# TYPE"].iter().any(|word| said.text.contains(word));
        let status = said.status();
        tries.saw(path, status, !leaked && (matches!(status, 400 | 401 | 403 | 404) || is_plain_page(&said.text)));
    }
    for method in
        ["TRACE", "CONNECT", "PUT", "PATCH", "DELETE", "PROPFIND", "get", "G\u{0}ET", "A".repeat(5_000).as_str()]
    {
        let said = stranger.request(method, "/api/me", "x-secret: mirrored\r\n", b"").await;
        let status = said.status();
        let is_refused = matches!(status, 0 | 400 | 401 | 404 | 405 | 414 | 431 | 501);
        tries.saw(method.chars().take(12).collect::<String>(), status, is_refused && !said.text.contains("mirrored"));
    }
}

/// The page is the same whatever is asked for, and knows nobody.
fn is_plain_page(text: &str) -> bool {
    text.starts_with("HTTP/1.1 200") && text.contains("text/html") && text.contains("default-src 'none'")
}

/// JSON that is too deep, said twice, or not what it should be.
pub async fn odd_json(ground: &Ground, tries: &mut Tries) {
    let stranger = ground.stranger();
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(20_000), close.repeat(20_000));
    for (what, body) in [
        ("lists in lists", deep("[", "]")),
        ("objects in objects", deep("{\"a\":", "}")),
        ("without an end", "[".repeat(200_000)),
        ("a claim twice", r#"{"invitation":{"secret":"a"},"invitation":{"secret":"b"}}"#.into()),
        ("a secret twice", r#"{"invitation":{"secret":"aaaaaaaaaaaaaaaa","secret":"bbbbbbbbbbbbbbbb"}}"#.into()),
        ("two claims", r#"{"invitation":{"secret":"a"},"token":{"token":"b"}}"#.into()),
        ("an unknown field", r#"{"invitation":{"secret":"a","admin":true}}"#.into()),
        ("a prototype", r#"{"__proto__":{"admin":true}}"#.into()),
        ("a number for a text", r#"{"invitation":{"secret":1e400}}"#.into()),
        ("half a surrogate", r#"{"invitation":{"secret":"\ud800"}}"#.into()),
        ("more after the end", r#"{"invitation":{"secret":"a"}} {}"#.into()),
        ("nothing", String::new()),
    ] {
        let said = stranger.post("/api/claim", &body).await;
        tries.saw(what, said.status(), said.status() == 400);
    }
    for kind in ["text/json", "application/json5", "application/x-www-form-urlencoded", ""] {
        let said = stranger
            .request("POST", "/api/claim", &format!("content-type: {kind}\r\n"), br#"{"token":{"token":"x"}}"#)
            .await;
        tries.saw(format!("{kind:?}"), said.status(), said.status() == 400);
    }
}

/// Bodies beyond the limit, in all the ways to say how long they are.
pub async fn large_bodies(ground: &Ground, tries: &mut Tries) {
    let stranger = ground.stranger();
    let large = "x".repeat(300 * 1024);
    let said = stranger.post("/api/claim", &large).await;
    tries.saw("300 KiB", said.status(), said.status() == 413);
    let head = |headers: &str| {
        format!("POST /api/claim HTTP/1.1\r\nhost: localhost\r\norigin: {}\r\n{JSON}{headers}\r\n", stranger.origin())
    };
    let chunks = "10000\r\n".to_owned() + &"x".repeat(0x10000) + "\r\n";
    let chunked = format!("{}{}", head("transfer-encoding: chunked\r\n"), chunks.repeat(8));
    let said = stranger.say(chunked.as_bytes()).await;
    tries.saw("chunks without end", said.status(), said.status() == 413);
    let huge = format!("{}{large}", head("content-length: 18446744073709551615\r\n"));
    let said = stranger.say(huge.as_bytes()).await;
    tries.saw("2⁶⁴ bytes to come", said.status(), matches!(said.status(), 400 | 413 | 431));
    let size = format!("{}ffffffffffffffffff\r\nx", head("transfer-encoding: chunked\r\n"));
    let said = stranger.say(size.as_bytes()).await;
    tries.saw("a chunk of 2⁷² bytes", said.status(), said.status() != 200 && said.is_closed);
    let extension = format!("{}1;{}\r\nx", head("transfer-encoding: chunked\r\n"), "e".repeat(64 * 1024));
    let said = stranger.say(extension.as_bytes()).await;
    tries.saw("a chunk with a long story", said.status(), said.status() != 200 && said.is_closed);
    let teacher = stranger.with(&ground.school.teacher);
    let (class, _) = ground.class([]).await;
    let csv = "Nom;Prénom\r\n".repeat(40_000);
    let path = format!("/api/classes/{}/roster/preview", class.id);
    let said = teacher.request("POST", &path, "content-type: application/octet-stream\r\n", csv.as_bytes()).await;
    tries.saw("a list of 480 KB", said.status(), said.status() == 413);
}

/// Headers that dribble in are cut within five seconds, and bodies within ten.
pub async fn dribbled(ground: &Ground, tries: &mut Tries) {
    let stranger = ground.stranger();
    let post = |headers: &str| {
        format!("POST /api/claim HTTP/1.1\r\nhost: localhost\r\norigin: {}\r\n{JSON}{headers}\r\n{{", stranger.origin())
    };
    let slow = [
        ("nothing at all", String::new(), 8.0),
        ("half a header", "GET / HTTP/1.1\r\nhost: loc".to_owned(), 8.0),
        ("half an upgrade", "GET /ws HTTP/1.1\r\nupgrade: webs".to_owned(), 8.0),
        ("half a body", post("content-length: 100\r\n"), 14.0),
        ("half a chunk", post("transfer-encoding: chunked\r\n"), 14.0),
    ];
    let cut = futures_util::future::join_all(slow.iter().map(async |(what, bytes, within_s)| {
        let mut stream = stranger.dial().await;
        let began = Instant::now();
        let _ = stream.write_all(bytes.as_bytes()).await;
        // A byte now and then keeps nobody in.
        let mut drip = tokio::time::interval(Duration::from_millis(700));
        let took = loop {
            drip.tick().await;
            let said = tokio::time::timeout(Duration::from_millis(10), listen(&mut stream)).await;
            if said.is_ok_and(|said| said.is_closed || said.status() >= 400)
                || began.elapsed().as_secs_f64() > *within_s
            {
                break began.elapsed().as_secs_f64();
            }
            if !bytes.is_empty() && stream.write_all(b"x").await.is_err() {
                break began.elapsed().as_secs_f64();
            }
        };
        (*what, took, took <= *within_s)
    }));
    for (what, took, is_right) in cut.await {
        tries.saw(format!("{what}, cut after {took:.1} s"), if is_right { "cut" } else { "stays" }, is_right);
    }
}

/// One request must not be taken for two, nor two for one.
pub async fn smuggled(ground: &Ground, tries: &mut Tries) {
    let stranger = ground.stranger();
    let origin = format!("origin: {}\r\n", stranger.origin());
    let inner = "GET /version HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let shapes = [
        (
            "length and chunks",
            format!("content-length: {}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{inner}", inner.len() + 5),
        ),
        ("chunks and length", format!("transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n{inner}")),
        ("two lengths", format!("content-length: 0\r\ncontent-length: {}\r\n\r\n{inner}", inner.len())),
        ("a list of lengths", format!("content-length: 0, {}\r\n\r\n{inner}", inner.len())),
        ("a signed length", format!("content-length: +0\r\n\r\n{inner}")),
        ("a length in hexadecimal", format!("content-length: 0x0\r\n\r\n{inner}")),
        ("a negative length", format!("content-length: -1\r\n\r\n{inner}")),
        ("unknown coding", format!("transfer-encoding: xchunked\r\n\r\n0\r\n\r\n{inner}")),
        ("chunked and more", format!("transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n{inner}")),
        (
            "two codings",
            format!(
                "transfer-encoding: identity\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n{inner}"
            ),
        ),
        ("a space before the colon", format!("transfer-encoding : chunked\r\n\r\n0\r\n\r\n{inner}")),
        ("a folded header", format!("x: a\r\n transfer-encoding: chunked\r\n\r\n0\r\n\r\n{inner}")),
        ("a header after a bare return", format!("x: a\rtransfer-encoding: chunked\r\n\r\n0\r\n\r\n{inner}")),
        ("a nought in a header", format!("x: \0\r\n\r\n{inner}")),
        ("chunks with bare line feeds", format!("transfer-encoding: chunked\r\n\r\n0\n\n{inner}")),
    ];
    for (what, rest) in shapes {
        let said =
            stranger.say(format!("POST /api/signout HTTP/1.1\r\nhost: localhost\r\n{origin}{rest}").as_bytes()).await;
        // Whatever the first is taken for, the second must not be answered, and nobody goes on on this connection.
        let smuggled = said.text.contains("\"version\"") || said.answers() > 1;
        tries.saw(what, said.status(), !smuggled && said.is_closed);
    }
    let old = stranger.say(b"GET /version HTTP/1.0\r\n\r\n").await;
    tries.saw("HTTP/1.0", old.status(), old.is_closed && old.answers() <= 1);
    let older = stranger.say(b"GET /version\r\n\r\n").await;
    tries.saw("HTTP/0.9", older.status(), older.status() != 200);
    let newer = stranger.say(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    tries.saw("HTTP/2 by prior knowledge", newer.status(), newer.status() != 200 && newer.is_closed);
    let tls = stranger.say(&[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 0, 13, 10, 13, 10]).await;
    tries.saw("TLS where there is none", tls.status(), tls.status() != 200);
    let pipelined = stranger.say(inner.repeat(100).as_bytes()).await;
    tries.saw("a hundred in one", "in order", pipelined.answers() <= 100 && pipelined.status() == 200);
    let absolute = stranger.say(b"GET http://evil.example/api/me HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    tries.saw("as if we were a proxy", absolute.status(), !absolute.text.contains("evil.example"));
}

pub async fn odd_upgrades(ground: &Ground, tries: &mut Tries) {
    let stranger = ground.stranger();
    let origin = format!("origin: {}\r\n", stranger.origin());
    let without =
        |line: &str| UPGRADE.split_inclusive("\r\n").filter(|header| !header.starts_with(line)).collect::<String>();
    for (what, headers) in [
        ("no key", without("sec-websocket-key")),
        ("no version", without("sec-websocket-version")),
        ("no upgrade", without("upgrade")),
        ("no connection", without("connection")),
        ("an old version", UPGRADE.replace("13", "8")),
        ("a short key", UPGRADE.replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=")),
        ("a key that is none", UPGRADE.replace("dGhlIHNhbXBsZSBub25jZQ==", "!!!!")),
        ("another protocol", UPGRADE.replace("upgrade: websocket", "upgrade: h2c")),
        (
            "HTTP/2 in clear text",
            "upgrade: h2c\r\nconnection: upgrade, http2-settings\r\nhttp2-settings: AAMAAABk\r\n".into(),
        ),
    ] {
        let (status, _) = stranger.upgrade(&format!("{origin}{headers}")).await;
        tries.saw(what, status, status == 400);
    }
    let body = format!("POST /ws HTTP/1.1\r\nhost: localhost\r\n{origin}{UPGRADE}content-length: 0\r\n\r\n");
    let posted = stranger.say(body.as_bytes()).await;
    tries.saw("by POST", posted.status(), matches!(posted.status(), 400 | 404 | 405));
    let (status, stream) =
        stranger.upgrade(&format!("{origin}{UPGRADE}sec-websocket-extensions: permessage-deflate\r\n")).await;
    drop(stream);
    tries.saw("with compression, which is not taken up", status, status == 101);
    let long = format!("{origin}x: {}\r\n", "a".repeat(32 * 1024));
    let many: String = (0..100).map(|n| format!("x-{n}: 1\r\n")).collect();
    for (what, headers) in [("a header of 32 KiB", long), ("a hundred headers", many)] {
        let (status, _) = stranger.upgrade(&headers).await;
        tries.saw(what, status, status == 431);
    }
}

/// Only a proxy that the operator named says who somebody is.
pub async fn claimed_addresses(ground: &Ground, tries: &mut Tries) {
    let stranger = ground.stranger();
    let mut refused = 0;
    let names = ["x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip", "cf-connecting-ip"];
    for n in 0..140 {
        // A wrong secret costs ten of a network's thousand. A new address each time, if one believes it.
        let header = format!("{}: 10.{}.{}.1\r\n", names[n % names.len()], n / 250, n % 250);
        let body = json!({"invitation": {"secret": format!("guess-{n}-{n}-{n}")}}).to_string();
        let said = stranger.request("POST", "/api/claim", &format!("{JSON}{header}"), body.as_bytes()).await;
        refused += usize::from(said.status() == 429);
        tries.saw("a guess", said.status(), matches!(said.status(), 401 | 429));
    }
    tries.saw(format!("{refused} of 140 guesses were too many"), "counted as one", refused >= 30);
    let neighbour = ground.stranger().get("/version").await;
    tries.saw("others do not notice", neighbour.status(), neighbour.status() == 200);
}

pub async fn operators_doors(ground: &Ground, tries: &mut Tries) {
    let stranger = ground.stranger();
    let act = r#"{"say":{"text":"closed"}}"#;
    for bearer in ["", "Bearer ", "Bearer x", "Basic YTpi", "Bearer an-operators-token-of-this-ru", "bearer  "] {
        for (method, path) in [("GET", "/api/ops"), ("POST", "/api/ops"), ("GET", "/api/ops/attacks.csv")] {
            let headers = format!("{JSON}authorization: {bearer}\r\n");
            let said =
                stranger.request(method, path, &headers, if method == "POST" { act.as_bytes() } else { b"" }).await;
            tries.saw(format!("{method} {path} {bearer:?}"), said.status(), matches!(said.status(), 401 | 403 | 429));
        }
    }
    let teacher = stranger.with(&ground.school.teacher);
    let said = teacher.get("/api/ops").await;
    tries.saw("a teacher is no operator", said.status(), said.status() == 401);
    let good = stranger.request("GET", "/api/ops", &format!("authorization: Bearer {OPERATOR}\r\n"), b"").await;
    tries.saw("the operator", good.status(), good.status() == 200);
}

/// Whoever asks for what is a teacher's, with a pupil's cookie or none.
pub async fn teachers_requests(ground: &Ground, tries: &mut Tries) {
    let (class, [name]) = ground.class(["Noé"]).await;
    let pupil = class.device(&name).await;
    let (person, stranger) = (class.invitation(&name).person, ground.stranger());
    let draft = serde_json::to_string(&draft(preau_protocol::Policy::Roster)).expect("a draft is JSON");
    let path = format!("/api/classes/{}", class.id);
    for who in [stranger.with(&pupil), stranger.clone(), planted(&stranger)] {
        for (method, path, body) in [
            ("GET", "/api/classes".to_owned(), ""),
            ("POST", "/api/classes".to_owned(), draft.as_str()),
            ("GET", path.clone(), ""),
            ("PUT", path.clone(), draft.as_str()),
            ("DELETE", path.clone(), ""),
            ("GET", format!("{path}/invitations"), ""),
            ("POST", format!("{path}/invitations/{person}/renew"), "{}"),
            ("POST", format!("{path}/invitations/{person}/revoke"), "{}"),
            ("DELETE", format!("{path}/roster/{person}"), ""),
            ("POST", format!("{path}/roster"), r#"{"people":[]}"#),
        ] {
            let said = who.request(method, &path, JSON, body.as_bytes()).await;
            let learnt = said.text.contains(&name) || said.text.contains("Maths");
            tries.saw(format!("{method} {path}"), said.status(), matches!(said.status(), 401 | 403) && !learnt);
        }
    }
    let kept = ground.school.teacher.invitations(class.id).await.expect("the class is there");
    tries.held("nothing changed", kept.len() == 1 && kept[0].person == person);
}

/// A cookie that nobody was given.
fn planted(stranger: &Stranger) -> Stranger {
    let mut planted = stranger.clone();
    planted.device = planted.device.holding(&format!("__Host-preau={}", "A".repeat(43)));
    planted
}

/// Cookies that were made up, planted beside a good one, or belong to a class elsewhere.
pub async fn cookies(ground: &Ground, tries: &mut Tries) {
    let (class, [name]) = ground.class(["Noé"]).await;
    let (elsewhere, [other]) = ground.class(["Zoé"]).await;
    let (noe, zoe) = (class.device(&name).await, elsewhere.device(&other).await);
    let stranger = ground.stranger();
    let good = noe.cookie().expect("a cookie").to_owned();
    let value = good.split('=').nth(1).expect("a value");
    for (what, cookie, codes) in [
        ("another class's", zoe.cookie().expect("a cookie").to_owned(), [4403, 4403]),
        ("made up", format!("__Host-preau={}", "A".repeat(43)), [4401, 4401]),
        ("one letter more", format!("{good}A"), [4401, 4401]),
        ("one letter less", good[..good.len() - 1].to_owned(), [4401, 4401]),
        ("another name", format!("preau={value}"), [4401, 4401]),
        ("the name in capitals", format!("__HOST-PREAU={value}"), [4401, 4401]),
        ("one planted beside", format!("__Host-preau={}; {good}", "A".repeat(43)), [4401, 4401]),
        ("quoted", format!("__Host-preau=\"{value}\""), [4401, 4401]),
    ] {
        let mut thief = stranger.clone();
        thief.device = thief.device.holding(&cookie);
        let (code, heard, _) = thief.hello(&crate::stranger::hello(class.id, None).to_string()).await;
        tries.saw(what, code, codes.contains(&code) && heard.is_empty());
    }
}
