//! TURN that ends in this relay (RFC 8656): for networks that let nothing else through.
//!
//! A browser that can reach nothing but one TCP or TLS port relays through it, to us, who are already here: an
//! allocation is an entry in a table, and the datagram in a ChannelData message goes on in this process as if a socket
//! had brought it. Only our own candidates are permitted; for any other address there is not even code.

mod allocations;
mod credentials;
mod message;

use crate::names::SeatId;
use crate::timers::PeerKey;
use crate::way::{AllocationId, Path, Remote};
use allocations::{ALLOCATION_LIFE, Allocations, NotAllocated, Wanted};
pub use credentials::TurnKey;
use credentials::{CREDENTIALS_LIFE, REALM, Username};
pub use message::Raw;
use message::XorAddress;
pub use message::is_send_indication as is_send;
use rtc_crypto::RTCCrypto;
use rtc_stun::attributes::*;
use rtc_stun::error_code::*;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::*;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::time::{Duration, Instant};

/// Answers to people nobody knows, a second: three for each of a school's 600 that come in the same second. Past it
/// they ask again by themselves. What a forger can have us send is thereby under a megabit per second, at twice what
/// it costs them.
const CHALLENGES_PER_S: u32 = 2_000;

/// The shortest question that is answered with a challenge: a browser's Allocate has one attribute. What a forger pays
/// is thereby never less than half of what it makes us send.
const CHALLENGED_LEN_MIN: usize = 28;

/// What a shard's TURN is made of.
#[derive(Clone)]
pub struct TurnConfig {
    pub key: TurnKey,
    /// Which shard this is: a part of every name given, so that the edge finds it.
    pub shard: u16,
    /// How browsers reach it (RFC 7065).
    pub urls: Vec<String>,
}

/// For one seat, for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnCredentials {
    pub urls: Vec<String>,
    pub username: String,
    pub password: String,
    pub life: Duration,
}

/// Somebody who showed a password.
struct Known {
    seat: SeatId,
    key: Vec<u8>,
    is_expired: bool,
}

pub struct Turn {
    config: TurnConfig,
    /// Those who may allocate, with their media once it is there.
    seats: BTreeMap<SeatId, Option<PeerKey>>,
    allocations: Allocations,
    challenged: Challenged,
}

/// What a TURN message brought about.
pub struct Outcome {
    /// For the way it came.
    pub answer: Option<Vec<u8>>,
    /// Who sent it has a seat.
    pub is_known: bool,
    pub ended: Option<Ended>,
}

impl Outcome {
    fn answer(answer: Option<Vec<u8>>) -> Outcome {
        Outcome { answer, is_known: false, ended: None }
    }
}

/// An allocation that was.
pub struct Ended {
    pub id: AllocationId,
    pub client: Path,
    /// Must forget that it was reached this way.
    pub peer: Option<PeerKey>,
}

/// A datagram that came through an allocation, within the bytes that brought it.
pub struct Opened {
    pub allocation: AllocationId,
    /// For which of our candidates it is.
    pub candidate: IpAddr,
    pub range: Range<usize>,
}

impl Turn {
    pub fn new(config: TurnConfig) -> Turn {
        let challenged = Challenged { second: config.key.started(), count: 0 };
        Turn { config, seats: BTreeMap::new(), allocations: Allocations::default(), challenged }
    }

    /// Credentials for a seat, which may allocate from now on until it is revoked.
    pub fn grant(&mut self, seat: SeatId, now: Instant) -> TurnCredentials {
        self.seats.entry(seat).or_default();
        let (username, password) = self.config.key.credentials(self.config.shard, seat, now);
        TurnCredentials { urls: self.config.urls.clone(), username, password, life: CREDENTIALS_LIFE }
    }

    /// The seat's media is this peer now: what comes through its allocations can only be for it.
    pub fn sit(&mut self, seat: SeatId, peer: PeerKey) {
        if let Some(known) = self.seats.get_mut(&seat) {
            *known = Some(peer);
        }
    }

    /// The seat is nobody's any more. Returns its allocations, which are over.
    pub fn revoke(&mut self, seat: SeatId) -> Vec<Ended> {
        self.seats.remove(&seat);
        self.allocations.of_seat(seat).into_iter().filter_map(|id| self.end(id)).collect()
    }

    fn end(&mut self, id: AllocationId) -> Option<Ended> {
        self.allocations.end(id).map(|allocation| Ended { id, client: allocation.client, peer: allocation.peer })
    }

    /// Whether checks for `peer` may come through this allocation.
    pub fn is_for(&self, id: AllocationId, peer: PeerKey) -> bool {
        let seat = self.allocations.get(id).and_then(|allocation| self.seats.get(&allocation.seat));
        seat.is_some_and(|media| *media == Some(peer))
    }

    pub fn peer(&self, id: AllocationId) -> Option<PeerKey> {
        self.allocations.get(id)?.peer
    }

    pub fn relayed(&self, id: AllocationId) -> Option<SocketAddr> {
        self.allocations.get(id).map(|allocation| allocation.relayed)
    }

    pub fn own(&mut self, id: AllocationId, peer: PeerKey) -> Option<PeerKey> {
        self.allocations.own(id, peer)
    }

    pub fn disown(&mut self, id: AllocationId) {
        self.allocations.disown(id);
    }

    /// Whose media comes through the allocation of this client.
    pub fn peer_of(&self, client: &Path) -> Option<PeerKey> {
        self.peer(self.allocations.id_of(client)?)
    }

    /// The way is gone, and what was allocated over it.
    pub fn client_gone(&mut self, client: &Path) -> Option<Ended> {
        let id = self.allocations.id_of(client)?;
        self.end(id)
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.allocations.next_expiry()
    }

    /// An allocation that has not been renewed, until `None`.
    pub fn pop_expired(&mut self, now: Instant) -> Option<Ended> {
        let id = self.allocations.expired(now)?;
        self.end(id)
    }

    /// The datagram inside a ChannelData message, if its number stands for one of our candidates.
    pub fn open_channel(&self, client: &Path, bytes: &[u8]) -> Option<Opened> {
        let (number, range) = message::read_channel(bytes)?;
        let allocation = self.allocations.id_of(client)?;
        let candidate = self.allocations.get(allocation)?.candidate(number)?.ip();
        Some(Opened { allocation, candidate, range })
    }

    /// The datagram inside a Send indication, if it is for one of our `candidates`.
    pub fn open_send(&self, client: &Path, bytes: &[u8], candidates: &[SocketAddr]) -> Option<Opened> {
        let (to, range) = message::read_send(bytes)?;
        let allocation = self.allocations.id_of(client)?;
        candidates.contains(&to).then_some(Opened { allocation, candidate: to.ip(), range })
    }

    /// Wraps a run of datagrams from `candidate` for the client of an allocation. Returns the client's way and the size
    /// of the wrapped segments.
    pub fn wrap(
        &self,
        id: AllocationId,
        candidate: SocketAddr,
        run: &Run<'_>,
        out: &mut Vec<u8>,
    ) -> Option<(Path, usize)> {
        let allocation = self.allocations.get(id)?;
        let channel = allocation.channel(candidate);
        let is_padded = matches!(allocation.client.remote, Remote::Connection(_));
        out.clear();
        let mut segment_size = 0;
        for datagram in run.contents.chunks(run.segment_size) {
            match channel {
                Some(number) => message::write_channel(out, number, datagram, is_padded),
                None => message::write_data(out, candidate, datagram),
            }
            if segment_size == 0 {
                segment_size = out.len();
            }
        }
        Some((allocation.client, segment_size))
    }

    /// A STUN request other than Binding. Silence for what is no request of TURN.
    pub fn handle(&mut self, asked: &Asked<'_>, bytes: &[u8], now: Instant) -> Option<Outcome> {
        let mut request = message::read_request(bytes)?;
        let method = request.typ.method;
        if ![METHOD_ALLOCATE, METHOD_REFRESH, METHOD_CREATE_PERMISSION, METHOD_CHANNEL_BIND].contains(&method) {
            return None;
        }
        let known = match self.authenticate(&mut request, asked.crypto, now) {
            Ok(known) => known,
            Err(_) if bytes.len() < CHALLENGED_LEN_MIN => return None,
            Err(code) => return Some(Outcome::answer(self.challenge(&request, code, now))),
        };
        if method == METHOD_ALLOCATE && known.is_expired {
            return Some(Outcome::answer(self.challenge(&request, CODE_UNAUTHORIZED, now)));
        }
        let mut ended = None;
        let done = match method {
            METHOD_ALLOCATE => self.allocate(asked, &request, &known, now),
            METHOD_REFRESH => self.refresh(asked, &request, &known, now, &mut ended),
            METHOD_CREATE_PERMISSION => self.permit(asked, &request, &known),
            _ => self.bind(asked, &request, &known, now),
        };
        let integrity = || Box::new(MessageIntegrity::new_raw_integrity_with_provider(known.key.clone(), asked.crypto));
        let answer = match done {
            Ok(mut attributes) => {
                attributes.push(integrity());
                message::success(&request, attributes)
            }
            Err(code) => message::error(&request, code, vec![integrity()]),
        };
        Some(Outcome { answer, is_known: true, ended })
    }

    /// RFC 8489 §9.2.4. Which of name and password was wrong is not told.
    fn authenticate(&self, request: &mut Message, crypto: &dyn RTCCrypto, now: Instant) -> Result<Known, ErrorCode> {
        if !request.contains(ATTR_MESSAGE_INTEGRITY) {
            return Err(CODE_UNAUTHORIZED);
        }
        let value = |of| request.get(of).map_err(|_| CODE_BAD_REQUEST);
        let (name, realm, nonce) = (value(ATTR_USERNAME)?, value(ATTR_REALM)?, value(ATTR_NONCE)?);
        if !self.config.key.is_fresh(&nonce, now) {
            return Err(CODE_STALE_NONCE);
        }
        let username = std::str::from_utf8(&name).ok().and_then(Username::parse).ok_or(CODE_UNAUTHORIZED)?;
        let is_ours = username.shard == self.config.shard && self.seats.contains_key(&username.seat);
        if realm != REALM.as_bytes() || !is_ours {
            return Err(CODE_UNAUTHORIZED);
        }
        let name = username.to_string();
        let password = self.config.key.password(&name);
        let key = MessageIntegrity::long_term_integrity_key(name, REALM.to_owned(), password, crypto)
            .map_err(|_| CODE_SERVER_ERROR)?;
        MessageIntegrity::check(request, &key, crypto).map_err(|_| CODE_UNAUTHORIZED)?;
        Ok(Known { seat: username.seat, key, is_expired: self.config.key.is_expired(&username, now) })
    }

    fn challenge(&mut self, request: &Message, code: ErrorCode, now: Instant) -> Option<Vec<u8>> {
        self.challenged.may_answer(now).then(|| challenge(&self.config.key, request, code, now)).flatten()
    }

    fn allocate<'s>(&mut self, asked: &Asked<'_>, request: &Message, known: &Known, now: Instant) -> Done<'s> {
        /// RFC 8656 §18.7: the protocol number of UDP.
        const UDP: u8 = 17;
        /// RFC 8656 §18.6: the family of IPv6.
        const V6: u8 = 2;
        let transport = request.get(ATTR_REQUESTED_TRANSPORT).map_err(|_| CODE_BAD_REQUEST)?;
        if transport.first() != Some(&UDP) {
            return Err(CODE_UNSUPPORTED_TRANS_PROTO);
        }
        // Browsers ask for none, and pair the address with candidates of its family: ours may have only one.
        let family = request.get(ATTR_REQUESTED_ADDRESS_FAMILY).ok().and_then(|value| value.first().copied());
        let is_v6 = family.map_or_else(|| !asked.candidates.iter().any(SocketAddr::is_ipv4), |family| family == V6);
        let wanted = Wanted { client: asked.client, seat: known.seat, transaction: request.transaction_id.0, is_v6 };
        let allocation = self.allocations.make(wanted, now).map_err(|why| match why {
            NotAllocated::Mismatch => CODE_ALLOC_MISMATCH,
            NotAllocated::Quota => CODE_ALLOC_QUOTA_REACHED,
            NotAllocated::Full => CODE_INSUFFICIENT_CAPACITY,
        })?;
        Ok(vec![
            Box::new(XorAddress(ATTR_XOR_RELAYED_ADDRESS, allocation.relayed)),
            Box::new(XorAddress(ATTR_XORMAPPED_ADDRESS, asked.seen_as)),
            Box::new(Lifetime(ALLOCATION_LIFE)),
        ])
    }

    fn refresh<'s>(
        &mut self,
        asked: &Asked<'_>,
        request: &Message,
        known: &Known,
        now: Instant,
        ended: &mut Option<Ended>,
    ) -> Done<'s> {
        let id = self.own_allocation(asked, known)?;
        let is_end = request.get(ATTR_LIFETIME).is_ok_and(|value| value == [0; 4]);
        if is_end {
            *ended = self.end(id);
            return Ok(vec![Box::new(Lifetime(Duration::ZERO))]);
        }
        self.allocations.renew(id, now);
        Ok(vec![Box::new(Lifetime(ALLOCATION_LIFE))])
    }

    /// Permissions are granted or refused and not remembered: there is nobody else from whom anything could come.
    fn permit<'s>(&mut self, asked: &Asked<'_>, request: &Message, known: &Known) -> Done<'s> {
        self.own_allocation(asked, known)?;
        let mut peers = addresses(request, ATTR_XOR_PEER_ADDRESS).peekable();
        if peers.peek().is_none() {
            return Err(CODE_BAD_REQUEST);
        }
        let is_ours = |peer: SocketAddr| asked.candidates.iter().any(|ours| ours.ip() == peer.ip());
        if peers.all(|peer| peer.is_some_and(is_ours)) { Ok(Vec::new()) } else { Err(CODE_FORBIDDEN) }
    }

    fn bind<'s>(&mut self, asked: &Asked<'_>, request: &Message, known: &Known, now: Instant) -> Done<'s> {
        /// RFC 8656 §12.
        const CHANNELS: std::ops::RangeInclusive<u16> = 0x4000..=0x4fff;
        let id = self.own_allocation(asked, known)?;
        let number = request.get(ATTR_CHANNEL_NUMBER).ok().and_then(|value| value.first_chunk().copied());
        let number = number.map(u16::from_be_bytes).filter(|number| CHANNELS.contains(number));
        let peer = addresses(request, ATTR_XOR_PEER_ADDRESS).next().flatten();
        let (number, peer) = number.zip(peer).ok_or(CODE_BAD_REQUEST)?;
        if !asked.candidates.contains(&peer) {
            return Err(CODE_FORBIDDEN);
        }
        if self.allocations.bind(id, number, peer, now) { Ok(Vec::new()) } else { Err(CODE_BAD_REQUEST) }
    }

    fn own_allocation(&self, asked: &Asked<'_>, known: &Known) -> Result<AllocationId, ErrorCode> {
        let id = self.allocations.id_of(&asked.client).ok_or(CODE_ALLOC_MISMATCH)?;
        let is_theirs = self.allocations.get(id).is_some_and(|allocation| allocation.seat == known.seat);
        if is_theirs { Ok(id) } else { Err(CODE_WRONG_CREDENTIALS) }
    }
}

type Done<'s> = Result<Vec<Box<dyn Setter + 's>>, ErrorCode>;

/// Who asks, and what the answer depends on.
pub struct Asked<'a> {
    pub client: Path,
    pub seen_as: SocketAddr,
    /// All that may be reached.
    pub candidates: &'a [SocketAddr],
    pub crypto: &'a dyn RTCCrypto,
}

/// Datagrams of one size on their way out, of which the last may be shorter.
pub struct Run<'a> {
    pub contents: &'a [u8],
    pub segment_size: usize,
}

/// How many strangers were answered in this second.
struct Challenged {
    second: Instant,
    count: u32,
}

impl Challenged {
    fn may_answer(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.second) >= Duration::from_secs(1) {
            *self = Challenged { second: now, count: 0 };
        }
        self.count += 1;
        self.count <= CHALLENGES_PER_S
    }
}

/// RFC 8656 §18.2, in seconds.
struct Lifetime(Duration);

impl Setter for Lifetime {
    fn add_to(&self, message: &mut Message) -> rtc_shared::error::Result<()> {
        let seconds = u32::try_from(self.0.as_secs()).unwrap_or(u32::MAX);
        Raw(ATTR_LIFETIME, &seconds.to_be_bytes()).add_to(message)
    }
}

fn addresses(request: &Message, of: AttrType) -> impl Iterator<Item = Option<SocketAddr>> {
    let attributes = request.attributes.0.iter().filter(move |attribute| attribute.typ == of);
    attributes.map(|attribute| message::read_address(&attribute.value, &request.transaction_id.0))
}

fn challenge(key: &TurnKey, request: &Message, code: ErrorCode, now: Instant) -> Option<Vec<u8>> {
    message::error(request, code, message::challenge(key.nonce(now)))
}

/// Where a connection that says nothing of its shard belongs, by its first message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Its name says so; whether the password is right, the shard will find out.
    Shard(u16),
    /// Ask for a name first.
    Challenge(Vec<u8>),
    Nowhere,
}

/// Reads the first message on a port that all shards share.
pub fn route(key: &TurnKey, bytes: &[u8], now: Instant) -> Route {
    let Some(request) = message::read_request(bytes) else { return Route::Nowhere };
    let name = request.get(ATTR_USERNAME).ok();
    let username = name.as_deref().and_then(|name| std::str::from_utf8(name).ok()).and_then(Username::parse);
    match (request.typ.method, name, username) {
        // The operator's probe, perhaps: any shard can tell.
        (METHOD_BINDING, ..) => Route::Shard(0),
        (METHOD_ALLOCATE, None, _) => {
            challenge(key, &request, CODE_UNAUTHORIZED, now).map_or(Route::Nowhere, Route::Challenge)
        }
        (_, _, Some(username)) => Route::Shard(username.shard),
        _ => Route::Nowhere,
    }
}
