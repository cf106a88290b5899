//! Drivers that stories share: the real server as a process of its own, and links that are not perfect.

mod process;
mod shaping;

pub use process::{Server, ServerError};
pub use shaping::{Lane, Traffic, Way, Weather};
