//! Any datagrams from anywhere, well made, nearly well made, and not at all: nothing is sent to who proved nothing,
//! but one short challenge.

use crate::relay::{PROBE_PASSWORD, START, candidates, relay, turn_key};
use crate::script::Script;
use crate::stun::{self, Attribute, Signature};
use preau_sfu::{
    ConnectionId, Mid, Offer, PeerId, ReceiveMids, Relay, Role, RoomId, SeatId, Source, TurnCredentials, Way,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// RFC 7675 §5.1.
const CONSENT_MAX: Duration = Duration::from_secs(30);
/// What a stranger may be answered, and what it must cost them (DOOR.md, ARCHITECTURE.md).
const CHALLENGE_LEN_MAX: usize = 64;
const CHALLENGE_ASKED_LEN_MIN: usize = 28;
/// One flight of DTLS, for whoever proved an address; nothing else is as long.
const ANSWER_BYTES_MAX: usize = 8 * 1024;
/// Timers of two peers, for one step of time: far more than there are.
const WAKES_MAX: usize = 1_000;

const WAYS: [Way; 6] = [
    Way::Udp(SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 1)), 4000)),
    Way::Udp(SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 2)), 4000)),
    Way::Udp(SocketAddr::new(IpAddr::V6(std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 9)), 4000)),
    // One that our own range of relayed addresses could give.
    Way::Udp(SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(240, 0, 0, 1)), 3478)),
    Way::Connection(ConnectionId(1)),
    Way::Connection(ConnectionId(2)),
];

/// Who can prove a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Peer(PeerId),
    Seat(SeatId),
}

const PEERS: [PeerId; 2] = [PeerId(1), PeerId(2)];
const SEATS: [SeatId; 2] = [SeatId(1), SeatId(2)];

/// The relay, and what we know that it must know.
struct World {
    relay: Relay,
    now: Instant,
    /// `ours:theirs` and our password.
    checks: BTreeMap<PeerId, (String, String)>,
    restarts: u8,
    turn: BTreeMap<SeatId, TurnCredentials>,
    proved: HashMap<Way, BTreeSet<Owner>>,
    checked_at: BTreeMap<PeerId, Instant>,
}

pub fn run(data: &[u8]) {
    let mut script = Script(data);
    let mut world = World::new();
    while let Some(act) = script.next() {
        match act % 8 {
            0..=4 => {
                let way = script.pick(&WAYS);
                let to = script.pick(&[None, Some(candidates()[0].ip()), Some(candidates()[1].ip())]);
                let bytes = world.datagram(act % 8, &mut script, true);
                world.receive(way, to, bytes);
            }
            5 => {
                let ms = u64::from(script.byte()) * script.pick(&[1, 100, 10_000]);
                world.pass(Duration::from_millis(ms));
            }
            6 => world.ask(&mut script),
            _ => world.end(script.byte()),
        }
    }
    world.over();
}

impl World {
    fn new() -> World {
        let mut world = World {
            relay: relay(),
            now: *START,
            checks: BTreeMap::new(),
            restarts: 0,
            turn: BTreeMap::new(),
            proved: HashMap::new(),
            checked_at: BTreeMap::new(),
        };
        for (id, from) in [(1, [203, 0, 113, 1]), (2, [203, 0, 113, 2])] {
            world.relay.open(ConnectionId(id), (from, 4000).into(), world.now);
        }
        for (peer, seat) in PEERS.into_iter().zip(SEATS) {
            world.offer(peer);
            world.sit(peer, seat);
        }
        world
    }

    fn offer(&mut self, peer: PeerId) {
        let theirs = format!("them{}x{}", peer.0, self.restarts);
        let Ok(answer) = self.relay.answer(peer, RoomId(1), Role::Student, &offer(&theirs), self.now) else {
            panic!("a good offer is answered");
        };
        let value = |name: &str| {
            answer.lines().find_map(|line| line.strip_prefix(name)).expect("an answer has credentials").to_owned()
        };
        self.checks.insert(peer, (format!("{}:{theirs}", value("a=ice-ufrag:")), value("a=ice-pwd:")));
    }

    fn sit(&mut self, peer: PeerId, seat: SeatId) {
        let credentials = self.relay.grant(seat, self.now).expect("there is TURN");
        self.turn.insert(seat, credentials);
        self.relay.sit(seat, peer);
    }

    /// One datagram by kind; those that carry another have it made here too, once.
    fn datagram(&self, kind: u8, script: &mut Script<'_>, may_carry: bool) -> Vec<u8> {
        let mut bytes = match kind {
            0 => return script.many().to_vec(),
            1 => self.check(script),
            2 => self.request(script),
            3 if may_carry => {
                let number = 0x4000 + script.short() % 16;
                let inner = self.inner(script);
                let len = inner.len() as u16;
                [&number.to_be_bytes()[..], &len.to_be_bytes(), &inner].concat()
            }
            4 if may_carry => {
                let to = script.pick(&[candidates()[0], candidates()[1], ([10, 0, 0, 1], 80).into()]);
                let inner = self.inner(script);
                stun::message(
                    stun::SEND_INDICATION,
                    &[Attribute::Address(stun::PEER, to), Attribute::Raw(stun::DATA, inner)],
                    None,
                )
            }
            _ => return script.some().to_vec(),
        };
        // Nearly well made: one byte of it is another.
        if script.byte() % 4 == 1 && !bytes.is_empty() {
            let at = usize::from(script.short()) % bytes.len();
            bytes[at] ^= script.byte();
        }
        bytes
    }

    fn inner(&self, script: &mut Script<'_>) -> Vec<u8> {
        let kind = script.byte() % 4;
        self.datagram(kind, script, false)
    }

    fn check(&self, script: &mut Script<'_>) -> Vec<u8> {
        let has = script.byte();
        let stranger = ("somebody:else".to_owned(), "a password of their own".to_owned());
        let operator = ("preau-doctor:preau-doctor".to_owned(), PROBE_PASSWORD.to_owned());
        let (username, password) = match has >> 5 {
            0..=2 => self.checks.get(&PEERS[0]).unwrap_or(&stranger),
            3 | 4 => self.checks.get(&PEERS[1]).unwrap_or(&stranger),
            5 => &operator,
            _ => &stranger,
        };
        let mut attributes = vec![Attribute::Text(stun::USERNAME, username)];
        if has & 1 == 0 {
            attributes.push(Attribute::Raw(stun::ICE_CONTROLLING, vec![0; 8]));
        }
        if has & 2 == 0 {
            attributes.push(Attribute::Raw(stun::USE_CANDIDATE, Vec::new()));
        }
        if has & 4 != 0 {
            attributes.push(Attribute::Raw(script.short(), script.some().to_vec()));
        }
        let signature = if has & 8 == 0 { Signature::Short(password) } else { Signature::Short("another password") };
        stun::message(stun::BINDING_REQUEST, &attributes, Some(signature))
    }

    fn request(&self, script: &mut Script<'_>) -> Vec<u8> {
        let kind =
            script.pick(&[stun::ALLOCATE, stun::REFRESH, stun::CREATE_PERMISSION, stun::CHANNEL_BIND, 0x0017, 0x0007]);
        let has = script.byte();
        let nonce = turn_key().nonce(self.now);
        let seat = script.pick(&SEATS);
        let credentials = self.turn.get(&seat);
        let mut attributes = Vec::new();
        for _ in 0..has >> 5 {
            attributes.push(match script.byte() % 8 {
                0 => Attribute::Raw(stun::REQUESTED_TRANSPORT, vec![17, 0, 0, 0]),
                1 => Attribute::Raw(stun::LIFETIME, u32::from(script.byte()).to_be_bytes().to_vec()),
                2 => Attribute::Raw(stun::CHANNEL_NUMBER, vec![0x40, script.byte(), 0, 0]),
                3 => Attribute::Address(stun::PEER, script.pick(&candidates())),
                4 => Attribute::Address(stun::PEER, ([10, 0, 0, 1], 80).into()),
                5 => Attribute::Raw(stun::REQUESTED_FAMILY, vec![script.byte(), 0, 0, 0]),
                _ => Attribute::Raw(script.short(), script.some().to_vec()),
            });
        }
        let (Some(credentials), true) = (credentials, has & 1 == 0) else {
            return stun::message(kind, &attributes, None);
        };
        let nonce = if has & 2 == 0 { nonce } else { String::from_utf8_lossy(script.some()).into_owned() };
        attributes.push(Attribute::Text(stun::USERNAME, &credentials.username));
        if has & 4 == 0 {
            attributes.push(Attribute::Text(stun::REALM, stun::OUR_REALM));
        }
        attributes.push(Attribute::Text(stun::NONCE, &nonce));
        let password = if has & 8 == 0 { &credentials.password } else { "another password" };
        stun::message(kind, &attributes, Some(Signature::Long(&credentials.username, password)))
    }

    /// Who could have made these bytes, if they are signed by anybody: told by rtc-stun alone.
    fn signer(&self, bytes: &[u8]) -> Option<Owner> {
        let checks = self.checks.iter().filter(|(_, (_, password))| stun::is_signed(bytes, Signature::Short(password)));
        let peer = checks.map(|(peer, _)| Owner::Peer(*peer)).next();
        let signed = |turn: &TurnCredentials| stun::is_signed(bytes, Signature::Long(&turn.username, &turn.password));
        peer.or_else(|| self.turn.iter().find(|(_, turn)| signed(turn)).map(|(seat, _)| Owner::Seat(*seat)))
    }

    fn receive(&mut self, from: Way, to: Option<IpAddr>, mut bytes: Vec<u8>) {
        let signer = self.signer(&bytes);
        let is_probe = stun::is_signed(&bytes, Signature::Short(PROBE_PASSWORD));
        let asked_len = bytes.len();
        if let Some(owner) = signer {
            self.proved.entry(from).or_default().insert(owner);
            if let Owner::Peer(peer) = owner {
                self.checked_at.insert(peer, self.now);
            }
        }
        // Within an allocation: it is the allocation that was proved, and the check within renews consent.
        for inner in stun::inner(&bytes) {
            if let Some(Owner::Peer(peer)) = self.signer(inner) {
                self.checked_at.insert(peer, self.now);
            }
        }
        self.relay.receive(from, to, &mut bytes, self.now);
        let mut answered = Vec::new();
        self.drain(|to, bytes| answered.push((to, bytes.len())));
        let total: usize = answered.iter().map(|(_, len)| len).sum();
        assert!(total <= ANSWER_BYTES_MAX, "{total} bytes for one datagram");
        for (to, len) in answered {
            let is_known = self.proved.get(&to).is_some_and(|owners| !owners.is_empty());
            if is_known || (is_probe && to == from) {
                continue;
            }
            assert_eq!(to, from, "sent to an address that proved nothing and did not ask");
            assert!(len == total && len <= CHALLENGE_LEN_MAX, "{total} bytes for a stranger");
            assert!(asked_len >= CHALLENGE_ASKED_LEN_MIN, "{len} bytes for a stranger's {asked_len}");
        }
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        let mut wakes = 0;
        while let Some(at) = self.relay.poll_timeout().filter(|at| *at <= until) {
            wakes += 1;
            assert!(wakes <= WAKES_MAX, "it wakes again and again");
            self.now = self.now.max(at);
            self.relay.handle_timeout(self.now);
            let mut sent = Vec::new();
            self.drain(|to, _| sent.push(to));
            for to in sent {
                let owners = self.proved.get(&to).into_iter().flatten();
                let mut checked = owners.filter_map(|owner| match owner {
                    Owner::Peer(peer) => self.checked_at.get(peer),
                    // The media of the seat, through its allocation.
                    Owner::Seat(seat) => self.checked_at.get(&PeerId(seat.0)),
                });
                assert!(checked.any(|at| self.now <= *at + CONSENT_MAX), "sent to {to:?} without consent");
            }
        }
        self.now = until;
    }

    fn drain(&mut self, mut sent: impl FnMut(Way, &[u8])) {
        while let Some(transmit) = self.relay.poll_transmit() {
            sent(transmit.to, transmit.contents);
        }
        while self.relay.poll_event().is_some() {}
        while self.relay.poll_connection().is_some() {}
    }

    /// What the server asks of its relay.
    fn ask(&mut self, script: &mut Script<'_>) {
        let (peer, seat) = script.pick(&[(PEERS[0], SEATS[0]), (PEERS[1], SEATS[1])]);
        match script.byte() % 3 {
            0 if self.checks.contains_key(&peer) => {
                self.restarts = self.restarts.wrapping_add(1);
                self.offer(peer);
            }
            1 if self.turn.contains_key(&seat) => self.sit(peer, seat),
            _ => {
                let id = script.pick(&[ConnectionId(1), ConnectionId(2)]);
                self.relay.close(id);
            }
        }
        self.drain(|to, _| panic!("{to:?} is told of what it did not ask"));
    }

    /// Somebody is removed, or a seat is taken away.
    fn end(&mut self, which: u8) {
        let at = usize::from(which & 1);
        let owner = if which & 2 == 0 {
            self.relay.remove(PEERS[at], self.now);
            self.checks.remove(&PEERS[at]);
            self.checked_at.remove(&PEERS[at]);
            Owner::Peer(PEERS[at])
        } else {
            self.relay.revoke(SEATS[at]);
            self.turn.remove(&SEATS[at]);
            Owner::Seat(SEATS[at])
        };
        for owners in self.proved.values_mut() {
            owners.remove(&owner);
        }
        self.drain(|to, _| panic!("{to:?} is told of an end"));
    }

    /// When all have gone nobody hears anything any more.
    fn over(&mut self) {
        for which in 0..4 {
            self.end(which);
        }
        self.pass(Duration::from_secs(60));
        let mut silent = vec![0x80; 100];
        self.relay.receive(WAYS[0], None, &mut silent, self.now);
        self.drain(|to, _| panic!("{to:?} is told something after the end"));
    }
}

/// A microphone and nothing else.
fn offer(ufrag: &str) -> Offer {
    let sdp = format!(
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=ice-ufrag:{ufrag}\r\n\
         a=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 {}00\r\na=setup:actpass\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtcp-mux\r\na=sendonly\r\n\
         a=rtpmap:111 opus/48000/2\r\n",
        "00:".repeat(31)
    );
    let mid = Mid::parse("0").expect("a digit is a name");
    Offer { sdp, send: [(Source::Microphone, mid)].into(), receive: ReceiveMids::default() }
}

/// A ClientHello as OpenSSL sends it, with `use_srtp`, recorded.
const HELLO: &[u8] = include_bytes!("client-hello.bin");

/// Joins by each way; a stranger; a misuse of TURN.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let hello = [&[0, 0, 1], &(HELLO.len() as u16).to_be_bytes()[..], HELLO].concat();
    // Act, way, local address, who, unspoilt.
    let check = [1, 0, 1, 0, 0];
    let second = [1, 2, 2, 0x60, 0];
    let greet = [2, 4, 0, 0, 0x21, 0, 0, 0];
    let allocate = [2, 4, 0, 0, 0x20, 0, 0, 0];
    let bind = [2, 4, 0, 3, 0x40, 0, 2, 1, 3, 0, 0];
    let refresh = [2, 4, 0, 1, 0x20, 0, 1, 0, 0];
    let relayed_check = [3, 4, 0, 0, 1, 1, 0, 0, 0];
    let indicated_check = [4, 4, 0, 0, 1, 0, 0, 0];
    let second_later = [5, 10, 1];
    let join = [&check[..], &hello, &second_later].concat();
    let turn = [&greet[..], &allocate, &bind, &relayed_check, &indicated_check, &second_later, &refresh].concat();
    let stale = [&check[..], &[6, 0, 0], &check, &second, &[7, 0], &check, &[5, 60, 2]].concat();
    let probe = [1, 1, 0, 0xa0, 0].to_vec();
    vec![("join", join), ("turn", turn), ("stale", stale), ("probe", probe)]
}
