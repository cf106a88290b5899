//! The connections over which browsers come that UDP can't reach (RFC 6544): whose each is, and which have to end.

use crate::timers::PeerKey;
use crate::way::ConnectionId;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A browser checks as soon as it is connected. Whoever has proved nothing by then only holds a file open.
const PROOF_WITHIN: Duration = Duration::from_secs(5);

/// What the edge has to know of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionNews {
    /// Somebody with a seat is at its other end.
    Proved(ConnectionId),
    /// Nothing is expected of it any more: it is to be closed.
    Over(ConnectionId),
}

#[derive(Clone, Copy, Debug)]
struct Connection {
    /// What a check's answer tells the browser that it is seen as.
    from: SocketAddr,
    peer: Option<PeerKey>,
    is_proved: bool,
}

#[derive(Default)]
pub struct Connections {
    open: HashMap<ConnectionId, Connection>,
    /// Those that have still to prove themselves, oldest first. Some may have done so, or be gone.
    due: VecDeque<(Instant, ConnectionId)>,
    news: VecDeque<ConnectionNews>,
}

impl Connections {
    pub fn open(&mut self, id: ConnectionId, from: SocketAddr, now: Instant) {
        self.open.insert(id, Connection { from, peer: None, is_proved: false });
        self.due.push_back((now + PROOF_WITHIN, id));
    }

    /// The edge has closed it. Returns whose it was.
    pub fn closed(&mut self, id: ConnectionId) -> Option<PeerKey> {
        self.open.remove(&id)?.peer
    }

    /// Forgets it and has it closed.
    pub fn end(&mut self, id: ConnectionId) {
        if self.open.remove(&id).is_some() {
            self.news.push_back(ConnectionNews::Over(id));
        }
    }

    pub fn from(&self, id: ConnectionId) -> Option<SocketAddr> {
        self.open.get(&id).map(|connection| connection.from)
    }

    pub fn peer(&self, id: ConnectionId) -> Option<PeerKey> {
        self.open.get(&id)?.peer
    }

    /// A check of `peer` came over it. Returns whose it was before.
    pub fn own(&mut self, id: ConnectionId, peer: PeerKey) -> Option<PeerKey> {
        self.prove(id);
        self.open.get_mut(&id)?.peer.replace(peer)
    }

    /// Whoever is there has shown a secret of somebody seated.
    pub fn prove(&mut self, id: ConnectionId) {
        let Some(connection) = self.open.get_mut(&id) else { return };
        if !std::mem::replace(&mut connection.is_proved, true) {
            self.news.push_back(ConnectionNews::Proved(id));
        }
    }

    pub fn poll_news(&mut self) -> Option<ConnectionNews> {
        self.news.pop_front()
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due.front().map(|(at, _)| *at)
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((_, id)) = self.due.pop_front_if(|(at, _)| *at <= now) {
            if self.open.get(&id).is_some_and(|connection| !connection.is_proved) {
                self.end(id);
            }
        }
    }
}
