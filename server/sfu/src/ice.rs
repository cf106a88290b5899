//! One peer's ICE-lite agent: its credentials, the ends that proved themselves, the path in use.

use crate::way::{Path, Remote};
use rand::RngExt;
use rand_chacha::ChaCha20Rng;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Without a valid check for this long we may not send (RFC 7675 §5.1).
pub const CONSENT_MAX: Duration = Duration::from_secs(30);

/// Browsers try each of their interfaces; more would be an attempt to fill our tables.
pub const REMOTES_MAX: usize = 8;

/// Checks remembered, so that one that somebody recorded proves nothing from elsewhere. Browsers check every two and a half
/// seconds: three quarters of an hour, in 8 KiB at the most.
const CHECKS_MAX: usize = 1_024;

/// RFC 8839 §5.4 asks for 4 and 22 characters at least; 8 characters of 64 make guessing a ufrag idle.
const UFRAG_LEN: usize = 8;
const PASSWORD_LEN: usize = 32;

const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A ufrag and its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub ufrag: String,
    pub password: String,
}

impl Credentials {
    pub fn draw(rng: &mut ChaCha20Rng) -> Credentials {
        let mut text =
            |len: usize| (0..len).map(|_| char::from(ICE_CHARS[usize::from(rng.random::<u8>() & 63)])).collect();
        Credentials { ufrag: text(UFRAG_LEN), password: text(PASSWORD_LEN) }
    }
}

/// A part of a check's transaction id (RFC 8489 §5): chance enough to know it again.
type CheckId = u64;

/// What a valid check changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Checked {
    /// An end that now belongs to this peer.
    pub added: Option<Remote>,
    /// An end that no longer does.
    pub forgotten: Option<Remote>,
}

pub struct IceAgent {
    pub local: Credentials,
    pub remote_ufrag: String,
    /// Oldest first.
    valid: Vec<Remote>,
    path: Option<Path>,
    checked_at: Option<Instant>,
    /// Under the present credentials, oldest first.
    checks: VecDeque<CheckId>,
}

impl IceAgent {
    pub fn new(local: Credentials, remote_ufrag: String) -> IceAgent {
        IceAgent { local, remote_ufrag, valid: Vec::new(), path: None, checked_at: None, checks: VecDeque::new() }
    }

    /// New credentials; what was proved under the old ones keeps flowing until a new check
    /// nominates (RFC 8445 §9).
    pub fn restart(&mut self, local: Credentials, remote_ufrag: String) {
        self.local = local;
        self.remote_ufrag = remote_ufrag;
        self.checks.clear();
    }

    /// Whether an authenticated check is one that was heard before, and now comes from where nobody has proved to be: its
    /// sender has only listened. A retransmission comes from where the first one came from (RFC 8489 §6.2.1).
    pub fn is_echo(&self, path: Path, transaction: &[u8; 12]) -> bool {
        !self.valid.contains(&path.remote) && self.checks.contains(&check_id(transaction))
    }

    /// An authenticated check came over `path`. The first one makes the path usable, as browsers
    /// nominate aggressively with a lite peer; any nomination moves the peer at once.
    pub fn on_check(&mut self, path: Path, transaction: &[u8; 12], nominates: bool, now: Instant) -> Checked {
        let mut checked = Checked::default();
        let id = check_id(transaction);
        if self.checks.back() != Some(&id) {
            if self.checks.len() == CHECKS_MAX {
                self.checks.pop_front();
            }
            self.checks.push_back(id);
        }
        self.checked_at = Some(now);
        if !self.valid.contains(&path.remote) {
            if self.valid.len() == REMOTES_MAX {
                let in_use = self.path.map(|path| path.remote);
                let oldest = self.valid.iter().position(|a| Some(*a) != in_use).unwrap_or(0);
                checked.forgotten = Some(self.valid.remove(oldest));
            }
            self.valid.push(path.remote);
            checked.added = Some(path.remote);
        }
        if nominates || self.path.is_none() {
            self.path = Some(path);
        }
        checked
    }

    /// Where to send, if consent is fresh.
    pub fn path(&self) -> Option<Path> {
        self.path
    }

    /// When consent ends unless another check comes.
    pub fn consent_until(&self) -> Option<Instant> {
        self.checked_at.map(|at| at + CONSENT_MAX)
    }

    /// Another peer proved that it is there now, or nobody is any more.
    pub fn forget(&mut self, remote: Remote) {
        self.valid.retain(|known| *known != remote);
        self.path = self.path.filter(|path| path.remote != remote);
    }

    /// Consent is lost: all ends must prove themselves again. Returns them.
    pub fn forget_all(&mut self) -> Vec<Remote> {
        self.path = None;
        self.checked_at = None;
        std::mem::take(&mut self.valid)
    }
}

fn check_id(transaction: &[u8; 12]) -> CheckId {
    let [a, b, c, d, e, f, g, h, ..] = *transaction;
    CheckId::from_be_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use std::net::SocketAddr;

    fn agent() -> IceAgent {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        IceAgent::new(Credentials::draw(&mut rng), "them".to_owned())
    }

    fn path(port: u16) -> Path {
        Path { remote: Remote::Udp(SocketAddr::from(([10, 0, 0, 1], port))), local: None }
    }

    #[test]
    fn a_later_nomination_moves_the_peer_at_once() {
        let now = Instant::now();
        let mut ice = agent();
        ice.on_check(path(1), &[1; 12], true, now);
        ice.on_check(path(2), &[2; 12], false, now);
        assert_eq!(ice.path(), Some(path(1)));
        ice.on_check(path(2), &[3; 12], true, now);
        assert_eq!(ice.path(), Some(path(2)));
    }

    #[test]
    fn a_recorded_check_proves_nothing_from_elsewhere() {
        let now = Instant::now();
        let mut ice = agent();
        ice.on_check(path(1), &[1; 12], true, now);
        assert!(ice.is_echo(path(2), &[1; 12]), "somebody has listened");
        assert!(!ice.is_echo(path(1), &[1; 12]), "sent again, as the answer was lost");
        assert!(!ice.is_echo(path(2), &[2; 12]), "another network, and a check of its own");
        for n in 0..2 * CHECKS_MAX as u64 {
            let mut transaction = [7; 12];
            transaction[..8].copy_from_slice(&n.to_be_bytes());
            ice.on_check(path(1), &transaction, false, now);
        }
        assert_eq!(ice.checks.len(), CHECKS_MAX);
        let local = ice.local.clone();
        ice.restart(local, "them again".to_owned());
        assert!(ice.checks.is_empty(), "what was made under the old password is worth nothing anyway");
    }

    #[test]
    fn addresses_are_bounded_and_the_one_in_use_stays() {
        let now = Instant::now();
        let mut ice = agent();
        for port in 1..=REMOTES_MAX as u16 {
            assert_eq!(ice.on_check(path(port), &[port as u8; 12], port == 1, now).forgotten, None);
        }
        let checked = ice.on_check(path(99), &[99; 12], false, now);
        assert_eq!(checked.added, Some(path(99).remote));
        assert_eq!(checked.forgotten, Some(path(2).remote));
        assert_eq!(ice.path(), Some(path(1)));
    }

    #[test]
    fn a_seed_replays_credentials() {
        assert_eq!(agent().local, agent().local);
        assert_eq!(agent().local.password.len(), PASSWORD_LEN);
    }
}
