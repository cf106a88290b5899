//! Stories of tokens, good and otherwise. The table of DOOR is here, at the verifier; the same at the socket in tests.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_classroom::{Entry, Fact};
use preau_protocol::{BrowserName, ClassDraft, Policy, Role, SystemName};
use serde_json::{Value, json};

use super::*;
use crate::config::{Config, Sources};
use crate::store::{AccountId, NewClass};

const KIND: BrowserKind = BrowserKind { browser: BrowserName::Firefox, system: SystemName::Linux };

const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";
const CLASS: &str = "00000000-0000-4000-8000-000000000001";
const PORTAL: &str = "[[portal]]\nname = \"ENT\"\nissuer = \"https://ent\"\naudience = \"preau\"\n";

fn portals(text: &str) -> Vec<PortalConfig> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("p.toml");
    std::fs::write(&file, text).unwrap();
    Config::load(&Sources { file: Some(file), ..Sources::default() }).unwrap().portals
}

fn shared() -> Portals {
    Portals::open(portals(&format!("{PORTAL}secret = \"{}\"\n", std::str::from_utf8(SECRET).unwrap()))).unwrap()
}

fn now_s() -> u64 {
    unix_now().0 / 1_000
}

fn claims() -> Value {
    let now = now_s();
    json!({
        "iss": "https://ent", "aud": "preau", "sub": "42", "exp": now + 300, "nbf": now, "iat": now,
        "class": CLASS, "role": "student", "name": "Léa Petit", "groups": ["5e B"],
    })
}

/// [`claims`] with some of them set, or left out where the value is null.
fn with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

fn b64(text: impl ToString) -> String {
    URL_SAFE_NO_PAD.encode(text.to_string())
}

fn sign(header: impl ToString, claims: impl ToString) -> String {
    let signed = format!("{}.{}", b64(header), b64(claims));
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET);
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).unwrap();
    format!("{signed}.{signature}")
}

fn hs256(claims: impl ToString) -> String {
    sign(json!({"alg": "HS256", "typ": "JWT"}), claims)
}

fn verify(token: &str) -> Result<Verified, TokenError> {
    shared().verify(token, unix_now())
}

#[test]
fn a_good_token_says_who_comes() {
    let claims = claims();
    let who = verify(&hs256(&claims)).unwrap();
    assert_eq!(who.class.to_string(), CLASS);
    assert_eq!(who.identity.person, preau_protocol::PersonId::derive(who.class, "https://ent", "42"));
    assert_eq!((who.identity.name.as_str(), who.identity.role), ("Léa Petit", Role::Student));
    assert_eq!((who.identity.group.as_deref(), who.identity.on_roster), (Some("5e B"), false));
    assert_eq!(who.identity.proof, preau_protocol::Proof::Portal { issuer: "ENT".into() });
    assert_eq!((who.until.0 / 1_000, who.stay_until), (claims["exp"].as_u64().unwrap(), who.until));
}

#[test]
fn a_token_with_a_wrong_header_is_refused() {
    let header = |header: Value| verify(&sign(header, claims())).unwrap_err();
    for none in ["none", "None", "NONE", "nOnE", "", "HS256 ", "hs256", "HS384", "PS256"] {
        assert_eq!(header(json!({"alg": none, "typ": "JWT"})), TokenError::Algorithm, "{none}");
    }
    assert_eq!(header(json!({"alg": 1, "typ": "JWT"})), TokenError::Algorithm);
    assert_eq!(header(json!({"alg": "RS256", "typ": "JWT"})), TokenError::Algorithm, "the key is for another");
    assert_eq!(header(json!({"alg": "HS256"})), TokenError::Type);
    assert_eq!(header(json!({"alg": "HS256", "typ": "at+jwt"})), TokenError::Type);
    for (name, value) in [
        ("jku", json!("https://evil/keys")),
        ("x5u", json!("https://evil/cert")),
        ("jwk", json!({"kty": "oct", "k": "AAAA"})),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("x5c", json!(["AAAA"])),
    ] {
        assert_eq!(header(json!({"alg": "HS256", "typ": "JWT", name: value})), TokenError::Header, "{name}");
    }
    let long = "k".repeat(65);
    for kid in ["../../etc/passwd", "' OR 1=1 --", "", "é", "a/b", &long] {
        assert_eq!(header(json!({"alg": "HS256", "typ": "JWT", "kid": kid})), TokenError::Kid, "{kid}");
    }
    assert_eq!(header(json!({"alg": "HS256", "typ": "JWT", "kid": "k".repeat(10_000)})), TokenError::TooLarge);
    assert_eq!(verify(&sign(r#"{"alg":"HS256","alg":"HS256","typ":"JWT"}"#, claims())), Err(TokenError::Header));
}

#[test]
fn a_token_that_is_no_token_is_refused() {
    let good = hs256(claims());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    assert_eq!(verify(&format!("{signed}.")), Err(TokenError::Signature), "the signature was cut off");
    assert_eq!(verify(&format!("{signed}.{}", signature.to_lowercase())), Err(TokenError::Signature));
    let (header, _) = signed.split_once('.').unwrap();
    let forged = format!("{header}.{}.{signature}", b64(with(json!({"role": "teacher"}))));
    assert_eq!(verify(&forged), Err(TokenError::Signature));
    for bad in ["", ".", "..", "...", "a.b.c", "a.b.c.d", &format!("{good}.x"), &good.replace('.', "="), "💥.💥.💥"]
    {
        assert!(matches!(verify(bad), Err(TokenError::NotCompact | TokenError::Header)), "{bad}");
    }
    assert_eq!(verify(&"a".repeat(4_097)), Err(TokenError::TooLarge));
}

#[test]
fn every_claim_must_be_there_and_right() {
    let refused = |changes: Value| verify(&hs256(with(changes))).unwrap_err();
    for name in ["iss", "aud", "sub", "exp", "nbf", "iat", "class", "role"] {
        assert_eq!(refused(json!({name: null})), TokenError::Missing(name));
        assert_eq!(refused(json!({name: {"a": 1}})), TokenError::WrongType(name));
    }
    let now = now_s();
    for time in [json!("1900000000"), json!(1.5), json!(-1), json!(1e30), json!(true), json!([now])] {
        for name in ["exp", "nbf", "iat"] {
            assert_eq!(refused(json!({name: time})), TokenError::WrongType(name), "{time}");
        }
    }
    assert_eq!(refused(json!({"iss": "https://ent/"})), TokenError::Issuer);
    assert_eq!(refused(json!({"aud": "other"})), TokenError::Audience);
    assert_eq!(refused(json!({"aud": []})), TokenError::Audience);
    assert_eq!(refused(json!({"aud": ["preau", 1]})), TokenError::WrongType("aud"));
    assert_eq!(refused(json!({"exp": now - 11})), TokenError::Expired);
    assert_eq!(refused(json!({"nbf": now + 30})), TokenError::NotYet);
    assert_eq!(refused(json!({"iat": now + 30})), TokenError::NotYet);
    assert_eq!(refused(json!({"exp": now + 660})), TokenError::Lifetime);
    assert_eq!(refused(json!({"exp": u64::MAX})), TokenError::Lifetime);
    assert_eq!(refused(json!({"exp": now - 5, "iat": now, "nbf": now})), TokenError::Lifetime);
    assert_eq!(refused(json!({"class": "../x"})), TokenError::Class);
    assert_eq!(refused(json!({"role": "admin"})), TokenError::Role);
    assert_eq!(refused(json!({"role": []})), TokenError::Role);
    assert_eq!(refused(json!({"name": "\u{200B}"})), TokenError::Name);
    assert_eq!(refused(json!({"name": 7})), TokenError::WrongType("name"));
    assert_eq!(refused(json!({"sub": ""})), TokenError::WrongType("sub"));
    assert_eq!(refused(json!({"sid": 7})), TokenError::WrongType("sid"));
    for name in ["nonce", "at_hash", "c_hash"] {
        assert_eq!(refused(json!({name: "x"})), TokenError::IdToken);
    }
    let twice = claims().to_string().replacen('{', "{\"role\":\"teacher\",", 1);
    assert_eq!(verify(&hs256(twice)), Err(TokenError::Json));
    assert_eq!(verify(&hs256("[]")), Err(TokenError::Json));
}

#[test]
fn a_portal_that_must_have_asked_for_more_is_taken_at_its_word_only() {
    let secret = std::str::from_utf8(SECRET).unwrap();
    let asked = |settings: &str, changes: Value| {
        let portals = Portals::open(portals(&format!("{PORTAL}secret = \"{secret}\"\n{settings}\n"))).unwrap();
        portals.verify(&hs256(with(changes)), unix_now()).map(|who| who.identity.role)
    };
    let (student, teacher, now) = (Ok(Role::Student), json!("teacher"), now_s());
    let acr = "acr = [\"mfa\", \"smartcard\"]";
    assert_eq!(asked(acr, json!({"acr": "smartcard"})), student);
    for wrong in [json!({}), json!({"acr": "password"}), json!({"acr": ["mfa"]}), json!({"acr": 1})] {
        assert_eq!(asked(acr, wrong.clone()), Err(TokenError::Login), "{wrong}");
    }
    let amr = "amr = [\"pwd\", \"otp\"]";
    assert_eq!(asked(amr, json!({"amr": ["otp", "x", "pwd"]})), student);
    assert_eq!(asked(amr, json!({"amr": ["pwd"]})), Err(TokenError::Login));
    assert_eq!(asked(amr, json!({})), Err(TokenError::Missing("amr")));
    let fresh = "login_minutes_max = 10";
    assert_eq!(asked(fresh, json!({"auth_time": now - 600})), student);
    for wrong in [json!(now - 700), json!(now + 60), json!(u64::MAX)] {
        assert_eq!(asked(fresh, json!({"auth_time": wrong})), Err(TokenError::Login), "{wrong}");
    }
    assert_eq!(asked(fresh, json!({"auth_time": "1"})), Err(TokenError::WrongType("auth_time")));
    let teachers = format!("{acr}\nlogin_of = \"teachers\"");
    assert_eq!(asked(&teachers, json!({})), student);
    assert_eq!(asked(&teachers, json!({"role": teacher})), Err(TokenError::Login));
    assert_eq!(asked(&teachers, json!({"role": teacher, "acr": "mfa"})), Ok(Role::Teacher));
}

#[test]
fn a_claim_may_be_a_list_or_absent_where_it_can() {
    let good = |changes: Value| verify(&hs256(with(changes))).unwrap().identity;
    assert_eq!(good(json!({"aud": ["other", "preau"]})).role, Role::Student);
    assert_eq!(good(json!({"role": ["x", "student", "teacher"]})).role, Role::Teacher);
    assert_eq!(good(json!({"role": ["parent", "student"]})).role, Role::Student);
    let parent = good(json!({"role": "parent"}));
    assert_eq!((parent.role, parent.on_roster), (Role::Observer, false));
    assert_eq!(good(json!({"role": ["observer"]})).role, Role::Observer);
    assert_eq!(good(json!({"name": null})).name.as_str(), "42");
    assert_eq!(good(json!({"groups": null})).group, None);
    assert_eq!(good(json!({"groups": "6e A"})).group.as_deref(), Some("6e A"));
    assert_eq!(good(json!({"name": "A\u{202E}da"})).name.as_str(), "Ada");
}

#[test]
fn without_a_cookie_a_device_is_a_portals_session_or_one_token() {
    let device = |changes: Value| verify(&hs256(with(changes))).unwrap().device;
    assert_eq!(device(json!({"sid": "s", "jti": "1"})), device(json!({"sid": "s", "jti": "2"})));
    assert_ne!(device(json!({"jti": "1"})), device(json!({"jti": "2"})));
    assert_ne!(device(json!({"jti": "s"})), device(json!({"sid": "s"})));
    assert_ne!(device(json!({})), device(json!({"exp": now_s() + 299})));
    assert_ne!(device(json!({"sid": "s"})), device(json!({"sid": "s", "sub": "43"})));
}

#[test]
fn claims_are_found_under_other_names() {
    let text = format!(
        "{PORTAL}secret = \"{}\"\nclass_claim = \"context.id\"\nrole_claim = \"https://purl.org/roles\"\n\
         name_claim = [\"person\", \"display.name\"]\nteachers = [\"urn:Instructor\"]\nstudents = [\"urn:Learner\"]\n\
         stay_minutes = 60\non_roster = true\ntype = \"class+jwt\"\n",
        std::str::from_utf8(SECRET).unwrap()
    );
    let claims = with(json!({
        "class": null, "context": {"id": CLASS}, "role": null, "https://purl.org/roles": ["urn:Learner"],
        "name": null, "person": {"display.name": "Noé"},
    }));
    let token = sign(json!({"alg": "HS256", "typ": "application/CLASS+JWT"}), claims);
    let who = Portals::open(portals(&text)).unwrap().verify(&token, unix_now()).unwrap();
    assert_eq!((who.identity.name.as_str(), who.identity.on_roster), ("Noé", true));
    assert!(who.stay_until.0 > who.until.0 + 50 * 60_000);
}

/// A JWKS with one key of each kind, and how to sign with each.
struct KeyRing {
    ed: Ed25519KeyPair,
    ec: EcdsaKeyPair,
    rsa: RsaKeyPair,
}

impl KeyRing {
    fn new() -> KeyRing {
        KeyRing {
            ed: Ed25519KeyPair::generate().unwrap(),
            ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            rsa: RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap(),
        }
    }

    fn jwks(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let point = self.ec.public_key().as_ref();
        let rsa = self.rsa.public_key();
        json!({"keys": [
            {"kty": "OKP", "crv": "Ed25519", "kid": "ed", "alg": "EdDSA", "x": encode(self.ed.public_key().as_ref())},
            {"kty": "EC", "crv": "P-256", "kid": "ec", "x": encode(&point[1..33]), "y": encode(&point[33..])},
            {"kty": "RSA", "kid": "rsa", "use": "sig", "n": encode(rsa.modulus().big_endian_without_leading_zero()),
             "e": encode(rsa.exponent().big_endian_without_leading_zero())},
            {"kty": "oct", "kid": "oct", "k": encode(SECRET)},
            {"kty": "EC", "crv": "P-384", "kid": "big", "x": "AA", "y": "AA"},
        ]})
    }

    fn sign(&self, alg: &str, kid: &str, with: &str) -> String {
        let signed = format!("{}.{}", b64(json!({"alg": alg, "typ": "JWT", "kid": kid})), b64(claims()));
        let random = SystemRandom::new();
        let signature = match with {
            "ed" => self.ed.sign(signed.as_bytes()).as_ref().to_vec(),
            "ec" => self.ec.sign(&random, signed.as_bytes()).unwrap().as_ref().to_vec(),
            _ => {
                let mut signature = vec![0; self.rsa.public_modulus_len()];
                self.rsa.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
                signature
            }
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

#[test]
fn a_jwks_has_one_algorithm_for_each_key() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keys.json");
    let ring = KeyRing::new();
    std::fs::write(&file, ring.jwks().to_string()).unwrap();
    let portals = Portals::open(portals(&format!("{PORTAL}jwks_file = {file:?}\n"))).unwrap();
    let verify = |alg, kid, with| portals.verify(&ring.sign(alg, kid, with), unix_now()).map(|_| ());

    assert_eq!(verify("EdDSA", "ed", "ed"), Ok(()));
    assert_eq!(verify("ES256", "ec", "ec"), Ok(()));
    assert_eq!(verify("RS256", "rsa", "rsa"), Ok(()));
    assert_eq!(verify("EdDSA", "ec", "ed"), Err(TokenError::Algorithm));
    assert_eq!(verify("HS256", "rsa", "ed"), Err(TokenError::Algorithm), "a public key is no shared secret");
    assert_eq!(verify("ES256", "ec", "ed"), Err(TokenError::Signature));
    assert_eq!(verify("EdDSA", "who", "ed"), Err(TokenError::NoKey));
    assert_eq!(verify("HS256", "oct", "ed"), Err(TokenError::NoKey), "a symmetric key in a public set is left out");
    assert_eq!(portals.verify(&hs256(claims()), unix_now()).map(|_| ()), Err(TokenError::NoKey), "which of three?");
}

#[test]
fn keys_in_a_file_change_when_the_operator_says_so_and_the_last_good_ones_stay() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keys.json");
    let (before, after) = (KeyRing::new(), KeyRing::new());
    std::fs::write(&file, before.jwks().to_string()).unwrap();
    let portals = Portals::open(portals(&format!("{PORTAL}jwks_file = {file:?}\n"))).unwrap();
    let verify = |ring: &KeyRing| portals.verify(&ring.sign("EdDSA", "ed", "ed"), unix_now()).map(|_| ());
    for nothing in ["", "{}", "not json"] {
        std::fs::write(&file, nothing).unwrap();
        portals.reload();
        assert_eq!((verify(&before), verify(&after)), (Ok(()), Err(TokenError::Signature)), "{nothing:?}");
    }
    std::fs::write(&file, after.jwks().to_string()).unwrap();
    assert_eq!(verify(&before), Ok(()), "nobody has said so");
    portals.reload();
    assert_eq!((verify(&before), verify(&after)), (Err(TokenError::Signature), Ok(())));
}

#[test]
fn a_bad_key_set_is_refused_as_a_whole() {
    let key = KeyRing::new().jwks()["keys"][0].clone();
    let many: Vec<Value> = (0..33).map(|_| key.clone()).collect();
    let set = |keys: Value| keys::Keys::from_jwks(json!({ "keys": keys }).to_string().as_bytes()).err();
    assert_eq!(set(json!([key, key])), Some(KeyError::NotJwks("two keys cannot be told apart")));
    assert_eq!(set(json!(many)), Some(KeyError::NotJwks("too many keys")));
    assert_eq!(set(json!([{"kty": "oct", "k": "AAAA"}])), Some(KeyError::Empty));
    assert_eq!(set(json!({})), Some(KeyError::NotJwks("no list of keys")));
}

/// A store with one class, and an [`Auth`] whose portal shares [`SECRET`].
async fn school() -> (tempfile::TempDir, Store, Auth) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let auth = Auth { store: store.clone(), portals: shared() };
    let secret = DeviceSecret::generate();
    let welcome = welcome(&store, DisplayName::parse("Ada").unwrap()).await.unwrap();
    assert_eq!(auth.claim(&secret, KIND, &Claim::Account { secret: welcome }).await, Ok(Claimed::Home {}));
    let owner: AccountId = store.device(secret.hash(), unix_now()).await.unwrap().unwrap().account.unwrap().id;
    let draft = ClassDraft { title: "Maths".into(), starts_at: unix_now(), policy: Policy::Ask, familiar: true };
    store.add_class(NewClass { id: CLASS.parse().unwrap(), owner, draft }, unix_now()).await.unwrap();
    (directory, store, auth)
}

#[tokio::test]
async fn a_token_opens_its_own_class_only() {
    let (_directory, store, auth) = school().await;
    let class: ClassId = CLASS.parse().unwrap();
    let other = ClassId(Uuid::from_u128(9));
    let visit = async |class, token: Option<&str>| auth.visitor(class, None, token).await.map(|who| who.identity.name);
    let good = hs256(claims());
    assert_eq!(visit(class, Some(&good)).await, Ok(DisplayName::parse("Léa Petit").unwrap()));
    assert_eq!(visit(other, Some(&good)).await, Err(AuthError::NotAllowed));
    let elsewhere = hs256(with(json!({"class": other.to_string()})));
    assert_eq!(visit(other, Some(&elsewhere)).await, Err(AuthError::NotAllowed), "no such class");
    assert_eq!(visit(class, Some("x")).await, Err(AuthError::NotAuthenticated));
    assert_eq!(visit(class, None).await, Err(AuthError::NotAuthenticated));
    // A class that was held a moment ago is not asked for again; another one is, as if it were not there.
    store.append(class, &Entry { at: UnixMs(1), fact: Fact::Unattended {} }, Box::new(|| {}));
    store.flush().await.unwrap();
    for _ in 0..2 {
        assert!(auth.visitor(class, None, Some(&good)).await.unwrap().lesson.was_held);
        assert_eq!(visit(class, Some(&elsewhere)).await, Err(AuthError::NotAllowed));
    }
}

#[tokio::test]
async fn a_browser_comes_back_with_what_it_claimed() {
    let (_directory, _store, auth) = school().await;
    let class: ClassId = CLASS.parse().unwrap();
    let secret = DeviceSecret::generate();
    let line = secret.set_cookie();
    let cookie = line.strip_prefix("__Host-preau=").unwrap().split(';').next().unwrap();

    let unknown = auth.visitor(class, Some(cookie), None).await.map(|_| ());
    assert_eq!(unknown, Err(AuthError::NotAuthenticated));
    let token = hs256(claims());
    assert_eq!(auth.claim(&secret, KIND, &Claim::Token { token: token.clone() }).await, Ok(Claimed::Class { class }));
    let by_cookie = auth.visitor(class, Some(cookie), None).await.unwrap();
    assert!(by_cookie.until.is_some());
    let by_both = auth.visitor(class, Some(cookie), Some(&token)).await.unwrap();
    let by_token = auth.visitor(class, None, Some(&token)).await.unwrap();
    assert_eq!(by_cookie.device, by_both.device);
    assert_ne!(by_cookie.device, by_token.device);
    let elsewhere = auth.visitor(ClassId(Uuid::from_u128(9)), Some(cookie), None).await.map(|_| ());
    assert_eq!(elsewhere, Err(AuthError::NotAllowed));
}
