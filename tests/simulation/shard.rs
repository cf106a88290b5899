//! The part of a shard that a class stands on: a journal that is durable a moment later, outputs that wait for it, a
//! relay that does at once as it is told, and the end of it all in a crash.

use std::collections::{BTreeMap, VecDeque};

use preau_classroom::{Classroom, Entry, Identity, Input, MediaPermit, Output, Setup};
use preau_protocol::{PersonId, SessionId, UnixMs};

use crate::cast::LIMITS;

pub struct Shard {
    pub class: Classroom,
    /// The store: what the set-up page and the edges wrote there.
    pub setup: Setup,
    pub identities: BTreeMap<PersonId, Identity>,
    pub journal: Vec<Entry>,
    pub durable: usize,
    /// Outputs, each with the length that the journal must have on disk before it may leave.
    held: VecDeque<(usize, Output)>,
    pub relay: BTreeMap<SessionId, MediaPermit>,
}

impl Shard {
    pub fn new(setup: Setup, now: UnixMs) -> Shard {
        Shard {
            class: Classroom::new(setup.clone(), now).limited(LIMITS),
            setup,
            identities: BTreeMap::new(),
            journal: Vec::new(),
            durable: 0,
            held: VecDeque::new(),
            relay: BTreeMap::new(),
        }
    }

    /// Hands an input to the class and returns all that it said, in order.
    pub fn handle(&mut self, input: Input, now: UnixMs) -> Vec<Output> {
        self.class.handle(input, now);
        let outputs: Vec<Output> = std::iter::from_fn(|| self.class.poll_output()).collect();
        for output in &outputs {
            match output {
                Output::Record(entry) => self.journal.push(entry.clone()),
                Output::Permit { session, permit } => {
                    self.relay.insert(*session, *permit);
                }
                Output::Unseat { session } => {
                    self.relay.remove(session);
                }
                Output::Send { .. } | Output::Reply { .. } | Output::Close { .. } => {
                    self.held.push_back((self.journal.len(), output.clone()));
                }
            }
        }
        outputs
    }

    /// The journal is on disk so far: what waited for that may leave.
    pub fn commit(&mut self, entries: usize) -> Vec<Output> {
        assert!((self.durable..=self.journal.len()).contains(&entries));
        self.durable = entries;
        let leave = self.held.iter().take_while(|(needs, _)| *needs <= entries).count();
        self.held.drain(..leave).map(|(_, output)| output).collect()
    }

    pub fn holds_nothing(&self) -> bool {
        self.held.is_empty()
    }

    /// The process dies and another one reads what is on disk.
    pub fn crash(&mut self, now: UnixMs) {
        self.journal.truncate(self.durable);
        self.held.clear();
        self.relay.clear();
        self.class = self.restored(now);
    }

    /// The class that the journal tells of.
    pub fn restored(&self, now: UnixMs) -> Classroom {
        let (setup, people) = (self.setup.clone(), self.identities.clone());
        Classroom::restore(setup, people, self.journal.iter().cloned(), now).limited(LIMITS)
    }
}
