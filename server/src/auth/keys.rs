//! The keys of a portal, each for one algorithm only (RFC 8725 §3.1), from a JWKS, a PEM file or a shared secret.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};

use super::strict_json;
use super::token::{Token, TokenError};
use crate::config::PublicKeyAlgorithm;

/// A JWKS with more keys than this is not one portal's.
const KEYS_MAX: usize = 32;
/// A JWKS or key file, bytes.
pub const KEYS_BYTES_MAX: usize = 64 * 1024;
/// Shorter RSA keys are no longer good (RFC 7518 §3.3).
const RSA_BYTES_MIN: usize = 2048 / 8;
/// Longer ones only cost time.
const RSA_BYTES_MAX: usize = 8192 / 8;
const SECRET_BYTES_MIN: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("{path}: {why}")]
    File { path: String, why: String },
    #[error("not a JWKS: {0}")]
    NotJwks(&'static str),
    #[error("no usable key")]
    Empty,
    #[error("the key cannot be used: {0}")]
    Unusable(String),
}

/// The algorithms with which a token may be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alg {
    EdDsa,
    Es256,
    Rs256,
    Hs256,
}

impl Alg {
    /// Exactly as registered: `none` is not among them, in any spelling.
    pub fn named(name: &str) -> Option<Alg> {
        match name {
            "EdDSA" => Some(Alg::EdDsa),
            "ES256" => Some(Alg::Es256),
            "RS256" => Some(Alg::Rs256),
            "HS256" => Some(Alg::Hs256),
            _ => None,
        }
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Alg::EdDsa => Algorithm::EdDSA,
            Alg::Es256 => Algorithm::ES256,
            Alg::Rs256 => Algorithm::RS256,
            Alg::Hs256 => Algorithm::HS256,
        }
    }
}

impl From<PublicKeyAlgorithm> for Alg {
    fn from(algorithm: PublicKeyAlgorithm) -> Alg {
        match algorithm {
            PublicKeyAlgorithm::EdDsa => Alg::EdDsa,
            PublicKeyAlgorithm::Es256 => Alg::Es256,
            PublicKeyAlgorithm::Rs256 => Alg::Rs256,
        }
    }
}

/// A key's name: a word to look up in a map, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kid(String);

impl Kid {
    pub fn parse(text: &str) -> Option<Kid> {
        let good = |c: u8| c.is_ascii_alphanumeric() || c == b'_' || c == b'-';
        ((1..=64).contains(&text.len()) && text.bytes().all(good)).then(|| Kid(text.into()))
    }
}

struct Key {
    alg: Alg,
    decoding: DecodingKey,
}

/// What a portal signs with.
#[derive(Default)]
pub struct Keys {
    named: BTreeMap<Kid, Key>,
    unnamed: Option<Key>,
}

impl Keys {
    pub fn from_secret(secret: &[u8]) -> Result<Keys, KeyError> {
        if secret.len() < SECRET_BYTES_MIN {
            return Err(KeyError::Unusable(format!("a shared secret has at least {SECRET_BYTES_MIN} bytes")));
        }
        Ok(Keys::only(Alg::Hs256, DecodingKey::from_secret(secret)))
    }

    pub fn from_pem(pem: &[u8], algorithm: PublicKeyAlgorithm) -> Result<Keys, KeyError> {
        let decoding = match algorithm {
            PublicKeyAlgorithm::EdDsa => DecodingKey::from_ed_pem(pem),
            PublicKeyAlgorithm::Es256 => DecodingKey::from_ec_pem(pem),
            PublicKeyAlgorithm::Rs256 => DecodingKey::from_rsa_pem(pem),
        };
        let decoding = decoding.map_err(|error| KeyError::Unusable(error.to_string()))?;
        Ok(Keys::only(algorithm.into(), decoding))
    }

    /// The keys of a JWK set (RFC 7517 §5) that we can use; the others are left out, as that section asks.
    pub fn from_jwks(json: &[u8]) -> Result<Keys, KeyError> {
        let set = strict_json::object(json).map_err(|_| KeyError::NotJwks("not a strict JSON object"))?;
        let listed = set.get("keys").and_then(Value::as_array).ok_or(KeyError::NotJwks("no list of keys"))?;
        if listed.len() > KEYS_MAX {
            return Err(KeyError::NotJwks("too many keys"));
        }
        let mut keys = Keys::default();
        for (kid, key) in listed.iter().filter_map(Value::as_object).filter_map(read_jwk) {
            let taken = match kid {
                Some(kid) => keys.named.insert(kid, key).is_some(),
                None => keys.unnamed.replace(key).is_some(),
            };
            if taken {
                return Err(KeyError::NotJwks("two keys cannot be told apart"));
            }
        }
        if keys.named.is_empty() && keys.unnamed.is_none() { Err(KeyError::Empty) } else { Ok(keys) }
    }

    fn only(alg: Alg, decoding: DecodingKey) -> Keys {
        Keys { named: BTreeMap::new(), unnamed: Some(Key { alg, decoding }) }
    }

    /// Whether one of these keys made the token's signature.
    pub fn check(&self, token: &Token<'_>) -> Result<(), TokenError> {
        let key = self.find(token.kid.as_ref()).ok_or(TokenError::NoKey)?;
        if key.alg != token.alg {
            return Err(TokenError::Algorithm);
        }
        let verify = jsonwebtoken::crypto::verify;
        match verify(token.signature, token.signed.as_bytes(), &key.decoding, key.alg.algorithm()) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(TokenError::Signature),
        }
    }

    /// A named key by its name; without one, or for a set whose only key has none, the only key.
    fn find(&self, kid: Option<&Kid>) -> Option<&Key> {
        match (kid, &self.unnamed, self.named.len()) {
            (Some(kid), None, _) => self.named.get(kid),
            (Some(kid), Some(only), _) => self.named.get(kid).or((self.named.is_empty()).then_some(only)),
            (None, Some(only), 0) => Some(only),
            (None, None, 1) => self.named.values().next(),
            (None, _, _) => None,
        }
    }
}

/// A usable public key for signatures, with its name. A symmetric key in a public set would be everybody's.
fn read_jwk(jwk: &Map<String, Value>) -> Option<(Option<Kid>, Key)> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let kid = match jwk.get("kid") {
        None => None,
        Some(kid) => Some(kid.as_str().and_then(Kid::parse)?),
    };
    let (alg, decoding) = match (text("kty")?, text("crv")) {
        ("OKP", Some("Ed25519")) => (Alg::EdDsa, DecodingKey::from_ed_components(text("x")?)),
        ("EC", Some("P-256")) => (Alg::Es256, DecodingKey::from_ec_components(text("x")?, text("y")?)),
        ("RSA", None) => {
            let modulus = URL_SAFE_NO_PAD.decode(text("n")?).ok()?;
            if !(RSA_BYTES_MIN..=RSA_BYTES_MAX).contains(&modulus.len()) {
                return None;
            }
            (Alg::Rs256, DecodingKey::from_rsa_components(text("n")?, text("e")?))
        }
        _ => return None,
    };
    if text("alg").is_some_and(|named| Alg::named(named) != Some(alg)) {
        return None;
    }
    Some((kid, Key { alg, decoding: decoding.ok()? }))
}

/// A file of keys, read with its limit.
pub fn read_file(path: &Path) -> Result<Vec<u8>, KeyError> {
    let wrong = |why: String| KeyError::File { path: path.display().to_string(), why };
    let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if size > KEYS_BYTES_MAX as u64 {
        return Err(wrong(format!("larger than {KEYS_BYTES_MAX} bytes")));
    }
    std::fs::read(path).map_err(|error| wrong(error.to_string()))
}
