//! What all bench-only relays share: offers by HTTP, and a socket that is read in batches.

mod signalling;
mod wire;

pub use signalling::{Asked, Desk, Part};
pub use wire::Wire;
