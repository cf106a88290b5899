//! A portal's tokens at the door: the good one, and DOOR's attacks.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::world::{Answer, Browser, World, class_with_noe, preau_says};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn portal(keys: &str) -> String {
    format!("[[portal]]\nname = \"ENT\"\nissuer = \"https://ent\"\naudience = \"preau\"\n{keys}\n")
}

fn shared() -> String {
    portal(&format!("secret = \"{SECRET}\""))
}

fn claims(class: &str) -> Value {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    json!({
        "iss": "https://ent", "aud": "preau", "sub": "42", "iat": now, "nbf": now, "exp": now + 300,
        "class": class, "role": "student", "name": "Léa",
    })
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

fn sign(header: &Value, claims: &Value) -> String {
    let text = unsigned(header, claims);
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let signature = jsonwebtoken::crypto::sign(text.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).unwrap();
    format!("{text}.{signature}")
}

async fn claim(browser: &mut Browser, token: &str) -> Answer {
    browser.open(&format!("http://x/#token={token}")).await
}

#[tokio::test]
async fn a_portals_student_comes_in_with_a_token() {
    let world = World::start_with(&shared()).await;
    let (class, _, _) = class_with_noe(&world.teacher().await).await;
    let file = world.directory.path().join("preau.toml");
    let words = ["token", "--config", file.to_str().unwrap(), "--class", &class, "--name", "Léa", "--group", "5e B"];
    let (code, token, said) = preau_says(&words, &[]).await;
    assert_eq!(code, 0, "{said}");
    let mut lea = world.browser();
    assert_eq!(claim(&mut lea, token.trim()).await.json(), json!({"class": {"class": class}}));
    let invited = lea.get(&format!("/api/classes/{class}/invited")).await.json();
    assert_eq!((&invited["name"], &invited["role"]), (&json!("Léa"), &json!("student")));
    assert!(!world.log().await.contains(token.trim()));
}

#[tokio::test]
async fn forged_and_misdirected_tokens_are_refused() {
    let world = World::start_with(&shared()).await;
    let (class, _, _) = class_with_noe(&world.teacher().await).await;
    let evil = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let evil_url = format!("http://{}/keys", evil.local_addr().unwrap());
    let header = |changes: Value| {
        let mut header = json!({"alg": "HS256", "typ": "JWT"});
        changes.as_object().unwrap().iter().for_each(|(name, value)| header[name] = value.clone());
        header
    };
    let with = |changes: Value| {
        let mut claims = claims(&class);
        changes.as_object().unwrap().iter().for_each(|(name, value)| claims[name] = value.clone());
        claims
    };
    let good = claims(&class);
    let now = good["iat"].as_u64().unwrap();
    let mut without_audience = good.clone();
    without_audience.as_object_mut().unwrap().remove("aud");
    let tokens = [
        format!("{}.", unsigned(&header(json!({"alg": "none"})), &good)),
        format!("{}.", unsigned(&header(json!({"alg": "nOnE"})), &good)),
        sign(&header(json!({"kid": "../../../../etc/passwd"})), &good),
        sign(&header(json!({"kid": "' UNION SELECT value FROM server --"})), &good),
        sign(&header(json!({"kid": "k".repeat(10_000)})), &good),
        sign(&header(json!({"jku": evil_url})), &good),
        sign(&header(json!({"x5u": evil_url})), &good),
        sign(&header(json!({"jwk": {"kty": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET)}})), &good),
        sign(&header(json!({})), &without_audience),
        sign(&header(json!({})), &with(json!({"iss": "https://evil"}))),
        sign(&header(json!({})), &with(json!({"nonce": "n", "aud": "preau"}))),
        sign(&header(json!({})), &with(json!({"exp": now - 60, "iat": now - 120, "nbf": now - 120}))),
        sign(&header(json!({})), &with(json!({"nbf": now + 120}))),
        sign(&header(json!({})), &with(json!({"exp": now + 3_600}))),
    ];
    for token in tokens {
        let mut browser = world.browser();
        let answer = claim(&mut browser, &token).await;
        assert_eq!(answer.problem(), (401, "not_authenticated".into()), "{token}");
        assert!(browser.cookie.is_none(), "nothing was given");
    }
    let elsewhere = sign(&header(json!({})), &claims("00000000-0000-4000-8000-000000000000"));
    assert_eq!(claim(&mut world.browser(), &elsewhere).await.problem(), (403, "not_allowed".into()));
    assert_eq!(claim(&mut world.browser(), &sign(&header(json!({})), &good)).await.status, 200);
    let called = tokio::time::timeout(std::time::Duration::ZERO, evil.accept()).await;
    assert!(called.is_err(), "nobody asked the attacker for keys");
}

/// Serves `answers` to one request each, in order, and says when each was asked for.
async fn key_server(answers: Vec<String>) -> (String, tokio::sync::mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4_096];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            tell.send(()).unwrap();
        }
    });
    (url, told)
}

#[tokio::test]
async fn keys_are_fetched_from_their_fixed_address() {
    let pair = Ed25519KeyPair::generate().unwrap();
    let public = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "one", "x": public}]}).to_string();
    let good = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{keys}", keys.len());
    let (url, mut asked) = key_server(vec![good]).await;
    let world = World::start_with(&portal(&format!("jwks_url = \"{url}\""))).await;
    asked.recv().await.unwrap();
    let (class, _, _) = class_with_noe(&world.teacher().await).await;
    let text = unsigned(&json!({"alg": "EdDSA", "typ": "JWT", "kid": "one"}), &claims(&class));
    let token = format!("{text}.{}", URL_SAFE_NO_PAD.encode(pair.sign(text.as_bytes())));
    // The answer was sent; that it was read may take a moment more.
    let mut status = 401;
    for _ in 0..50 {
        status = claim(&mut world.browser(), &token).await.status;
        if status == 200 {
            break;
        }
    }
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let location = elsewhere.local_addr().unwrap();
    let redirect = format!("HTTP/1.1 302 Found\r\nlocation: http://{location}/\r\ncontent-length: 0\r\n\r\n");
    let (url, mut asked) = key_server(vec![redirect]).await;
    let world = World::start_with(&portal(&format!("jwks_url = \"{url}\""))).await;
    asked.recv().await.unwrap();
    while !world.log().await.contains("could not be fetched") {
        assert_eq!(world.browser().get("/healthz").await.status, 200);
    }
    assert!(tokio::time::timeout(std::time::Duration::ZERO, elsewhere.accept()).await.is_err());
}
