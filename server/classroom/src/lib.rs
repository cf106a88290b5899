//! One class, sans I/O: who may be where, and who may do what there.
//!
//! A [`Classroom`] takes [`Input`]s, each with the time at which it happened, and gives [`Output`]s until it has no
//! more; it never fails, never blocks, knows no clock and no chance. After each input, drain
//! [`Classroom::poll_output`], and wake it with [`Input::Timeout`] at [`Classroom::poll_timeout`].
//!
//! What a class *decides* is in its [`Entry`]s; live handling and [`Classroom::restore`] pass them through the same
//! function, so a class rebuilt from its journal is the class that crashed. What it merely *notices* (sockets,
//! who waits, whose microphone is on) is not written down.

mod agenda;
mod arrival;
mod asks;
mod chair;
mod chat;
mod classroom;
mod conduct;
mod departure;
mod door;
mod entry;
mod identity;
mod idle;
mod input;
mod lesson;
mod link;
mod listing;
mod lobby;
mod look_alike;
mod output;
mod pace;
mod people;
mod phases;
mod restore;
mod rights_table;
mod ruling;
mod set_up;
mod setup;
mod tell;
mod view;
mod visit;
pub mod waits;
mod words;

pub use classroom::Classroom;
pub use entry::{Departure, Entry, Fact, Way};
pub use identity::{DeviceId, Identity};
pub use input::Input;
pub use lesson::Lesson;
pub use look_alike::looks;
pub use output::{MediaPermit, Output, Seated};
pub use setup::{Limits, Setup};

#[cfg(test)]
mod stories;
#[cfg(test)]
mod world;
