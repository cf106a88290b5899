//! Virtual relayed addresses: who has one, at which end of which way, until when.
//!
//! An allocation has no socket. Its relayed address is a name for one browser's way, from ranges that no router
//! forwards (240.0.0.0/4, RFC 1112 §4; 100::/64, RFC 6666), and nothing is ever looked up by it: inside, an allocation
//! is its number, which no datagram can carry. So a forged source address reaches no allocation, and an allocation
//! reaches nothing but this relay.

use crate::names::SeatId;
use crate::timers::PeerKey;
use crate::way::{AllocationId, Path};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

/// The usual lifetime (RFC 8656 §3.2). Browsers renew a minute before.
pub const ALLOCATION_LIFE: Duration = Duration::from_secs(600);
/// RFC 8656 §12.
const CHANNEL_LIFE: Duration = Duration::from_secs(600);
/// A browser makes one for each of its interfaces and each way: two interfaces, two families, three ways.
const SEAT_ALLOCATIONS_MAX: usize = 12;
/// Some hundred bytes each: a school where everybody comes this way, with all that one browser tries.
const ALLOCATIONS_MAX: usize = 8_192;
/// One for each of our candidates, and browsers have no more of ours than that.
const CHANNELS_MAX: usize = 8;
/// Any port will do: the address alone tells relayed addresses apart.
const RELAYED_PORT: u16 = 3478;

/// A number that stands for one of our candidates (RFC 8656 §12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Channel {
    number: u16,
    candidate: SocketAddr,
    until: Instant,
}

#[derive(Clone, Debug)]
pub struct Allocation {
    pub client: Path,
    pub seat: SeatId,
    pub relayed: SocketAddr,
    /// Of the request that made it: a retransmission gets the same answer.
    pub transaction: [u8; 12],
    pub peer: Option<PeerKey>,
    until: Instant,
    channels: Vec<Channel>,
}

/// Why there is no allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAllocated {
    /// The way has one already.
    Mismatch,
    /// The seat has its share.
    Quota,
    Full,
}

/// Whom a relayed address is for.
pub struct Wanted {
    pub client: Path,
    pub seat: SeatId,
    pub transaction: [u8; 12],
    pub is_v6: bool,
}

#[derive(Default)]
pub struct Allocations {
    all: HashMap<AllocationId, Allocation>,
    by_client: HashMap<Path, AllocationId>,
    by_seat: BTreeMap<SeatId, Vec<AllocationId>>,
    expiries: BTreeSet<(Instant, AllocationId)>,
    made: u64,
}

impl Allocations {
    pub fn make(&mut self, wanted: Wanted, now: Instant) -> Result<&Allocation, NotAllocated> {
        if let Some(id) = self.by_client.get(&wanted.client) {
            let same = self.all.get(id).filter(|a| a.transaction == wanted.transaction && a.seat == wanted.seat);
            return same.ok_or(NotAllocated::Mismatch);
        }
        if self.all.len() == ALLOCATIONS_MAX {
            return Err(NotAllocated::Full);
        }
        let of_seat = self.by_seat.entry(wanted.seat).or_default();
        if of_seat.len() == SEAT_ALLOCATIONS_MAX {
            return Err(NotAllocated::Quota);
        }
        self.made += 1;
        let id = AllocationId(self.made);
        let until = now + ALLOCATION_LIFE;
        of_seat.push(id);
        self.by_client.insert(wanted.client, id);
        self.expiries.insert((until, id));
        let allocation = Allocation {
            client: wanted.client,
            seat: wanted.seat,
            relayed: relayed_address(self.made, wanted.is_v6),
            transaction: wanted.transaction,
            peer: None,
            until,
            channels: Vec::new(),
        };
        Ok(self.all.entry(id).or_insert(allocation))
    }

    pub fn id_of(&self, client: &Path) -> Option<AllocationId> {
        self.by_client.get(client).copied()
    }

    pub fn get(&self, id: AllocationId) -> Option<&Allocation> {
        self.all.get(&id)
    }

    pub fn renew(&mut self, id: AllocationId, now: Instant) {
        let Some(allocation) = self.all.get_mut(&id) else { return };
        self.expiries.remove(&(allocation.until, id));
        allocation.until = now + ALLOCATION_LIFE;
        self.expiries.insert((allocation.until, id));
    }

    pub fn end(&mut self, id: AllocationId) -> Option<Allocation> {
        let allocation = self.all.remove(&id)?;
        self.by_client.remove(&allocation.client);
        self.expiries.remove(&(allocation.until, id));
        if let Some(of_seat) = self.by_seat.get_mut(&allocation.seat) {
            of_seat.retain(|other| *other != id);
            if of_seat.is_empty() {
                self.by_seat.remove(&allocation.seat);
            }
        }
        Some(allocation)
    }

    pub fn of_seat(&self, seat: SeatId) -> Vec<AllocationId> {
        self.by_seat.get(&seat).cloned().unwrap_or_default()
    }

    /// Whose checks came through it. Returns whose did before.
    pub fn own(&mut self, id: AllocationId, peer: PeerKey) -> Option<PeerKey> {
        self.all.get_mut(&id)?.peer.replace(peer)
    }

    pub fn disown(&mut self, id: AllocationId) {
        if let Some(allocation) = self.all.get_mut(&id) {
            allocation.peer = None;
        }
    }

    /// Lets `number` stand for one of our candidates. False if either already stands for something else.
    pub fn bind(&mut self, id: AllocationId, number: u16, candidate: SocketAddr, now: Instant) -> bool {
        let Some(allocation) = self.all.get_mut(&id) else { return false };
        let until = now + CHANNEL_LIFE;
        allocation.channels.retain(|channel| channel.until > now);
        let is_same = |channel: &&mut Channel| channel.number == number || channel.candidate == candidate;
        let has_room = allocation.channels.len() < CHANNELS_MAX;
        match allocation.channels.iter_mut().find(is_same) {
            Some(channel) if channel.number == number && channel.candidate == candidate => channel.until = until,
            None if has_room => allocation.channels.push(Channel { number, candidate, until }),
            Some(_) | None => return false,
        }
        true
    }

    pub fn next_expiry(&self) -> Option<Instant> {
        self.expiries.first().map(|(at, _)| *at)
    }

    pub fn expired(&self, now: Instant) -> Option<AllocationId> {
        self.expiries.first().filter(|(at, _)| *at <= now).map(|(_, id)| *id)
    }
}

impl Allocation {
    pub fn candidate(&self, number: u16) -> Option<SocketAddr> {
        self.channels.iter().find(|channel| channel.number == number).map(|channel| channel.candidate)
    }

    pub fn channel(&self, candidate: SocketAddr) -> Option<u16> {
        self.channels.iter().find(|channel| channel.candidate == candidate).map(|channel| channel.number)
    }
}

fn relayed_address(number: u64, is_v6: bool) -> SocketAddr {
    if is_v6 {
        let [a, b, c, d] = [48, 32, 16, 0].map(|shift| (number >> shift) as u16);
        return SocketAddr::from((Ipv6Addr::new(0x100, 0, 0, 0, a, b, c, d), RELAYED_PORT));
    }
    // 2^28 of them, without the broadcast address.
    let low = (number % 0x0fff_ffff) as u32;
    SocketAddr::from((Ipv4Addr::from(0xf000_0000 | low), RELAYED_PORT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::way::{ConnectionId, Remote};

    fn wanted(client: u64, seat: u64) -> Wanted {
        let client = Path { remote: Remote::Connection(ConnectionId(client)), local: None };
        Wanted { client, seat: SeatId(seat), transaction: [client_byte(client); 12], is_v6: false }
    }

    fn client_byte(client: Path) -> u8 {
        let Remote::Connection(ConnectionId(number)) = client.remote else { return 0 };
        number as u8
    }

    #[test]
    fn a_seat_has_its_share_and_no_more() {
        let (mut table, now) = (Allocations::default(), Instant::now());
        for client in 0..SEAT_ALLOCATIONS_MAX as u64 {
            assert!(table.make(wanted(client, 1), now).is_ok());
        }
        assert_eq!(table.make(wanted(99, 1), now).err(), Some(NotAllocated::Quota));
        assert!(table.make(wanted(99, 2), now).is_ok());
    }

    #[test]
    fn the_table_is_bounded_and_ends_empty() {
        let (mut table, now) = (Allocations::default(), Instant::now());
        for client in 0..ALLOCATIONS_MAX as u64 {
            assert!(table.make(wanted(client, client), now).is_ok());
        }
        assert_eq!(table.make(wanted(9_999, 9_999), now).err(), Some(NotAllocated::Full));
        while let Some(id) = table.expired(now + ALLOCATION_LIFE) {
            table.end(id);
        }
        assert!(table.all.is_empty() && table.by_client.is_empty() && table.by_seat.is_empty());
        assert_eq!(table.next_expiry(), None);
    }

    #[test]
    fn a_channel_stands_for_one_candidate_until_it_ends() {
        let (mut table, now) = (Allocations::default(), Instant::now());
        table.make(wanted(1, 1), now).unwrap();
        let id = AllocationId(1);
        let (one, other) = ("192.0.2.1:1".parse().unwrap(), "192.0.2.2:1".parse().unwrap());
        assert!(table.bind(id, 0x4000, one, now) && table.bind(id, 0x4000, one, now));
        assert!(!table.bind(id, 0x4000, other, now) && !table.bind(id, 0x4001, one, now));
        assert!(table.bind(id, 0x4000, other, now + CHANNEL_LIFE));
        assert_eq!(table.get(id).unwrap().candidate(0x4000), Some(other));
        assert_eq!(table.get(id).unwrap().channel(one), None);
    }

    #[test]
    fn relayed_addresses_differ_and_lead_nowhere() {
        let addresses: BTreeSet<SocketAddr> = (1..1_000).map(|n| relayed_address(n, n % 2 == 0)).collect();
        assert_eq!(addresses.len(), 999);
        assert!(addresses.iter().all(|address| match address.ip() {
            std::net::IpAddr::V4(v4) => v4.octets()[0] >= 240 && !v4.is_broadcast(),
            std::net::IpAddr::V6(v6) => v6.segments()[..4] == [0x100, 0, 0, 0],
        }));
    }
}
