//! The front door: by which way a datagram came, and whose it is.

use crate::connections::ConnectionNews;
use crate::dtls::HANDSHAKE_MAX;
use crate::event::Event;
use crate::names::{PeerId, SeatId};
use crate::peer::Link;
use crate::probe;
use crate::relay::{Control, Relay};
use crate::stats::Dropped;
use crate::stun::BindingRequest;
use crate::timers::{PeerKey, Timer};
use crate::turn::{self, Asked, Ended, Opened, Outcome, TurnCredentials};
use crate::way::{ConnectionId, Path, Remote, Way};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// What a datagram is by its first byte (RFC 7983 §7).
enum Protocol {
    /// An ICE check.
    Check,
    /// Any other STUN.
    Turn,
    Channel,
    Dtls,
    Rtp,
    Rtcp,
}

impl Protocol {
    fn of(datagram: &[u8]) -> Option<Protocol> {
        let &[first, second, ..] = datagram else { return None };
        match first {
            0 if second == 1 => Some(Protocol::Check),
            0..=3 => Some(Protocol::Turn),
            64..=79 => Some(Protocol::Channel),
            20..=63 => Some(Protocol::Dtls),
            // RFC 5761 §4: packet types 192 to 223 are RTCP.
            128..=191 if (192..=223).contains(&second) => Some(Protocol::Rtcp),
            128..=191 => Some(Protocol::Rtp),
            _ => None,
        }
    }
}

impl Relay {
    /// One datagram. `to` is the local address it arrived at, if the socket tells. Decrypts in
    /// place, so `bytes` are not to be used afterwards.
    pub fn receive(&mut self, from: Way, to: Option<IpAddr>, bytes: &mut [u8], now: Instant) {
        self.now = Some(now);
        self.stats.datagrams_in += 1;
        self.stats.bytes_in += bytes.len() as u64;
        let path = Path { remote: from.into(), local: to };
        if let Err(why) = self.take_in(path, bytes, now) {
            self.stats.drop_one(why);
        }
        self.settle(now);
    }

    /// Whose checks have proved this way, if anybody's.
    pub fn peer_at(&self, from: Way, to: Option<IpAddr>) -> Option<PeerId> {
        let path = Path { remote: from.into(), local: to };
        let relayed = || self.turn.as_ref()?.peer_of(&path);
        self.peers.get(self.owner(path.remote).or_else(relayed)?).map(|peer| peer.id)
    }

    fn owner(&self, remote: Remote) -> Option<PeerKey> {
        match remote {
            Remote::Udp(address) => self.by_address.get(&address).copied(),
            Remote::Connection(id) => self.connections.peer(id),
            Remote::Relayed(id) => self.turn.as_ref()?.peer(id),
        }
    }

    /// Gives a proved end to a peer. Returns whose it was before.
    fn own(&mut self, remote: Remote, key: PeerKey) -> Option<PeerKey> {
        match remote {
            Remote::Udp(address) => self.by_address.insert(address, key),
            Remote::Connection(id) => self.connections.own(id, key),
            Remote::Relayed(id) => self.turn.as_mut()?.own(id, key),
        }
    }

    /// An end that is no longer anybody's.
    pub(crate) fn disown(&mut self, remote: Remote) {
        match remote {
            Remote::Udp(address) => drop(self.by_address.remove(&address)),
            Remote::Connection(id) => self.connections.end(id),
            Remote::Relayed(id) => self.turn.iter_mut().for_each(|turn| turn.disown(id)),
        }
    }

    /// The address as which a remote is seen (RFC 8489 §14.2).
    fn seen_as(&self, remote: Remote) -> Option<SocketAddr> {
        match remote {
            Remote::Udp(address) => Some(address),
            Remote::Connection(id) => self.connections.from(id),
            Remote::Relayed(id) => self.turn.as_ref()?.relayed(id),
        }
    }

    fn take_in(&mut self, path: Path, bytes: &mut [u8], now: Instant) -> Result<(), Dropped> {
        match Protocol::of(bytes).ok_or(Dropped::NotMedia)? {
            Protocol::Turn => self.on_turn(path, bytes, now),
            Protocol::Channel => {
                let opened = self.turn.as_ref().and_then(|turn| turn.open_channel(&path, bytes));
                self.take_relayed(opened, bytes, now)
            }
            protocol => self.take_media(protocol, path, bytes, now),
        }
    }

    fn take_media(&mut self, protocol: Protocol, path: Path, bytes: &mut [u8], now: Instant) -> Result<(), Dropped> {
        let known = self.owner(path.remote);
        if let Some(key) = known {
            let peer = self.peers.get_mut(key).ok_or(Dropped::UnknownAddress)?;
            if !peer.ingress.take(now) {
                return Err(Dropped::TooFast);
            }
            peer.stats.packets_in += 1;
            peer.stats.bytes_in += bytes.len() as u64;
        }
        match (protocol, known) {
            (Protocol::Check, _) => self.on_check(path, bytes, now),
            // Nothing is relayed twice.
            (Protocol::Turn | Protocol::Channel, _) => Err(Dropped::BadTurn),
            (_, None) => Err(Dropped::UnknownAddress),
            (Protocol::Dtls, Some(key)) => self.on_dtls(key, bytes, now),
            (Protocol::Rtp, Some(key)) => self.on_rtp(key, bytes, now),
            (Protocol::Rtcp, Some(key)) => self.on_rtcp(key, bytes, now),
        }
    }

    /// What lies in a message of TURN goes on as if a socket had brought it to the candidate it is for.
    fn take_relayed(&mut self, opened: Option<Opened>, bytes: &mut [u8], now: Instant) -> Result<(), Dropped> {
        let Opened { allocation, candidate, range } = opened.ok_or(Dropped::BadTurn)?;
        let bytes = bytes.get_mut(range).ok_or(Dropped::BadTurn)?;
        let protocol = Protocol::of(bytes).ok_or(Dropped::NotMedia)?;
        let path = Path { remote: Remote::Relayed(allocation), local: Some(candidate) };
        self.take_media(protocol, path, bytes, now)
    }

    fn on_turn(&mut self, path: Path, bytes: &mut [u8], now: Instant) -> Result<(), Dropped> {
        let seen_as = self.seen_as(path.remote).ok_or(Dropped::UnknownAddress)?;
        let turn = self.turn.as_mut().ok_or(Dropped::BadStun)?;
        if turn::is_send(bytes) {
            let opened = turn.open_send(&path, bytes, &self.addresses);
            return self.take_relayed(opened, bytes, now);
        }
        let crypto = self.dtls.provider().crypto();
        let asked = Asked { client: path, seen_as, candidates: &self.addresses, crypto };
        let Outcome { answer, is_known, ended } = turn.handle(&asked, bytes, now).ok_or(Dropped::BadTurn)?;
        if let Some(bytes) = answer {
            self.control.push_back(Control { path, bytes });
        }
        if let (Remote::Connection(id), true) = (path.remote, is_known) {
            self.connections.prove(id);
        }
        ended.into_iter().for_each(|ended| self.lose(ended));
        Ok(())
    }

    /// An allocation is over, and so is the connection over which it was.
    fn lose(&mut self, ended: Ended) {
        if let Some(peer) = ended.peer.and_then(|key| self.peers.get_mut(key)) {
            peer.ice.forget(Remote::Relayed(ended.id));
        }
        if let Remote::Connection(id) = ended.client.remote {
            self.connections.end(id);
        }
    }

    pub(crate) fn lose_expired(&mut self, now: Instant) {
        while let Some(ended) = self.turn.as_mut().and_then(|turn| turn.pop_expired(now)) {
            self.lose(ended);
        }
    }

    /// The edge has a new connection; its datagrams come by [`Relay::receive`].
    pub fn open(&mut self, id: ConnectionId, from: SocketAddr, now: Instant) {
        self.connections.open(id, from, now);
    }

    /// A connection has ended. Its peer, if it has one, must find another path.
    pub fn close(&mut self, id: ConnectionId) {
        let remote = Remote::Connection(id);
        let owner = self.connections.closed(id);
        if let Some(peer) = owner.and_then(|key| self.peers.get_mut(key)) {
            peer.ice.forget(remote);
        }
        let client = Path { remote, local: None };
        if let Some(ended) = self.turn.as_mut().and_then(|turn| turn.client_gone(&client)) {
            self.lose(ended);
        }
    }

    /// What the edge has to do about its connections, until `None`.
    pub fn poll_connection(&mut self) -> Option<ConnectionNews> {
        self.connections.poll_news()
    }

    /// Credentials with which whoever has `seat` may relay from now on, for a while; `None` if nobody may.
    pub fn grant(&mut self, seat: SeatId, now: Instant) -> Option<TurnCredentials> {
        Some(self.turn.as_mut()?.grant(seat, now))
    }

    /// The media of `seat` is `peer` now: its relayed datagrams are for nobody else.
    pub fn sit(&mut self, seat: SeatId, peer: PeerId) {
        let key = self.peers.key_of(peer);
        if let (Some(turn), Some(key)) = (&mut self.turn, key) {
            turn.sit(seat, key);
        }
    }

    /// Nobody has `seat` any more: its credentials and relayed addresses are worth nothing from this instant.
    pub fn revoke(&mut self, seat: SeatId) {
        let ended = self.turn.as_mut().map(|turn| turn.revoke(seat)).unwrap_or_default();
        for ended in ended {
            // Nothing that waits may still leave for it.
            self.control.retain(|control| control.path != ended.client);
            self.lose(ended);
        }
    }

    fn on_check(&mut self, path: Path, bytes: &[u8], now: Instant) -> Result<(), Dropped> {
        let mut request = BindingRequest::parse(bytes).ok_or(Dropped::BadStun)?;
        let seen_as = self.seen_as(path.remote).ok_or(Dropped::UnknownAddress)?;
        if request.local_ufrag == probe::UFRAG {
            return self.on_probe(path, &mut request, seen_as);
        }
        let key = *self.by_ufrag.get(&request.local_ufrag).ok_or(Dropped::UnknownUfrag)?;
        let peer = self.peers.get_mut(key).ok_or(Dropped::UnknownUfrag)?;
        if request.remote_ufrag != peer.ice.remote_ufrag {
            return Err(Dropped::UnknownUfrag);
        }
        let crypto = self.dtls.provider().crypto();
        if !request.is_authentic(&peer.ice.local.password, crypto) {
            return Err(Dropped::BadIntegrity);
        }
        // Or whoever can listen on the way could send on what they heard, and have the media come to them.
        if peer.ice.is_echo(path, request.transaction()) {
            return Err(Dropped::Replayed);
        }
        // A relayed datagram comes from a seat, and that seat's own media is all it can be for.
        let is_own = |id| self.turn.as_ref().is_some_and(|turn| turn.is_for(id, key));
        if matches!(path.remote, Remote::Relayed(id) if !is_own(id)) {
            return Err(Dropped::BadTurn);
        }
        let response = request.response(seen_as, &peer.ice.local.password, crypto).ok_or(Dropped::BadStun)?;
        let checked = peer.ice.on_check(path, request.transaction(), request.nominates, now);
        let is_first = peer.handshake_until.is_none();
        if is_first {
            peer.handshake_until = Some(now + HANDSHAKE_MAX);
        }
        if peer.link == Link::Lost && peer.srtp.is_some() {
            peer.link = Link::Connected;
            self.events.push_back(Event::Connected { peer: peer.id });
            self.replan.insert(key);
        }
        if let Some(forgotten) = checked.forgotten {
            self.disown(forgotten);
        }
        if let Some(added) = checked.added
            && let Some(before) = self.own(added, key).filter(|before| *before != key)
            && let Some(other) = self.peers.get_mut(before)
        {
            // It moved to another peer: the newer proof counts.
            other.ice.forget(added);
        }
        self.control.push_back(Control { path, bytes: response });
        if is_first {
            self.arm(key, Timer::Dtls, now + HANDSHAKE_MAX);
        }
        self.arm(key, Timer::Consent, now + crate::ice::CONSENT_MAX);
        Ok(())
    }

    /// The operator's own question whether anything arrives here (`preau doctor`).
    fn on_probe(&mut self, path: Path, request: &mut BindingRequest, seen_as: SocketAddr) -> Result<(), Dropped> {
        let crypto = self.dtls.provider().crypto();
        let password = self.probe_password.as_deref().filter(|password| request.is_authentic(password, crypto));
        let password = password.ok_or(Dropped::BadIntegrity)?;
        let bytes = request.response(seen_as, password, crypto).ok_or(Dropped::BadStun)?;
        self.control.push_back(Control { path, bytes });
        if let Remote::Connection(id) = path.remote {
            self.connections.prove(id);
        }
        Ok(())
    }
}
