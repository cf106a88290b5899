//! What a browser gets before anybody is known.

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
    assert_eq!(browser.ask("DELETE", "/", "", b"").await.problem(), (404, "not_found".into()));
}

#[tokio::test]
async fn frames_are_allowed_where_the_operator_says() {
    let world = World::start_with("frame_ancestors = [\"https://lms.example.org\"]\n").await;
    let home = world.browser().get("/").await;
    assert!(home.header("content-security-policy").unwrap().ends_with("frame-ancestors https://lms.example.org"));
}

#[tokio::test]
async fn with_a_certificate_it_speaks_https() {
    let directory = tempfile::tempdir().unwrap();
    let made = preau_sfu::Certificate::generate().unwrap();
    let pem = |label: &str, der: &[u8]| {
        let body = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    };
    let (certificate, key) = (directory.path().join("c.pem"), directory.path().join("k.pem"));
    std::fs::write(&certificate, pem("CERTIFICATE", made.certificate_der())).unwrap();
    std::fs::write(&key, pem("PRIVATE KEY", made.private_key_der())).unwrap();
    let world = World::start_with(&format!("[tls]\ncertificate = {certificate:?}\nkey = {key:?}\n")).await;
    let url = world.ready["url"].as_str().unwrap();
    assert!(url.starts_with("https://localhost:"), "{url}");
    // The certificate is nobody's; what is tested is that TLS is spoken, and said to be kept.
    let client = reqwest::Client::builder().danger_accept_invalid_certs(true).build().unwrap();
    let answer = client.get(format!("https://{}/", world.address())).send().await.unwrap();
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=63072000");
    assert!(reqwest::get(format!("http://{}/", world.address())).await.is_err(), "and nothing else");
}
