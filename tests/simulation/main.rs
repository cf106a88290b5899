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

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::atomic::{AtomicU64, Ordering},
};

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
    let next = AtomicU64::new(0);
    let seeds = number("PREAU_SEEDS").unwrap_or(SEEDS);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all = Tally::default();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| run_mornings(&next, seeds))).collect();
        for worker in workers {
            all.add(worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
    });
    println!("{all:?}");
    // A simulation in which nothing happens proves nothing.
    all.assert_lively();
}

/// Runs mornings until all seeds are taken, or one has failed.
fn run_mornings(next: &AtomicU64, seeds: u64) -> Tally {
    let mut sum = Tally::default();
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= seeds {
            return sum;
        }
        match catch_unwind(AssertUnwindSafe(|| Morning::new(seed).run())) {
            Ok(tally) => sum.add(tally),
            Err(panic) => {
                next.store(seeds, Ordering::Relaxed);
                eprintln!("repeat with: PREAU_SEED={seed} cargo test -p preau-tests --test simulation -- --nocapture");
                resume_unwind(panic);
            }
        }
    }
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
    pub idle: u64,
    pub returned: u64,
}

impl Tally {
    fn parts(&mut self) -> [&mut u64; 15] {
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
            &mut self.idle,
            &mut self.returned,
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
