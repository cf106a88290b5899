//! How often somebody may try to claim something.
//!
//! Secrets have 128 bits and more, so nobody guesses one; the budgets keep a flooder from costing others anything. What
//! fails is counted against the address, what succeeds against the browser and the secret itself. So a school of
//! 1,200 behind one address gets in while somebody there floods: their secrets are good, and good secrets cost the
//! address nothing.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use preau_protocol::Claim;

use crate::store::DeviceSecretHash;

/// Wrong secrets from one address: a class that was sent last year's links, all at once.
const FAILURES: Rate = Rate { burst: 60.0, per_s: 1.0 };
/// Claims by one browser, or of one link: somebody who reloads in anger, but not a script.
const CLAIMS: Rate = Rate { burst: 20.0, per_s: 0.5 };
/// Addresses, browsers and links remembered together. Past this those that have recovered are forgotten, then all:
/// forgetting lets a flooder start again, which is better than shutting out a school.
const BUCKETS_MAX: usize = 64 * 1024;

#[derive(Clone, Copy)]
struct Rate {
    burst: f64,
    per_s: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// An IPv4 address, or an IPv6 network of 64 bits: a subscriber has all of its addresses.
    Address(IpAddr),
    Device([u8; 32]),
    Secret([u8; 32]),
}

impl Key {
    fn rate(self) -> Rate {
        match self {
            Key::Address(_) => FAILURES,
            Key::Device(_) | Key::Secret(_) => CLAIMS,
        }
    }
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

#[derive(Default)]
pub struct Budgets(Mutex<HashMap<Key, Bucket>>);

impl Budgets {
    /// Whether this browser may claim this now; if not, for how many seconds it should wait. Costs nothing.
    pub fn check(&self, device: Option<DeviceSecretHash>, claim: &Claim) -> Result<(), u32> {
        let now = Instant::now();
        keys(device, claim).try_for_each(|key| self.ask(key, now, 0.0))
    }

    pub fn succeeded(&self, device: Option<DeviceSecretHash>, claim: &Claim) {
        let now = Instant::now();
        for key in keys(device, claim) {
            // It was done; that nothing may be left for the next is asked then.
            let _ = self.ask(key, now, 1.0);
        }
    }

    /// A claim from `address` failed. An error: too many have.
    pub fn failed(&self, address: IpAddr) -> Result<(), u32> {
        self.ask(Key::Address(network(address)), Instant::now(), 1.0)
    }

    /// Takes `cost` if at least one is left, else says how many seconds it takes until one is.
    fn ask(&self, key: Key, now: Instant, cost: f64) -> Result<(), u32> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = key.rate();
        let known = buckets.get(&key).copied();
        if known.is_none() && cost == 0.0 {
            return Ok(());
        }
        let mut bucket = known.unwrap_or(Bucket { left: rate.burst, at: now });
        bucket.left = bucket.left_at(now, rate);
        bucket.at = now;
        let enough = bucket.left >= 1.0;
        if enough {
            bucket.left -= cost;
        }
        if known.is_none() && buckets.len() >= BUCKETS_MAX {
            forget(&mut buckets, now);
        }
        buckets.insert(key, bucket);
        if enough { Ok(()) } else { Err(((1.0 - bucket.left) / rate.per_s).ceil() as u32) }
    }
}

impl Bucket {
    fn left_at(self, now: Instant, rate: Rate) -> f64 {
        let since: Duration = now.saturating_duration_since(self.at);
        (self.left + since.as_secs_f64() * rate.per_s).min(rate.burst)
    }
}

fn forget(buckets: &mut HashMap<Key, Bucket>, now: Instant) {
    buckets.retain(|key, bucket| bucket.left_at(now, key.rate()) < key.rate().burst);
    if buckets.len() >= BUCKETS_MAX {
        buckets.clear();
    }
}

fn keys(device: Option<DeviceSecretHash>, claim: &Claim) -> impl Iterator<Item = Key> {
    let secret = match claim {
        Claim::Account { secret } | Claim::Invitation { secret } | Claim::Token { token: secret } => secret,
    };
    let hash = digest(&SHA256, secret.as_bytes());
    let hash: [u8; 32] = hash.as_ref().try_into().expect("SHA-256 has 32 bytes");
    device.map(|device| Key::Device(device.0)).into_iter().chain([Key::Secret(hash)])
}

/// An IPv4 address, or an IPv6 network of 64 bits: a subscriber has all of its addresses.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invitation(secret: &str) -> Claim {
        Claim::Invitation { secret: secret.into() }
    }

    #[test]
    fn a_flooder_is_told_to_wait_and_the_school_is_not() {
        let budgets = Budgets::default();
        let school: IpAddr = "192.0.2.1".parse().unwrap();
        let failures = (0..200).filter(|_| budgets.failed(school).is_err()).count();
        assert!((135..=140).contains(&failures), "{failures}");
        assert_eq!(budgets.failed(school), Err(1));
        for pupil in 0..1_200 {
            let claim = invitation(&format!("good {pupil}"));
            assert_eq!(budgets.check(None, &claim), Ok(()));
            budgets.succeeded(None, &claim);
        }
        assert_eq!(budgets.failed("192.0.2.2".parse().unwrap()), Ok(()));
    }

    #[test]
    fn one_link_or_one_browser_cannot_be_claimed_without_end() {
        let budgets = Budgets::default();
        let device = DeviceSecretHash([1; 32]);
        (0..20).for_each(|_| budgets.succeeded(None, &invitation("a")));
        assert_eq!(budgets.check(None, &invitation("a")), Err(2));
        (0..20).for_each(|n| budgets.succeeded(Some(device), &invitation(&n.to_string())));
        assert_eq!(budgets.check(Some(device), &invitation("new")), Err(2));
        assert_eq!(budgets.check(None, &invitation("new")), Ok(()));
    }

    #[test]
    fn a_bucket_fills_again_and_the_map_does_not_grow_without_end() {
        let budgets = Budgets::default();
        let start = Instant::now();
        let key = Key::Device([1; 32]);
        (0..20).for_each(|_| budgets.ask(key, start, 1.0).unwrap());
        assert!(budgets.ask(key, start, 1.0).is_err());
        assert!(budgets.ask(key, start + Duration::from_secs(2), 1.0).is_ok());
        for address in 0..BUCKETS_MAX as u32 + 10 {
            let _ = budgets.ask(Key::Address(IpAddr::V4(address.into())), start, 1.0);
        }
        assert!(budgets.0.lock().unwrap().len() <= BUCKETS_MAX);
    }

    #[test]
    fn an_ipv6_subscriber_is_one() {
        let same = |a: &str, b: &str| network(a.parse().unwrap()) == network(b.parse().unwrap());
        assert!(same("2001:db8::1", "2001:db8::ffff") && same("::ffff:192.0.2.1", "192.0.2.1"));
        assert!(!same("2001:db8:0:1::1", "2001:db8::1") && !same("192.0.2.1", "192.0.2.2"));
    }
}
