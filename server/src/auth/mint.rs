//! Tokens of a configured portal, for trying the door out: `preau token`.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use preau_protocol::{ClassId, Role, UnixMs};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::keys::{KeyError, read_file};
use crate::config::{ClaimPath, KeySource, PortalConfig, PublicKeyAlgorithm};

/// What the token is to say.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub class: ClassId,
    pub role: Role,
    pub subject: String,
    pub name: Option<String>,
    pub group: Option<String>,
    pub seconds: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum MintError {
    #[error("{0}")]
    Key(#[from] KeyError),
    #[error("this portal's keys are public: name the private one with --key, and its --algorithm")]
    NoPrivateKey,
    #[error("this portal has no value for that role")]
    NoRole,
    #[error("the key cannot sign: {0}")]
    Unusable(#[from] jsonwebtoken::errors::Error),
}

/// Signs a token as `portal` would: with its shared secret, or with the private key in a PEM file.
pub fn mint(
    portal: &PortalConfig,
    wanted: &Wanted,
    private: Option<(&Path, PublicKeyAlgorithm)>,
    now: UnixMs,
) -> Result<String, MintError> {
    let (key, algorithm, name) = signing_key(portal, private)?;
    let header = json!({ "alg": name, "typ": portal.token_type });
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(&header), encode(&claims(portal, wanted, now)?));
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, algorithm)?;
    Ok(format!("{signed}.{signature}"))
}

fn signing_key(
    portal: &PortalConfig,
    private: Option<(&Path, PublicKeyAlgorithm)>,
) -> Result<(EncodingKey, Algorithm, &'static str), MintError> {
    let shared = |secret: &[u8]| (EncodingKey::from_secret(secret), Algorithm::HS256, "HS256");
    match (&portal.keys, private) {
        (KeySource::Secret(secret), _) => Ok(shared(secret.as_bytes())),
        (KeySource::SecretFile(path), _) => Ok(shared(read_file(path)?.trim_ascii())),
        (_, None) => Err(MintError::NoPrivateKey),
        (_, Some((path, algorithm))) => {
            let pem = read_file(path)?;
            Ok(match algorithm {
                PublicKeyAlgorithm::EdDsa => (EncodingKey::from_ed_pem(&pem)?, Algorithm::EdDSA, "EdDSA"),
                PublicKeyAlgorithm::Es256 => (EncodingKey::from_ec_pem(&pem)?, Algorithm::ES256, "ES256"),
                PublicKeyAlgorithm::Rs256 => (EncodingKey::from_rsa_pem(&pem)?, Algorithm::RS256, "RS256"),
            })
        }
    }
}

fn claims(portal: &PortalConfig, wanted: &Wanted, now: UnixMs) -> Result<Value, MintError> {
    let now_s = now.0 / 1_000;
    let roles = match wanted.role {
        Role::Teacher => &portal.teachers,
        Role::Student => &portal.students,
        Role::Observer => &portal.observers,
    };
    let role = roles.first().ok_or(MintError::NoRole)?;
    let mut claims = Map::new();
    put(&mut claims, portal.class.steps(), json!(wanted.class));
    put(&mut claims, portal.role.steps(), json!(role));
    let mut put_some = |path: &ClaimPath, value: &Option<String>| {
        if let Some(value) = value {
            put(&mut claims, path.steps(), json!(value));
        }
    };
    put_some(&portal.display_name, &wanted.name);
    put_some(&portal.groups, &wanted.group);
    let login = &portal.login;
    if let Some(acr) = login.acr.first() {
        claims.insert("acr".into(), json!(acr));
    }
    if !login.amr.is_empty() {
        claims.insert("amr".into(), json!(login.amr));
    }
    if login.minutes_max.is_some() {
        claims.insert("auth_time".into(), json!(now_s));
    }
    for (name, value) in [
        ("iss", json!(portal.issuer)),
        ("aud", json!(portal.audience)),
        ("sub", json!(wanted.subject)),
        ("iat", json!(now_s)),
        ("nbf", json!(now_s)),
        ("exp", json!(now_s + wanted.seconds)),
        ("jti", json!(Uuid::new_v4())),
    ] {
        claims.insert(name.into(), value);
    }
    Ok(claims.into())
}

/// Sets a claim at the end of a path, making the objects on the way.
fn put(claims: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => drop(claims.insert(last.clone(), value)),
        [first, rest @ ..] => {
            let inner = claims.entry(first.clone()).or_insert_with(|| json!({}));
            if let Some(inner) = inner.as_object_mut() {
                put(inner, rest, value);
            }
        }
    }
}
