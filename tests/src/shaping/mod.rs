//! Links that are not perfect: seeded loss, delay, reorder and rate limits between a participant and the server.

mod lane;
mod stream;
mod way;
mod weather;

pub use lane::{Lane, Traffic};
pub use way::Way;
pub use weather::Weather;
