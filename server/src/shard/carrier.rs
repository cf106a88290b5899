//! The media that one shard carries: of its own classes' people, and of other shards' that are too many for theirs.

use std::collections::BTreeSet;
use std::time::Instant;

use preau_sfu::{PeerId, Relay};

use super::errand::{Errand, OfferErrand, Order, Report};

pub struct Carrier {
    pub relay: Relay,
    people: BTreeSet<PeerId>,
}

impl Carrier {
    pub fn new(relay: Relay) -> Carrier {
        Carrier { relay, people: BTreeSet::new() }
    }

    /// Whose media is carried here.
    pub fn people(&self) -> usize {
        self.people.len()
    }

    pub fn run(&mut self, errand: Errand, now: Instant) -> Report {
        match errand {
            Errand::Offer(errand) => {
                let OfferErrand { peer, room, role, offer, permit, seat } = *errand;
                let answer = self.relay.answer(peer, room, role, &offer, now);
                if answer.is_ok() {
                    self.people.insert(peer);
                    if let Some(seat) = seat {
                        self.relay.sit(seat, peer);
                    }
                    self.relay.allow(peer, permit, now);
                }
                Report::Offer(answer)
            }
            Errand::Ways { seat, peer } => {
                let credentials = self.relay.grant(seat, now);
                if let (Some(_), Some(peer)) = (&credentials, peer) {
                    self.relay.sit(seat, peer);
                }
                Report::Ways(credentials)
            }
            Errand::Inspect { peer } => Report::Inspect { link: self.relay.link(peer), slots: self.relay.slots(peer) },
        }
    }

    pub fn obey(&mut self, order: Order, now: Instant) {
        match order {
            Order::Allow { peer, permit } => self.relay.allow(peer, permit, now),
            Order::View { peer, looks } => self.relay.view(peer, &looks, now),
            Order::Pictures { peer, pictures } => self.relay.set_pictures(peer, pictures, now),
            Order::Remove { peer } => {
                self.people.remove(&peer);
                self.relay.remove(peer, now);
            }
            Order::Revoke { seat } => self.relay.revoke(seat),
            Order::StandIn { who, permit } => self.relay.stand_in(who, permit, now),
            Order::Close { room } => self.relay.close_room(room, now),
        }
    }
}
