//! Préau's server: the floors above the sans-I/O crates, up to the running process.

pub mod attacks;
pub mod attempts;
pub mod auth;
pub mod clerk;
pub mod command_line;
pub mod config;
pub mod doctor;
pub mod gatehouse;
pub mod house;
pub mod http;
pub mod launch;
pub mod measures;
mod neighbours;
pub mod roster;
pub mod run;
pub mod session;
pub mod shard;
pub mod shards;
pub mod store;
pub mod telemetry;
pub mod thread;
pub mod udp;
pub mod ways;
