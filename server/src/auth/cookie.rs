//! The cookie that names a browser: 256 random bits, never a claim of its own.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::link::{random, sha256};
use crate::store::DeviceSecretHash;

/// `__Host-`: only from this very host, only with Secure and Path=/ (RFC 6265bis §4.1.3.2). Browsers take it on
/// `http://localhost`, too, which they trust as they do TLS.
pub const COOKIE_NAME: &str = "__Host-preau";
/// Each visit starts the time again; an account is signed out sooner, by the server (`accounts`).
const MAX_AGE_S: u32 = 180 * 24 * 60 * 60;

/// What the cookie holds.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceSecret([u8; 32]);

impl DeviceSecret {
    pub fn generate() -> DeviceSecret {
        DeviceSecret(random())
    }

    /// The value of the cookie.
    pub fn parse(value: &str) -> Option<DeviceSecret> {
        URL_SAFE_NO_PAD.decode(value).ok()?.try_into().ok().map(DeviceSecret)
    }

    pub fn hash(&self) -> DeviceSecretHash {
        DeviceSecretHash(sha256(&self.0))
    }

    /// The `Set-Cookie` header that gives it to a browser.
    pub fn set_cookie(&self) -> String {
        let value = URL_SAFE_NO_PAD.encode(self.0);
        format!("{COOKIE_NAME}={value}; Path=/; Max-Age={MAX_AGE_S}; HttpOnly; Secure; SameSite=Lax")
    }

    /// The `Set-Cookie` header that takes it away.
    pub fn clear_cookie() -> String {
        format!("{COOKIE_NAME}=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax")
    }

    /// The cookie's value among all cookies of a request (RFC 6265 §4.2). Two of that name are none: one was planted.
    pub fn value_in(headers: &HeaderMap) -> Option<&str> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs.filter(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let find = |line: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, line.parse().unwrap());
            DeviceSecret::value_in(&headers).map(str::to_string)
        };
        assert_eq!(find("a=b; __Host-preau=x; c=d"), Some("x".into()));
        assert_eq!(find("preau=x; __Host-preau2=y"), None);
        assert_eq!(find("__Host-preau=x; __Host-preau=y"), None);
    }

    #[test]
    fn a_cookie_leads_back_to_its_secret() {
        let secret = DeviceSecret::generate();
        let line = secret.set_cookie();
        let value = line.strip_prefix("__Host-preau=").unwrap().split(';').next().unwrap();
        assert!(DeviceSecret::parse(value) == Some(secret));
        assert!(DeviceSecret::parse("short").is_none());
    }
}
