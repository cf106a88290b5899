//! TURN, asked for what it is not for: other people's addresses, other people's seats, more than it answers.

use std::net::SocketAddr;
use std::time::Duration;

use preau_loadtest::{Participant, ParticipantError};
use preau_protocol::{Ask, ClassAsk, IceServer};
use preau_tests::school::SOON;
use preau_tests::witness::now;
use rtc_crypto::RTCCryptoProvider;
use rtc_crypto::providers::AwsLcRsProvider;
use rtc_stun::attributes::*;
use rtc_stun::error_code::ErrorCodeAttribute;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::*;
use rtc_stun::textattrs::TextAttribute;
use rtc_stun::xoraddr::XorMappedAddress;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::ground::Ground;
use crate::table::Tries;

/// On one machine an answer takes milliseconds.
const ANSWERED_WITHIN: Duration = Duration::from_millis(500);
const FORBIDDEN: u16 = 403;

/// The asking half of TURN (RFC 8656).
struct Client {
    socket: UdpSocket,
    relay: SocketAddr,
    username: String,
    password: String,
    nonce: String,
    transactions: u8,
}

impl Client {
    async fn allocate(&mut self) -> Result<(), u16> {
        let transport = || -> Box<dyn Setter> { Box::new(Raw(ATTR_REQUESTED_TRANSPORT, vec![17, 0, 0, 0])) };
        let mut message = Message::new();
        let greeting: [Box<dyn Setter>; 3] = [
            Box::new(TransactionId([255; 12])),
            Box::new(MessageType::new(METHOD_ALLOCATE, CLASS_REQUEST)),
            transport(),
        ];
        message.build(&greeting).expect("a message");
        let challenge = self.exchange(&message.raw).await.ok_or(0_u16)?;
        self.nonce =
            challenge.get(ATTR_NONCE).map(|nonce| String::from_utf8_lossy(&nonce).into_owned()).unwrap_or_default();
        self.ask(METHOD_ALLOCATE, vec![transport()]).await
    }

    async fn permit(&mut self, to: SocketAddr) -> Result<(), u16> {
        self.ask(METHOD_CREATE_PERMISSION, vec![Box::new(Peer(to))]).await
    }

    async fn bind(&mut self, channel: u16, to: SocketAddr) -> Result<(), u16> {
        let [high, low] = channel.to_be_bytes();
        let number = Raw(ATTR_CHANNEL_NUMBER, vec![high, low, 0, 0]);
        self.ask(METHOD_CHANNEL_BIND, vec![Box::new(number), Box::new(Peer(to))]).await
    }

    /// An error is the answer's code; 0 for no answer.
    async fn ask(&mut self, method: Method, attributes: Vec<Box<dyn Setter>>) -> Result<(), u16> {
        self.transactions += 1;
        let provider = AwsLcRsProvider::new();
        let text = |of, text: &str| Box::new(TextAttribute::new(of, text.to_owned()));
        let integrity = MessageIntegrity::new_long_term_integrity_with_provider(
            self.username.clone(),
            "preau".to_owned(),
            self.password.clone(),
            provider.crypto(),
        );
        let mut setters: Vec<Box<dyn Setter + '_>> =
            vec![Box::new(TransactionId([self.transactions; 12])), Box::new(MessageType::new(method, CLASS_REQUEST))];
        setters.extend(attributes);
        setters.push(text(ATTR_USERNAME, &self.username));
        setters.push(text(ATTR_REALM, "preau"));
        setters.push(text(ATTR_NONCE, &self.nonce));
        setters.push(Box::new(integrity.expect("a key")));
        let mut message = Message::new();
        message.build(&setters).expect("a message");
        let answer = self.exchange(&message.raw).await.ok_or(0_u16)?;
        if answer.typ.class == CLASS_SUCCESS_RESPONSE {
            return Ok(());
        }
        let mut error = ErrorCodeAttribute::default();
        Err(error.get_from(&answer).map_or(0, |()| error.code.0))
    }

    async fn exchange(&self, bytes: &[u8]) -> Option<Message> {
        self.socket.send_to(bytes, self.relay).await.ok()?;
        let mut answer = [0; 1_500];
        let (len, _) = timeout(ANSWERED_WITHIN, self.socket.recv_from(&mut answer)).await.ok()?.ok()?;
        let mut message = Message::new();
        message.unmarshal_binary(&answer[..len]).ok()?;
        Some(message)
    }
}

struct Raw(AttrType, Vec<u8>);

impl Setter for Raw {
    fn add_to(&self, message: &mut Message) -> rtc_shared::error::Result<()> {
        message.add(self.0, &self.1);
        Ok(())
    }
}

struct Peer(SocketAddr);

impl Setter for Peer {
    fn add_to(&self, message: &mut Message) -> rtc_shared::error::Result<()> {
        XorMappedAddress { ip: self.0.ip(), port: self.0.port() }.add_to_as(message, ATTR_XOR_PEER_ADDRESS)
    }
}

/// With good credentials: nothing but this relay can be reached, and no seat but one's own.
pub async fn elsewhere(ground: &Ground, tries: &mut Tries) {
    let (_class, mut ada, [mut eve]) = ground.in_session(["Ève"]).await;
    let servers = eve.ways().await.expect("ways");
    let IceServer { username, credential: password, .. } = servers.into_iter().next().expect("a way");
    ground.canaries.plant("token", &password);
    let stranger = ground.stranger();
    let (victim, relay) = (ground.stranger().udp().await, ground.media);
    let victim_at = victim.local_addr().expect("bound");
    let socket = stranger.udp().await;
    let at = socket.local_addr().expect("bound");
    ground.sit(&eve, at, now());
    let (name, secret) = (username.clone(), password.clone());
    let mut client = Client { socket, relay, username, password, nonce: String::new(), transactions: 0 };
    let allocated = client.allocate().await;
    tries.saw("an allocation with good credentials", format!("{allocated:?}"), allocated.is_ok());
    let local = stranger.device.server().rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(80);
    let others = [
        victim_at,
        SocketAddr::from(([127, 0, 0, 1], local)),
        SocketAddr::from(([10, 0, 0, 1], 80)),
        SocketAddr::from(([169, 254, 169, 254], 80)),
        SocketAddr::from(([192, 168, 1, 1], 53)),
        SocketAddr::from(([240, 0, 0, 1], 3_478)),
        SocketAddr::from(([255, 255, 255, 255], 9)),
        SocketAddr::from(([224, 0, 0, 1], 9)),
        "[::1]:80".parse().expect("an address"),
        "[::ffff:127.0.0.1]:80".parse().expect("an address"),
    ];
    for (n, other) in others.into_iter().enumerate() {
        // A whole address is in no permission: one for our own host opens its media port alone.
        let permitted = client.permit(other).await;
        let is_own_host = other.ip() == relay.ip();
        tries.saw(
            format!("a permission for {other}"),
            format!("{permitted:?}"),
            is_own_host || permitted == Err(FORBIDDEN),
        );
        let bound = client.bind(0x4000 + n as u16, other).await;
        tries.saw(format!("a channel to {other}"), format!("{bound:?}"), bound == Err(FORBIDDEN));
        let channel = (0x4000 + n as u16).to_be_bytes();
        let _ = client.socket.send_to(&[&channel[..], &[0, 4], b"ping"].concat(), relay).await;
    }
    let heard = crate::stranger::hears(&victim).await;
    tries.saw("what the victim heard", "nothing", heard.is_none());
    for (what, name, password) in [
        ("a made-up password", name.clone(), "made up".to_owned()),
        ("another's name", format!("{name}1"), secret.clone()),
        ("no name", String::new(), secret),
    ] {
        let socket = ground.stranger().udp().await;
        let mut thief = Client { socket, relay, username: name, password, nonce: String::new(), transactions: 0 };
        let refused = thief.allocate().await;
        tries.saw(what, format!("{refused:?}"), refused.is_err());
    }
    remove(&mut ada, &eve).await;
    ground.seats().rise(at, now());
    let after = client.bind(0x4100, relay).await;
    tries.saw("after being removed", format!("{after:?}"), after.is_err());
    let ways = timeout(SOON, eve.ways()).await;
    tries.held("no new credentials", matches!(ways, Ok(Err(ParticipantError::Conversation(_)))));
    ground.end(&mut ada).await;
}

async fn remove(teacher: &mut Participant, who: &Participant) {
    let person = who.person();
    teacher.conversation.done(Ask::Class(ClassAsk::Remove { person, block: false })).await.expect("removed");
}

/// Without credentials: one short challenge each, and not without end, so that nobody is flooded by us.
pub async fn challenges(ground: &Ground, tries: &mut Tries) {
    let socket = ground.stranger().udp().await;
    let mut message = Message::new();
    let greeting: [Box<dyn Setter>; 3] = [
        Box::new(TransactionId([9; 12])),
        Box::new(MessageType::new(METHOD_ALLOCATE, CLASS_REQUEST)),
        Box::new(Raw(ATTR_REQUESTED_TRANSPORT, vec![17, 0, 0, 0])),
    ];
    message.build(&greeting).expect("a message");
    let (mut sent, mut answered) = (0, 0);
    let mut waves = tokio::time::interval(Duration::from_millis(4));
    let mut bytes = [0; 1_500];
    for n in 0..ground.many(8_000, 4_000) {
        if n % 64 == 0 {
            waves.tick().await;
        }
        sent += socket.send_to(&message.raw, ground.media).await.unwrap_or(0);
        while let Ok((len, _)) = socket.try_recv_from(&mut bytes) {
            answered += len;
        }
        tries.count += 1;
    }
    while let Ok(Ok((len, _))) = timeout(Duration::from_millis(100), socket.recv_from(&mut bytes)).await {
        answered += len;
    }
    let factor = answered as f64 / sent as f64;
    tries.saw(format!("{answered} bytes for {sent}"), "no more than 2.3 for one", factor <= 2.3);
}
