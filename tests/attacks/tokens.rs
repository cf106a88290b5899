//! Tokens that are forged, foreign, stale, or another class's.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_loadtest::Conversation;
use preau_protocol::{ClassId, Close, Event, Gone, SessionAsk, SessionEvent};
use preau_tests::portal::{now_s, student_claims, with};
use preau_tests::school::SOON;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::ground::Ground;
use crate::stranger::{Stranger, hello};
use crate::table::Tries;

/// Whoever comes with this is not believed: not at the socket, and not where links are claimed.
async fn disbelieved(stranger: &Stranger, class: ClassId, what: &str, token: &str, tries: &mut Tries) {
    let (code, heard, _) = stranger.hello_with(class, token).await;
    tries.saw(what, code, code == Close::NotAuthenticated.code() && heard.is_empty());
    let said = stranger.claim(&json!({"token": {"token": token}})).await;
    tries.saw(format!("{what}, claimed"), said.status(), said.status() == 401 && !said.text.contains("set-cookie"));
}

fn header(changes: Value) -> Value {
    let mut header = json!({"alg": "HS256", "typ": "JWT"});
    changes.as_object().into_iter().flatten().for_each(|(name, value)| header[name.as_str()] = value.clone());
    header
}

fn part(text: impl ToString) -> String {
    URL_SAFE_NO_PAD.encode(text.to_string())
}

pub async fn no_algorithm(ground: &Ground, tries: &mut Tries) {
    let (class, _) = ground.class([]).await;
    let (claims, _) = ground.student(class.id, "1");
    let stranger = ground.stranger();
    for alg in ["none", "None", "NONE", "nOnE", "none ", "", "null", "HS256,none"] {
        let signed = ground.portal.sign_with(&header(json!({"alg": alg})), &claims);
        disbelieved(&stranger, class.id, &format!("alg {alg:?}, signed"), &signed, tries).await;
        let bare = format!("{}.{}.", part(json!({"alg": alg, "typ": "JWT"})), part(&claims));
        disbelieved(&stranger, class.id, &format!("alg {alg:?}, unsigned"), &bare, tries).await;
    }
    for (what, head) in [
        ("no alg", json!({"typ": "JWT"})),
        ("alg as a list", json!({"alg": ["none"], "typ": "JWT"})),
        ("alg is null", json!({"alg": null, "typ": "JWT"})),
        ("another family", header(json!({"alg": "RS256"}))),
        ("a longer hash", header(json!({"alg": "HS512"}))),
    ] {
        disbelieved(&stranger, class.id, what, &ground.portal.sign_with(&head, &claims), tries).await;
    }
    let twice = format!("{}.{}.", part(r#"{"alg":"HS256","alg":"none","typ":"JWT"}"#), part(&claims));
    disbelieved(&stranger, class.id, "alg twice", &twice, tries).await;
}

pub async fn key_names(ground: &Ground, tries: &mut Tries) {
    let (class, _) = ground.class([]).await;
    let (claims, _) = ground.student(class.id, "1");
    let stranger = ground.stranger();
    for kid in [
        json!("../../../../etc/passwd"),
        json!("/dev/null"),
        json!("' UNION SELECT value FROM server --"),
        json!("k".repeat(10_000)),
        json!("k".repeat(65)),
        json!("key\u{0}"),
        json!("é"),
        json!(""),
        json!(7),
        json!(["a"]),
    ] {
        let token = ground.portal.sign_with(&header(json!({"kid": kid})), &claims);
        let what: String = format!("kid {kid}").chars().take(40).collect();
        disbelieved(&stranger, class.id, &what, &token, tries).await;
    }
}

pub async fn keys_elsewhere(ground: &Ground, tries: &mut Tries) {
    let (class, _) = ground.class([]).await;
    let (claims, _) = ground.student(class.id, "1");
    let stranger = ground.stranger();
    let attacker = TcpListener::bind((stranger.address, 0)).await.expect("a port");
    let url = format!("http://{}/keys", attacker.local_addr().expect("bound"));
    for changes in [
        json!({"jku": url}),
        json!({"x5u": url}),
        json!({"x5c": ["AAAA"]}),
        json!({"jwk": {"kty": "oct", "k": "AAAA"}}),
        json!({"crit": ["exp"]}),
        json!({"b64": false, "crit": ["b64"]}),
        json!({"zip": "DEF"}),
        json!({"enc": "A128GCM"}),
    ] {
        let token = ground.portal.sign_with(&header(changes.clone()), &claims);
        disbelieved(&stranger, class.id, &changes.to_string(), &token, tries).await;
    }
    let asked = tokio::time::timeout(Duration::from_millis(200), attacker.accept()).await;
    tries.held("nobody asked the attacker for keys", asked.is_err());
}

pub async fn foreign(ground: &Ground, tries: &mut Tries) {
    let (class, _) = ground.class([]).await;
    let (claims, _) = ground.student(class.id, "1");
    let stranger = ground.stranger();
    for (claim, value) in [
        ("aud", Value::Null),
        ("aud", json!("another")),
        ("aud", json!("preau ")),
        ("aud", json!({"preau": true})),
        ("iss", Value::Null),
        ("iss", json!("https://evil.example")),
        ("iss", json!("https://ent.example/")),
        ("sub", Value::Null),
        ("sub", json!("")),
        ("sub", json!(42)),
        ("class", Value::Null),
        ("role", Value::Null),
        ("role", json!("operator")),
        ("role", json!(["operator"])),
        ("nonce", json!("of an ID token")),
        ("at_hash", json!("of an ID token")),
    ] {
        let what = format!("{claim} {value}");
        disbelieved(&stranger, class.id, &what, &ground.sign(&with(claims.clone(), claim, value)), tries).await;
    }
    for kind in ["at+jwt", "id_token", "dpop+jwt", ""] {
        let token = ground.portal.sign_with(&json!({"alg": "HS256", "typ": kind}), &claims);
        disbelieved(&stranger, class.id, &format!("typ {kind:?}"), &token, tries).await;
    }
    let good = ground.portal.sign(&claims);
    let (signed, signature) = good.rsplit_once('.').expect("three parts");
    let teacher = part(with(claims.clone(), "role", json!("teacher")));
    let head = signed.split('.').next().expect("a header");
    let doubled = claims.to_string().replacen('{', r#"{"role":"teacher","#, 1);
    for (what, token) in [
        ("other claims under a good signature", format!("{head}.{teacher}.{signature}")),
        ("no signature", format!("{signed}.")),
        ("half a signature", format!("{signed}.{}", &signature[..20])),
        ("four parts", format!("{good}.x")),
        ("spaces", format!(" {good}")),
        ("padding", format!("{good}=")),
        ("past 4 KiB", format!("{good}{}", "A".repeat(4_096))),
        ("role twice, unsigned", format!("{head}.{}.", part(doubled))),
        ("nothing", String::new()),
    ] {
        disbelieved(&stranger, class.id, what, &token, tries).await;
    }
}

pub async fn out_of_time(ground: &Ground, tries: &mut Tries) {
    let (class, _) = ground.class([]).await;
    let (claims, _) = ground.student(class.id, "1");
    let stranger = ground.stranger();
    let now = now_s();
    let times = |iat: u64, nbf: u64, exp: u64| {
        [("iat", iat), ("nbf", nbf), ("exp", exp)]
            .into_iter()
            .fold(claims.clone(), |claims, (name, value)| with(claims, name, json!(value)))
    };
    for (what, claims) in [
        ("expired a minute ago", times(now - 120, now - 120, now - 60)),
        ("not before two minutes", times(now, now + 120, now + 300)),
        ("issued tomorrow", times(now + 86_400, now, now + 86_500)),
        ("for an hour", times(now, now, now + 3_600)),
        ("for ever", times(now, now, u64::from(u32::MAX) * 1_000)),
        ("no exp", with(claims.clone(), "exp", Value::Null)),
        ("no nbf", with(claims.clone(), "nbf", Value::Null)),
        ("no iat", with(claims.clone(), "iat", Value::Null)),
        ("exp as a text", with(claims.clone(), "exp", json!((now + 300).to_string()))),
        ("exp is null", with(claims.clone(), "exp", json!([]))),
        ("exp is negative", with(claims.clone(), "exp", json!(-1))),
        ("nbf as a text", with(claims.clone(), "nbf", json!("0"))),
    ] {
        disbelieved(&stranger, class.id, what, &ground.sign(&claims), tries).await;
    }
}

/// A token that ends in mid-class: a fresh one of the same person keeps the seat, anybody else's does not.
pub async fn runs_out(ground: &Ground, tries: &mut Tries) {
    let (class, _) = ground.class([]).await;
    let (mut ada, _) = ground.enter(&class).await;
    let now = now_s();
    let mut open = Vec::new();
    for subject in ["kept", "lost"] {
        let claims = with(ground.student(class.id, subject).0, "exp", json!(now + 4));
        let device = ground.stranger().device;
        open.push(Conversation::open_with_token(&device, class.id, &ground.sign(&claims)).await.expect("good"));
        let person = open.last().expect("just opened").welcome().person;
        preau_tests::school::heard_knock(&mut ada, person).await;
        ada.admit(&[person]).await.expect("let in");
    }
    let (mut lost, mut kept) = (open.pop().expect("two"), open.pop().expect("two"));
    let refresh = |claims: Value| preau_protocol::Ask::Session(SessionAsk::Refresh { token: ground.sign(&claims) });
    let fresh = kept.done(refresh(student_claims(class.id, "kept"))).await;
    tries.held("a fresh token of the same person is taken", fresh.is_ok());
    let teacher = with(student_claims(class.id, "lost"), "role", json!("teacher"));
    for (what, claims) in [("somebody else's token", student_claims(class.id, "else")), ("a better role", teacher)] {
        let refused = lost.done(refresh(claims)).await;
        tries.held(what, refused.is_err());
    }
    let gone = |event: &Event| match event {
        Event::Session(SessionEvent::Gone { why }) => Some(*why),
        _ => None,
    };
    let told = lost.wait_for(6 * SOON, gone).await;
    let code = lost.closed(SOON).await.map_or(0, |closing| closing.code);
    tries.saw(
        "not refreshed",
        code,
        told.is_ok_and(|why| why == Gone::Expired) && code == Close::NotAuthenticated.code(),
    );
    let still = kept.done(preau_protocol::Ask::Class(preau_protocol::ClassAsk::Hand { up: true })).await;
    tries.held("refreshed, and still in class", still.is_ok());
}

/// A token of another class is worth nothing here, and the answer does not tell whether this class exists.
pub async fn another_class(ground: &Ground, tries: &mut Tries) {
    let ((here, _), (there, _)) = (ground.class([]).await, ground.class([]).await);
    let nowhere: ClassId = "00000000-0000-4000-8000-000000000000".parse().expect("an id");
    let (_, token) = ground.student(there.id, "1");
    let mut stranger = ground.stranger();
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for n in 0..ground.many(60, 20) {
        // A network may be wrong a hundred times.
        if n % 20 == 0 {
            stranger = ground.stranger();
        }
        for (class, took) in [(here.id, &mut known), (nowhere, &mut unknown)] {
            let (code, heard, time) = stranger.hello(&hello(class, Some(&token)).to_string()).await;
            tries.saw("another class's token", code, code == Close::NotAllowed.code() && heard.is_empty());
            took.push(time);
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    };
    let ratio = median(&mut known) / median(&mut unknown);
    tries.saw("time for a class that exists, over that for none", "as fast", (0.6..1.7).contains(&ratio));
    let body = |said: &crate::stranger::Said| {
        let body = said.text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
        let mut problem: Value = serde_json::from_str(&body).unwrap_or_default();
        problem.as_object_mut().map(|fields| fields.remove("request_id"));
        (said.status(), problem)
    };
    let claims = student_claims(nowhere, "1");
    let claimed = stranger.claim(&json!({"token": {"token": ground.sign(&claims)}})).await;
    tries.saw("claimed for a class that is none", claimed.status(), claimed.status() == 403);
    let [forbidden, missing] = [here.id, nowhere].map(|class| format!("/api/classes/{class}/invited"));
    let (forbidden, missing) = (stranger.get(&forbidden).await, stranger.get(&missing).await);
    tries.saw(
        "asked for without a cookie",
        forbidden.status(),
        body(&forbidden) == body(&missing) && forbidden.status() == 401,
    );
}
