//! The gate of a server, sans I/O: is there room, and whose turn is it.
//!
//! A [`Gate`] takes [`Input`]s, each with the time at which it happened, and gives [`Output`]s until it has no more; it never fails,
//! never blocks, knows no clock and no chance. A whole country's morning runs through it in virtual time.
//!
//! Order lives in signed [`Ticket`]s: what the gate remembers of who waits is a table of places, which a restart may forget and the
//! tickets fill again. Whoever has a seat, and the pupils of a class whose teacher is in, never wait.

mod accepts;
mod capacity;
mod classes;
mod gate;
mod hour;
mod ladder;
mod line;
mod order;
mod pace;
mod present;
mod ticket;

pub use accepts::Accepts;
pub use capacity::LET_IN_UNTIL;
pub use gate::{Asker, Counts, Gate, Input, Output, Rules, Verdict};
pub use ticket::{Ticket, TicketKey};

#[cfg(test)]
mod stories;
