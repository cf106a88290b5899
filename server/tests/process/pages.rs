//! What a browser gets before anybody is known.

use std::path::Path;

use super::world::World;

#[tokio::test]
async fn the_page_is_the_same_for_every_path_and_forbids_everything_else() {
    let world = World::start().await;
    let browser = world.browser();
    let home = browser.get("/").await;
    assert_eq!(home.status, 200);
    assert!(home.header("content-type").unwrap().starts_with("text/html"));
    for path in ["/class/00000000-0000-4000-8000-000000000000", "/class/x/setup"] {
        assert_eq!(browser.get(path).await.body, home.body);
    }
    let policy = home.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(home.header(name), Some(value));
    }
    let permissions = home.header("permissions-policy").unwrap();
    assert!(permissions.contains("camera=(self), microphone=(self), display-capture=(self)"), "{permissions}");
    assert_eq!(home.header("strict-transport-security"), None, "not without TLS");
    for path in ["/nothing", "/assets/nothing.js", "/../Cargo.toml", "/assets/../../Cargo.toml", "/api/nothing"] {
        assert_eq!(browser.get(path).await.problem(), (404, "not_found".into()), "{path}");
    }
    for method in ["DELETE", "TRACE"] {
        assert_eq!(browser.ask(method, "/", "", b"").await.problem(), (404, "not_found".into()), "{method}");
    }
}

#[tokio::test]
async fn frames_are_allowed_where_the_operator_says() {
    let world = World::start_with("frame_ancestors = [\"https://lms.example.org\"]\n").await;
    let home = world.browser().get("/").await;
    assert!(home.header("content-security-policy").unwrap().ends_with("frame-ancestors https://lms.example.org"));
}

#[tokio::test]
async fn with_a_certificate_it_speaks_https_and_takes_a_new_one() {
    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) = (directory.path().join("c.pem"), directory.path().join("k.pem"));
    let first = put_certificate(&certificate, &key);
    let world = World::start_with(&format!("[tls]\ncertificate = {certificate:?}\nkey = {key:?}\n")).await;
    let url = world.ready["url"].as_str().unwrap();
    assert!(url.starts_with("https://localhost:"), "{url}");
    let (hsts, seen) = greet(&world).await;
    assert_eq!((hsts.as_str(), &seen), ("max-age=63072000", &first));
    assert!(reqwest::get(format!("http://{}/", world.address())).await.is_err(), "and nothing else");

    std::fs::write(&key, "no key").unwrap();
    world.signal("HUP").await;
    while !world.log_so_far().contains("the old one stays") {
        assert_eq!(greet(&world).await.1, first);
    }
    let second = put_certificate(&certificate, &key);
    world.signal("HUP").await;
    let mut seen = first;
    while seen != second {
        seen = greet(&world).await.1;
    }
}

/// Writes a new certificate and its key, and hands out the certificate (DER).
fn put_certificate(certificate: &Path, key: &Path) -> Vec<u8> {
    let made = preau_sfu::Certificate::generate().unwrap();
    let pem = |label: &str, der: &[u8]| {
        let body = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    };
    std::fs::write(certificate, pem("CERTIFICATE", made.certificate_der())).unwrap();
    std::fs::write(key, pem("PRIVATE KEY", made.private_key_der())).unwrap();
    made.certificate_der().to_vec()
}

/// Connects anew: the HSTS header, and the certificate that was shown (DER). It is nobody's, so it is not checked.
async fn greet(world: &World) -> (String, Vec<u8>) {
    let client = reqwest::Client::builder().danger_accept_invalid_certs(true).tls_info(true).build().unwrap();
    let answer = client.get(format!("https://{}/", world.address())).send().await.unwrap();
    let hsts = answer.headers()["strict-transport-security"].to_str().unwrap().to_string();
    let shown = answer.extensions().get::<reqwest::tls::TlsInfo>().unwrap().peer_certificate().unwrap();
    (hsts, shown.to_vec())
}
