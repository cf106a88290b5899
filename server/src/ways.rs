//! The byte streams by which browsers come that UDP can't reach: ICE-TCP, and TURN over TCP or TLS.
//!
//! A connection is cut into datagrams here, and from then on they are the shard's like any others: the relay knows no
//! TCP and no TLS. Whoever is at the other end has a few seconds to prove a seat; until then they are a guest, and
//! guests are few.

mod admission;
mod connection;
mod frames;
mod listener;

pub use admission::Admission;
pub use connection::{ARRIVING_MAX, Arriving, Crossing, Edge, Home, Outbox};
pub use frames::{Frames, Framing, NotFramed};
pub use listener::{Bound, listen, prepare};
