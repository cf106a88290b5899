//! What stories share: the real server as a process, a school with people on it, a socket by hand, a portal, and links that
//! are not perfect.

pub mod figures;
pub mod portal;
mod process;
pub mod school;
mod shaping;
pub mod wire;

pub use process::{Server, ServerError, binary};
pub use shaping::{Lane, Traffic, Way, Weather};
