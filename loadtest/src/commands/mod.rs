//! What the binary can be asked for.

pub mod compare;
pub mod relay;
pub mod run;
pub mod simulate;

/// Nothing could be rehearsed, or read.
pub const COULD_NOT_RUN: u8 = 2;
/// It ran, and was not good enough.
pub const NOT_GOOD_ENOUGH: u8 = 1;
