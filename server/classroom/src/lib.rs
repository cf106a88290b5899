//! One class, sans I/O: who may be where, and who may do what there.
//!
//! A [`Classroom`] takes [`Input`]s, each with the time at which it happened, and gives [`Output`]s until it has no
//! more; it never fails, never blocks, knows no clock and no chance. After each input, drain
//! [`Classroom::poll_output`], and wake it with [`Input::Timeout`] at [`Classroom::poll_timeout`].
//!
//! What a class *decides* is in its [`Entry`]s; live handling and [`Classroom::restore`] pass them through the same
//! function, so a class rebuilt from its journal is the class that crashed. What it merely *notices* (sockets,
//! who waits, whose microphone is on) is not written down.

mod entry;
mod identity;
mod input;
mod output;
mod setup;

pub use entry::{Departure, Entry, Fact, Way};
pub use identity::{DeviceId, Identity};
pub use input::Input;
pub use output::{MediaPermit, Output, Seated};
pub use setup::{Limits, Setup};
