//! A WebSocket by hand, for bytes that no decent library would send.

use std::net::SocketAddr;
use std::time::Duration;

use preau_loadtest::Device;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Twice what the server allows anything to take, and room for a busy machine.
const WITHIN: Duration = Duration::from_secs(15);

/// One frame of a client: `first` holds FIN and opcode (RFC 6455 §5.2, §5.3).
pub fn frame(first: u8, mask: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + 14);
    bytes.push(first);
    match payload.len() {
        n @ 0..=125 => bytes.push(0x80 | n as u8),
        n @ 126..=65_535 => {
            bytes.push(0x80 | 126);
            bytes.extend((n as u16).to_be_bytes());
        }
        n => {
            bytes.push(0x80 | 127);
            bytes.extend((n as u64).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

pub struct Wire(TcpStream);

impl Wire {
    /// A bare TCP connection to the server.
    pub async fn dial(device: &Device) -> Wire {
        let stream = TcpStream::connect(address(device)).await.expect("the server listens");
        // Bytes that are sent apart are to arrive apart.
        stream.set_nodelay(true).expect("a socket of this machine");
        Wire(stream)
    }

    /// An upgraded connection, as `device` has it.
    pub async fn open(device: &Device) -> Wire {
        Wire::dial(device).await.upgraded(device).await
    }

    /// A connection that stands already.
    pub fn over(stream: TcpStream) -> Wire {
        Wire(stream)
    }

    /// The same connection as a WebSocket, as `device` would have it.
    pub async fn upgraded(self, device: &Device) -> Wire {
        self.try_upgrade(device).await.unwrap_or_else(|answer| panic!("no upgrade, but {answer}"))
    }

    /// The same, or the head of the answer that was no upgrade.
    pub async fn try_upgrade(self, device: &Device) -> Result<Wire, String> {
        let mut wire = self;
        let origin = device.server();
        let cookie = device.cookie().map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
        let host = origin.trim_start_matches("http://");
        let head = format!(
            "GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: {origin}\r\n{cookie}\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        wire.send(head.as_bytes()).await;
        let answer = wire.head().await;
        if answer.starts_with("HTTP/1.1 101") { Ok(wire) } else { Err(answer) }
    }

    /// Sends bytes as they are. Whoever is cut off while sending learns it from reading.
    pub async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.ok();
    }

    /// One frame, under a mask of zeros, which is a mask.
    pub async fn frame(&mut self, first: u8, payload: &[u8]) {
        self.send(&frame(first, [0; 4], payload)).await;
    }

    pub async fn text(&mut self, text: &str) {
        self.frame(0x81, text.as_bytes()).await;
    }

    /// Reads the head of an HTTP answer.
    pub async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match timeout(WITHIN, self.0.read_u8()).await {
                Ok(Ok(byte)) => head.push(byte),
                Ok(Err(_)) => break,
                Err(_) => panic!("no answer within {WITHIN:?}"),
            }
        }
        String::from_utf8_lossy(&head).into_owned()
    }

    /// Reads one text.
    pub async fn next_text(&mut self) -> String {
        String::from_utf8_lossy(&self.next_fragments().await.concat()).into_owned()
    }

    /// Reads the first thing said: a text, or the code with which the server closes instead.
    pub async fn first(&mut self) -> Result<String, u16> {
        loop {
            match timeout(WITHIN, self.next_message()).await.expect("the server says something in time") {
                Ok((0x1, fragments)) => return Ok(String::from_utf8_lossy(&fragments.concat()).into_owned()),
                Ok((0x8, fragments)) => {
                    return Err(fragments.concat().first_chunk().map_or(1005, |code| u16::from_be_bytes(*code)));
                }
                Ok(_) => {}
                Err(_) => return Err(1006),
            }
        }
    }

    /// Reads one text, in the pieces in which it comes.
    pub async fn next_fragments(&mut self) -> Vec<Vec<u8>> {
        let message = timeout(WITHIN, self.next_message()).await.expect("the server says something in time");
        let (opcode, fragments) = message.expect("the server goes on");
        assert_eq!(opcode, 0x1, "a text");
        fragments
    }

    /// Reads frames until the server closes. Returns the close code, or 1006 for a connection that just ends.
    pub async fn close_code(&mut self) -> u16 {
        self.until_close().await.0
    }

    /// The close code, and the text frames that came before it.
    pub async fn until_close(&mut self) -> (u16, Vec<String>) {
        let mut texts = Vec::new();
        loop {
            let message = timeout(WITHIN, self.next_message()).await.expect("the server closes in time");
            let Ok((opcode, fragments)) = message else { return (1006, texts) };
            let payload = fragments.concat();
            match (opcode, payload.first_chunk()) {
                (0x1, _) => texts.push(String::from_utf8_lossy(&payload).into_owned()),
                (0x8, Some(code)) => return (u16::from_be_bytes(*code), texts),
                (0x8, None) => return (1005, texts),
                _ => {}
            }
        }
    }

    /// The opcode of the first frame, and the payloads up to the final one.
    async fn next_message(&mut self) -> std::io::Result<(u8, Vec<Vec<u8>>)> {
        let (first, payload) = self.next_frame().await?;
        let (mut is_final, mut fragments) = (first & 0x80 != 0, vec![payload]);
        while !is_final {
            let (head, payload) = self.next_frame().await?;
            assert_eq!(head & 0x0f, 0x0, "a fragment goes on");
            is_final = head & 0x80 != 0;
            fragments.push(payload);
        }
        Ok((first & 0x0f, fragments))
    }

    /// FIN and opcode, and the payload.
    pub async fn next_frame(&mut self) -> std::io::Result<(u8, Vec<u8>)> {
        let head = self.0.read_u8().await?;
        let length = match self.0.read_u8().await? & 0x7f {
            126 => self.0.read_u16().await?.into(),
            127 => self.0.read_u64().await?,
            short => short.into(),
        };
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).await?;
        Ok((head, payload))
    }
}

fn address(device: &Device) -> SocketAddr {
    let address = device.server().trim_start_matches("http://").replace("localhost", "127.0.0.1");
    address.parse().expect("an address and a port")
}
