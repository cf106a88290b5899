//! The table of all peers: found in constant time by key, in order by id.

use crate::names::PeerId;
use crate::peer::Peer;
use crate::timers::PeerKey;
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Peers {
    places: Vec<Option<Box<Peer>>>,
    free: Vec<u32>,
    by_id: BTreeMap<PeerId, PeerKey>,
    serials_given: u64,
}

impl Peers {
    /// A key for the peer that [`Peers::insert`] brings next.
    pub fn reserve(&mut self) -> PeerKey {
        self.serials_given += 1;
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            u32::try_from(self.places.len() - 1).expect("fewer than 2^32 peers fit in memory")
        });
        PeerKey { place, serial: self.serials_given }
    }

    pub fn insert(&mut self, peer: Peer) {
        self.by_id.insert(peer.id, peer.key);
        let place = peer.key.place as usize;
        self.places[place] = Some(Box::new(peer));
    }

    pub fn remove(&mut self, key: PeerKey) -> Option<Box<Peer>> {
        self.get(key)?;
        let peer = self.places.get_mut(key.place as usize)?.take()?;
        self.by_id.remove(&peer.id);
        self.free.push(key.place);
        Some(peer)
    }

    pub fn key_of(&self, id: PeerId) -> Option<PeerKey> {
        self.by_id.get(&id).copied()
    }

    /// `None` if the peer is gone, even if another has its place.
    pub fn get(&self, key: PeerKey) -> Option<&Peer> {
        self.places.get(key.place as usize)?.as_deref().filter(|peer| peer.key == key)
    }

    pub fn get_mut(&mut self, key: PeerKey) -> Option<&mut Peer> {
        self.places.get_mut(key.place as usize)?.as_deref_mut().filter(|peer| peer.key == key)
    }
}
