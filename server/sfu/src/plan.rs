//! The plan: which stream goes to which slot. Made anew when views, permits or streams change,
//! never for a packet.

use crate::allot::{Allotment, Demand, Layer, allot, drop_torn};
use crate::event::{Event, Pictures, SlotFill};
use crate::gaze::Gazer;
use crate::link::Reduced;
use crate::names::{PeerId, Role, RoomId, Source};
use crate::peer::{Feed, Link, Peer};
use crate::relay::Relay;
use crate::room::{Room, seat};
use crate::slot::{Entry, Slot, StreamId};
use crate::stream::{Route, layers};
use crate::timers::PeerKey;
use std::time::Instant;

impl Relay {
    /// Everybody in `room` gets a new plan at the next [`Relay::settle`].
    pub(crate) fn replan_room(&mut self, room: RoomId) {
        if let Some(room) = self.rooms.get(&room) {
            self.replan.extend(room.members.values());
        }
    }

    /// Something of what `sender` sends changes: everybody's plan may change if all hear it or see its screen, else
    /// that of whoever looks for it or has it in a slot. To be called while that is still so, or as soon as it is:
    /// a class in which everybody's microphone is open would otherwise plan for everybody each time one begins.
    pub(crate) fn replan_about(&mut self, room: RoomId, sender: PeerId) {
        let Some(members) = self.rooms.get(&room) else { return };
        if members.speakers.stage().contains(&sender) || members.screens.contains(&sender) {
            return self.replan_room(room);
        }
        let is_concerned = |key: &&PeerKey| {
            self.peers.get(**key).is_some_and(|peer| {
                let looks = peer.wanted.iter().any(|look| look.peer == sender);
                looks || peer.slots.iter().any(|slot| slot.person == Some(sender))
            })
        };
        self.replan.extend(members.members.values().filter(is_concerned));
    }

    /// Makes all plans that are due.
    pub(crate) fn settle(&mut self, now: Instant) {
        while let Some(receiver) = self.replan.pop_first() {
            self.plan(receiver, now);
        }
        self.tell_wants();
    }

    fn plan(&mut self, key: PeerKey, now: Instant) {
        let Some(receiver) = self.peers.get(key) else { return };
        if receiver.link != Link::Connected {
            self.clear_feeds(key, now);
            return;
        }
        let Some(room) = self.rooms.get(&receiver.room) else { return };
        let mut seats = self.seats(receiver, room);
        let wishes: Vec<Option<Wish>> = seats
            .iter()
            .zip(&receiver.slots)
            .map(|(person, slot)| self.wish(receiver, room, (*person)?, slot.source))
            .collect();
        let gazes = wishes.iter().flatten().filter_map(Wish::gaze).collect();
        let bps = receiver.downlink.as_ref().map_or(u64::MAX, |(_, downlink)| downlink.bps());
        let (allotment, reduced) = divide(&wishes, &receiver.slots, receiver.share.budget(bps, now));
        let aims: Vec<Option<Aim>> = wishes
            .iter()
            .zip(&allotment.chosen)
            .zip(&receiver.slots)
            .map(|((wish, at), slot)| {
                let wish = wish.as_ref()?;
                let stream = wish.layers.get((*at)?)?.stream;
                Some(Aim { publisher: wish.publisher, stream, entry: self.entry(wish.publisher, stream, slot) })
            })
            .collect();
        // A picture for which there is no room leaves its slot: better a name than a picture that stands still.
        for ((seat, wish), at) in seats.iter_mut().zip(&wishes).zip(&allotment.chosen) {
            if wish.as_ref().is_some_and(|wish| !wish.layers.is_empty()) && at.is_none() {
                *seat = None;
            }
        }
        if let Some(receiver) = self.peers.get_mut(key) {
            receiver.share.keep(&allotment, reduced, bps, now);
        }
        self.look_at(key, gazes, now);
        self.apply(key, &seats, &aims, now);
        self.probe(key, now);
    }

    /// Who sits in which slot, in the order of the slots.
    fn seats(&self, receiver: &Peer, room: &Room) -> Vec<Option<PeerId>> {
        let can_hear = |id: &PeerId, source: Source| {
            let sender = room.members.get(id).and_then(|key| self.peers.get(*key));
            *id != receiver.id
                && sender.is_some_and(|sender| {
                    sender.may_reach(source, receiver.role)
                        && sender.track(source).is_some()
                        && self.ration.allows(source, sender.role)
                })
        };
        let voices: Vec<PeerId> =
            room.speakers.stage().iter().copied().filter(|id| can_hear(id, Source::Microphone)).collect();
        let mut cameras: Vec<PeerId> =
            receiver.wanted.iter().map(|look| look.peer).filter(|id| can_hear(id, Source::Camera)).collect();
        let mut screen = room.screens.iter().rev().copied().find(|id| can_hear(id, Source::Screen));
        let sound = screen.filter(|id| can_hear(id, Source::ScreenAudio));
        match receiver.pictures {
            Pictures::All => {}
            Pictures::Few => cameras.truncate(1),
            Pictures::None => {
                cameras.clear();
                screen = None;
            }
        }
        let mut seats = vec![None; receiver.slots.len()];
        for source in Source::ALL {
            let wanted: Vec<PeerId> = match source {
                Source::Microphone => voices.clone(),
                Source::Camera => cameras.clone(),
                Source::Screen => screen.into_iter().collect(),
                Source::ScreenAudio => sound.into_iter().collect(),
            };
            let of_kind = || receiver.slots.iter().enumerate().filter(move |(_, slot)| slot.source == source);
            let before: Vec<Option<PeerId>> = of_kind().map(|(_, slot)| slot.person).collect();
            for ((at, _), person) in of_kind().zip(seat(&before, &wanted)) {
                seats[at] = person;
            }
        }
        seats
    }

    /// What could fill a slot in which `person` sits.
    fn wish(&self, receiver: &Peer, room: &Room, person: PeerId, source: Source) -> Option<Wish> {
        let publisher = *room.members.get(&person)?;
        let sender = self.peers.get(publisher)?;
        let look = receiver.wanted.iter().position(|look| look.peer == person);
        let height_px = match (source, receiver.pictures) {
            (Source::Camera, Pictures::All) => look.map_or(0, |at| receiver.wanted[at].height_px).max(1),
            // Small, but seen.
            (Source::Camera, _) => 1,
            _ => u16::MAX,
        };
        let height_px = self.ration.height_px(height_px);
        let rank = match (source, sender.role) {
            (Source::Microphone | Source::ScreenAudio, _) => Rank::Sound,
            (Source::Screen, _) => Rank::Screen,
            (Source::Camera, Role::Teacher) => Rank::Teacher(look),
            (Source::Camera, Role::Student) => Rank::Other(look),
        };
        let layers = layers(sender.streams_of(source), height_px);
        let mut layers = layers.iter().map(|stream| Layer { stream: stream.id, bps: stream.cost_bps() }).collect();
        let shown = receiver.slots.iter().find(|slot| slot.source == source && slot.person == Some(person));
        let loss = receiver.downlink.as_ref().map_or(0.0, |(_, downlink)| downlink.loss());
        drop_torn(&mut layers, shown.and_then(Slot::target), loss);
        Some(Wish { publisher, source, rank, height_px, layers })
    }

    /// How `stream` may enter a slot: spatial layers of one stream have one SSRC, and the smaller are part of the larger.
    fn entry(&self, publisher: PeerKey, stream: StreamId, slot: &Slot) -> Entry {
        let streams =
            self.peers.get(publisher).and_then(|peer| Some((peer.stream(stream)?, peer.stream(slot.showing()?)?)));
        match streams {
            Some((target, shown)) if target.ssrc == shown.ssrc && target.layer < shown.layer => Entry::NextPicture,
            _ => Entry::Keyframe,
        }
    }

    /// Keeps whom a receiver looks at, and tells those for whom that is news.
    fn look_at(&mut self, key: PeerKey, gazes: Vec<(PeerKey, Source, u16)>, now: Instant) {
        let Some(receiver) = self.peers.get_mut(key) else { return };
        if receiver.gazes == gazes {
            return;
        }
        let before = std::mem::replace(&mut receiver.gazes, gazes.clone());
        let ended = before
            .iter()
            .filter(|(publisher, source, _)| !gazes.iter().any(|(other, of, _)| (publisher, source) == (other, of)));
        let ended = ended.map(|(publisher, source, _)| (*publisher, *source, 0));
        for (publisher, source, height_px) in ended.chain(gazes.iter().copied()) {
            let Some(sender) = self.peers.get_mut(publisher) else { continue };
            if let Some(track) = sender.tracks.iter_mut().find(|track| track.source == source) {
                track.gazes.set(Gazer::Peer(key), height_px);
            }
            self.tell_wanted(publisher, now);
        }
    }

    /// Seats people, aims slots, routes streams, asks for keyframes, tells the receiver.
    fn apply(&mut self, key: PeerKey, seats: &[Option<PeerId>], aims: &[Option<Aim>], now: Instant) {
        let Some(receiver) = self.peers.get_mut(key) else { return };
        let mut feeds = Vec::new();
        let mut needy = Vec::new();
        let mut is_changed = false;
        for (i, (person, aim)) in seats.iter().zip(aims).enumerate() {
            let slot = &mut receiver.slots[i];
            is_changed |= slot.person != *person;
            match (person, aim) {
                (Some(person), Some(aim)) => {
                    let feed = |stream| Feed { publisher: aim.publisher, stream, slot: i as u16 };
                    if slot.aim(*person, aim.stream, aim.entry) {
                        needy.push(*aim);
                    }
                    feeds.push(feed(aim.stream));
                    // The layer shown goes on until the new one enters.
                    feeds.extend(slot.showing().filter(|showing| *showing != aim.stream).map(feed));
                }
                (Some(person), None) => slot.reserve(*person),
                (None, _) => slot.clear(),
            }
        }
        let before = std::mem::replace(&mut receiver.feeds, feeds.clone());
        if is_changed {
            self.events.push_back(slots_event(receiver));
        }
        for feed in before.iter().filter(|feed| !feeds.contains(feed)) {
            self.unroute(key, feed);
        }
        for feed in feeds.iter().filter(|feed| !before.contains(feed)) {
            if let Some(stream) = self.peers.get_mut(feed.publisher).and_then(|peer| peer.stream_mut(feed.stream)) {
                stream.routes.push(Route { receiver: key, slot: feed.slot });
                self.trunks.unsettled.insert(feed.publisher);
            }
        }
        for aim in needy {
            self.want_keyframe(aim.publisher, aim.stream, now);
        }
    }

    /// Nothing is routed to the receiver any more; its slots are empty.
    pub(crate) fn clear_feeds(&mut self, key: PeerKey, now: Instant) {
        self.look_at(key, Vec::new(), now);
        let Some(receiver) = self.peers.get_mut(key) else { return };
        for slot in &mut receiver.slots {
            slot.clear();
        }
        receiver.pending.clear();
        for feed in std::mem::take(&mut receiver.feeds) {
            self.unroute(key, &feed);
        }
    }

    fn unroute(&mut self, receiver: PeerKey, feed: &Feed) {
        if let Some(stream) = self.peers.get_mut(feed.publisher).and_then(|peer| peer.stream_mut(feed.stream)) {
            stream.routes.retain(|route| *route != Route { receiver, slot: feed.slot });
            self.trunks.unsettled.insert(feed.publisher);
        }
    }
}

/// Divides a way of `budget` among what could fill the slots: sound always, pictures by rank.
fn divide(wishes: &[Option<Wish>], slots: &[Slot], budget: u64) -> (Allotment, Reduced) {
    let mut chosen: Vec<Option<usize>> = vec![None; wishes.len()];
    let mut reserved = 0;
    let mut pictures: Vec<(usize, &Wish)> = Vec::new();
    for (i, wish) in wishes.iter().enumerate() {
        let Some(wish) = wish else { continue };
        let Some(last) = wish.layers.len().checked_sub(1) else { continue };
        if wish.rank == Rank::Sound {
            chosen[i] = Some(last);
            reserved += wish.layers[last].bps;
        } else {
            pictures.push((i, wish));
        }
    }
    pictures.sort_by_key(|(_, wish)| wish.rank);
    let demands: Vec<Demand> = pictures
        .iter()
        .map(|(i, wish)| Demand { layers: wish.layers.clone(), current: slots.get(*i).and_then(Slot::target) })
        .collect();
    let allotment = allot(&demands, reserved, budget);
    for ((i, _), at) in pictures.iter().zip(&allotment.chosen) {
        chosen[*i] = *at;
    }
    let shown = allotment.chosen.iter().flatten().count();
    let is_largest = |(demand, at): (&Demand, &Option<usize>)| at.is_some_and(|at| at + 1 == demand.layers.len());
    let reduced = if shown == 0 && !demands.is_empty() {
        Reduced::AudioOnly
    } else if shown < demands.len() {
        Reduced::Fewer
    } else if demands.iter().zip(&allotment.chosen).all(is_largest) {
        Reduced::Nothing
    } else {
        Reduced::Smaller
    };
    (Allotment { chosen, ..allotment }, reduced)
}

/// Sound before the screen before the teacher's camera before others, as they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Sound,
    Screen,
    Teacher(Option<usize>),
    Other(Option<usize>),
}

/// What could fill a slot.
struct Wish {
    publisher: PeerKey,
    source: Source,
    rank: Rank,
    height_px: u16,
    layers: Vec<Layer>,
}

impl Wish {
    fn gaze(&self) -> Option<(PeerKey, Source, u16)> {
        (!self.source.is_audio()).then_some((self.publisher, self.source, self.height_px))
    }
}

#[derive(Clone, Copy)]
struct Aim {
    publisher: PeerKey,
    stream: StreamId,
    entry: Entry,
}

fn slots_event(receiver: &Peer) -> Event {
    let fill = |slot: &crate::slot::Slot| SlotFill { mid: slot.mid, source: slot.source, from: slot.person };
    Event::Slots { peer: receiver.id, slots: receiver.slots.iter().map(fill).collect() }
}
