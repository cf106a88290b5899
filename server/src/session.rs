//! One WebSocket conversation: hello, then requests up and frames down, within the limits of the door.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use preau_gate::Asker;
use preau_protocol::{
    Ask, Attack, Beat, ClassId, ClientFrame, Close, Hello, Outcome, Refusal, Reply, ServerFrame, SessionAsk, SessionId,
    Turned, VERSION, limits,
};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, Utf8Bytes};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message, error::CapacityError, error::ProtocolError};
use uuid::Uuid;

use crate::attempts::Way;
use crate::auth::{AuthError, DeviceSecret, Visitor};
use crate::gatehouse::{Inside, Sender};
use crate::house::House;
use crate::http::Deposit;
use crate::shard::{self, LineId};
use crate::shards::{Command, Down, OUTBOX_FRAMES_MAX};
use crate::store::unix_now;

/// Somebody who opens a socket has this long to say who they are.
const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// How often a sign of life goes out.
const BEAT_EVERY: Duration = Duration::from_secs(20);
/// After this long without a word, or an answer to a ping, the other side is gone.
const DEAD_AFTER: Duration = Duration::from_secs(45);
/// How long one frame may take to leave: a reader as slow as this is cut, and may resume.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// How long a close frame may take, and its answer.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// What is read of a socket at once.
const READ_BUFFER_BYTES: usize = 2 * 1024;
/// What the library takes of that at once. Its default is 128 KiB for every connection, allocated at once; with little,
/// the buffer that it grows for a long message has no room left for the next one, and goes with the message.
const TAKEN_AT_ONCE_BYTES: usize = 128;
/// A longer text leaves in fragments of this size (RFC 6455 §5.4): the library keeps a buffer as large as the largest
/// frame that it ever wrote, and everybody is sent one list of a large class.
const FRAGMENT_BYTES_MAX: usize = 2 * 1024;
/// A frame is written whole before the next is taken: a fragment, its header, and a ping.
const WRITE_BUFFER_BYTES_MAX: usize = 2 * FRAGMENT_BYTES_MAX;

/// Boxed, as it passes through several hands, and each would keep room for it.
type Socket = Box<WebSocketStream<BufReader<TokioIo<Upgraded>>>>;

/// What the HTTP layer knows of a socket that was upgraded.
#[derive(Debug)]
pub struct Arrival {
    pub cookie: Option<String>,
    /// What the socket costs until somebody has said hello.
    pub deposit: Deposit,
    pub request_id: String,
}

/// Holds one conversation to its end.
pub async fn converse(io: TokioIo<Upgraded>, arrival: Arrival, house: Arc<House>) {
    // What comes before a session needs several times its room, and gives it back.
    if let Some(session) = Box::pin(open(io, arrival, house)).await {
        session.hold().await;
    }
}

/// From the upgrade to a place on this server; or to a close frame that says why not.
async fn open(io: TokioIo<Upgraded>, arrival: Arrival, house: Arc<House>) -> Option<Box<Session>> {
    let config = WebSocketConfig::default()
        .read_buffer_size(TAKEN_AT_ONCE_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(Some(limits::MESSAGE_BYTES_MAX))
        .max_frame_size(Some(limits::MESSAGE_BYTES_MAX));
    let io = BufReader::with_capacity(READ_BUFFER_BYTES, io);
    let mut socket = Box::new(WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await);
    let (hello, visitor) = match admit_to_hello(&mut socket, &arrival, &house).await {
        Ok(admitted) => admitted,
        Err(ending) => {
            house.budgets.unknown(arrival.deposit, Instant::now());
            end(&mut socket, ending, &arrival.request_id).await;
            return None;
        }
    };
    match pass_gate(&hello, &visitor, arrival.deposit, &house).await {
        Ok(inside) => Session::begin(socket, hello, visitor, inside, arrival, house).await,
        Err(turned) => {
            let text = json(&ServerFrame::Turned(turned));
            // Whoever does not take this learns as much from the close frame.
            let _ = in_time(socket.send(Message::text(text))).await;
            end(&mut socket, Ending::Ours(Close::Full), &arrival.request_id).await;
            None
        }
    }
}

/// Somebody verified before the gate. Whoever comes back to a seat is not queued; the class is asked only where it matters, as
/// looking for a seat may mean to read the class's journal.
async fn pass_gate(hello: &Hello, visitor: &Visitor, deposit: Deposit, house: &House) -> Result<Inside, Turned> {
    let (class, person) = (hello.class, visitor.identity.person);
    let asker = |has_seat| asker(class, visitor, has_seat, hello.ticket.clone());
    let may_have_seat = visitor.lesson.was_held;
    let says_so = may_have_seat && hello.resume.is_some() && house.shards.has_seat(class, person).await;
    let sender = sender(visitor, house);
    let paced = if says_so { Ok(()) } else { keep_pace(visitor, deposit, house) };
    let verdict = match paced {
        Ok(()) => house.gate.ask(asker(says_so), sender).await,
        Err(turned) => Err(turned),
    };
    match verdict {
        Err(_) if may_have_seat && hello.resume.is_none() && house.shards.has_seat(class, person).await => {
            house.gate.ask(asker(true), sender).await
        }
        verdict => verdict,
    }
}

/// A portal that sends people too fast waits, and its network pays for that as if nobody knew them.
fn keep_pace(visitor: &Visitor, deposit: Deposit, house: &House) -> Result<(), Turned> {
    let Some((number, portal)) = house.config.portal_of(&visitor.identity.proof) else { return Ok(()) };
    let now = Instant::now();
    let per_s = portal.hellos_per_s_max.unwrap_or_else(|| house.gate.accepts_per_s().div_ceil(2));
    house.budgets.sent_by(number, per_s, now).map_err(|retry_after_s| {
        house.budgets.unknown(deposit, now);
        house.attacks.count(Attack::Flood);
        Turned::SchoolFull { retry_after_ms: retry_after_s.saturating_mul(1_000) }
    })
}

/// The portal that sent somebody, as the gate counts its people.
pub fn sender(visitor: &Visitor, house: &House) -> Option<Sender> {
    let (portal, config) = house.config.portal_of(&visitor.identity.proof)?;
    Some(Sender { portal, people_max: config.people_max })
}

/// As the gate knows somebody.
pub fn asker(class: ClassId, visitor: &Visitor, has_seat: bool, ticket: Option<String>) -> Asker {
    Asker {
        person: visitor.identity.person,
        class,
        role: visitor.identity.role,
        starts_at: visitor.lesson.starts_at,
        roster: visitor.lesson.roster,
        on_roster: visitor.identity.on_roster,
        has_seat,
        ticket,
    }
}

/// How a conversation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// We close, and say why.
    Ours(Close),
    /// The bytes break RFC 6455; we say which rule (§7.4.1).
    Protocol(CloseCode),
    /// The other side closed.
    Theirs,
    /// The connection was lost; nobody said goodbye.
    Lost,
}

impl Ending {
    /// Whoever did not mean to go comes back soon.
    fn is_loss(self) -> bool {
        matches!(self, Ending::Lost | Ending::Ours(Close::Slow))
    }
}

async fn admit_to_hello(socket: &mut Socket, arrival: &Arrival, house: &House) -> Result<(Hello, Visitor), Ending> {
    let outcome = hello_of(socket, arrival, house).await;
    if let Some(kind) = outcome.as_ref().err().and_then(|ending| attack_of(*ending, false)) {
        house.attacks.count(kind);
    }
    outcome
}

async fn hello_of(socket: &mut Socket, arrival: &Arrival, house: &House) -> Result<(Hello, Visitor), Ending> {
    let first = timeout(HELLO_WITHIN, first_text(socket)).await.map_err(|_| Ending::Ours(Close::HelloTooLate))??;
    let hello = match serde_json::from_str(&first) {
        Ok(ClientFrame::Hello(frame)) if frame.hello.version == VERSION => frame.hello,
        _ => return Err(Ending::Ours(Close::Malformed)),
    };
    let (cookie, token) = (arrival.cookie.as_deref(), hello.token.as_deref());
    let visitor = verify(hello.class, cookie, token, &arrival.request_id, house).await;
    let visitor = visitor.map_err(|error| {
        if error == AuthError::NotAuthenticated {
            house.attacks.count(if hello.token.is_some() { Attack::BadToken } else { Attack::NoToken });
        }
        Ending::Ours(close_for(error))
    })?;
    let browser = arrival.cookie.as_deref().and_then(DeviceSecret::parse).map(|secret| secret.hash());
    let often = house.budgets.known(arrival.deposit, browser, visitor.identity.person, Instant::now());
    often.map_err(|_| Ending::Ours(Close::TooFast))?;
    Ok((hello, visitor))
}

/// Who somebody is. A token that is shown has a line in the log; a cookie only goes on from when it was given.
async fn verify(
    class: ClassId,
    cookie: Option<&str>,
    token: Option<&str>,
    request_id: &str,
    house: &House,
) -> Result<Visitor, AuthError> {
    // Boxed: it is large, rare, and would be part of every conversation's task.
    let visitor = Box::pin(house.auth.visitor(class, cookie, token)).await;
    if token.is_some() {
        house.attempts.tell(Way::Token, &visitor, request_id, Instant::now());
    }
    visitor
}

/// What an end says of whoever was at the other one. What is only counted once is counted where it is known.
fn attack_of(ending: Ending, was_greeted: bool) -> Option<Attack> {
    match ending {
        Ending::Ours(Close::HelloTooLate) => Some(Attack::Silent),
        Ending::Ours(Close::TooFast) => Some(Attack::TooFast),
        Ending::Ours(Close::Malformed) | Ending::Protocol(_) => Some(Attack::Malformed),
        // Whoever is removed just now is told so; whoever was before hears nothing else.
        Ending::Ours(Close::Removed) if !was_greeted => Some(Attack::Returned),
        Ending::Ours(Close::NotAllowed) if !was_greeted => Some(Attack::WrongClass),
        // In the lobby only a program asks for what is inside.
        Ending::Ours(Close::NotAllowed) => Some(Attack::Malformed),
        Ending::Ours(_) | Ending::Theirs | Ending::Lost => None,
    }
}

fn close_for(error: AuthError) -> Close {
    match error {
        AuthError::NotAuthenticated => Close::NotAuthenticated,
        AuthError::NotAllowed => Close::NotAllowed,
        AuthError::Unavailable => Close::Full,
    }
}

async fn first_text(socket: &mut Socket) -> Result<String, Ending> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(_))) | None => return Err(Ending::Theirs),
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => return Err(Ending::Ours(Close::Malformed)),
            Some(Err(error)) => return Err(fault(&error)),
        }
    }
}

/// The close code that RFC 6455 §7.4.1 has for what the library refused.
fn fault(error: &WsError) -> Ending {
    match error {
        WsError::Capacity(CapacityError::MessageTooLong { .. }) => Ending::Protocol(CloseCode::Size),
        WsError::Utf8(_) => Ending::Protocol(CloseCode::Invalid),
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Ending::Lost,
        WsError::Protocol(_) => Ending::Protocol(CloseCode::Protocol),
        _ => Ending::Lost,
    }
}

async fn end(socket: &mut Socket, ending: Ending, request_id: &str) {
    // Whoever does not take the close frame in time is cut without one.
    let _ = timeout(CLOSE_WITHIN, async {
        let parting = match ending {
            Ending::Ours(why) => Some((CloseCode::from(why.code()), why.word())),
            Ending::Protocol(code) => Some((code, "protocol")),
            Ending::Theirs => None,
            Ending::Lost => return Ok(()),
        };
        match parting {
            Some((code, word)) => {
                let frame = CloseFrame { code, reason: format!("{word} {request_id}").into() };
                socket.send(Message::Close(Some(frame))).await?;
            }
            // The library has an answer to their close frame ready, and waits to be asked for it.
            None => socket.flush().await?,
        }
        if let Ending::Ours(_) = ending {
            while socket.next().await.is_some_and(|answer| answer.is_ok()) {}
        }
        let io = socket.get_mut();
        io.shutdown().await?;
        // A socket that is closed with bytes unread is reset, and with it goes what was said last.
        tokio::io::copy_buf(io, &mut tokio::io::sink()).await?;
        Ok::<(), WsError>(())
    })
    .await;
}

/// Whether the shard's last word still waits in what is to be passed down: whoever was sent away is not on their way back,
/// although their connection broke before they heard it.
fn has_hung_up(down: &mut mpsc::Receiver<Down>) -> bool {
    std::iter::from_fn(|| down.try_recv().ok()).any(|down| matches!(down, Down::HangUp(_)))
}

/// A conversation after its hello.
struct Session {
    socket: Socket,
    class: ClassId,
    line: LineId,
    visitor: Visitor,
    cookie: Option<String>,
    request_id: String,
    house: Arc<House>,
    /// The place on this server, given back with the conversation.
    inside: Inside,
    down: mpsc::Receiver<Down>,
    beat: Interval,
    heard: Instant,
    allowance: Allowance,
    /// The shard has said something: this is somebody's conversation.
    was_greeted: bool,
    /// The last message, until the next one has come: while this holds on to the buffer that the library grew for it,
    /// the next one gets a small one.
    kept: Option<Utf8Bytes>,
}

impl Session {
    async fn begin(
        socket: Socket,
        hello: Hello,
        visitor: Visitor,
        inside: Inside,
        arrival: Arrival,
        house: Arc<House>,
    ) -> Option<Box<Session>> {
        let class = hello.class;
        let line = next_line();
        let (sender, down) = mpsc::channel(OUTBOX_FRAMES_MAX);
        let arrive = Box::new(shard::Arrival {
            class,
            line,
            fresh: SessionId(Uuid::new_v4()),
            resume: hello.resume,
            identity: visitor.identity.clone(),
            device: visitor.device,
            until: visitor.until.map(|at| house.shards.when(at, unix_now(), Instant::now())),
        });
        let now = Instant::now();
        let mut beat = interval_at((now + BEAT_EVERY).into(), BEAT_EVERY);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut session = Box::new(Session {
            socket,
            class,
            line,
            visitor,
            cookie: arrival.cookie,
            request_id: arrival.request_id,
            house,
            inside,
            down,
            beat,
            heard: now,
            allowance: Allowance::full(now),
            was_greeted: false,
            kept: None,
        });
        let inbox = session.house.shards.owner(class).clone();
        let entered = async {
            inbox.send(Command::Line { line, class, down: sender }).await.ok()?;
            inbox.send(Command::Input(shard::Input::Arrive(arrive))).await.ok()
        };
        if entered.await.is_none() {
            end(&mut session.socket, Ending::Ours(Close::Draining), &session.request_id).await;
            return None;
        }
        Some(session)
    }

    /// Talks until one side ends it.
    async fn hold(mut self: Box<Self>) {
        let inbox = self.house.shards.owner(self.class).clone();
        let ending = self.talk(&inbox).await;
        if let Some(kind) = attack_of(ending, self.was_greeted) {
            self.house.attacks.count(kind);
        }
        // The shard may be gone already; then it needs no word from us.
        let _ = inbox.send(Command::Unline { line: self.line }).await;
        if ending.is_loss() && !has_hung_up(&mut self.down) {
            self.inside.broke();
        }
        end(&mut self.socket, ending, &self.request_id).await;
    }

    async fn talk(&mut self, inbox: &mpsc::Sender<Command>) -> Ending {
        loop {
            let dead_at = self.heard + DEAD_AFTER;
            let step = tokio::select! {
                down = self.down.recv() => self.pass_down(down).await,
                up = self.socket.next() => self.take_up(up, inbox).await,
                _ = self.beat.tick() => self.give_sign().await,
                () = sleep_until(dead_at.into()) => Err(Ending::Lost),
            };
            if let Err(ending) = step {
                return ending;
            }
        }
    }

    async fn pass_down(&mut self, down: Option<Down>) -> Result<(), Ending> {
        match down {
            Some(Down::Frame(frame)) => {
                self.was_greeted = true;
                self.write_text(frame.into_text()).await
            }
            Some(Down::HangUp(why)) => Err(Ending::Ours(why)),
            // The shard cut this line: its outbox was full.
            None => Err(Ending::Ours(Close::Slow)),
        }
    }

    async fn take_up(
        &mut self,
        up: Option<Result<Message, WsError>>,
        inbox: &mpsc::Sender<Command>,
    ) -> Result<(), Ending> {
        self.heard = Instant::now();
        let text = match up {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return self.count_one(),
            Some(Ok(Message::Close(_))) => return Err(Ending::Theirs),
            None => return Err(Ending::Lost),
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => return Err(Ending::Ours(Close::Malformed)),
            Some(Err(error)) => return Err(fault(&error)),
        };
        self.count_one()?;
        let Ok(ClientFrame::Request(request)) = serde_json::from_str(&text) else {
            return Err(Ending::Ours(Close::Malformed));
        };
        self.kept = Some(text);
        let (class, line, id) = (self.class, self.line, request.id);
        let input = match request.ask {
            Ask::Session(SessionAsk::Refresh { token }) => self.refresh(id, &token).await?,
            ask => Some(shard::Input::Ask { class, line, id, ask }),
        };
        if let Some(input) = input {
            inbox.send(Command::Input(input)).await.map_err(|_| Ending::Ours(Close::Draining))?;
        }
        Ok(())
    }

    /// Anything received counts: a flood of pings is a flood.
    fn count_one(&mut self) -> Result<(), Ending> {
        if self.allowance.take(self.heard) { Ok(()) } else { Err(Ending::Ours(Close::TooFast)) }
    }

    /// A fresh token is good when it says that this is still the same person with the same role.
    async fn refresh(&mut self, id: u32, token: &str) -> Result<Option<shard::Input>, Ending> {
        let fresh = verify(self.class, self.cookie.as_deref(), Some(token), &self.request_id, &self.house).await;
        let same = |visitor: &Visitor| {
            visitor.identity.person == self.visitor.identity.person
                && visitor.identity.role == self.visitor.identity.role
        };
        let fresh = fresh.ok().filter(same);
        if let Some(fresh) = fresh.as_ref().filter(|fresh| fresh.identity != self.visitor.identity) {
            self.house.auth.remember(self.class, fresh.identity.clone());
        }
        let until = fresh.and_then(|visitor| visitor.until);
        let until = until.map(|at| self.house.shards.when(at, unix_now(), Instant::now()));
        let outcome = if until.is_some() { Outcome::Done {} } else { Outcome::refused(Refusal::NoRight) };
        self.write_frame(&ServerFrame::Reply(Reply { id, outcome })).await?;
        let (class, line) = (self.class, self.line);
        Ok(until.map(|until| shard::Input::Refreshed { class, line, until }))
    }

    async fn give_sign(&mut self) -> Result<(), Ending> {
        let return_within_ms = self.house.gate.return_within_ms(self.house.conversations.len());
        self.write_frame(&ServerFrame::Beat(Beat { return_within_ms })).await?;
        self.write(Message::Ping(Vec::new().into())).await
    }

    async fn write_frame(&mut self, frame: &ServerFrame) -> Result<(), Ending> {
        self.write_text(json(frame)).await
    }

    async fn write_text(&mut self, text: String) -> Result<(), Ending> {
        if text.len() <= FRAGMENT_BYTES_MAX {
            return self.write(Message::text(text)).await;
        }
        let mut fragments = text.as_bytes().chunks(FRAGMENT_BYTES_MAX).enumerate().peekable();
        let all = async {
            while let Some((at, fragment)) = fragments.next() {
                let kind = if at == 0 { Data::Text } else { Data::Continue };
                let frame = Frame::message(fragment.to_vec(), OpCode::Data(kind), fragments.peek().is_none());
                self.socket.send(Message::Frame(frame)).await?;
            }
            Ok(())
        };
        in_time(all).await
    }

    async fn write(&mut self, message: Message) -> Result<(), Ending> {
        in_time(self.socket.send(message)).await
    }
}

fn json(frame: &ServerFrame) -> String {
    serde_json::to_string(frame).expect("words of the wire are maps with string keys")
}

async fn in_time(writing: impl Future<Output = Result<(), WsError>>) -> Result<(), Ending> {
    match timeout(WRITE_WITHIN, writing).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Ending::Lost),
        Err(_) => Err(Ending::Ours(Close::Slow)),
    }
}

fn next_line() -> LineId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    LineId(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// How much a session may still say just now (a token bucket).
#[derive(Clone, Copy, Debug)]
struct Allowance {
    messages: f64,
    at: Instant,
}

impl Allowance {
    fn full(now: Instant) -> Allowance {
        Allowance { messages: f64::from(limits::REQUESTS_BURST), at: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        let earned = now.saturating_duration_since(self.at).as_secs_f64() * f64::from(limits::REQUESTS_PER_S_MAX);
        self.messages = (self.messages + earned).min(f64::from(limits::REQUESTS_BURST));
        self.at = now;
        let enough = self.messages >= 1.0;
        if enough {
            self.messages -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The room that a conversation's task takes for as long as it lasts.
    fn task_bytes<F>(_: impl Fn(TokioIo<Upgraded>, Arrival, Arc<House>) -> F) -> usize {
        std::mem::size_of::<F>()
    }

    #[test]
    fn a_conversation_waits_in_little_room() {
        assert!(task_bytes(converse) + size_of::<Session>() <= 2_304);
    }

    #[test]
    fn whoever_was_sent_away_does_not_come_back() {
        let (shard, mut down) = mpsc::channel(2);
        assert!(!has_hung_up(&mut down), "the connection broke");
        shard.try_send(Down::Frame(shard::Frame::Whole("{}".into()))).unwrap();
        assert!(!has_hung_up(&mut down), "with something on its way");
        shard.try_send(Down::Frame(shard::Frame::Whole("{}".into()))).unwrap();
        shard.try_send(Down::HangUp(Close::Done)).unwrap();
        assert!(has_hung_up(&mut down), "the class had ended");
        drop(shard);
        assert!(!has_hung_up(&mut down), "too slow a reader, who may come back");
    }

    #[test]
    fn a_burst_is_taken_and_a_flood_is_not() {
        let start = Instant::now();
        let mut allowance = Allowance::full(start);
        assert!((0..limits::REQUESTS_BURST).all(|_| allowance.take(start)));
        assert!(!allowance.take(start));
        let later = start + Duration::from_secs(1);
        assert!((0..limits::REQUESTS_PER_S_MAX).all(|_| allowance.take(later)));
        assert!(!allowance.take(later));
    }
}
