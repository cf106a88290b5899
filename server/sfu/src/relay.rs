//! The relay: every peer and every room of a shard, and the doors to them.

use crate::answer::{self, Host, Use};
use crate::certificate::Certificate;
use crate::codec::Codec;
use crate::connections::Connections;
use crate::downlink::Downlink;
use crate::dtls::{Dtls, DtlsConfig};
use crate::event::{Event, Pictures, SlotStats};
use crate::ice::{Credentials, IceAgent};
use crate::names::{Mid, PeerId, RelayId, Role, RoomId, Source};
use crate::offer::{Offer, OfferError, ReceiveMids};
use crate::outbox::{Arena, Batch};
use crate::peer::{Link, Peer, Track};
use crate::peers::Peers;
use crate::permit::Permit;
use crate::ration::Ration;
use crate::room::Room;
use crate::session::{Extension, Kind, Session};
use crate::slot::{Slot, StreamId};
use crate::stats::{PeerStats, Stats};
use crate::timers::{PeerKey, Timers};
use crate::trunk::{News, Trunks};
use crate::turn::{Turn, TurnConfig};
use crate::way::{Path, Way};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// About one millisecond of a busy shard. The relay's buffers hold this many between two drains.
pub const BATCH_DATAGRAMS_MAX: usize = 256;

/// Three voices at once is what one can follow.
const AUDIO_SLOTS_MAX: usize = 3;
/// What a large screen shows and a laptop decodes.
const VIDEO_SLOTS_MAX: usize = 24;
/// Browsers take no longer from the answer to streams that receive.
const FRESH: Duration = Duration::from_millis(400);
/// A view is cut to this: more could not be shown.
const LOOKS_MAX: usize = 64;

/// What a relay is made of.
#[derive(Clone)]
pub struct RelayConfig {
    /// Which of this process's relays it is.
    pub id: RelayId,
    pub certificate: Certificate,
    /// Where browsers reach this shard's socket: the host candidates of every answer, best first.
    pub addresses: Vec<SocketAddr>,
    /// Seeds ufrags, passwords, SSRCs and first sequence numbers. From the system's randomness in
    /// production; DTLS keys never come from it.
    pub seed: [u8; 32],
    pub ways: Ways,
    /// Screens are asked for in a codec that browsers can send in spatial layers; else in what every browser decodes.
    pub screen_layers: Option<Layered>,
}

/// A codec whose spatial layers are taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layered {
    Vp9,
    Av1,
}

/// The ways to this relay besides UDP. By default there are none.
#[derive(Clone, Default)]
pub struct Ways {
    /// The edge also accepts TCP at the addresses above (RFC 6544).
    pub has_tcp: bool,
    pub turn: Option<TurnConfig>,
    /// Answers [`Probe`](crate::Probe)s made with this.
    pub probe_password: Option<String>,
}

/// One camera somebody wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub peer: PeerId,
    /// How high it is shown, in device pixels: decides the simulcast layer.
    pub height_px: u16,
}

/// Datagrams for one receiver.
#[derive(Debug, PartialEq, Eq)]
pub struct Transmit<'a> {
    pub to: Way,
    /// The local address to send from: the one the receiver's checks came to, if it was known.
    pub from: Option<IpAddr>,
    pub contents: &'a [u8],
    /// If set, `contents` is a run of datagrams of this size each (the last may be shorter), at
    /// most 64 of them and 60 kB in all: one GSO send.
    pub segment_size: Option<usize>,
}

/// A small datagram of our own: an answer to a check, a DTLS flight, feedback.
pub(crate) struct Control {
    pub path: Path,
    pub bytes: Vec<u8>,
}

pub struct Relay {
    pub(crate) id: RelayId,
    pub(crate) addresses: Vec<SocketAddr>,
    has_tcp: bool,
    screen_layers: Option<Layered>,
    fingerprint: String,
    rng: ChaCha20Rng,
    pub(crate) dtls: DtlsConfig,
    pub(crate) peers: Peers,
    pub(crate) by_ufrag: HashMap<String, PeerKey>,
    pub(crate) by_address: HashMap<SocketAddr, PeerKey>,
    pub(crate) connections: Connections,
    pub(crate) turn: Option<Turn>,
    pub(crate) probe_password: Option<String>,
    pub(crate) rooms: BTreeMap<RoomId, Room>,
    pub(crate) timers: Timers,
    pub(crate) batch: Batch,
    pub(crate) arena: Arena,
    pub(crate) control: VecDeque<Control>,
    /// The control datagram that `poll_transmit` lent out last.
    pub(crate) lent: Vec<u8>,
    /// What it lent out last through an allocation.
    pub(crate) wrapped: Vec<u8>,
    /// Receivers with pending packets.
    pub(crate) receivers: VecDeque<PeerKey>,
    /// Receivers whose slots are to be planned anew.
    pub(crate) replan: BTreeSet<PeerKey>,
    pub(crate) events: VecDeque<Event>,
    /// Numbers no other relay of this process gives.
    pub(crate) streams_made: u64,
    pub(crate) trunks: Trunks,
    pub(crate) ration: Ration,
    /// When what waits to be sealed leaves; `None`: at once.
    pub(crate) media_due: Option<Instant>,
    /// The last instant that the caller named.
    pub(crate) now: Option<Instant>,
    /// The instant that is zero on the relay's own NTP time line.
    pub(crate) epoch: Option<Instant>,
    pub(crate) stats: Stats,
}

impl Layered {
    fn codec(self) -> Codec {
        match self {
            Layered::Vp9 => Codec::Vp9,
            Layered::Av1 => Codec::Av1,
        }
    }
}

impl Relay {
    pub fn new(config: RelayConfig) -> Relay {
        Relay {
            id: config.id,
            fingerprint: config.certificate.fingerprint(),
            dtls: DtlsConfig::new(&config.certificate),
            addresses: config.addresses,
            has_tcp: config.ways.has_tcp,
            screen_layers: config.screen_layers,
            rng: ChaCha20Rng::from_seed(config.seed),
            peers: Peers::default(),
            by_ufrag: HashMap::new(),
            by_address: HashMap::new(),
            connections: Connections::default(),
            turn: config.ways.turn.map(Turn::new),
            probe_password: config.ways.probe_password,
            rooms: BTreeMap::new(),
            timers: Timers::default(),
            batch: Batch::new(),
            arena: Arena::new(),
            control: VecDeque::new(),
            lent: Vec::new(),
            wrapped: Vec::new(),
            receivers: VecDeque::new(),
            replan: BTreeSet::new(),
            events: VecDeque::new(),
            streams_made: u64::from(config.id.0) << 48,
            trunks: Trunks::default(),
            ration: Ration::Everything,
            media_due: None,
            now: None,
            epoch: None,
            stats: Stats::default(),
        }
    }

    /// Answers `peer`'s offer. The first one makes the peer, silent until it is allowed; a later one
    /// may restart ICE or change directions, no more.
    pub fn answer(
        &mut self,
        peer: PeerId,
        room: RoomId,
        role: Role,
        offer: &Offer,
        now: Instant,
    ) -> Result<String, OfferError> {
        let mut session = Session::parse(&offer.sdp)?;
        if let (Some(mid), Some(layered)) = (offer.send.get(&Source::Screen), self.screen_layers) {
            session.prefer(mid, layered.codec());
        }
        let roles = assign_sections(&session, offer)?;
        let key = match self.peers.key_of(peer) {
            Some(key) => self.renew(key, room, &session, &roles)?,
            None => self.admit((peer, room, role), &Accepted { session: &session, offer, roles: &roles }, now),
        };
        self.write_answer(key, &session)
    }

    fn admit(&mut self, (id, room, role): (PeerId, RoomId, Role), accepted: &Accepted<'_>, now: Instant) -> PeerKey {
        let Accepted { session, offer, roles } = *accepted;
        let local = Credentials::draw(&mut self.rng);
        let key = self.peers.reserve();
        self.by_ufrag.insert(local.ufrag.clone(), key);
        let mut slots = Vec::with_capacity(slots_of(&offer.receive).count());
        for (mid, source) in slots_of(&offer.receive) {
            if let Some(section) = session.section(mid) {
                slots.push(self.draw_slot(section, source, &slots));
            }
        }
        let mut extensions = [None; Extension::ALL.len()];
        for section in &session.sections {
            for (extension, id) in &section.extensions {
                extensions[*extension as usize].get_or_insert(*id);
            }
        }
        let section_use = |(section, role): (&crate::session::Section, &Option<SectionRole>)| {
            let slot = slots.iter().find(|slot: &&Slot| slot.mid == section.mid);
            let section_use = match (role, slot) {
                (Some(SectionRole::Sent(_)), _) => Use::Sent,
                (Some(SectionRole::Slot), Some(slot)) => {
                    Use::Slot { source: slot.source, ssrc: slot.ssrc, rtx_ssrc: slot.rtx_ssrc }
                }
                _ => Use::Unused,
            };
            (section.mid, section_use)
        };
        let sections = session.sections.iter().zip(roles).map(section_use).collect();
        // Whoever reports the arrivals of one slot reports those of all: it is one transport.
        let mut slot_sections = slots.iter().filter_map(|slot| session.section(&slot.mid));
        let reports = slot_sections.find_map(|section| section.extensions.get(&Extension::TransportCc).copied());
        let tracks = session.sections.iter().zip(roles).filter_map(|(section, role)| match role {
            Some(SectionRole::Sent(source)) => Some(Track::new(*source, section)),
            _ => None,
        });
        self.peers.insert(Peer {
            ice: IceAgent::new(local, session.ufrag.clone()),
            dtls: Some(Box::new(Dtls::new(&self.dtls))),
            fingerprints: session.fingerprints.clone(),
            sections,
            extensions,
            tracks: tracks.collect(),
            slots,
            downlink: reports.map(|id| (id, Box::new(Downlink::new(now)))),
            ..Peer::new((id, room, role), key, Link::New, now)
        });
        self.rooms.entry(room).or_default().members.insert(id, key);
        self.replan_about(room, id);
        self.settle(now);
        key
    }

    fn draw_slot(&mut self, section: &crate::session::Section, source: Source, others: &[Slot]) -> Slot {
        let mut fresh = || loop {
            let ssrc = self.rng.random::<u32>();
            let is_taken = others.iter().any(|slot| slot.ssrc == ssrc || slot.rtx_ssrc == ssrc);
            if ssrc > crate::report::OUR_SSRC && !is_taken {
                return ssrc;
            }
        };
        let (ssrc, mut rtx_ssrc) = (fresh(), fresh());
        if rtx_ssrc == ssrc {
            rtx_ssrc ^= 0x8000_0000;
        }
        let (index, timestamp) = (self.rng.random::<u16>(), self.rng.random::<u32>());
        let mut slot = Slot::new(section.mid, source, ssrc, rtx_ssrc, index, timestamp);
        slot.descriptor_id = section.extensions.get(&Extension::Dependency).copied();
        for offered in &section.codecs {
            slot.set_payload_type(offered.codec, offered.payload_type, offered.rtx);
        }
        slot
    }

    /// A later offer: the same sections, perhaps a new ufrag (RFC 8445 §9).
    fn renew(
        &mut self,
        key: PeerKey,
        room: RoomId,
        session: &Session,
        roles: &[Option<SectionRole>],
    ) -> Result<PeerKey, OfferError> {
        let Some(peer) = self.peers.get_mut(key) else { return Err(OfferError::OtherRoom) };
        if peer.room != room {
            return Err(OfferError::OtherRoom);
        }
        if peer.fingerprints != session.fingerprints {
            return Err(OfferError::FingerprintChanged);
        }
        let is_same = peer.sections.len() == session.sections.len()
            && peer.sections.iter().zip(&session.sections).zip(roles).all(|(((mid, earlier), section), role)| {
                let is_same_use = matches!(
                    (earlier, role),
                    (Use::Sent, Some(SectionRole::Sent(_)))
                        | (Use::Slot { .. }, Some(SectionRole::Slot))
                        | (Use::Unused, None)
                );
                *mid == section.mid && is_same_use
            });
        if !is_same {
            return Err(OfferError::SectionsChanged);
        }
        for track in &mut peer.tracks {
            if let Some(section) = session.section(&track.mid) {
                // A replaced track may announce another SSRC.
                track.ssrcs.clone_from(&section.ssrcs);
            }
        }
        if peer.ice.remote_ufrag != session.ufrag {
            let local = Credentials::draw(&mut self.rng);
            self.by_ufrag.remove(&peer.ice.local.ufrag);
            self.by_ufrag.insert(local.ufrag.clone(), key);
            peer.ice.restart(local, session.ufrag.clone());
        }
        Ok(key)
    }

    fn write_answer(&mut self, key: PeerKey, session: &Session) -> Result<String, OfferError> {
        let Some(peer) = self.peers.get_mut(key) else { return Err(OfferError::OtherRoom) };
        peer.answers += 1;
        let uses: Vec<Use> = peer.sections.iter().map(|(_, section_use)| *section_use).collect();
        let host = Host { fingerprint: &self.fingerprint, addresses: &self.addresses, has_tcp: self.has_tcp };
        Ok(answer::write(session, &uses, &peer.ice.local, peer.answers, &host))
    }

    /// What `peer` may send from now on, and to whom. Unknown peers are ignored.
    pub fn allow(&mut self, peer: PeerId, permit: Permit, now: Instant) {
        let Some(key) = self.peers.key_of(peer) else { return };
        let Some(sender) = self.peers.get_mut(key) else { return };
        if sender.permit == permit {
            return;
        }
        let could_show = sender.may_send(Source::Screen);
        sender.permit = permit;
        let may_speak = sender.may_send(Source::Microphone);
        let shows = sender.may_send(Source::Screen) && sender.flows(Source::Screen);
        let room_id = sender.room;
        self.replan_about(room_id, peer);
        if let Some(room) = self.rooms.get_mut(&room_id) {
            if !may_speak {
                room.speakers.remove(peer);
            }
            if !shows {
                room.end_screen(peer);
            } else if !could_show {
                room.begin_screen(peer);
            }
        }
        self.replan_about(room_id, peer);
        self.settle(now);
    }

    /// Makes `peer` a teacher or a student for [`Audience::Teachers`](crate::Audience::Teachers).
    pub fn set_role(&mut self, peer: PeerId, role: Role, now: Instant) {
        let Some(key) = self.peers.key_of(peer) else { return };
        let Some(receiver) = self.peers.get_mut(key) else { return };
        receiver.role = role;
        self.replan.insert(key);
        self.settle(now);
    }

    /// The cameras `peer` wants in its video slots, most important first. Who has a slot and is
    /// still wanted stays in it.
    pub fn view(&mut self, peer: PeerId, wanted: &[Look], now: Instant) {
        let Some(key) = self.peers.key_of(peer) else { return };
        let Some(receiver) = self.peers.get_mut(key) else { return };
        receiver.wanted = wanted[..wanted.len().min(LOOKS_MAX)].to_vec();
        self.replan.insert(key);
        self.settle(now);
        self.show_again(key, now);
    }

    /// A page says what it looks at as soon as its streams exist: a picture that entered just before had no place
    /// there, and its browser would take a fifth of a second to notice.
    fn show_again(&mut self, key: PeerKey, now: Instant) {
        let Some(receiver) = self.peers.get(key) else { return };
        let is_fresh = |feed: &&crate::peer::Feed| {
            let slot = &receiver.slots[usize::from(feed.slot)];
            let entered_at = slot.entered_at.filter(|_| slot.showing() == Some(feed.stream));
            entered_at.is_some_and(|at| now.saturating_duration_since(at) < FRESH)
        };
        let fresh: Vec<(PeerKey, StreamId)> =
            receiver.feeds.iter().filter(is_fresh).map(|feed| (feed.publisher, feed.stream)).collect();
        for (publisher, stream) in fresh {
            self.want_keyframe(publisher, stream, now);
        }
    }

    /// Which pictures `peer` wants at all: chosen by hand.
    pub fn set_pictures(&mut self, peer: PeerId, pictures: Pictures, now: Instant) {
        let Some(key) = self.peers.key_of(peer) else { return };
        let Some(receiver) = self.peers.get_mut(key) else { return };
        receiver.pictures = pictures;
        self.replan.insert(key);
        self.settle(now);
    }

    /// Silence in both directions from this instant; credentials and addresses are forgotten.
    pub fn remove(&mut self, peer: PeerId, now: Instant) {
        let Some(key) = self.peers.key_of(peer) else { return };
        self.clear_feeds(key, now);
        let Some(mut gone) = self.peers.remove(key) else { return };
        self.by_ufrag.remove(&gone.ice.local.ufrag);
        for remote in gone.ice.forget_all() {
            self.disown(remote);
            // Nothing that waits may still leave for it.
            self.control.retain(|control| control.path.remote != remote);
            self.arena.forget(remote);
        }
        self.replan.remove(&key);
        if let Link::Elsewhere(at) = gone.link {
            self.trunks.tell(at, News::Unwatch { peer });
        }
        self.replan_about(gone.room, peer);
        if let Some(room) = self.rooms.get_mut(&gone.room) {
            room.leave(peer);
            if room.members.is_empty() {
                self.rooms.remove(&gone.room);
            }
        }
        self.settle(now);
    }

    /// The next event, until `None`.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// A peer's receive slots in figures, in the order of its offer; empty for an unknown peer.
    pub fn slots(&self, peer: PeerId) -> Vec<SlotStats> {
        let Some(receiver) = self.peers.key_of(peer).and_then(|key| self.peers.get(key)) else { return Vec::new() };
        let figures = |slot: &Slot| {
            let feed = receiver.feeds.iter().find(|feed| Some(feed.stream) == slot.showing());
            let stream = feed.and_then(|feed| self.peers.get(feed.publisher)?.stream(feed.stream));
            SlotStats {
                mid: slot.mid,
                source: slot.source,
                from: slot.person,
                kbps: stream.map_or(0, |stream| (stream.reception.bits_per_second / 1000) as u32),
                height_px: stream.and_then(|stream| stream.height_px),
                loss: slot.loss,
            }
        };
        receiver.slots.iter().map(figures).collect()
    }

    pub fn peer_stats(&self, peer: PeerId) -> Option<PeerStats> {
        let key = self.peers.key_of(peer)?;
        self.peers.get(key).map(|peer| peer.stats)
    }
}

/// An offer that passed all checks, read.
struct Accepted<'a> {
    session: &'a Session,
    offer: &'a Offer,
    roles: &'a [Option<SectionRole>],
}

/// What the offer says a section is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SectionRole {
    Sent(Source),
    Slot,
}

fn slots_of(receive: &ReceiveMids) -> impl Iterator<Item = (&Mid, Source)> {
    let audio = receive.audio.iter().map(|mid| (mid, Source::Microphone));
    let screen_audio = receive.screen_audio.iter().map(|mid| (mid, Source::ScreenAudio));
    let screen = receive.screen.iter().map(|mid| (mid, Source::Screen));
    let video = receive.video.iter().map(|mid| (mid, Source::Camera));
    audio.chain(screen_audio).chain(screen).chain(video)
}

/// Checks what the offer says of its sections against the sections themselves.
fn assign_sections(session: &Session, offer: &Offer) -> Result<Vec<Option<SectionRole>>, OfferError> {
    let receive = &offer.receive;
    if receive.audio.len() > AUDIO_SLOTS_MAX || receive.video.len() > VIDEO_SLOTS_MAX {
        return Err(OfferError::TooManySlots);
    }
    let mut roles = vec![None; session.sections.len()];
    let sent = offer.send.iter().map(|(source, mid)| (mid, *source, SectionRole::Sent(*source)));
    let slots = slots_of(receive).map(|(mid, source)| (mid, source, SectionRole::Slot));
    for (mid, source, role) in sent.chain(slots) {
        let unknown = || OfferError::UnknownMid(mid.to_string());
        let at = session.sections.iter().position(|section| section.mid == *mid).ok_or_else(unknown)?;
        let section = &session.sections[at];
        let kind = if source.is_audio() { Kind::Audio } else { Kind::Video };
        if section.kind != kind {
            return Err(unknown());
        }
        if section.codecs.is_empty() {
            return Err(OfferError::NoCodec(mid.to_string()));
        }
        if roles[at].replace(role).is_some() {
            return Err(OfferError::MidTwice(mid.to_string()));
        }
    }
    Ok(roles)
}
