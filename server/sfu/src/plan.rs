//! The plan: which stream goes to which slot. Made anew when views, permits or streams change,
//! never for a packet.

use crate::event::{Event, SlotFill};
use crate::names::{PeerId, RoomId, Source};
use crate::peer::{Feed, Link, Peer};
use crate::relay::Relay;
use crate::room::{Room, seat};
use crate::slot::StreamId;
use crate::stream::{Route, choose_layer};
use crate::timers::PeerKey;
use std::time::Instant;

impl Relay {
    /// Everybody in `room` gets a new plan at the next [`Relay::settle`].
    pub(crate) fn replan_room(&mut self, room: RoomId) {
        if let Some(room) = self.rooms.get(&room) {
            self.replan.extend(room.members.values());
        }
    }

    /// Makes all plans that are due.
    pub(crate) fn settle(&mut self, now: Instant) {
        while let Some(receiver) = self.replan.pop_first() {
            self.plan(receiver, now);
        }
    }

    fn plan(&mut self, key: PeerKey, now: Instant) {
        let Some(receiver) = self.peers.get(key) else { return };
        if receiver.link != Link::Connected {
            self.clear_feeds(key);
            return;
        }
        let Some(room) = self.rooms.get(&receiver.room) else { return };
        let seats = self.seats(receiver, room);
        let aims: Vec<Option<Aim>> = seats
            .iter()
            .zip(&receiver.slots)
            .map(|(person, slot)| self.aim(receiver, room, (*person)?, slot.source))
            .collect();
        self.apply(key, &seats, &aims, now);
    }

    /// Who sits in which slot, in the order of the slots.
    fn seats(&self, receiver: &Peer, room: &Room) -> Vec<Option<PeerId>> {
        let can_hear = |id: &PeerId, source: Source| {
            let sender = room.members.get(id).and_then(|key| self.peers.get(*key));
            *id != receiver.id
                && sender
                    .is_some_and(|sender| sender.may_reach(source, receiver.role) && sender.track(source).is_some())
        };
        let voices: Vec<PeerId> =
            room.speakers.stage().iter().copied().filter(|id| can_hear(id, Source::Microphone)).collect();
        let cameras: Vec<PeerId> =
            receiver.wanted.iter().map(|look| look.peer).filter(|id| can_hear(id, Source::Camera)).collect();
        let screen = room.screens.iter().rev().copied().find(|id| can_hear(id, Source::Screen));
        let sound = screen.filter(|id| can_hear(id, Source::ScreenAudio));
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

    /// The stream that shows `person` in a slot.
    fn aim(&self, receiver: &Peer, room: &Room, person: PeerId, source: Source) -> Option<Aim> {
        let publisher = *room.members.get(&person)?;
        let sender = self.peers.get(publisher)?;
        let height_px = match source {
            Source::Camera => receiver.wanted.iter().find(|look| look.peer == person).map_or(0, |look| look.height_px),
            _ => u16::MAX,
        };
        let stream = choose_layer(sender.streams_of(source), height_px)?;
        Some(Aim { publisher, stream })
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
                    if slot.aim(*person, aim.stream) {
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
            }
        }
        for aim in needy {
            self.want_keyframe(aim.publisher, aim.stream, now);
        }
    }

    /// Nothing is routed to the receiver any more; its slots are empty.
    pub(crate) fn clear_feeds(&mut self, key: PeerKey) {
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
        }
    }
}

#[derive(Clone, Copy)]
struct Aim {
    publisher: PeerKey,
    stream: StreamId,
}

fn slots_event(receiver: &Peer) -> Event {
    let fill = |slot: &crate::slot::Slot| SlotFill { mid: slot.mid.clone(), source: slot.source, from: slot.person };
    Event::Slots { peer: receiver.id, slots: receiver.slots.iter().map(fill).collect() }
}
