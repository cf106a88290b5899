//! A line in the log for each time somebody shows who they are, or fails to: how and when, never who (OWASP ASVS 5.0, 16.3.1).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use preau_protocol::Claim;

use crate::auth::AuthError;

/// Refusals that get a line of their own within one second. The next one says how many had none: a flood fills no disk.
const REFUSED_LINES_MAX: u32 = 20;
const SECOND: Duration = Duration::from_secs(1);

/// By what somebody shows who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A teacher's one-time link.
    Account,
    /// A personal link.
    Invitation,
    /// A portal's token.
    Token,
}

#[derive(Debug, Default)]
pub struct Attempts(Mutex<Refused>);

/// What was refused since `since`.
#[derive(Debug, Default)]
struct Refused {
    since: Option<Instant>,
    lines: u32,
    untold: u64,
}

impl Attempts {
    pub fn tell<T>(&self, way: Way, outcome: &Result<T, AuthError>, request_id: &str, now: Instant) {
        let way = way.word();
        match outcome {
            Ok(_) => tracing::info!(way, request_id, "signed in"),
            Err(why) => {
                if let Some(untold) = self.refused(now) {
                    tracing::info!(way, %why, request_id, untold, "not signed in");
                }
            }
        }
    }

    /// How many had no line since the last one that had; nothing if this one is to have none either.
    fn refused(&self, now: Instant) -> Option<u64> {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.since.is_none_or(|since| now.saturating_duration_since(since) >= SECOND) {
            (refused.since, refused.lines) = (Some(now), 0);
        }
        if refused.lines >= REFUSED_LINES_MAX {
            refused.untold += 1;
            return None;
        }
        refused.lines += 1;
        Some(std::mem::take(&mut refused.untold))
    }
}

impl Way {
    fn word(self) -> &'static str {
        match self {
            Way::Account => "account",
            Way::Invitation => "invitation",
            Way::Token => "token",
        }
    }
}

impl From<&Claim> for Way {
    fn from(claim: &Claim) -> Way {
        match claim {
            Claim::Account { .. } => Way::Account,
            Claim::Invitation { .. } => Way::Invitation,
            Claim::Token { .. } => Way::Token,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_gets_a_few_lines_and_the_next_one_says_how_many_had_none() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let told = (0..10_000).filter_map(|_| attempts.refused(now)).collect::<Vec<_>>();
        assert_eq!(told, [0; REFUSED_LINES_MAX as usize]);
        assert_eq!(attempts.refused(now + SECOND), Some(10_000 - u64::from(REFUSED_LINES_MAX)));
        assert_eq!(attempts.refused(now + SECOND), Some(0));
    }
}
