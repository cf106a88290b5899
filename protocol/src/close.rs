//! How a conversation ends: WebSocket close codes (RFC 6455 §7.4.2, private use).

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why the server closed the socket. The close reason is `<word> <request id>`, nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Close {
    /// The class was left, or is over.
    Done,
    /// The server is going down in order; come back in a moment.
    Draining,
    /// This reader was too slow; it may resume.
    Slow,
    Malformed,
    NotAuthenticated,
    /// Also for a class that does not exist: the two cannot be told apart.
    NotAllowed,
    /// A teacher said no at the door; one may knock again.
    Refused,
    HelloTooLate,
    /// A newer session of the same person took over.
    Replaced,
    Removed,
    TooFast,
    Full,
}

impl Close {
    pub const ALL: [Close; 12] = [
        Close::Done,
        Close::Draining,
        Close::Slow,
        Close::Malformed,
        Close::NotAuthenticated,
        Close::NotAllowed,
        Close::Refused,
        Close::HelloTooLate,
        Close::Replaced,
        Close::Removed,
        Close::TooFast,
        Close::Full,
    ];

    /// The number in the close frame.
    pub fn code(self) -> u16 {
        match self {
            Close::Done => 1000,
            Close::Draining => 1012,
            Close::Slow => 1013,
            Close::Malformed => 4400,
            Close::NotAuthenticated => 4401,
            Close::NotAllowed => 4403,
            Close::Refused => 4406,
            Close::HelloTooLate => 4408,
            Close::Replaced => 4409,
            Close::Removed => 4410,
            Close::TooFast => 4429,
            Close::Full => 4503,
        }
    }

    /// The first word of the close reason.
    pub fn word(self) -> &'static str {
        match self {
            Close::Done => "done",
            Close::Draining => "draining",
            Close::Slow => "slow",
            Close::Malformed => "malformed",
            Close::NotAuthenticated => "not_authenticated",
            Close::NotAllowed => "not_allowed",
            Close::Refused => "refused",
            Close::HelloTooLate => "hello_too_late",
            Close::Replaced => "replaced",
            Close::Removed => "removed",
            Close::TooFast => "too_fast",
            Close::Full => "full",
        }
    }
}
