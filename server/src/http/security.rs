//! The headers that tell a browser what our pages may do, and where they may be shown.

use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue};

use crate::config::{Config, PublicUrl};

/// Two years, as browsers' preload lists ask (RFC 6797 §6.1.1).
const HSTS: &str = "max-age=63072000";
/// Camera, microphone and screen for our own pages; nothing else for anybody (Permissions Policy §9).
const PERMISSIONS: &str = "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), fullscreen=(self), \
                           screen-wake-lock=(self), clipboard-write=(self), accelerometer=(), \
                           geolocation=(), gyroscope=(), hid=(), magnetometer=(), midi=(), payment=(), serial=(), usb=()";

/// All security headers, made once.
pub fn headers(config: &Config, url: &PublicUrl) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value: &str| {
        headers.insert(name, HeaderValue::from_str(value).expect("made of checked origins and constants"));
    };
    set(header::CONTENT_SECURITY_POLICY, &content_security_policy(config, url));
    set(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if config.frame_ancestors.is_empty() {
        set(header::X_FRAME_OPTIONS, "DENY");
    }
    if url.is_https() {
        let subdomains = if config.hsts_subdomains { "; includeSubDomains" } else { "" };
        set(header::STRICT_TRANSPORT_SECURITY, &format!("{HSTS}{subdomains}"));
    }
    headers
}

/// Nothing but our own files, no inline script or style, no frame (CSP Level 3).
fn content_security_policy(config: &Config, url: &PublicUrl) -> String {
    let ancestors = match config.frame_ancestors.as_slice() {
        [] => "'none'".to_string(),
        origins => origins.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    };
    // Safari before 15.4 does not count a WebSocket to our own host as 'self'.
    let socket = url.origin().as_str().replacen("http", "ws", 1);
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; \
         media-src 'self' blob:; worker-src 'self'; manifest-src 'self'; connect-src 'self' {socket}; \
         base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Origin;

    #[test]
    fn hsts_and_frames_follow_the_configuration() {
        let url = PublicUrl::parse_root("https://class.example.org").unwrap();
        let made = headers(&Config::default(), &url);
        let policy = made[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("connect-src 'self' wss://class.example.org;")
        );
        assert!(!policy.contains("unsafe") && !policy.contains('*'));
        assert_eq!(made[header::STRICT_TRANSPORT_SECURITY], HSTS);

        let strict = headers(&Config { hsts_subdomains: true, ..Config::default() }, &url);
        assert_eq!(strict[header::STRICT_TRANSPORT_SECURITY], "max-age=63072000; includeSubDomains");

        let frames = Config { frame_ancestors: vec![Origin::parse("https://lms.org").unwrap()], ..Config::default() };
        let made = headers(&frames, &Config::default().public_url_on(80));
        assert!(made[header::CONTENT_SECURITY_POLICY].to_str().unwrap().ends_with("frame-ancestors https://lms.org"));
        assert!(!made.contains_key(header::STRICT_TRANSPORT_SECURITY) && !made.contains_key(header::X_FRAME_OPTIONS));
    }
}
