//! A signed token as bytes (JWS compact serialization, RFC 7515 §7.1): taken apart, and no part believed yet.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_protocol::limits::TOKEN_BYTES_MAX;
use serde_json::{Map, Value};

use super::keys::{Alg, Kid};
use super::strict_json;

/// Header parameters that may be there. Those that would choose a key for us (`jwk`, `jku`, `x5u`, `x5c`), or change
/// what is signed (`crit`, `b64`, `zip`), are refused like everything that we do not know (RFC 8725 §3.10).
const HEADERS: [&str; 6] = ["alg", "typ", "kid", "cty", "x5t", "x5t#S256"];

/// Why a token is not good. For logs and tests: whoever sent it only learns that it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("larger than {TOKEN_BYTES_MAX} bytes")]
    TooLarge,
    #[error("not three parts of base64url")]
    NotCompact,
    #[error("a header that is not allowed")]
    Header,
    #[error("an algorithm that is not allowed")]
    Algorithm,
    #[error("another type of token")]
    Type,
    #[error("a key id that is none")]
    Kid,
    #[error("no key for it")]
    NoKey,
    #[error("no key for it, and a portal's keys cannot be reached")]
    OutOfReach,
    #[error("a wrong signature")]
    Signature,
    #[error("claims that are not strict JSON")]
    Json,
    #[error("no claim {0:?}")]
    Missing(&'static str),
    #[error("a wrong-typed claim {0:?}")]
    WrongType(&'static str),
    #[error("another issuer")]
    Issuer,
    #[error("another audience")]
    Audience,
    #[error("expired")]
    Expired,
    #[error("not yet good")]
    NotYet,
    #[error("good for too long")]
    Lifetime,
    #[error("an OpenID Connect ID token")]
    IdToken,
    #[error("not signed in at the portal as is asked for")]
    Login,
    #[error("no role here")]
    Role,
    #[error("no class id")]
    Class,
    #[error("no usable name")]
    Name,
}

impl TokenError {
    /// One word for counting.
    pub fn word(self) -> &'static str {
        match self {
            TokenError::TooLarge => "too_large",
            TokenError::NotCompact => "not_compact",
            TokenError::Header => "header",
            TokenError::Algorithm => "algorithm",
            TokenError::Type => "type",
            TokenError::Kid => "kid",
            TokenError::NoKey => "no_key",
            TokenError::OutOfReach => "out_of_reach",
            TokenError::Signature => "signature",
            TokenError::Json => "json",
            TokenError::Missing(_) => "missing",
            TokenError::WrongType(_) => "wrong_type",
            TokenError::Issuer => "issuer",
            TokenError::Audience => "audience",
            TokenError::Expired => "expired",
            TokenError::NotYet => "not_yet",
            TokenError::Lifetime => "lifetime",
            TokenError::IdToken => "id_token",
            TokenError::Login => "login",
            TokenError::Role => "role",
            TokenError::Class => "class",
            TokenError::Name => "name",
        }
    }
}

/// A token taken apart. Of its header only what finds a key is kept.
#[derive(Debug)]
pub struct Token<'a> {
    pub alg: Alg,
    pub kid: Option<Kid>,
    pub typ: String,
    /// What was signed.
    pub signed: &'a str,
    pub signature: &'a str,
    payload: &'a str,
}

impl<'a> Token<'a> {
    pub fn parse(text: &'a str) -> Result<Token<'a>, TokenError> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLarge);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(TokenError::NotCompact)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::NotCompact)?;
        if payload.contains('.') {
            return Err(TokenError::NotCompact);
        }
        let header = strict_json::object(&decode(header)?).map_err(|_| TokenError::Header)?;
        let (alg, kid, typ) = read_header(&header)?;
        Ok(Token { alg, kid, typ, signed, signature, payload })
    }

    /// The claims. Only to be asked for once the signature was found good.
    pub fn claims(&self) -> Result<Map<String, Value>, TokenError> {
        strict_json::object(&decode(self.payload)?).map_err(|_| TokenError::Json)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::NotCompact)
}

fn read_header(header: &Map<String, Value>) -> Result<(Alg, Option<Kid>, String), TokenError> {
    if header.keys().any(|name| !HEADERS.contains(&name.as_str())) {
        return Err(TokenError::Header);
    }
    let alg = header.get("alg").and_then(Value::as_str).and_then(Alg::named).ok_or(TokenError::Algorithm)?;
    let typ = header.get("typ").and_then(Value::as_str).ok_or(TokenError::Type)?;
    let kid = match header.get("kid") {
        None => None,
        Some(kid) => Some(kid.as_str().and_then(Kid::parse).ok_or(TokenError::Kid)?),
    };
    Ok((alg, kid, typ.to_string()))
}
