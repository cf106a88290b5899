//! A class under chaos: seeded people who do anything at any time, a network that delays and breaks, a server that
//! dies; and after every step the promises of the product, checked from the outside.
//!
//! `PREAU_SEEDS=100000 cargo test -p preau-tests --test simulation` runs more mornings than usual, `PREAU_SEED=42` runs
//! one and tells it step by step.

mod cast;
mod chaos;
mod crowd;
mod morning;
mod reference;
mod reference_asks;
mod shard;
mod truth;
mod view;
mod watch;

use std::panic::{AssertUnwindSafe, catch_unwind};

use morning::Morning;

/// Mornings in an ordinary test run.
const SEEDS: u64 = 10_000;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

#[test]
fn a_class_keeps_its_promises() {
    if let Some(seed) = number("PREAU_SEED") {
        Morning::new(seed).told_aloud().run();
        return;
    }
    let mut steps = Tally::default();
    for seed in 0..number("PREAU_SEEDS").unwrap_or(SEEDS) {
        match catch_unwind(AssertUnwindSafe(|| Morning::new(seed).run())) {
            Ok(tally) => steps.add(tally),
            Err(panic) => {
                eprintln!("repeat with: PREAU_SEED={seed} cargo test -p preau-tests --test simulation -- --nocapture");
                std::panic::resume_unwind(panic);
            }
        }
    }
    println!("{steps:?}");
    // A simulation in which nothing happens proves nothing.
    steps.assert_lively();
}

/// What happened in all mornings together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub inputs: u64,
    pub seated: u64,
    pub seated_by_rule: u64,
    pub moved_device: u64,
    pub removed: u64,
    pub refused: u64,
    pub thrown_out: u64,
    pub unattended: u64,
    pub ended: u64,
    pub expired: u64,
    pub crashes: u64,
    pub lost_decisions: u64,
    pub full: u64,
}

impl Tally {
    fn parts(&mut self) -> [&mut u64; 13] {
        [
            &mut self.inputs,
            &mut self.seated,
            &mut self.seated_by_rule,
            &mut self.moved_device,
            &mut self.removed,
            &mut self.refused,
            &mut self.thrown_out,
            &mut self.unattended,
            &mut self.ended,
            &mut self.expired,
            &mut self.crashes,
            &mut self.lost_decisions,
            &mut self.full,
        ]
    }

    fn add(&mut self, mut other: Tally) {
        for (sum, part) in self.parts().into_iter().zip(other.parts()) {
            *sum += *part;
        }
    }

    fn assert_lively(mut self) {
        let enough = self.inputs / 2_000;
        if enough > 100 {
            assert!(self.parts().iter().all(|part| **part > enough), "too quiet: {self:?}");
        }
    }
}
