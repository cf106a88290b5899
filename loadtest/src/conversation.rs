//! One WebSocket conversation: asks and their replies, events, and how it ended.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt, stream::SplitSink};
use preau_protocol::{
    Ask, ClassId, Event, Hello, HelloFrame, Outcome, Refusal, Request, Resume, ServerFrame, SessionId, Turned, VERSION,
    Welcome,
};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, header};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::Device;

/// An answer on one machine takes milliseconds; past this something is wrong.
const REPLY_WITHIN: Duration = Duration::from_secs(10);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How the server closed a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The WebSocket close code; 1006 when the connection just broke (RFC 6455 §7.4.1).
    pub code: u16,
    pub reason: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ConversationError {
    #[error("no WebSocket: {0}")]
    Connect(Box<tungstenite::Error>),
    #[error("the upgrade was answered with {0}")]
    NotUpgraded(StatusCode),
    #[error("closed by the server with {} {}", .0.code, .0.reason)]
    Closed(Closing),
    #[error("nothing within {0:?}; heard until then: {1}")]
    TimedOut(Duration, String),
    #[error("the server's frame is not of the protocol: {0}")]
    Malformed(String),
    #[error("turned away at the gate: {0:?}")]
    Turned(Turned),
    #[error("refused with {0:?}")]
    Refused(Refusal),
    #[error("the server answered {0:?} to something else")]
    Unexpected(Outcome),
}

impl From<tungstenite::Error> for ConversationError {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Http(response) => ConversationError::NotUpgraded(response.status()),
            other => ConversationError::Connect(Box::new(other)),
        }
    }
}

enum Incoming {
    Frame(Box<ServerFrame>),
    Malformed(String),
    Closed(Closing),
}

/// A conversation from its welcome on. Events wait in order until somebody asks for them.
#[derive(Debug)]
pub struct Conversation {
    sink: SplitSink<Socket, Message>,
    reading: AbortHandle,
    incoming: mpsc::UnboundedReceiver<Incoming>,
    events: VecDeque<Event>,
    closed: Option<Closing>,
    last_seq: u32,
    next_id: u32,
    welcome: Welcome,
}

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Incoming")
    }
}

impl Conversation {
    /// Knocks at `class` as whoever `device` is.
    pub async fn open(device: &Device, class: ClassId) -> Result<Conversation, ConversationError> {
        Self::hello(device, Hello { version: VERSION, class, token: None, resume: None, ticket: None }).await
    }

    /// Knocks with a portal's token and no cookie.
    pub async fn open_with_token(server: &Device, class: ClassId, token: &str) -> Result<Self, ConversationError> {
        Self::hello(server, Hello { version: VERSION, class, token: Some(token.into()), resume: None, ticket: None })
            .await
    }

    /// Goes on with a conversation that broke.
    pub async fn resume(
        device: &Device,
        class: ClassId,
        session: SessionId,
        last_seq: u32,
    ) -> Result<Conversation, ConversationError> {
        let resume = Some(Resume { session, last_seq });
        Self::hello(device, Hello { version: VERSION, class, token: None, resume, ticket: None }).await
    }

    /// Says any hello and waits for the welcome.
    pub async fn hello(device: &Device, hello: Hello) -> Result<Conversation, ConversationError> {
        let mut socket = connect(device, device.server()).await?;
        let text = to_json(&HelloFrame { hello });
        socket.send(Message::text(text)).await?;
        let (sink, mut stream) = socket.split();
        let (tx, mut incoming) = mpsc::unbounded_channel();
        // Reading goes on whatever the story does meanwhile: pings must be answered.
        let reading = tokio::spawn(async move {
            loop {
                let next = understand(stream.next().await);
                let last = matches!(next, Some(Incoming::Closed(_)));
                if next.is_some_and(|next| tx.send(next).is_err()) || last {
                    return;
                }
            }
        })
        .abort_handle();
        let first = timeout(REPLY_WITHIN, incoming.recv()).await;
        match first {
            Ok(Some(Incoming::Frame(frame))) => match *frame {
                ServerFrame::Welcome(welcome) => Ok(Conversation {
                    sink,
                    reading,
                    incoming,
                    events: VecDeque::new(),
                    closed: None,
                    last_seq: 0,
                    next_id: 1,
                    welcome,
                }),
                ServerFrame::Turned(turned) => Err(ConversationError::Turned(turned)),
                other => Err(ConversationError::Malformed(format!("no welcome but {other:?}"))),
            },
            Ok(Some(Incoming::Closed(closing))) => Err(ConversationError::Closed(closing)),
            Ok(Some(Incoming::Malformed(text))) => Err(ConversationError::Malformed(text)),
            Ok(None) | Err(_) => Err(ConversationError::TimedOut(REPLY_WITHIN, "nothing".into())),
        }
    }

    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// The number of the last event that arrived.
    pub fn last_seq(&self) -> u32 {
        self.last_seq
    }

    /// Asks, and waits for the one reply.
    pub async fn ask(&mut self, ask: Ask) -> Result<Outcome, ConversationError> {
        let id = self.send(ask).await?;
        self.reply(id).await
    }

    /// Asks for something that has to be done.
    pub async fn done(&mut self, ask: Ask) -> Result<(), ConversationError> {
        match self.ask(ask).await? {
            Outcome::Done {} => Ok(()),
            Outcome::Refused { code, .. } => Err(ConversationError::Refused(code)),
            other => Err(ConversationError::Unexpected(other)),
        }
    }

    /// Sends a request without waiting. Returns its id.
    pub async fn send(&mut self, ask: Ask) -> Result<u32, ConversationError> {
        let id = self.next_id;
        self.next_id += 1;
        self.send_text(to_json(&Request { id, ask })).await?;
        Ok(id)
    }

    /// Sends any text as one frame.
    pub async fn send_text(&mut self, text: String) -> Result<(), ConversationError> {
        self.send_message(Message::text(text)).await
    }

    /// Sends any message.
    pub async fn send_message(&mut self, message: Message) -> Result<(), ConversationError> {
        self.sink.send(message).await?;
        Ok(())
    }

    /// Waits for the reply to request `id`; events that arrive before it are kept.
    pub async fn reply(&mut self, id: u32) -> Result<Outcome, ConversationError> {
        let deadline = tokio::time::Instant::now() + REPLY_WITHIN;
        loop {
            if let Some(reply) = self.next(deadline, REPLY_WITHIN).await?
                && reply.id == id
            {
                return Ok(reply.outcome);
            }
        }
    }

    /// Waits until an event is found that `pick` makes something of. Only that event is taken away.
    pub async fn wait_for<T>(
        &mut self,
        within: Duration,
        mut pick: impl FnMut(&Event) -> Option<T>,
    ) -> Result<T, ConversationError> {
        let deadline = tokio::time::Instant::now() + within;
        let mut looked_at = 0;
        loop {
            while let Some(event) = self.events.get(looked_at) {
                if let Some(found) = pick(event) {
                    self.events.remove(looked_at);
                    return Ok(found);
                }
                looked_at += 1;
            }
            self.next(deadline, within).await?;
        }
    }

    /// Everything that arrived and was not waited for, oldest first.
    pub fn take_events(&mut self) -> Vec<Event> {
        while let Ok(incoming) = self.incoming.try_recv() {
            match incoming {
                Incoming::Frame(frame) => self.keep(*frame),
                Incoming::Closed(closing) => self.closed = Some(closing),
                Incoming::Malformed(_) => {}
            }
        }
        self.events.drain(..).collect()
    }

    /// Waits until the server closes the conversation.
    pub async fn closed(&mut self, within: Duration) -> Result<Closing, ConversationError> {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            match self.next(deadline, within).await {
                Err(ConversationError::Closed(closing)) => return Ok(closing),
                Err(other) => return Err(other),
                Ok(_) => {}
            }
        }
    }

    /// Says goodbye, as a page does that is closed.
    pub async fn leave(mut self) -> Result<(), ConversationError> {
        self.send_message(Message::Close(None)).await
    }

    /// The socket is gone, as when a network drops: nothing is said to the server.
    pub fn cut(self) -> (SessionId, u32) {
        (self.welcome.session, self.last_seq)
    }

    /// Takes in one frame. Returns it if it is a reply.
    async fn next(
        &mut self,
        deadline: tokio::time::Instant,
        within: Duration,
    ) -> Result<Option<preau_protocol::Reply>, ConversationError> {
        if let Some(closing) = &self.closed {
            return Err(ConversationError::Closed(closing.clone()));
        }
        let incoming = tokio::time::timeout_at(deadline, self.incoming.recv()).await;
        match incoming {
            Err(_) => Err(ConversationError::TimedOut(within, format!("{:?}", self.events))),
            Ok(None) => Err(ConversationError::Closed(broken())),
            Ok(Some(Incoming::Malformed(text))) => Err(ConversationError::Malformed(text)),
            Ok(Some(Incoming::Closed(closing))) => {
                self.closed = Some(closing.clone());
                Err(ConversationError::Closed(closing))
            }
            Ok(Some(Incoming::Frame(frame))) => match *frame {
                ServerFrame::Reply(reply) => Ok(Some(reply)),
                other => {
                    self.keep(other);
                    Ok(None)
                }
            },
        }
    }

    fn keep(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::Event(event) => {
                self.last_seq = event.seq;
                self.events.push_back(event.on);
            }
            ServerFrame::Welcome(_) | ServerFrame::Turned(_) | ServerFrame::Reply(_) | ServerFrame::Beat(_) => {}
        }
    }
}

impl Drop for Conversation {
    /// The socket goes with the conversation, not when the server next says something.
    fn drop(&mut self) {
        self.reading.abort();
    }
}

/// Opens a WebSocket as `device` would from a page of `origin`, and says nothing yet.
pub async fn connect(device: &Device, origin: &str) -> Result<Socket, ConversationError> {
    let url = format!("{}/ws", device.server().replacen("http", "ws", 1));
    let mut request = url.into_client_request()?;
    let header_value = |text: &str| HeaderValue::from_str(text).expect("origins and cookies are visible ASCII");
    request.headers_mut().insert(header::ORIGIN, header_value(origin));
    if let Some(cookie) = device.cookie() {
        request.headers_mut().insert(header::COOKIE, header_value(cookie));
    }
    let (socket, _) = connect_async(request).await?;
    Ok(socket)
}

fn understand(message: Option<Result<Message, tungstenite::Error>>) -> Option<Incoming> {
    match message {
        Some(Ok(Message::Text(text))) => Some(match serde_json::from_str(&text) {
            Ok(frame) => Incoming::Frame(Box::new(frame)),
            Err(error) => Incoming::Malformed(format!("{error}: {text}")),
        }),
        Some(Ok(Message::Close(Some(frame)))) => {
            Some(Incoming::Closed(Closing { code: frame.code.into(), reason: frame.reason.to_string() }))
        }
        Some(Ok(Message::Close(None))) => Some(Incoming::Closed(Closing { code: 1005, reason: String::new() })),
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => None,
        Some(Ok(Message::Binary(_))) => Some(Incoming::Malformed("a binary message".into())),
        Some(Err(_)) | None => Some(Incoming::Closed(broken())),
    }
}

fn broken() -> Closing {
    Closing { code: 1006, reason: String::new() }
}

fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("protocol types are JSON")
}
