//! The side of the suite: tells a case to the server, and says where the server's answer is another.

use std::io;
use std::time::Duration;

use preau_loadtest::Device;
use preau_protocol::{ChatEvent, ClassEvent, ClassId, Close, Event, Outcome, ServerFrame, Snapshot, limits};
use preau_tests::wire::Wire;
use tokio::time::timeout;

use crate::case::{CLOSE, Case, FIN, HERE_ID, NO_CODE, PING, PONG, Step, TEXT, frame};

/// A busy machine has this long for each answer.
const SOON: Duration = Duration::from_secs(15);
/// Nothing came for so long: nothing comes.
const QUIET: Duration = Duration::from_millis(200);

/// Where a case is told.
#[derive(Clone, Copy)]
pub enum Place {
    BeforeHello,
    InClass,
}

/// A class of one's own, and somebody who teaches in it.
pub struct Peer {
    pub device: Device,
    pub class: ClassId,
}

/// What came back, as far as a case asks for it.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Said(String),
    Answered,
    Pong(Vec<u8>),
    Closed(u16),
}

struct Conversation {
    wire: Wire,
    /// The payloads of a message that is not whole yet.
    begun: Vec<u8>,
}

impl Peer {
    /// An error says what came instead.
    pub async fn tell(&self, case: &Case, place: Place) -> Result<(), String> {
        let mut open = match place {
            Place::BeforeHello => Conversation { wire: Wire::open(&self.device).await, begun: Vec::new() },
            Place::InClass => self.enter().await?.0,
        };
        for step in &case.steps {
            match step {
                Step::Send(bytes) => open.wire.send(bytes).await,
                Step::Chops(bytes, size) => {
                    for chop in bytes.chunks(*size) {
                        open.wire.send(chop).await;
                    }
                }
                Step::Silence => open.silence().await?,
                Step::Pong(payload) => open.expect(Heard::Pong(payload.clone())).await?,
                Step::Echo(text) => open.expect(Heard::Said(text.clone())).await?,
                Step::Closed(codes) => open.closed(codes).await?,
                Step::Kept(text) => self.kept(text).await?,
                Step::Volley(message, count) => open.volley(message, *count).await?,
            }
        }
        Ok(())
    }

    async fn enter(&self) -> Result<(Conversation, Snapshot), String> {
        let mut wire = Wire::open(&self.device).await;
        wire.text(&format!(r#"{{"hello":{{"version":1,"class":"{}"}}}}"#, self.class)).await;
        let mut open = Conversation { wire, begun: Vec::new() };
        loop {
            if let Ok(ServerFrame::Event(event)) = serde_json::from_slice(&open.text().await?)
                && let Event::Class(event) = event.on
                && let ClassEvent::Snapshot { snapshot } = *event
            {
                return Ok((open, snapshot));
            }
        }
    }

    async fn kept(&self, text: &str) -> Result<(), String> {
        let (_open, snapshot) = self.enter().await?;
        let there = snapshot.chat.iter().any(|message| message.text == text);
        if there { Ok(()) } else { Err(format!("{text:?} is not in the class")) }
    }
}

impl Conversation {
    async fn expect(&mut self, wanted: Heard) -> Result<(), String> {
        let heard = self.next().await?;
        if heard == wanted { Ok(()) } else { Err(format!("{wanted:?} expected, not {heard:?}")) }
    }

    async fn silence(&mut self) -> Result<(), String> {
        match timeout(QUIET, self.next()).await {
            Err(_) => Ok(()),
            Ok(heard) => Err(format!("silence expected, not {heard:?}")),
        }
    }

    /// What was said before may still arrive before the end.
    async fn closed(&mut self, codes: &[u16]) -> Result<(), String> {
        let heard = loop {
            match self.next().await? {
                Heard::Said(_) => {}
                other => break other,
            }
        };
        match heard {
            Heard::Closed(code) if codes.contains(&code) => self.end(code).await,
            other => Err(format!("closed with one of {codes:?} expected, not {other:?}")),
        }
    }

    /// The server has closed: we answer, and it ends the connection.
    async fn end(&mut self, code: u16) -> Result<(), String> {
        let answer = if code == NO_CODE { Vec::new() } else { code.to_be_bytes().to_vec() };
        self.wire.send(&frame(FIN | CLOSE, &answer)).await;
        match timeout(SOON, self.wire.next_frame()).await {
            Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
            Ok(other) => Err(format!("closed with {code}; then an end expected, not {other:?}")),
            Err(_) => Err(format!("closed with {code}, and never ended")),
        }
    }

    async fn volley(&mut self, message: &[u8], count: u32) -> Result<(), String> {
        for answered in 0..count {
            self.wire.send(message).await;
            match self.next().await? {
                Heard::Answered => {}
                Heard::Closed(code) if code == Close::TooFast.code() && answered >= limits::REQUESTS_BURST => {
                    return self.end(code).await;
                }
                other => return Err(format!("{other:?} after {answered} answers")),
            }
        }
        Err(format!("{count} messages without a word about their pace"))
    }

    /// The next thing that a case may ask for; what a class says besides is passed over.
    async fn next(&mut self) -> Result<Heard, String> {
        loop {
            let (opcode, payload) = self.message().await?;
            match opcode {
                TEXT => match serde_json::from_slice(&payload) {
                    Ok(ServerFrame::Event(event)) => {
                        if let Event::Chat(ChatEvent::Said { message }) = event.on {
                            return Ok(Heard::Said(message.text));
                        }
                    }
                    Ok(ServerFrame::Reply(reply)) => match reply.outcome {
                        Outcome::Done {} if reply.id == HERE_ID => return Ok(Heard::Answered),
                        Outcome::Done {} => {}
                        other => return Err(format!("not done but {other:?}")),
                    },
                    Ok(ServerFrame::Welcome(_) | ServerFrame::Turned(_) | ServerFrame::Beat(_)) => {}
                    Err(error) => return Err(format!("not of the protocol: {error}")),
                },
                PONG => return Ok(Heard::Pong(payload)),
                PING => {}
                CLOSE => {
                    return Ok(Heard::Closed(payload.first_chunk().map_or(NO_CODE, |code| u16::from_be_bytes(*code))));
                }
                other => return Err(format!("a frame of kind {other}")),
            }
        }
    }

    /// The next text, whatever stands before it.
    async fn text(&mut self) -> Result<Vec<u8>, String> {
        loop {
            match self.message().await? {
                (TEXT, payload) => return Ok(payload),
                (CLOSE, payload) => return Err(format!("closed: {}", String::from_utf8_lossy(&payload))),
                _ => {}
            }
        }
    }

    /// A whole message, or a control frame that came in between.
    async fn message(&mut self) -> Result<(u8, Vec<u8>), String> {
        loop {
            let next = timeout(SOON, self.wire.next_frame()).await.map_err(|_| "nothing came".to_owned())?;
            let (first, payload) = next.map_err(|error| format!("no close frame, but {error}"))?;
            match (first & !FIN, first & FIN != 0) {
                (opcode @ (CLOSE | PING | PONG), true) => return Ok((opcode, payload)),
                (0 | TEXT, is_whole) => {
                    self.begun.extend(payload);
                    if is_whole {
                        return Ok((TEXT, std::mem::take(&mut self.begun)));
                    }
                }
                _ => return Err(format!("a frame that begins with {first:#x}")),
            }
        }
    }
}
