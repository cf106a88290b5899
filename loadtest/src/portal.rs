//! The tester's own portal: signs tokens with a key that the server's operator configured for it.

use std::path::Path;
use std::time::UNIX_EPOCH;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_protocol::{ClassId, Role};
use serde_json::json;

/// A token is good for so long; it is made when it is needed.
const LIFETIME_S: u64 = 300;
/// The server takes no shorter secret for HS256 (RFC 7518 §3.2).
const SECRET_BYTES_MIN: usize = 32;

#[derive(Debug, thiserror::Error)]
pub enum PortalError {
    #[error("--portal-key {0}: {1}")]
    Unreadable(String, std::io::Error),
    #[error("--portal-key {0}: shorter than {SECRET_BYTES_MIN} bytes")]
    Short(String),
}

pub struct Portal {
    key: hmac::Key,
    issuer: String,
    audience: String,
}

/// Who a token speaks of.
pub struct Bearer<'a> {
    pub class: ClassId,
    pub subject: &'a str,
    pub name: &'a str,
    pub role: Role,
    /// Stands for the device.
    pub sid: &'a str,
}

impl Portal {
    pub fn open(key: &Path, issuer: &str, audience: &str) -> Result<Portal, PortalError> {
        let shown = key.display().to_string();
        let secret = std::fs::read(key).map_err(|error| PortalError::Unreadable(shown.clone(), error))?;
        let secret = secret.trim_ascii();
        if secret.len() < SECRET_BYTES_MIN {
            return Err(PortalError::Short(shown));
        }
        Ok(Portal::with(secret, issuer, audience))
    }

    fn with(secret: &[u8], issuer: &str, audience: &str) -> Portal {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        Portal { key, issuer: issuer.into(), audience: audience.into() }
    }

    /// A portal that nobody knows.
    pub fn forger() -> Portal {
        Portal::with(&rand::random::<[u8; 32]>(), "https://nobody.example", "preau")
    }

    pub fn sign(&self, who: &Bearer<'_>) -> String {
        self.sign_at(who, now_s())
    }

    /// Yesterday's token.
    pub fn sign_expired(&self, who: &Bearer<'_>) -> String {
        self.sign_at(who, now_s() - 86_400)
    }

    fn sign_at(&self, who: &Bearer<'_>, now: u64) -> String {
        let role = match who.role {
            Role::Teacher => "teacher",
            Role::Student => "student",
            Role::Observer => "observer",
        };
        let claims = json!({
            "iss": self.issuer, "aud": self.audience, "sub": who.subject, "iat": now, "nbf": now,
            "exp": now + LIFETIME_S, "class": who.class.to_string(), "role": role, "name": who.name, "sid": who.sid,
        });
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(json!({"alg": "HS256", "typ": "JWT"})), part(claims));
        let signature = hmac::sign(&self.key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn now_s() -> u64 {
    UNIX_EPOCH.elapsed().unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_token_has_what_a_class_token_needs() {
        let class = ClassId(Uuid::from_u128(1));
        let who = Bearer { class, subject: "s1", name: "Noé", role: Role::Student, sid: "d1" };
        let token = Portal::with(&[7; 32], "https://ent.example", "preau").sign(&who);
        let parts: Vec<&str> = token.split('.').collect();
        let claims = URL_SAFE_NO_PAD.decode(parts[1]).expect("base64");
        let claims: serde_json::Value = serde_json::from_slice(&claims).expect("JSON");
        assert_eq!((parts.len(), &claims["sub"], &claims["role"]), (3, &json!("s1"), &json!("student")));
        assert_eq!(claims["class"], json!(class.to_string()));
    }

    #[test]
    fn a_missing_or_short_key_is_named() {
        let error = Portal::open(Path::new("no/such/key"), "i", "a").err().expect("no file").to_string();
        assert!(error.starts_with("--portal-key no/such/key: "), "{error}");
    }
}
