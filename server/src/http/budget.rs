//! What somebody may cost before we know who they are, and how often somebody known may come.
//!
//! Secrets have 128 bits and more, so nobody guesses one; the budgets keep a flooder from costing others anything. What
//! fails, and a socket until it has said hello, is paid for by its network, and a network's budget grows with the people
//! who are known to come from there. Whoever is known pays nothing there: a school of 1,200 behind one address gets in
//! while somebody there floods. How often one person comes is counted for that person alone, wherever they are.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use preau_protocol::{Claim, PersonId};

use crate::config::Network;
use crate::store::{AccountId, DeviceSecretHash};

/// Sockets of one network that have not said hello, at once, and how fast such may follow: a school that comes at the
/// same second with a portal's tokens and no cookies. Each is paid back when it says hello.
const SOCKETS: Rate = Rate { burst: 1_000.0, per_s: 10.0 };
/// What each person who is known to come from a network adds to that.
const BURST_EACH: f64 = 2.0;
const PER_S_EACH: f64 = 0.1;
/// People counted for that: more than a large school, or a company's whole way out.
const PEOPLE_MAX: u32 = 8_192;
/// A wrong secret, or a hello that is none, costs as much as so many silent sockets: one a second goes on for ever.
const FAILURE: f64 = 10.0;
/// Cookies that are looked for in the store for a network that has spent its budget: after a start nobody is known yet.
const LOOKS: Rate = Rate { burst: 2_000.0, per_s: 200.0 };
/// Claims by one browser, or of one link, or hellos of one person: somebody who reloads in anger, but not a script.
const CLAIMS: Rate = Rate { burst: 20.0, per_s: 0.5 };
const HELLOS: Rate = Rate { burst: 40.0, per_s: 0.5 };
/// What a teacher's account may change: a timetable of 500 classes with their rosters, made and taken away several times over, and a
/// fast typist after that.
const CHANGES: Rate = Rate { burst: 10_000.0, per_s: 10.0 };
/// So many seconds of a portal's pace may come at once: the minute in which a lesson begins.
const PORTAL_BURST_S: f64 = 60.0;
/// Networks, browsers, people and links remembered together. Past this those that have recovered are forgotten, then
/// all: forgetting lets a flooder start again, which is better than shutting out a school.
const BUCKETS_MAX: usize = 64 * 1024;
/// Browsers known to be somebody's, and bearers of tokens. Past this they are forgotten, and looked for again.
const KNOWN_MAX: usize = 256 * 1024;

/// Of a SHA-256: 128 bits, which nobody meets twice. Everybody who stands in the line is remembered by such.
type Half = [u8; 16];

#[derive(Clone, Copy)]
struct Rate {
    burst: f64,
    per_s: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Sockets(Network),
    Looks(Network),
    Browser(Half),
    Secret(Half),
    Person(PersonId),
    /// By its number, and how many of its people may come per second.
    Portal(usize, u32),
    Account(AccountId),
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

/// Somebody who was let in before: a browser by its cookie, or the bearer of a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Known {
    Browser(Half),
    Person(PersonId),
}

/// What a socket has cost its network until it has said hello.
#[derive(Clone, Copy, Debug)]
#[must_use = "what was paid is given back to whoever says hello, or kept"]
pub struct Deposit {
    network: Network,
    /// Nothing, for a browser that is known.
    paid: f64,
}

/// Why a socket is not opened now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The network has spent its budget. Perhaps this browser is one that we know: the store would know.
    Unknown { retry_after_s: u32 },
    /// And nobody is to be looked for either.
    Flood { retry_after_s: u32 },
}

#[derive(Default)]
pub struct Budgets(Mutex<Books>);

#[derive(Default)]
struct Books {
    buckets: HashMap<Key, Bucket>,
    known: HashSet<Known>,
    /// People known to come from each network.
    people: HashMap<Network, u32>,
}

impl Budgets {
    /// Whether a browser at `address` may open a socket, before it has said who it is.
    pub fn open(&self, address: IpAddr, browser: Option<DeviceSecretHash>, now: Instant) -> Result<Deposit, Refusal> {
        let mut books = self.books();
        let network = Network::around(address);
        if browser.is_some_and(|browser| books.known.contains(&Known::Browser(half(browser.0)))) {
            return Ok(Deposit { network, paid: 0.0 });
        }
        match books.ask(Key::Sockets(network), now, 1.0) {
            Ok(()) => Ok(Deposit { network, paid: 1.0 }),
            Err(retry_after_s) if browser.is_some() && books.ask(Key::Looks(network), now, 1.0).is_ok() => {
                Err(Refusal::Unknown { retry_after_s })
            }
            Err(retry_after_s) => Err(Refusal::Flood { retry_after_s }),
        }
    }

    /// The store knows this browser after all: it opens its socket, whatever its network has spent.
    pub fn open_known(&self, address: IpAddr, browser: DeviceSecretHash) -> Deposit {
        self.books().remember(Known::Browser(half(browser.0)));
        Deposit { network: Network::around(address), paid: 0.0 }
    }

    /// A socket has said hello, and we know whose it is. An error: this person comes too often.
    pub fn known(
        &self,
        deposit: Deposit,
        browser: Option<DeviceSecretHash>,
        person: PersonId,
        now: Instant,
    ) -> Result<(), u32> {
        let mut books = self.books();
        books.give_back(deposit, now);
        books.meet(deposit.network, browser.map_or(Known::Person(person), |browser| Known::Browser(half(browser.0))));
        books.ask(Key::Person(person), now, 1.0)
    }

    /// Somebody comes from a portal, who has no seat yet. An error: it sends people faster than `per_s`.
    pub fn sent_by(&self, portal: usize, per_s: u32, now: Instant) -> Result<(), u32> {
        self.books().ask(Key::Portal(portal, per_s), now, 1.0)
    }

    /// A teacher's account changes something. An error: too much in too short a time.
    pub fn change(&self, account: AccountId, now: Instant) -> Result<(), u32> {
        self.books().ask(Key::Account(account), now, 1.0)
    }

    /// The socket was not opened after all.
    pub fn spare(&self, deposit: Deposit, now: Instant) {
        self.books().give_back(deposit, now);
    }

    /// A socket said something that was no hello, or nobody's.
    pub fn unknown(&self, deposit: Deposit, now: Instant) {
        self.books().spend(Key::Sockets(deposit.network), now, FAILURE);
    }

    /// Whether this browser may claim this now; if not, for how many seconds it should wait. Costs nothing.
    pub fn check(&self, browser: Option<DeviceSecretHash>, claim: &Claim, now: Instant) -> Result<(), u32> {
        let mut books = self.books();
        keys(browser, claim).try_for_each(|key| books.ask(key, now, 0.0))
    }

    /// `browser` has claimed something: it is one that we know. `before` is the one that asked, if it was known already.
    pub fn claimed(
        &self,
        address: IpAddr,
        browser: DeviceSecretHash,
        before: Option<DeviceSecretHash>,
        claim: &Claim,
        now: Instant,
    ) {
        let mut books = self.books();
        books.meet(Network::around(address), Known::Browser(half(browser.0)));
        for key in keys(before, claim) {
            books.spend(key, now, 1.0);
        }
    }

    /// A claim from `address` failed. An error: too much there has.
    pub fn failed(&self, address: IpAddr, now: Instant) -> Result<(), u32> {
        self.books().ask(Key::Sockets(Network::around(address)), now, FAILURE)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn rate(&self, key: Key) -> Rate {
        match key {
            Key::Sockets(network) => {
                let people = f64::from(self.people.get(&network).copied().unwrap_or(0));
                Rate { burst: SOCKETS.burst + people * BURST_EACH, per_s: SOCKETS.per_s + people * PER_S_EACH }
            }
            Key::Looks(_) => LOOKS,
            Key::Browser(_) | Key::Secret(_) => CLAIMS,
            Key::Person(_) => HELLOS,
            Key::Portal(_, per_s) => Rate { burst: f64::from(per_s) * PORTAL_BURST_S, per_s: f64::from(per_s) },
            Key::Account(_) => CHANGES,
        }
    }

    /// Takes `cost` if at least one is left, else says how many seconds it takes until one is.
    fn ask(&mut self, key: Key, now: Instant, cost: f64) -> Result<(), u32> {
        let rate = self.rate(key);
        let known = self.buckets.get(&key).copied();
        if known.is_none() && cost == 0.0 {
            return Ok(());
        }
        let left = known.map_or(rate.burst, |bucket| bucket.left_at(now, rate));
        let enough = left >= 1.0;
        let bucket = Bucket { left: if enough { left - cost } else { left }, at: now };
        if known.is_none() && self.buckets.len() >= BUCKETS_MAX {
            self.forget(now);
        }
        self.buckets.insert(key, bucket);
        if enough { Ok(()) } else { Err(((1.0 - left) / rate.per_s).ceil() as u32) }
    }

    /// Takes `cost`, whatever is left: it was done. That nothing may be left for the next is asked then.
    fn spend(&mut self, key: Key, now: Instant, cost: f64) {
        let _ = self.ask(key, now, cost);
    }

    fn give_back(&mut self, deposit: Deposit, now: Instant) {
        let key = Key::Sockets(deposit.network);
        let rate = self.rate(key);
        if let Some(bucket) = self.buckets.get_mut(&key) {
            *bucket = Bucket { left: (bucket.left_at(now, rate) + deposit.paid).min(rate.burst), at: now };
        }
    }

    /// Somebody comes from a network: its budget grows, once for each.
    fn meet(&mut self, network: Network, who: Known) {
        if !self.remember(who) {
            return;
        }
        if self.people.len() >= BUCKETS_MAX && !self.people.contains_key(&network) {
            self.people.clear();
        }
        let people = self.people.entry(network).or_default();
        if *people < PEOPLE_MAX {
            *people += 1;
            if let Some(bucket) = self.buckets.get_mut(&Key::Sockets(network)) {
                bucket.left += BURST_EACH;
            }
        }
    }

    /// True for somebody new.
    fn remember(&mut self, who: Known) -> bool {
        if self.known.len() >= KNOWN_MAX && !self.known.contains(&who) {
            self.known.clear();
        }
        self.known.insert(who)
    }

    fn forget(&mut self, now: Instant) {
        let mut buckets = std::mem::take(&mut self.buckets);
        buckets.retain(|key, bucket| {
            let rate = self.rate(*key);
            bucket.left_at(now, rate) < rate.burst
        });
        // With little room made, all of it would be looked through again at once.
        if buckets.len() >= BUCKETS_MAX * 3 / 4 {
            buckets.clear();
        }
        self.buckets = buckets;
    }
}

impl Bucket {
    fn left_at(self, now: Instant, rate: Rate) -> f64 {
        let since: Duration = now.saturating_duration_since(self.at);
        (self.left + since.as_secs_f64() * rate.per_s).min(rate.burst)
    }
}

fn keys(browser: Option<DeviceSecretHash>, claim: &Claim) -> impl Iterator<Item = Key> {
    let secret = match claim {
        Claim::Account { secret } | Claim::Invitation { secret } | Claim::Token { token: secret } => secret,
    };
    let hash = digest(&SHA256, secret.as_bytes());
    let hash: [u8; 32] = hash.as_ref().try_into().expect("SHA-256 has 32 bytes");
    browser.map(|browser| Key::Browser(half(browser.0))).into_iter().chain([Key::Secret(half(hash))])
}

fn half(hash: [u8; 32]) -> Half {
    hash.first_chunk().copied().expect("32 bytes have a half")
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const SCHOOL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn invitation(secret: &str) -> Claim {
        Claim::Invitation { secret: secret.into() }
    }

    fn browser(n: u16) -> DeviceSecretHash {
        let mut hash = [0; 32];
        hash[..2].copy_from_slice(&n.to_be_bytes());
        DeviceSecretHash(hash)
    }

    fn person(n: u128) -> PersonId {
        PersonId(Uuid::from_u128(n))
    }

    /// Opens sockets in silence until there are no more.
    fn flood(budgets: &Budgets, now: Instant) -> usize {
        (0..).take_while(|_| budgets.open(SCHOOL, None, now).is_ok()).count()
    }

    #[test]
    fn whoever_is_known_comes_in_while_somebody_beside_them_floods() {
        let (budgets, now) = (Budgets::default(), Instant::now());
        for pupil in 0..1_200 {
            let claim = invitation(&format!("good {pupil}"));
            assert_eq!(budgets.check(None, &claim, now), Ok(()));
            budgets.claimed(SCHOOL, browser(pupil), None, &claim, now);
        }
        assert!(flood(&budgets, now) > 1_000);
        assert_eq!(budgets.open(SCHOOL, None, now).unwrap_err(), Refusal::Flood { retry_after_s: 1 });
        for pupil in 0..1_200 {
            let deposit = budgets.open(SCHOOL, Some(browser(pupil)), now).expect("known");
            assert_eq!(budgets.known(deposit, Some(browser(pupil)), person(u128::from(pupil)), now), Ok(()));
        }
        assert!(budgets.open("192.0.3.1".parse().unwrap(), None, now).is_ok(), "other networks do not notice");
    }

    #[test]
    fn after_a_start_the_store_is_asked_and_not_without_end() {
        let (budgets, now) = (Budgets::default(), Instant::now());
        flood(&budgets, now);
        let unknown = Refusal::Unknown { retry_after_s: 1 };
        assert_eq!(budgets.open(SCHOOL, Some(browser(1)), now).unwrap_err(), unknown);
        let deposit = budgets.open_known(SCHOOL, browser(1));
        assert_eq!(budgets.known(deposit, Some(browser(1)), person(1), now), Ok(()));
        assert!(budgets.open(SCHOOL, Some(browser(1)), now).is_ok(), "known from now on");
        let looks = (0..10_000).filter(|_| budgets.open(SCHOOL, Some(browser(2)), now).unwrap_err() == unknown).count();
        assert_eq!(looks, 1_999);
    }

    #[test]
    fn a_socket_that_says_hello_has_cost_its_network_nothing() {
        let (budgets, now) = (Budgets::default(), Instant::now());
        for n in 0..2_000 {
            let deposit = budgets.open(SCHOOL, None, now).expect("room");
            assert_eq!(budgets.known(deposit, None, person(n), now), Ok(()));
        }
        assert_eq!(flood(&budgets, now), 1_000 + 2 * 2_000, "and there is more room for each of them");
    }

    #[test]
    fn silent_sockets_and_wrong_secrets_are_paid_for_by_their_network() {
        let (budgets, now) = (Budgets::default(), Instant::now());
        assert_eq!(flood(&budgets, now), 1_000);
        let later = now + Duration::from_secs(10);
        assert_eq!(flood(&budgets, later), 100, "ten a second");
        let (budgets, now) = (Budgets::default(), Instant::now());
        let failures = (0..200).filter(|_| budgets.failed(SCHOOL, now).is_ok()).count();
        assert_eq!(failures, 100);
        assert_eq!(budgets.failed(SCHOOL, now), Err(1));
        assert_eq!(budgets.failed("198.51.100.1".parse().unwrap(), now), Ok(()));
    }

    #[test]
    fn hellos_of_nobody_cost_more_than_silence() {
        let (budgets, now) = (Budgets::default(), Instant::now());
        let opened = (0..1_000).map_while(|_| budgets.open(SCHOOL, None, now).ok());
        assert_eq!(opened.inspect(|deposit| budgets.unknown(*deposit, now)).count(), 91);
    }

    #[test]
    fn one_person_comes_so_often_and_no_more_wherever_they_are() {
        let (budgets, now) = (Budgets::default(), Instant::now());
        let come = |n: u8, now: Instant| {
            let deposit = budgets.open(IpAddr::from([198, 51, n, 1]), None, now).expect("room");
            budgets.known(deposit, None, person(7), now)
        };
        assert!((0..40).all(|n| come(n, now).is_ok()));
        assert_eq!(come(41, now), Err(2));
        assert_eq!(come(42, now + Duration::from_secs(2)), Ok(()));
    }

    #[test]
    fn a_portal_that_sends_too_many_holds_up_itself_alone() {
        let (budgets, now) = (Budgets::default(), Instant::now());
        assert!((0..600).all(|_| budgets.sent_by(0, 10, now).is_ok()), "a minute's worth comes at once");
        assert_eq!(budgets.sent_by(0, 10, now), Err(1));
        assert_eq!(budgets.sent_by(1, 10, now), Ok(()));
        let later = now + Duration::from_secs(2);
        assert_eq!((0..100).filter(|_| budgets.sent_by(0, 10, later).is_ok()).count(), 20);
    }

    #[test]
    fn an_account_imports_a_timetable_and_does_not_write_without_end() {
        let (budgets, now) = (Budgets::default(), Instant::now());
        let [ada, bob] = [1, 2].map(|n| AccountId(Uuid::from_u128(n)));
        assert!((0..10_000).all(|_| budgets.change(ada, now).is_ok()));
        assert_eq!((budgets.change(ada, now), budgets.change(bob, now)), (Err(1), Ok(())));
    }

    #[test]
    fn one_link_or_one_browser_cannot_be_claimed_without_end() {
        let (budgets, now) = (Budgets::default(), Instant::now());
        (0..20).for_each(|_| budgets.claimed(SCHOOL, browser(9), None, &invitation("a"), now));
        assert_eq!(budgets.check(None, &invitation("a"), now), Err(2));
        let claim = |n: usize| invitation(&n.to_string());
        (0..20).for_each(|n| budgets.claimed(SCHOOL, browser(1), Some(browser(1)), &claim(n), now));
        assert_eq!(budgets.check(Some(browser(1)), &invitation("new"), now), Err(2));
        assert_eq!(budgets.check(None, &invitation("new"), now), Ok(()));
    }

    #[test]
    fn the_books_do_not_grow_without_end() {
        let (budgets, now) = (Budgets::default(), Instant::now());
        for n in 0..BUCKETS_MAX as u32 + 10 {
            let address = IpAddr::V4((n << 8).into());
            let _ = budgets.failed(address, now);
            budgets.books().meet(Network::around(address), Known::Person(person(u128::from(n))));
        }
        for n in 0..KNOWN_MAX as u128 + 10 {
            budgets.books().remember(Known::Person(person(1 << 64 | n)));
        }
        let books = budgets.books();
        assert!(books.buckets.len() <= BUCKETS_MAX && books.people.len() <= BUCKETS_MAX);
        assert!(books.known.len() <= KNOWN_MAX);
    }
}
