//! What stories share: the real server as a process, a school with people on it, a socket by hand, a portal, a witness on
//! the wire, and links that are not perfect.

pub mod figures;
pub mod forwarding;
pub mod portal;
mod process;
pub mod school;
pub mod seats;
mod shaping;
pub mod steal;
pub mod stun;
pub mod teachers;
pub mod wire;
pub mod witness;

pub use process::{Server, ServerError, binary};
pub use shaping::{Lane, Traffic, Way, Weather};
