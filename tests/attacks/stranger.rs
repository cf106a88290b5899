//! Somebody who has no business here: an address of their own, and whatever bytes they like.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use preau_loadtest::Device;
use preau_protocol::ClassId;
use preau_tests::wire::Wire;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::time::{timeout, timeout_at};

/// Twice what the server allows anything to take, and room for a busy machine.
const WITHIN: Duration = Duration::from_secs(25);
/// A server that has answered and says no more for so long is done.
const QUIET: Duration = Duration::from_millis(150);

pub const UPGRADE: &str = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\
                           sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[derive(Clone)]
pub struct Stranger {
    pub address: Ipv4Addr,
    server: SocketAddr,
    pub device: Device,
}

/// All that a server said on one connection.
#[derive(Clone, Debug, Default)]
pub struct Said {
    pub text: String,
    pub is_closed: bool,
}

impl Said {
    /// Of the first answer; 0 for none.
    pub fn status(&self) -> u16 {
        self.text
            .split(' ')
            .nth(1)
            .filter(|_| self.text.starts_with("HTTP/1."))
            .map_or(0, |code| code.parse().unwrap_or(0))
    }

    pub fn answers(&self) -> usize {
        self.text.matches("HTTP/1.").count()
    }
}

impl Stranger {
    pub fn new(address: Ipv4Addr, origin: &str) -> Stranger {
        let server = origin.trim_start_matches("http://").replace("localhost", "127.0.0.1");
        Stranger { address, server: server.parse().expect("an address and a port"), device: Device::new(origin) }
    }

    /// The same person with a cookie that they were given.
    pub fn with(&self, device: &Device) -> Stranger {
        Stranger { device: device.clone(), ..self.clone() }
    }

    pub fn origin(&self) -> &str {
        self.device.server()
    }

    pub async fn dial(&self) -> TcpStream {
        self.dial_to(self.server).await.expect("the server listens")
    }

    pub async fn dial_to(&self, to: SocketAddr) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((self.address, 0)))?;
        socket.connect(to).await
    }

    pub async fn wire(&self) -> Wire {
        Wire::over(self.dial().await).upgraded(&self.device).await
    }

    /// The same, or the head of the answer that was no upgrade.
    pub async fn try_wire(&self) -> Result<Wire, String> {
        Wire::over(self.dial().await).try_upgrade(&self.device).await
    }

    pub async fn udp(&self) -> UdpSocket {
        UdpSocket::bind(SocketAddr::from((self.address, 0))).await.expect("a socket")
    }

    /// Says these bytes, and listens until the server closes or has no more to say.
    pub async fn say(&self, bytes: &[u8]) -> Said {
        let mut stream = self.dial().await;
        // A server that has seen enough may answer before it has read everything.
        let _ = timeout(WITHIN, stream.write_all(bytes)).await;
        listen(&mut stream).await
    }

    /// One request with the page's origin and these headers besides, each with its line end.
    pub async fn request(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Said {
        let origin = self.origin();
        let cookie = self.device.cookie().map(|cookie| format!("cookie: {cookie}\r\n")).unwrap_or_default();
        let end = if headers.contains("upgrade:") { "" } else { "connection: close\r\n" };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\norigin: {origin}\r\n{cookie}{headers}{end}\r\n",
            body.len()
        );
        let mut stream = self.dial().await;
        // A server that has seen enough may answer before it has read everything.
        let _ = timeout(WITHIN, stream.write_all(&[head.as_bytes(), body].concat())).await;
        hear(&mut stream, true).await
    }

    pub async fn get(&self, path: &str) -> Said {
        self.request("GET", path, "", b"").await
    }

    pub async fn post(&self, path: &str, body: &str) -> Said {
        self.request("POST", path, "content-type: application/json\r\n", body.as_bytes()).await
    }

    pub async fn claim(&self, claim: &Value) -> Said {
        self.post("/api/claim", &claim.to_string()).await
    }

    /// The status of an opening handshake with these headers, and the connection.
    pub async fn upgrade(&self, headers: &str) -> (u16, TcpStream) {
        let mut stream = self.dial().await;
        let head = format!("GET /ws HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
        let _ = stream.write_all(head.as_bytes()).await;
        // Of the answer no more than its head: what follows a 101 is the conversation's.
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            match timeout(WITHIN, stream.read_u8()).await {
                Ok(Ok(byte)) => answer.push(byte),
                Ok(Err(_)) | Err(_) => break,
            }
        }
        (Said { text: String::from_utf8_lossy(&answer).into_owned(), ..Said::default() }.status(), stream)
    }

    /// The same without waiting for anything after the status line; the connection ends at once.
    pub async fn upgrade_only(&self, headers: &str) -> (u16, Duration) {
        let began = Instant::now();
        let Ok(mut stream) = self.dial_to(self.server).await else { return (0, began.elapsed()) };
        let head = format!("GET /ws HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
        let mut line = [0; 12];
        let exchange = async {
            stream.write_all(head.as_bytes()).await?;
            stream.read_exact(&mut line).await
        };
        let status = match timeout(WITHIN, exchange).await {
            Ok(Ok(_)) => String::from_utf8_lossy(&line[9..]).parse().unwrap_or(0),
            Ok(Err(_)) | Err(_) => 0,
        };
        (status, began.elapsed())
    }

    /// Opens a socket, says this first, and returns the close code, what was heard, and how long that took.
    pub async fn hello(&self, text: &str) -> (u16, Vec<String>, Duration) {
        let mut wire = self.wire().await;
        let began = Instant::now();
        wire.text(text).await;
        let (code, texts) = wire.until_close().await;
        (code, texts, began.elapsed())
    }

    pub async fn hello_with(&self, class: ClassId, token: &str) -> (u16, Vec<String>, Duration) {
        self.hello(&hello(class, Some(token)).to_string()).await
    }
}

pub fn hello(class: ClassId, token: Option<&str>) -> Value {
    match token {
        Some(token) => json!({"hello": {"version": 1, "class": class, "token": token}}),
        None => json!({"hello": {"version": 1, "class": class}}),
    }
}

/// Reads until the end, or until nothing more comes after an answer.
pub async fn listen(stream: &mut TcpStream) -> Said {
    hear(stream, false).await
}

/// The same, or until one answer is whole.
async fn hear(stream: &mut TcpStream, is_one_enough: bool) -> Said {
    let mut bytes = Vec::new();
    let mut chunk = [0; 16 * 1024];
    let deadline = tokio::time::Instant::now() + WITHIN;
    let is_closed = loop {
        let until = if bytes.is_empty() { deadline } else { deadline.min(tokio::time::Instant::now() + QUIET) };
        match timeout_at(until, stream.read(&mut chunk)).await {
            Ok(Ok(0) | Err(_)) => break true,
            Ok(Ok(count)) => {
                bytes.extend_from_slice(&chunk[..count]);
                if is_one_enough && is_whole(&bytes) {
                    break false;
                }
            }
            Err(_) => break false,
        }
    };
    Said { text: String::from_utf8_lossy(&bytes).into_owned(), is_closed }
}

/// Whether an answer is there to the length that it tells.
fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    head.starts_with("HTTP/1.1 101") || length.is_some_and(|length| bytes.len() >= head.len() + 4 + length)
}

/// Whether anything is said to this socket within a moment.
pub async fn hears(socket: &UdpSocket) -> Option<usize> {
    let mut answer = [0; 1_500];
    let heard = timeout(2 * QUIET, socket.recv_from(&mut answer)).await;
    heard.ok().and_then(Result::ok).map(|(len, _)| len)
}
