//! Starting, being asked how it is, and going down.

use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::world::{Browser, PATIENCE, World, class_with_noe, preau_says};

#[tokio::test]
async fn wrong_settings_are_named_where_they_stand() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("p.toml");
    std::fs::write(&file, "listen = \"127.0.0.1:0\"\n\n[udp]\nprot = 1\n").unwrap();
    let path = file.to_str().unwrap();
    let (code, _, said) = preau_says(&["--config", path], &[]).await;
    assert_eq!((code, said), (2, format!("{path}:4: unknown key \"udp.prot\"; did you mean \"udp.port\"?\n")));
    let (code, _, said) = preau_says(&["check-config"], &[("PREAU_SHARDS", "many")]).await;
    assert_eq!((code, said.as_str()), (2, "PREAU_SHARDS: expected a whole number\n"));
    let (code, said, _) = preau_says(&["check-config"], &[("PREAU_SHARDS", "2")]).await;
    assert_eq!((code, said.as_str()), (0, "The configuration is good.\n"));
    let (code, _, said) = preau_says(&["check-config", "--tls-certificate", "/none", "--tls-key", "/none"], &[]).await;
    assert!(code == 1 && said.starts_with("preau: /none: "), "{said}");
}

#[tokio::test]
async fn the_default_configuration_can_be_printed_and_read_back() {
    let (_, printed, _) = preau_says(&["--print-default-config"], &[]).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("p.toml");
    std::fs::write(&file, printed).unwrap();
    let (code, said, _) = preau_says(&["check-config", "--config", file.to_str().unwrap()], &[]).await;
    assert_eq!((code, said.as_str()), (0, "The configuration is good.\n"));
}

#[tokio::test]
async fn operators_can_ask() {
    let world = World::start().await;
    let browser = world.browser();
    assert_eq!(browser.get("/healthz").await.status, 200);
    assert_eq!(browser.get("/readyz").await.body, "ready\n");
    assert_eq!(browser.get("/version").await.json()["protocol"], 1);
    assert_eq!(browser.get("/metrics").await.problem(), (404, "not_found".into()));
    let metrics = format!("http://{}/metrics", world.ready["metrics"].as_str().unwrap());
    let figures = reqwest::get(metrics).await.unwrap().text().await.unwrap();
    assert!(figures.contains("http_requests_total{kind=\"operator\",status=\"200\"} 3"), "{figures}");
    assert!(figures.contains("relay_datagrams_in_total 0"), "{figures}");
}

#[tokio::test]
async fn the_first_link_is_printed_until_it_is_used() {
    let world = World::start().await;
    let first = world.ready["welcome"].as_str().unwrap().to_string();
    let world = world.crashed().await;
    assert_ne!(world.ready["welcome"].as_str(), Some(first.as_str()));
    assert_eq!(world.browser().open(&first).await.status, 401, "only the newest opens");
    world.teacher().await;
    assert!(!world.log().await.contains(world.ready["welcome"].as_str().unwrap().split('=').nth(1).unwrap()));
    let world = world.crashed().await;
    assert!(world.ready["welcome"].is_null());

    // Who has lost the cookie gets in again by the operator's hand, also beside the running server.
    let data = world.directory.path().join("data");
    let words = ["teacher-link", "--data", data.to_str().unwrap(), "--name", "Ada"];
    let (_, link, _) = preau_says(&words, &[]).await;
    let mut ada = world.browser();
    assert_eq!(ada.open(link.trim()).await.status, 200);
    assert_eq!(ada.get("/api/me").await.json()["account"]["name"], "Ada");
}

#[tokio::test]
async fn a_data_directory_has_one_server() {
    let world = World::start().await;
    let data = world.directory.path().join("data");
    let (code, _, said) = preau_says(&["--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()], &[]).await;
    assert!(code == 1 && said.contains("is in use by another server"), "{said}");
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let world = World::start().await;
    let teacher = world.teacher().await;
    let (class, _, link) = class_with_noe(&teacher).await;
    let world = world.crashed().await;
    let mut noe = world.browser();
    assert_eq!(noe.open(&link).await.json(), json!({"class": {"class": class}}));
    let teacher = Browser { cookie: teacher.cookie, ..world.browser() };
    assert_eq!(teacher.get("/api/classes").await.json()[0]["students"], 1);
}

#[tokio::test]
async fn told_to_stop_it_drains_first() {
    let mut world = World::start().await;
    let browser = world.browser();
    // A socket that has not said hello keeps the server from going down at once.
    let mut socket = TcpStream::connect(world.address()).await.unwrap();
    let upgrade = "GET /ws HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
                   sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut socket, upgrade.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    socket.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 101");

    world.signal("TERM").await;
    let mut readiness = browser.get("/readyz").await;
    while readiness.status == 200 {
        readiness = browser.get("/readyz").await;
    }
    assert_eq!((readiness.status, readiness.body.as_str()), (503, "draining\n"));
    assert_eq!(browser.get("/healthz").await.status, 200);
    assert_eq!(browser.get("/ws").await.problem(), (503, "unavailable".into()));
    let ended = timeout(PATIENCE, world.process.wait()).await.expect("stopped in time").unwrap();
    assert!(ended.success(), "{ended:?}");
}

#[tokio::test]
async fn told_to_stop_it_leaves_everything_in_one_file() {
    let mut world = World::start().await;
    world.teacher().await;
    let data = world.directory.path().join("data");
    let log_bytes = || std::fs::metadata(data.join("preau.sqlite-wal")).map_or(0, |log| log.len());
    assert!(log_bytes() > 0, "the teacher is in the log");
    world.signal("TERM").await;
    let ended = timeout(PATIENCE, world.process.wait()).await.expect("stopped in time").unwrap();
    assert!(ended.success(), "{ended:?}");
    assert_eq!(log_bytes(), 0);
}
