//! Who somebody is, as a verified credential says it: never as their browser says it.

use preau_protocol::{DisplayName, PersonId, Proof, Role};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One browser, recognised by the cookie that the server gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceId(pub Uuid);

/// A person of one class, verified before this crate hears of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub person: PersonId,
    pub name: DisplayName,
    pub role: Role,
    /// A group's name as the token or the roster gives it ("5e B").
    pub group: Option<String>,
    /// Whether the class expects this person. A change of the roster in mid-class changes it.
    pub on_roster: bool,
    pub proof: Proof,
}
