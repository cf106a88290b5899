//! Préau's server: the floors above the sans-I/O crates, up to the running process.

pub mod config;
