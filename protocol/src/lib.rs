//! Every word that crosses Préau's wire, as plain data: the floor on which server, client and load tester stand.
//!
//! A conversation starts with [`Hello`], is answered by [`Welcome`], and goes on with [`Request`]s (each gets
//! exactly one [`Reply`]) and sequenced [`Event`]s. Words live on two levels, one enum per part of the product, so
//! that each layer of the server matches only its own. All enums are tagged from outside (`{"door":{"admit":{…}}}`):
//! serde then refuses unknown fields and a second key, which it does not do for inner tags.

mod chat;
mod class;
mod close;
mod door;
mod frame;
mod gate;
mod http;
mod ids;
pub mod limits;
mod lobby;
mod media;
mod name;
mod refusal;
mod rights;

pub use chat::*;
pub use class::*;
pub use close::*;
pub use door::*;
pub use frame::*;
pub use gate::*;
pub use http::*;
pub use ids::*;
pub use lobby::*;
pub use media::*;
pub use name::*;
pub use refusal::*;
pub use rights::*;

/// The one version of this wire. It is named in [`Hello`]; another number is refused with `version`.
pub const VERSION: u16 = 1;
