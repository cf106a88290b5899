//! A real `preau` with a data directory of its own, and plain HTTP/1.1 to talk to it.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// A busy machine gets this long for anything.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct World {
    pub directory: tempfile::TempDir,
    pub process: Child,
    pub ready: Value,
    _output: Lines<BufReader<ChildStdout>>,
    config: String,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// A browser: where its pages come from, and its cookie.
#[derive(Clone, Debug)]
pub struct Browser {
    pub address: SocketAddr,
    pub origin: String,
    pub cookie: Option<String>,
}

impl World {
    pub async fn start() -> World {
        World::start_with("").await
    }

    /// Starts with these lines in its configuration file.
    pub async fn start_with(config: &str) -> World {
        let directory = tempfile::tempdir().unwrap();
        let (process, output, ready) = launch(&directory, config).await;
        World { directory, process, ready, _output: output, config: config.into() }
    }

    /// Killed from one instruction to the next, and started again on the same data.
    pub async fn crashed(mut self) -> World {
        self.process.kill().await.unwrap();
        let (process, output, ready) = launch(&self.directory, &self.config).await;
        World { process, ready, _output: output, ..self }
    }

    pub fn address(&self) -> SocketAddr {
        self.ready["listen"].as_str().unwrap().parse().unwrap()
    }

    pub fn browser(&self) -> Browser {
        Browser { address: self.address(), origin: self.ready["url"].as_str().unwrap().into(), cookie: None }
    }

    /// The first teacher, who has opened their link.
    pub async fn teacher(&self) -> Browser {
        let mut browser = self.browser();
        let link = self.ready["welcome"].as_str().expect("nobody has an account yet");
        assert_eq!(browser.open(link).await.status, 200);
        browser
    }

    pub async fn signal(&self, name: &str) {
        let pid = self.process.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().await.unwrap().success());
    }

    pub fn log_so_far(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    /// All that was logged until now: lines are written in order, a moment later.
    pub async fn log(&self) -> String {
        let last = self.browser().get("/healthz").await;
        let last = last.header("x-request-id").expect("every answer has one").to_owned();
        while !self.log_so_far().contains(&last) {
            self.browser().get("/healthz").await;
        }
        self.log_so_far()
    }
}

async fn launch(directory: &tempfile::TempDir, config: &str) -> (Child, Lines<BufReader<ChildStdout>>, Value) {
    let file = directory.path().join("preau.toml");
    std::fs::write(&file, config).unwrap();
    let log = std::fs::File::options().create(true).append(true).open(directory.path().join("log")).unwrap();
    let mut process = preau()
        .args(["--listen", "127.0.0.1:0", "--udp-bind", "127.0.0.1", "--shards", "1", "--log-format", "json"])
        .args(["--log-level", "debug", "--metrics-listen", "127.0.0.1:0", "--config"])
        .arg(file)
        .arg("--data")
        .arg(directory.path().join("data"))
        .stdout(Stdio::piped())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let line = timeout(PATIENCE, lines.next_line()).await.expect("ready in time").unwrap();
    let log = || std::fs::read_to_string(directory.path().join("log")).unwrap();
    let line = line.unwrap_or_else(|| panic!("it ended: {}", log()));
    let ready = serde_json::from_str::<Value>(&line).unwrap()["ready"].clone();
    (process, lines, ready)
}

/// The binary, without whatever this environment says.
pub fn preau() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_preau"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// Runs `preau` to its end: exit code, stdout, stderr.
pub async fn preau_says(words: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let output = preau().args(words).envs(variables.iter().copied()).output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

impl Browser {
    /// Opens a link: claims what stands in its fragment, as the page does, and keeps the cookie.
    pub async fn open(&mut self, link: &str) -> Answer {
        let (kind, secret) = link.split_once("/#").unwrap().1.split_once('=').unwrap();
        let claim = match kind {
            "welcome" => json!({"account": {"secret": secret}}),
            "in" => json!({"invitation": {"secret": secret}}),
            "token" => json!({"token": {"token": secret}}),
            other => panic!("no such link: {other}"),
        };
        let answer = self.post("/api/claim", &claim).await;
        if let Some(line) = answer.header("set-cookie") {
            self.cookie = Some(line.split(';').next().unwrap().into());
        }
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", b"").await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, "content-type: application/json\r\n", body.to_string().as_bytes()).await
    }

    /// Any request with the browser's cookie and origin, and `headers` besides (each with its line end).
    pub async fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let cookie = self.cookie.as_ref().map(|cookie| format!("cookie: {cookie}\r\n")).unwrap_or_default();
        let headers = format!("origin: {}\r\n{cookie}{headers}", self.origin);
        self.say(method, path, &headers, body).await
    }

    /// The same without anything that a browser adds.
    pub async fn say(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n{headers}");
        let head = if headers.contains("upgrade:") { head } else { format!("{head}connection: close\r\n") };
        stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
        // A server that has seen enough may answer before it has read everything.
        let _ = stream.write_all(body).await;
        let mut bytes = Vec::new();
        let mut chunk = [0; 16 * 1024];
        while !is_whole(&bytes) {
            match timeout(PATIENCE, stream.read(&mut chunk)).await.expect("an answer in time") {
                Ok(0) | Err(_) => break,
                Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            }
        }
        Answer::parse(&String::from_utf8_lossy(&bytes))
    }
}

/// A connection that might be upgraded is not closed after the answer: its length says where it ends.
fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length = Answer::parse(&text).header("content-length").and_then(|length| length.parse::<usize>().ok());
    head.starts_with("HTTP/1.1 101") || length.is_some_and(|length| bytes.len() >= head.len() + 4 + length)
}

impl Answer {
    fn parse(text: &str) -> Answer {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Answer { status, head: head.into(), body: body.into() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Status and code of a problem, after checking that it is one.
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"));
        (self.status, problem["code"].as_str().unwrap().into())
    }
}

/// A class with one student; its id and the student's link.
pub async fn class_with_noe(teacher: &Browser) -> (String, String, String) {
    let draft = json!({"title": "Maths", "starts_at": 1_700_000_000_000_u64, "policy": "ask", "familiar": true});
    let class = teacher.post("/api/classes", &draft).await.json()["class"].as_str().unwrap().to_string();
    let people = json!({"people": [{"name": "Noé Durand", "role": "student", "group": "5e B"}]});
    let invitations = teacher.post(&format!("/api/classes/{class}/roster"), &people).await.json();
    let text = |key: &str| invitations[0][key].as_str().unwrap().to_string();
    (class, text("person"), text("link"))
}
