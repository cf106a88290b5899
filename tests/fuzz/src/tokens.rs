//! Any token: nobody comes by one that a portal's key did not sign as it stands, and what it says is held to the letter.

use crate::script::Script;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau::auth::{Keys, Portals, Token, Verified};
use preau::config::Config;
use preau_protocol::limits::TOKEN_BYTES_MAX;
use preau_protocol::{PersonId, Proof, Role, UnixMs};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::LazyLock;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const CLASS: &str = "00000000-0000-4000-8000-000000000001";
const NOW_S: u64 = 1_800_000_000;
const NOW: UnixMs = UnixMs(NOW_S * 1_000);
/// Clocks may differ by this much, and a token may live for so long.
const LEEWAY_S: u64 = 10;
const LIFETIME_S: u64 = 600;

static PORTALS: LazyLock<Portals> = LazyLock::new(|| portals(SECRET));
/// Nothing is ever signed with its secret: what a fuzzer learns of a comparison does not open it.
static UNUSED: LazyLock<Portals> = LazyLock::new(|| portals("a secret that is never used at all"));

fn portals(secret: &str) -> Portals {
    let portal = "name = \"ENT\"\nissuer = \"https://ent\"\naudience = \"preau\"";
    let text = format!("[[portal]]\n{portal}\nsecret = \"{secret}\"\n");
    let config = Config::of_text(Path::new("preau.toml"), &text).expect("a portal");
    Portals::open(config.portals).expect("its key")
}

pub fn run(data: &[u8]) {
    let mut script = Script(data);
    match script.byte() % 4 {
        0 => forged(&mut script),
        1 => chosen(&mut script),
        2 => signed(&mut script),
        _ => nonsense(script.0),
    }
}

/// A good token with any part of it changed is good no more.
fn forged(script: &mut Script<'_>) {
    let good = sign(&text(header()), &text(claims()), SECRET);
    let parts: Vec<&str> = good.split('.').collect();
    let which = usize::from(script.byte()) % 4;
    let shown = match which {
        3 => script.changed(&good),
        which => {
            let changed = script.changed(parts[which]);
            let with = |n: usize| if n == which { &changed } else { parts[n] };
            format!("{}.{}.{}", with(0), with(1), with(2))
        }
    };
    assert_eq!(PORTALS.verify(&shown, NOW).is_ok(), shown == good, "{shown}");
    let other = sign(&text(header()), &text(claims()), "another secret of thirty-two bytes");
    assert!(PORTALS.verify(&other, NOW).is_err(), "by another key");
}

/// Claims and headers chosen one by one: good if each of them is, by a reading of our own.
fn chosen(script: &mut Script<'_>) {
    let (mut header, mut claims) = (header(), claims());
    while let Some(act) = script.next() {
        let at_s = NOW_S + u64::from(script.byte()) * 4 - 512;
        let n = usize::from(script.byte());
        let any = String::from_utf8_lossy(script.some()).into_owned();
        let object = if act >> 7 == 0 { &mut claims } else { &mut header };
        let (name, values): (&str, Vec<Value>) = match act & 0x0f {
            0 => ("exp", vec![json!(at_s), json!(at_s as f64 + 0.5), json!(at_s.to_string()), Value::Null]),
            1 => ("iat", vec![json!(at_s), json!(-1), json!(true)]),
            2 => ("nbf", vec![json!(at_s), json!([at_s])]),
            3 => ("iss", vec![json!("https://ent"), json!("https://ent/"), json!(["https://ent"]), json!(any)]),
            4 => ("aud", vec![json!("preau"), json!(["x", "preau"]), json!([["preau"]]), json!([]), json!(any)]),
            5 => ("sub", vec![json!(any), json!(7), json!("x".repeat(n))]),
            6 => ("class", vec![json!(CLASS), json!(CLASS.replace('-', "")), json!({ "id": CLASS }), json!(any)]),
            7 => {
                ("role", vec![json!("student"), json!("teacher"), json!(["x", "parent"]), json!("Teacher"), json!(any)])
            }
            8 => ("name", vec![json!(any), json!("é".repeat(n)), json!(5)]),
            9 => ("groups", vec![json!(["5e B", "x"]), json!(any), json!([any]), json!(7)]),
            10 => ("alg", vec![json!("HS256"), json!("none"), json!("RS256"), json!("hs256"), json!(any)]),
            11 => ("typ", vec![json!("JWT"), json!("application/jwt"), json!("at+jwt"), json!(any)]),
            12 => ("kid", vec![json!("a_b-9"), json!("../key"), json!("k".repeat(n)), json!(any)]),
            13 => ("nonce", vec![json!("n"), Value::Null]),
            14 => ("jku", vec![json!("https://evil/keys")]),
            _ => ("sid", vec![json!("s"), json!(""), json!(any)]),
        };
        let value = values[n % values.len()].clone();
        match value {
            Value::Null => drop(object.remove(name)),
            value => drop(object.insert(name.into(), value)),
        }
    }
    let are_good = header_is_good(&header) && claims_are_good(&claims);
    let token = sign(&text(header), &text(claims.clone()), SECRET);
    let is_good = are_good && token.len() <= TOKEN_BYTES_MAX;
    let outcome = PORTALS.verify(&token, NOW);
    assert_eq!(outcome.is_ok(), is_good, "{outcome:?} of {claims:?}");
    outcome.iter().for_each(|who| check(who, &claims));
}

/// Whatever is signed: what is taken says it in its claims.
fn signed(script: &mut Script<'_>) {
    let header = if script.flag() { text(header()) } else { String::from_utf8_lossy(script.many()).into_owned() };
    let payload = String::from_utf8_lossy(script.0).into_owned();
    let Ok(who) = PORTALS.verify(&sign(&header, &payload, SECRET), NOW) else { return };
    let claims: Map<String, Value> = serde_json::from_str(&payload).expect("claims are an object");
    assert!(claims_are_good(&claims), "{claims:?}");
    check(&who, &claims);
}

/// What nobody signed; and keys that anybody wrote, which make nobody's shared secret good.
fn nonsense(bytes: &[u8]) {
    let written = String::from_utf8_lossy(bytes);
    assert!(UNUSED.verify(&written, NOW).is_err());
    let Ok(keys) = Keys::from_jwks(bytes) else { return };
    for secret in [written.as_ref(), SECRET, ""] {
        let token = sign(&text(header()), &text(claims()), secret);
        let token = Token::parse(&token).expect("a token");
        assert!(keys.check(&token).is_err(), "a public key signed");
    }
}

fn header() -> Map<String, Value> {
    Map::from_iter([("alg".into(), json!("HS256")), ("typ".into(), json!("JWT"))])
}

fn claims() -> Map<String, Value> {
    let claims = json!({
        "iss": "https://ent", "aud": "preau", "sub": "42", "exp": NOW_S + 300, "nbf": NOW_S, "iat": NOW_S,
        "class": CLASS, "role": "student", "name": "Léa Petit",
    });
    claims.as_object().expect("an object").clone()
}

fn text(object: Map<String, Value>) -> String {
    Value::from(object).to_string()
}

fn sign(header: &str, claims: &str, secret: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes())))
}

fn header_is_good(header: &Map<String, Value>) -> bool {
    let known = ["alg", "typ", "kid"];
    let kid = header.get("kid").map(|kid| kid.as_str().unwrap_or_default());
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let typ = header.get("typ").and_then(Value::as_str).unwrap_or_default();
    header.keys().all(|name| known.contains(&name.as_str()))
        && header.get("alg") == Some(&json!("HS256"))
        && typ.strip_prefix("application/").unwrap_or(typ).eq_ignore_ascii_case("jwt")
        && kid.is_none_or(|kid| (1..=64).contains(&kid.len()) && kid.chars().all(word))
}

fn claims_are_good(claims: &Map<String, Value>) -> bool {
    let time = |name: &str| claims.get(name).and_then(Value::as_u64);
    let (Some(exp), Some(nbf), Some(iat)) = (time("exp"), time("nbf"), time("iat")) else { return false };
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| (1..=255).contains(&text.len()));
    let absent_or_text = |name: &str| !claims.contains_key(name) || text(name).is_some();
    let name = claims.get("name").unwrap_or(&claims["sub"]).as_str().unwrap_or_default();
    exp + LEEWAY_S > NOW_S
        && nbf <= NOW_S + LEEWAY_S
        && iat <= NOW_S + LEEWAY_S
        && exp > iat
        && exp.saturating_sub(iat) <= LIFETIME_S
        && exp.saturating_sub(nbf) <= LIFETIME_S
        && text("iss") == Some("https://ent")
        && list(claims.get("aud")).is_some_and(|all| all.contains(&"preau"))
        && text("sub").is_some()
        && claims.get("class").and_then(Value::as_str).is_some_and(|class| class.parse::<uuid::Uuid>().is_ok())
        && role(claims).is_some()
        && preau_protocol::DisplayName::parse(name).is_ok()
        && (!claims.contains_key("groups") || list(claims.get("groups")).is_some())
        && ["nonce", "at_hash", "c_hash"].iter().all(|name| !claims.contains_key(*name))
        && absent_or_text("sid")
        && absent_or_text("jti")
}

/// One text or a list of them, none of them empty or long.
fn list(claim: Option<&Value>) -> Option<Vec<&str>> {
    let items = match claim? {
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    };
    let texts: Vec<&str> =
        items.iter().filter_map(|item| item.as_str().filter(|text| (1..=255).contains(&text.len()))).collect();
    (texts.len() == items.len() && items.len() <= 32).then_some(texts)
}

fn role(claims: &Map<String, Value>) -> Option<Role> {
    let words = list(claims.get("role"))?;
    let of = [
        ("teacher", Role::Teacher),
        ("student", Role::Student),
        ("observer", Role::Observer),
        ("parent", Role::Observer),
    ];
    of.into_iter().find(|(word, _)| words.contains(word)).map(|(_, role)| role)
}

/// Who comes is whom the claims name.
fn check(who: &Verified, claims: &Map<String, Value>) {
    let subject = claims["sub"].as_str().expect("a subject");
    assert_eq!(who.identity.person, PersonId::derive(who.class, "https://ent", subject));
    assert_eq!(Some(who.identity.role), role(claims));
    assert_eq!(who.identity.proof, Proof::Portal { issuer: "ENT".into() });
    assert!(!who.identity.on_roster, "on a roster that the portal does not keep");
    assert_eq!(Some(who.until.0 / 1_000), claims["exp"].as_u64());
    assert_eq!(who.stay_until, who.until.max(NOW), "longer than the portal allows");
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let signed = [&[2, 1][..], text(claims()).as_bytes()].concat();
    let twice = [&[2, 1][..], br#"{"iss":"https://ent","iss":"https://ent"}"#].concat();
    let jwks = json!({ "keys": [
        { "kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" },
        { "kty": "oct", "kid": "b", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY" },
        { "kty": "EC", "crv": "P-256", "kid": "c", "use": "sig", "alg": "ES256",
          "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" },
    ] });
    let good = sign(&text(header()), &text(claims()), "nobody's");
    vec![
        ("good", vec![0, 3, 0, 0, 0]),
        ("signature", vec![0, 2, 5, 0, 42, b'B']),
        ("payload-bit", vec![0, 1, 1, 0, 10, 1]),
        ("padded", vec![0, 2, 4, 0, 0, 1, b'=']),
        ("chosen", vec![1, 0, 140, 0, 0, 4, 0, 1, 0, 7, 0, 2, 0]),
        ("expired", vec![1, 0, 125, 0, 0]),
        ("none", vec![1, 0x8a, 0, 1, 0]),
        ("elsewhere", vec![1, 0x8e, 0, 0, 0]),
        ("signed", signed),
        ("twice", twice),
        ("unsigned", [&[3][..], good.as_bytes()].concat()),
        ("jwks", [&[3][..], jwks.to_string().as_bytes()].concat()),
    ]
}
