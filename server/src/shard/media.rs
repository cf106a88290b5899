//! Whose media is carried where: peers by session and back, for the classes that are at home here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use preau_classroom::MediaPermit;
use preau_protocol::{ClassId, PersonId, SessionId};
use preau_sfu::{
    Audience, Event, Look, Offer, PeerId, Permit, Pictures, Relay, RelayId, Role, RoomId, SeatId, Source, StandIn,
};

use super::calls::Call;
use super::carrier::Carrier;
use super::errand::{Errand, OfferErrand, Order, Report, Word};
use super::spread::{Loads, Spread};

/// Errands that other shards have not yet answered. They take a millisecond; so many are a shard that hangs.
const CALLS_MAX: usize = 16_384;

/// One peer of a relay, and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    pub class: ClassId,
    pub session: SessionId,
    pub person: PersonId,
}

/// One peer of a class that is at home here.
struct Peer {
    owner: Owner,
    room: RoomId,
    role: Role,
    /// The relay that has its transport.
    at: RelayId,
    permit: Permit,
    /// It has sent something: every relay of the class knows it.
    publishes: bool,
}

/// One session's media.
struct Placed {
    room: RoomId,
    at: RelayId,
    peer: Option<PeerId>,
    /// If it asked for ways through.
    seat: Option<SeatId>,
}

struct Room {
    class: ClassId,
    /// Sessions by where they are placed.
    people: BTreeMap<RelayId, usize>,
    publishers: BTreeSet<PeerId>,
}

pub struct Media {
    pub carrier: Carrier,
    own: RelayId,
    loads: Loads,
    peers: BTreeMap<PeerId, Peer>,
    sessions: BTreeMap<SessionId, Placed>,
    rooms: BTreeMap<RoomId, Room>,
    calls: BTreeMap<u64, (ClassId, Call)>,
    words: VecDeque<(RelayId, Word)>,
    numbers_given: u64,
}

impl Media {
    pub fn new(relay: Relay, own: RelayId, spread: Spread) -> Media {
        Media {
            carrier: Carrier::new(relay),
            own,
            loads: Loads::new(own, spread),
            peers: BTreeMap::new(),
            sessions: BTreeMap::new(),
            rooms: BTreeMap::new(),
            calls: BTreeMap::new(),
            words: VecDeque::new(),
            numbers_given: 0,
        }
    }

    /// A number that no shard of this process gives a second time; it says whose it is.
    fn fresh(&mut self) -> u64 {
        self.numbers_given += 1;
        u64::from(self.own.0) << 48 | self.numbers_given
    }

    /// A room of the relay for a class that comes into session.
    pub fn open(&mut self, class: ClassId) -> RoomId {
        let room = RoomId(self.fresh());
        self.rooms.insert(room, Room { class, people: BTreeMap::new(), publishers: BTreeSet::new() });
        room
    }

    pub fn close(&mut self, room: RoomId, now: Instant) {
        let Some(closed) = self.rooms.remove(&room) else { return };
        for at in closed.people.into_keys() {
            self.order(at, Order::Close { room }, now);
        }
    }

    /// The shard on which the class of an event is at home.
    pub fn home_of(event: &Event) -> RelayId {
        let number = match event {
            Event::Connected { peer }
            | Event::Disconnected { peer, .. }
            | Event::Publishes { peer }
            | Event::Slots { peer, .. }
            | Event::Link { peer, .. }
            | Event::Wanted { peer, .. } => peer.0,
            Event::Speaking { room, .. } => room.0,
        };
        RelayId((number >> 48) as u16)
    }

    /// The class that a relay's event is about, if it is at home here.
    pub fn class_of(&self, event: &Event) -> Option<ClassId> {
        match event {
            Event::Connected { peer }
            | Event::Disconnected { peer, .. }
            | Event::Publishes { peer }
            | Event::Slots { peer, .. }
            | Event::Link { peer, .. }
            | Event::Wanted { peer, .. } => self.peers.get(peer).map(|peer| peer.owner.class),
            Event::Speaking { room, .. } => self.rooms.get(room).map(|room| room.class),
        }
    }

    pub fn owner(&self, peer: PeerId) -> Option<Owner> {
        self.peers.get(&peer).map(|peer| peer.owner)
    }

    pub fn peer(&self, session: SessionId) -> Option<PeerId> {
        self.sessions.get(&session)?.peer
    }

    /// Where a session's media is carried: for as long as it is seated, where it was at first.
    fn place(&mut self, session: SessionId, room: RoomId, now: Instant) -> RelayId {
        if let Some(placed) = self.sessions.get(&session) {
            return placed.at;
        }
        let Some(people) = self.rooms.get_mut(&room).map(|room| &mut room.people) else { return self.own };
        let at = self.loads.place(people.get(&self.own).copied().unwrap_or(0), self.carrier.people());
        let count = people.entry(at).or_default();
        *count += 1;
        let is_first = *count == 1;
        self.sessions.insert(session, Placed { room, at, peer: None, seat: None });
        if is_first && at != self.own {
            self.introduce_all(room, at, now);
        }
        at
    }

    /// Tells a shard that is new to a class of everybody who sends.
    fn introduce_all(&mut self, room: RoomId, to: RelayId, now: Instant) {
        let publishers = self.rooms.get(&room).map(|room| room.publishers.clone()).unwrap_or_default();
        for peer in publishers {
            self.introduce(peer, to, now);
        }
    }

    fn introduce(&mut self, peer: PeerId, to: RelayId, now: Instant) {
        let Some(Peer { room, role, at, permit, .. }) = self.peers.get(&peer).filter(|peer| peer.at != to) else {
            return;
        };
        let who = StandIn { peer, room: *room, role: *role, at: *at };
        let permit = permit.clone();
        self.order(to, Order::StandIn { who, permit }, now);
    }

    /// Somebody sends for the first time: every relay of the class hears of them.
    pub fn publishes(&mut self, id: PeerId, now: Instant) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.publishes = true;
        if let Some(room) = self.rooms.get_mut(&peer.room) {
            room.publishers.insert(id);
        }
        for at in self.relays_with(id) {
            self.introduce(id, at, now);
        }
    }

    /// Every relay that may show what a peer sends, and the one that has it. Our own comes first: what is decided here
    /// is so here at once.
    fn relays_with(&self, peer: PeerId) -> BTreeSet<RelayId> {
        let Some(peer) = self.peers.get(&peer) else { return BTreeSet::new() };
        let Some(room) = self.rooms.get(&peer.room).filter(|_| peer.publishes) else { return [peer.at].into() };
        room.people.keys().copied().chain([peer.at, self.own]).collect()
    }

    fn order_everywhere(&mut self, peer: PeerId, order: impl Fn() -> Order, now: Instant) {
        let relays = self.relays_with(peer);
        if relays.contains(&self.own) {
            self.order(self.own, order(), now);
        }
        for at in relays.into_iter().filter(|at| *at != self.own).collect::<Vec<_>>() {
            self.order(at, order(), now);
        }
    }

    /// A new peer for a session. It belongs to the session from now on, and is silent until it has been answered.
    pub fn admit(&mut self, owner: Owner, room: RoomId, role: Role, permit: MediaPermit, now: Instant) -> PeerId {
        let peer = PeerId(self.fresh());
        let at = self.place(owner.session, room, now);
        if let Some(placed) = self.sessions.get_mut(&owner.session) {
            placed.peer = Some(peer);
        }
        self.peers.insert(peer, Peer { owner, room, role, at, permit: relay_permit(permit), publishes: false });
        peer
    }

    /// Answers an offer, now or later.
    pub fn offer(&mut self, peer: PeerId, offer: Offer, call: Call, now: Instant) -> Option<(Call, Report)> {
        let Peer { owner, room, role, at, permit, .. } = self.peers.get(&peer)?;
        let seat = self.sessions.get(&owner.session).and_then(|placed| placed.seat);
        let errand = OfferErrand { peer, room: *room, role: *role, offer, permit: permit.clone(), seat };
        self.ask(*at, Errand::Offer(Box::new(errand)), owner.class, call, now)
    }

    /// Credentials with which a session may relay from now on, if anybody may.
    pub fn ways(&mut self, owner: Owner, room: RoomId, call: Call, now: Instant) -> Option<(Call, Report)> {
        let at = self.place(owner.session, room, now);
        let fresh = SeatId(self.fresh());
        let placed = self.sessions.get_mut(&owner.session)?;
        let errand = Errand::Ways { seat: *placed.seat.get_or_insert(fresh), peer: placed.peer };
        self.ask(at, errand, owner.class, call, now)
    }

    /// A peer's way and slots in figures.
    pub fn inspect(&mut self, peer: PeerId, call: Call, now: Instant) -> Option<(Call, Report)> {
        let Peer { owner, at, .. } = self.peers.get(&peer)?;
        self.ask(*at, Errand::Inspect { peer }, owner.class, call, now)
    }

    /// Has an errand run. What comes of it comes back at once from our own relay, else by [`Media::hear`].
    fn ask(&mut self, at: RelayId, errand: Errand, class: ClassId, call: Call, now: Instant) -> Option<(Call, Report)> {
        if at == self.own {
            let report = self.carrier.run(errand, now);
            self.tell_load();
            return Some((call, report));
        }
        if self.calls.len() == CALLS_MAX {
            return Some((call, Report::Busy));
        }
        let number = self.fresh();
        self.calls.insert(number, (class, call));
        self.words.push_back((at, Word::Ask { number, errand }));
        None
    }

    fn order(&mut self, at: RelayId, order: Order, now: Instant) {
        if at == self.own {
            self.carrier.obey(order, now);
            self.tell_load();
        } else {
            self.words.push_back((at, Word::Do(order)));
        }
    }

    pub fn view(&mut self, peer: PeerId, looks: Vec<Look>, now: Instant) {
        if let Some(at) = self.peers.get(&peer).map(|peer| peer.at) {
            self.order(at, Order::View { peer, looks }, now);
        }
    }

    pub fn set_pictures(&mut self, peer: PeerId, pictures: Pictures, now: Instant) {
        if let Some(at) = self.peers.get(&peer).map(|peer| peer.at) {
            self.order(at, Order::Pictures { peer, pictures }, now);
        }
    }

    /// Tells every relay of the class what may be forwarded of a session.
    pub fn allow(&mut self, session: SessionId, permit: MediaPermit, now: Instant) {
        let Some(peer) = self.peer(session) else { return };
        let permit = relay_permit(permit);
        if let Some(known) = self.peers.get_mut(&peer) {
            known.permit = permit.clone();
        }
        self.order_everywhere(peer, || Order::Allow { peer, permit: permit.clone() }, now);
    }

    /// The session's media ends now, on every relay.
    pub fn remove(&mut self, session: SessionId, now: Instant) {
        let Some(peer) = self.sessions.get_mut(&session).and_then(|placed| placed.peer.take()) else { return };
        self.order_everywhere(peer, || Order::Remove { peer }, now);
        if let Some(room) = self.peers.remove(&peer).and_then(|peer| self.rooms.get_mut(&peer.room)) {
            room.publishers.remove(&peer);
        }
    }

    /// The session has no seat any more: its media ends now, and every way to it.
    pub fn unseat(&mut self, session: SessionId, now: Instant) {
        self.remove(session, now);
        let Some(Placed { room: id, at, seat, .. }) = self.sessions.remove(&session) else { return };
        if let Some(seat) = seat {
            self.order(at, Order::Revoke { seat }, now);
        }
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let left = room.people.get(&at).map_or(0, |count| count - 1);
        if left > 0 {
            room.people.insert(at, left);
        } else {
            room.people.remove(&at);
            if at != self.own {
                self.order(at, Order::Close { room: id }, now);
            }
        }
    }

    /// A word of another shard. Returns an answer to what a class had asked.
    pub fn hear(&mut self, from: RelayId, word: Word, now: Instant) -> Option<Heard> {
        match word {
            Word::Ask { number, errand } => {
                let report = self.carrier.run(errand, now);
                self.words.push_back((from, Word::Answer { number, report }));
                self.tell_load();
                None
            }
            Word::Answer { number, report } => {
                let (class, call) = self.calls.remove(&number)?;
                Some(Heard::Answer { class, call, report })
            }
            Word::Do(order) => {
                self.order(self.own, order, now);
                None
            }
            Word::Said(event) => Some(Heard::Said(event)),
            Word::Carries { people } => {
                self.loads.set(from, people);
                None
            }
        }
    }

    /// Somebody's home shall know what the relay said.
    pub fn tell_home(&mut self, home: RelayId, event: Event) {
        self.words.push_back((home, Word::Said(event)));
    }

    fn tell_load(&mut self) {
        let people = self.carrier.people();
        self.words.extend(self.loads.news(people).map(|to| (to, Word::Carries { people })));
    }

    /// What is for other shards, until `None`.
    pub fn poll_word(&mut self) -> Option<(RelayId, Word)> {
        self.words.pop_front()
    }
}

/// What another shard's word is about.
pub enum Heard {
    Answer { class: ClassId, call: Call, report: Report },
    Said(Event),
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
