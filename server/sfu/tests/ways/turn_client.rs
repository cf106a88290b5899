//! The asking half of TURN (RFC 8656), as a browser has it, on rtc-stun.

use crate::world::World;
use preau_sfu::{PeerId, TurnCredentials};
use rtc_crypto::{RTCCryptoProvider, providers::AwsLcRsProvider};
use rtc_stun::attributes::*;
use rtc_stun::error_code::ErrorCodeAttribute;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::*;
use rtc_stun::textattrs::TextAttribute;
use rtc_stun::xoraddr::XorMappedAddress;
use std::net::SocketAddr;

/// One of the relay's own candidates.
pub fn candidate() -> SocketAddr {
    "192.0.2.1:5000".parse().unwrap()
}

pub struct TurnClient {
    pub who: PeerId,
    pub username: String,
    pub password: String,
    pub nonce: String,
    transactions: u8,
}

pub type Answered = Result<Message, u16>;

impl TurnClient {
    pub fn new(who: PeerId, credentials: &TurnCredentials) -> TurnClient {
        let (username, password) = (credentials.username.clone(), credentials.password.clone());
        TurnClient { who, username, password, nonce: String::new(), transactions: 0 }
    }

    /// Asks without a name, and learns the nonce.
    pub fn greet(&mut self, class: &mut World) -> Message {
        self.transactions += 1;
        let mut message = Message::new();
        let setters: [Box<dyn Setter>; 3] = [
            Box::new(TransactionId([self.transactions; 12])),
            Box::new(MessageType::new(METHOD_ALLOCATE, CLASS_REQUEST)),
            Box::new(Raw(ATTR_REQUESTED_TRANSPORT, vec![17, 0, 0, 0])),
        ];
        message.build(&setters).unwrap();
        let challenge = self.exchange(class, message.raw).expect("a challenge");
        self.nonce = String::from_utf8(challenge.get(ATTR_NONCE).unwrap()).unwrap();
        challenge
    }

    /// A whole allocation; the relayed address.
    pub fn allocate(&mut self, class: &mut World) -> Result<SocketAddr, u16> {
        self.greet(class);
        let answer =
            self.ask(class, METHOD_ALLOCATE, vec![Box::new(Raw(ATTR_REQUESTED_TRANSPORT, vec![17, 0, 0, 0]))])?;
        let mut relayed = XorMappedAddress::default();
        relayed.get_from_as(&answer, ATTR_XOR_RELAYED_ADDRESS).unwrap();
        Ok(SocketAddr::new(relayed.ip, relayed.port))
    }

    pub fn refresh(&mut self, class: &mut World, seconds: u32) -> Answered {
        self.ask(class, METHOD_REFRESH, vec![Box::new(Raw(ATTR_LIFETIME, seconds.to_be_bytes().to_vec()))])
    }

    pub fn permit(&mut self, class: &mut World, to: &str) -> Answered {
        self.ask(class, METHOD_CREATE_PERMISSION, vec![Box::new(Peer(to.parse().unwrap()))])
    }

    pub fn bind(&mut self, class: &mut World, number: u16, to: SocketAddr) -> Answered {
        let [high, low] = number.to_be_bytes();
        let number = Raw(ATTR_CHANNEL_NUMBER, vec![high, low, 0, 0]);
        self.ask(class, METHOD_CHANNEL_BIND, vec![Box::new(number), Box::new(Peer(to))])
    }

    fn ask(&mut self, class: &mut World, method: Method, attributes: Vec<Box<dyn Setter>>) -> Answered {
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
        setters.push(Box::new(integrity.unwrap()));
        let mut message = Message::new();
        message.build(&setters).unwrap();
        let answer = self.exchange(class, message.raw).expect("an answer");
        if answer.typ.class == CLASS_SUCCESS_RESPONSE {
            return Ok(answer);
        }
        let mut error = ErrorCodeAttribute::default();
        error.get_from(&answer).unwrap();
        Err(error.code.0)
    }

    /// Sends bytes as they are, outside any tunnel, and takes the answer.
    pub fn exchange(&self, class: &mut World, bytes: Vec<u8>) -> Option<Message> {
        let browser = class.browsers.get_mut(&self.who).unwrap();
        browser.turned.clear();
        let way = browser.way;
        class.send_raw(way, bytes);
        class.browsers.get_mut(&self.who).unwrap().turned.pop()
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
