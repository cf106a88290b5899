//! Drivers that stories share: the real server as a process of its own.

mod process;

pub use process::{Server, ServerError};
