//! Stories of the ways through other than plain UDP.

mod connections;
mod relayed;
mod turn_client;
