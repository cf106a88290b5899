//! A token's claims, once its signature was found good: checked to the letter (RFC 7519 §4, RFC 8725 §3).

use aws_lc_rs::digest::{SHA256, digest};
use preau_classroom::Identity;
use preau_protocol::limits::GROUP_CHARS_MAX;
use preau_protocol::{ClassId, DisplayName, PersonId, Proof, Role, UnixMs};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::TOKEN_DEVICES;
use super::token::{Token, TokenError};
use crate::config::{ClaimPath, LoginDemand, PortalConfig};

/// Clocks may differ by this much. Servers keep time; DOOR allows no more than 30 s.
pub const LEEWAY_S: u64 = 10;
/// A class token lives no longer than it takes to come in, or to be refreshed.
pub const LIFETIME_S_MAX: u64 = 10 * 60;
/// `iss`, `sub`, `jti`, `sid`, one audience or one role, bytes (OpenID Connect Core §2 allows `sub` 255).
const TEXT_BYTES_MAX: usize = 255;
/// Audiences, roles or groups in one list.
const LIST_MAX: usize = 32;
/// Claims by which an OpenID Connect ID token is known (Core §2, §3.3.2.11): proof of a login, not of a seat.
const ID_TOKEN_CLAIMS: [&str; 3] = ["nonce", "at_hash", "c_hash"];

/// Somebody whom a portal sends into a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub class: ClassId,
    pub identity: Identity,
    /// The device, for somebody who has no cookie.
    pub device: Uuid,
    pub until: UnixMs,
    /// How long a browser that claims this may come back.
    pub stay_until: UnixMs,
}

/// Checks everything about the claims of a token that `portal` has signed.
pub fn check(token: &Token<'_>, portal: &PortalConfig, now: UnixMs) -> Result<Verified, TokenError> {
    let typ = token.typ.strip_prefix("application/").unwrap_or(&token.typ);
    if !typ.eq_ignore_ascii_case(&portal.token_type) {
        return Err(TokenError::Type);
    }
    let claims = Claims(token.claims()?);
    if ID_TOKEN_CLAIMS.iter().any(|name| claims.0.contains_key(*name)) {
        return Err(TokenError::IdToken);
    }
    if claims.text("iss")? != portal.issuer {
        return Err(TokenError::Issuer);
    }
    if !claims.texts("aud")?.contains(&portal.audience.as_str()) {
        return Err(TokenError::Audience);
    }
    let until = check_times(&claims, now)?;
    let subject = claims.text("sub")?;
    let class = claims.at("class", &portal.class)?;
    let class = class.as_str().ok_or(TokenError::WrongType("class"))?;
    let class: ClassId = class.parse().map_err(|_| TokenError::Class)?;
    let role = role(texts("role", claims.at("role", &portal.role)?)?, portal)?;
    check_login(&claims, &portal.login, role, now)?;
    let identity = Identity {
        person: PersonId::derive(class, &portal.issuer, subject),
        name: name(claims.maybe_at(&portal.display_name), subject)?,
        role,
        group: group(claims.maybe_at(&portal.groups))?,
        on_roster: portal.on_roster && role == Role::Student,
        proof: Proof::Portal { issuer: portal.name.clone() },
    };
    let stay_until = until.max(now.plus_ms(u64::from(portal.stay_minutes) * 60_000));
    let device = device(token, &claims, &portal.issuer, subject)?;
    Ok(Verified { class, identity, device, until, stay_until })
}

/// `exp`, `nbf` and `iat` are whole seconds, all there, and fit together and with now (RFC 7519 §4.1.4–6).
fn check_times(claims: &Claims, now: UnixMs) -> Result<UnixMs, TokenError> {
    let (exp, nbf, iat) = (claims.time("exp")?, claims.time("nbf")?, claims.time("iat")?);
    let now_s = now.0 / 1_000;
    if exp.saturating_add(LEEWAY_S) <= now_s {
        return Err(TokenError::Expired);
    }
    if nbf > now_s + LEEWAY_S || iat > now_s + LEEWAY_S {
        return Err(TokenError::NotYet);
    }
    if exp.saturating_sub(iat) > LIFETIME_S_MAX || exp.saturating_sub(nbf) > LIFETIME_S_MAX || exp <= iat {
        return Err(TokenError::Lifetime);
    }
    Ok(UnixMs(exp * 1_000))
}

/// How somebody proved themselves to the portal, where the operator asks for more than that they did (OpenID Connect Core §2).
fn check_login(claims: &Claims, demand: &LoginDemand, role: Role, now: UnixMs) -> Result<(), TokenError> {
    if demand.teachers_only && role != Role::Teacher {
        return Ok(());
    }
    if !demand.acr.is_empty() && !demand.acr.iter().any(|acr| claims.text("acr") == Ok(acr)) {
        return Err(TokenError::Login);
    }
    if !demand.amr.is_empty() {
        let used = claims.texts("amr")?;
        if !demand.amr.iter().all(|amr| used.contains(&amr.as_str())) {
            return Err(TokenError::Login);
        }
    }
    if let Some(minutes) = demand.minutes_max {
        let (at, now_s) = (claims.time("auth_time")?, now.0 / 1_000);
        if at > now_s + LEEWAY_S || at + u64::from(minutes) * 60 + LEEWAY_S < now_s {
            return Err(TokenError::Login);
        }
    }
    Ok(())
}

fn role(words: Vec<&str>, portal: &PortalConfig) -> Result<Role, TokenError> {
    let is_one_of = |roles: &[String]| words.iter().any(|word| roles.iter().any(|role| role == word));
    let roles =
        [(&portal.teachers, Role::Teacher), (&portal.students, Role::Student), (&portal.observers, Role::Observer)];
    let found = roles.into_iter().find(|(words, _)| is_one_of(words));
    found.map(|(_, role)| role).ok_or(TokenError::Role)
}

/// The name claim; a portal that sends none has only told us the subject, and a teacher must see something.
fn name(claim: Option<&Value>, subject: &str) -> Result<DisplayName, TokenError> {
    let text = match claim {
        None => subject,
        Some(claim) => claim.as_str().ok_or(TokenError::WrongType("name"))?,
    };
    DisplayName::parse(text).map_err(|_| TokenError::Name)
}

/// The first of the groups, cleaned as names are.
fn group(claim: Option<&Value>) -> Result<Option<String>, TokenError> {
    let Some(claim) = claim else { return Ok(None) };
    let first = texts("groups", claim)?.into_iter().find_map(|group| DisplayName::parse(group).ok());
    Ok(first.map(|group| group.as_str().chars().take(GROUP_CHARS_MAX).collect()))
}

/// What stands in for a browser: the portal's session, else this token.
fn device(token: &Token<'_>, claims: &Claims, issuer: &str, subject: &str) -> Result<Uuid, TokenError> {
    let (kind, proof) = match (claims.maybe_text("sid")?, claims.maybe_text("jti")?) {
        (Some(session), _) => ("sid", session.to_string()),
        (None, Some(id)) => ("jti", id.to_string()),
        (None, None) => ("all", format!("{:?}", digest(&SHA256, token.signed.as_bytes()))),
    };
    let parts = [issuer, subject, kind, &proof].map(|part| format!("{}:{part}", part.len())).concat();
    Ok(Uuid::new_v5(&TOKEN_DEVICES, parts.as_bytes()))
}

struct Claims(Map<String, Value>);

impl Claims {
    fn get(&self, name: &'static str) -> Result<&Value, TokenError> {
        self.0.get(name).ok_or(TokenError::Missing(name))
    }

    fn text(&self, name: &'static str) -> Result<&str, TokenError> {
        text(name, self.get(name)?)
    }

    fn maybe_text(&self, name: &'static str) -> Result<Option<&str>, TokenError> {
        self.0.get(name).map(|value| text(name, value)).transpose()
    }

    fn texts(&self, name: &'static str) -> Result<Vec<&str>, TokenError> {
        texts(name, self.get(name)?)
    }

    fn time(&self, name: &'static str) -> Result<u64, TokenError> {
        self.get(name)?.as_u64().ok_or(TokenError::WrongType(name))
    }

    fn at(&self, name: &'static str, path: &ClaimPath) -> Result<&Value, TokenError> {
        self.maybe_at(path).ok_or(TokenError::Missing(name))
    }

    fn maybe_at(&self, path: &ClaimPath) -> Option<&Value> {
        let (first, rest) = path.steps().split_first()?;
        rest.iter().try_fold(self.0.get(first)?, |value, step| value.get(step.as_str()))
    }
}

fn text<'a>(name: &'static str, value: &'a Value) -> Result<&'a str, TokenError> {
    value.as_str().filter(|text| !text.is_empty() && text.len() <= TEXT_BYTES_MAX).ok_or(TokenError::WrongType(name))
}

/// One text, or a list of them.
fn texts<'a>(name: &'static str, value: &'a Value) -> Result<Vec<&'a str>, TokenError> {
    match value {
        Value::Array(items) if items.len() <= LIST_MAX => items.iter().map(|item| text(name, item)).collect(),
        single => text(name, single).map(|text| vec![text]),
    }
}
