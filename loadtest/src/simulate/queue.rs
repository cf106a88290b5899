//! What is going to happen, in the order of its time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What somebody, or something, does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Somebody's page opens a socket and says hello.
    Knock,
    /// Somebody reloads the page in anger.
    Reload,
    GiveUp,
    /// A connection breaks.
    Drop,
    Leave,
    /// A lesson is five minutes old; `who` is its number.
    Check,
    /// Sockets of nobody.
    Flood,
    /// Somebody with a ticket that is none of theirs.
    Impostor,
    Crash,
    Restart,
}

/// `turn` says which of somebody's stations it was planned at: past that it is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    pub at: u32,
    order: u32,
    pub what: What,
    pub who: u32,
    pub turn: u16,
}

#[derive(Default)]
pub struct Queue {
    events: BinaryHeap<Reverse<Event>>,
    planned: u32,
}

impl Queue {
    pub fn plan(&mut self, at: u32, what: What, who: u32, turn: u16) {
        self.planned += 1;
        self.events.push(Reverse(Event { at, order: self.planned, what, who, turn }));
    }

    pub fn next_at(&self) -> Option<u32> {
        self.events.peek().map(|event| event.0.at)
    }

    pub fn pop(&mut self) -> Option<Event> {
        self.events.pop().map(|event| event.0)
    }
}
