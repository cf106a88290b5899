//! What one peer may send right now, and to whom.

use crate::names::{Audience, Source};
use std::collections::BTreeSet;

/// Replaces the peer's earlier permit as a whole. A peer starts with nothing permitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    pub sources: BTreeSet<Source>,
    pub audience: Audience,
}

impl Permit {
    /// Nothing is forwarded.
    pub fn nothing() -> Permit {
        Permit { sources: BTreeSet::new(), audience: Audience::Everyone }
    }

    /// Everything is forwarded to everyone.
    pub fn everything() -> Permit {
        Permit { sources: Source::ALL.into_iter().collect(), audience: Audience::Everyone }
    }
}
