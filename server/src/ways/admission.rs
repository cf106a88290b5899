//! How many connections there may be, and how many of them from people nobody knows yet.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections at a time: with those of the pages they stay below the usual limit of 20,000 open files.
const CONNECTIONS_MAX: usize = 3_072;
/// Guests of one network at a time. They are guests for a moment only: a school of 1,200 behind one address that comes
/// within a minute has some fifty. Nobody there is shut out by fewer half-open connections than this.
const GUESTS_MAX: usize = 256;

/// The one count of all listeners.
pub struct Admission {
    places: Arc<Semaphore>,
    guests: Arc<Guests>,
}

type Guests = Mutex<HashMap<IpAddr, usize>>;

impl Default for Admission {
    fn default() -> Admission {
        Admission { places: Arc::new(Semaphore::new(CONNECTIONS_MAX)), guests: Arc::default() }
    }
}

/// A place for as long as a connection stands.
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

/// Somebody who has proved nothing yet.
pub struct Guest {
    network: IpAddr,
    guests: Arc<Guests>,
}

impl Admission {
    /// A place for a newcomer; `None` if there is none, or the newcomer's network has too many guests.
    pub fn admit(&self, from: IpAddr) -> Option<(Place, Guest)> {
        let permit = self.places.clone().try_acquire_owned().ok()?;
        let network = network(from);
        let mut guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner);
        let count = guests.entry(network).or_default();
        if *count == GUESTS_MAX {
            return None;
        }
        *count += 1;
        Some((Place { _permit: permit }, Guest { network, guests: self.guests.clone() }))
    }
}

/// An IPv4 address, or an IPv6 network of 64 bits: a subscriber has all of its addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = guests.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                guests.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guests_are_few_and_whoever_is_known_counts_no_more() {
        let admission = Admission::default();
        let school: IpAddr = "192.0.2.1".parse().expect("address");
        let mut here: Vec<_> = (0..GUESTS_MAX).map(|_| admission.admit(school).expect("a place")).collect();
        assert!(admission.admit(school).is_none());
        assert!(admission.admit("192.0.2.2".parse().expect("address")).is_some(), "others come in");
        let (place, guest) = here.pop().expect("somebody");
        drop(guest);
        assert!(admission.admit(school).is_some(), "one is known now, and keeps the place");
        drop(place);
        here.clear();
        assert!(admission.guests.lock().expect("unpoisoned").is_empty());
    }

    #[test]
    fn an_ipv6_subscriber_is_one() {
        let same = |a: &str, b: &str| network(a.parse().expect("address")) == network(b.parse().expect("address"));
        assert!(same("2001:db8::1", "2001:db8::ffff") && same("::ffff:192.0.2.1", "192.0.2.1"));
        assert!(!same("2001:db8:0:1::1", "2001:db8::1") && !same("192.0.2.1", "192.0.2.2"));
    }

    #[test]
    fn there_is_an_end_to_places() {
        let admission = Admission::default();
        let from = |n: u32| IpAddr::from(n.to_be_bytes());
        let places: Vec<_> = (0..).map_while(|n| admission.admit(from(n))).collect();
        assert_eq!(places.len(), CONNECTIONS_MAX);
    }
}
