//! One type for every id, so that swapped arguments do not compile.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
        #[serde(transparent)]
        #[ts(type = "string")]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map($name)
            }
        }
    };
}

id!(
    /// A class, for as long as it is kept.
    ClassId
);
id!(
    /// A person within one class: the same in every session, after every restart.
    PersonId
);
id!(
    /// One browser's visit to one class. Unguessable, and only good together with the person's own credential.
    SessionId
);
id!(
    /// A browser in which an account is signed in. It names it, and opens nothing.
    BrowserId
);

impl PersonId {
    /// The person whom `issuer` calls `subject`, as this class knows them: derived (UUID version 5, RFC 9562 §5.5), so
    /// that nobody has to remember it and two classes cannot compare notes.
    pub fn derive(class: ClassId, issuer: &str, subject: &str) -> PersonId {
        PersonId(Uuid::new_v5(&class.0, format!("{}\n{issuer}\n{subject}", issuer.len()).as_bytes()))
    }
}

/// A chat message within its class: 1, 2, 3, … in the order in which they were said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct ChatId(pub u32);

/// Milliseconds since 1970 (UTC), as the server sees them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "number")]
pub struct UnixMs(pub u64);

impl UnixMs {
    /// This moment and `ms` milliseconds.
    pub fn plus_ms(self, ms: u64) -> UnixMs {
        UnixMs(self.0.saturating_add(ms))
    }
}
