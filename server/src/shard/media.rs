//! Whose media the relay carries: peers by session, and back.

use std::collections::BTreeMap;
use std::time::Instant;

use preau_classroom::MediaPermit;
use preau_protocol::{ClassId, PersonId, SessionId};
use preau_sfu::{Audience, Event, PeerId, Permit, Relay, RoomId, SeatId, Source, TurnCredentials};

/// One peer of the relay, and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    pub class: ClassId,
    pub session: SessionId,
    pub person: PersonId,
}

pub struct Media {
    pub relay: Relay,
    owners: BTreeMap<PeerId, Owner>,
    peers: BTreeMap<SessionId, PeerId>,
    rooms: BTreeMap<RoomId, ClassId>,
    /// Those who asked for ways through.
    seats: BTreeMap<SessionId, SeatId>,
    next_seat: u64,
    next_peer: u64,
    next_room: u64,
}

impl Media {
    pub fn new(relay: Relay) -> Media {
        Media {
            relay,
            owners: BTreeMap::new(),
            peers: BTreeMap::new(),
            rooms: BTreeMap::new(),
            seats: BTreeMap::new(),
            next_seat: 1,
            next_peer: 1,
            next_room: 1,
        }
    }

    /// A room of the relay for a class that comes into session.
    pub fn open(&mut self, class: ClassId) -> RoomId {
        let room = RoomId(self.next_room);
        self.next_room += 1;
        self.rooms.insert(room, class);
        room
    }

    pub fn close(&mut self, room: RoomId) {
        self.rooms.remove(&room);
    }

    /// The class that a relay's event is about.
    pub fn class_of(&self, event: &Event) -> Option<ClassId> {
        match event {
            Event::Connected { peer }
            | Event::Disconnected { peer, .. }
            | Event::Publishes { peer }
            | Event::Slots { peer, .. }
            | Event::Link { peer, .. }
            | Event::Wanted { peer, .. } => self.owners.get(peer).map(|owner| owner.class),
            Event::Speaking { room, .. } => self.rooms.get(room).copied(),
        }
    }

    pub fn owner(&self, peer: PeerId) -> Option<Owner> {
        self.owners.get(&peer).copied()
    }

    pub fn peer(&self, session: SessionId) -> Option<PeerId> {
        self.peers.get(&session).copied()
    }

    /// A number for a session's media. It belongs to nobody until [`Media::keep`].
    pub fn fresh_peer(&mut self) -> PeerId {
        let peer = PeerId(self.next_peer);
        self.next_peer += 1;
        peer
    }

    pub fn keep(&mut self, peer: PeerId, owner: Owner) {
        if let Some(seat) = self.seats.get(&owner.session) {
            self.relay.sit(*seat, peer);
        }
        self.peers.insert(owner.session, peer);
        self.owners.insert(peer, owner);
    }

    /// Credentials with which the session may relay from now on, if anybody may.
    pub fn ways(&mut self, session: SessionId, now: Instant) -> Option<TurnCredentials> {
        let seat = *self.seats.entry(session).or_insert_with(|| {
            self.next_seat += 1;
            SeatId(self.next_seat)
        });
        let credentials = self.relay.grant(seat, now)?;
        if let Some(peer) = self.peer(session) {
            self.relay.sit(seat, peer);
        }
        Some(credentials)
    }

    /// The session has no seat any more: its media ends now, and every way to it.
    pub fn unseat(&mut self, session: SessionId, now: Instant) {
        self.remove(session, now);
        if let Some(seat) = self.seats.remove(&session) {
            self.relay.revoke(seat);
        }
    }

    /// The session's media ends now.
    pub fn remove(&mut self, session: SessionId, now: Instant) {
        if let Some(peer) = self.peers.remove(&session) {
            self.owners.remove(&peer);
            self.relay.remove(peer, now);
        }
    }

    /// Tells the relay what it may forward of a session.
    pub fn allow(&mut self, session: SessionId, permit: MediaPermit, now: Instant) {
        if let Some(peer) = self.peer(session) {
            self.relay.allow(peer, relay_permit(permit), now);
        }
    }
}

/// The class's words in the relay's: whoever may share a screen may let it be heard.
fn relay_permit(permit: MediaPermit) -> Permit {
    let sources = [
        (permit.microphone, Source::Microphone),
        (permit.camera, Source::Camera),
        (permit.screen, Source::Screen),
        (permit.screen, Source::ScreenAudio),
    ];
    Permit {
        sources: sources.into_iter().filter_map(|(allowed, source)| allowed.then_some(source)).collect(),
        audience: if permit.to_students { Audience::Everyone } else { Audience::Teachers },
    }
}
