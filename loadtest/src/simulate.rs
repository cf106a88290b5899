//! The morning of 6 April 2021 through the real gate, in virtual time: how many servers, what wait, for whom.

mod attackers;
mod book;
mod chance;
mod country;
mod figures;
mod machine;
mod node;
mod outcome;
mod page;
mod person;
mod queue;

use std::sync::atomic::{AtomicUsize, Ordering};

use chance::Chance;
use country::{BELLS, Country, MINUTE_MS};
use figures::Figures;
use node::Node;
use outcome::Fleet;
pub use outcome::Outcome;
use queue::What;

/// A server dies twenty minutes after the first bell, in the thick of it.
const CRASH_AT: u32 = BELLS[0] + 20 * MINUTE_MS;

/// A morning to run.
#[derive(Clone, Debug)]
pub struct Plan {
    pub people: u32,
    pub classes: u32,
    pub servers: Vec<u32>,
    pub seed: u64,
}

/// The same morning with each number of servers.
pub fn run(plan: &Plan) -> Outcome {
    let country = Country::new(plan.people, plan.classes, plan.seed);
    let fleets = plan.servers.iter().map(|servers| Fleet::new(*servers, with(&country, *servers, plan.seed)));
    Outcome::new(plan, fleets.collect())
}

impl Outcome {
    /// The report as a page.
    pub fn page(&self) -> String {
        page::write(self)
    }
}

/// Servers know nothing of each other: each runs its own morning, on as many cores as there are. What they counted is added up in
/// their order, so that the outcome does not depend on who was done first.
fn with(country: &Country, servers: u32, seed: u64) -> Figures {
    let spread = country.spread(servers);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(lessons) = spread.get(number) else { return done };
            let chance = Chance::new(seed, (4 << 32) | number as u64);
            let mut node = Node::new(country, lessons.clone(), chance);
            node.plan_attacks();
            if number == 0 {
                node.queue.plan(CRASH_AT, What::Crash, 0, 0);
            }
            done.push((number, node.run()));
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut figures = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let done = threads.into_iter().flat_map(|thread| thread.join().expect("a morning does not panic"));
        done.collect::<Vec<(usize, Figures)>>()
    });
    figures.sort_by_key(|(number, _)| *number);
    figures.iter().fold(Figures::default(), |mut sum, (_, more)| {
        sum.merge(more);
        sum
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use figures::Group;

    /// A town: too few servers by half, and enough.
    fn town(seed: u64, servers: &[u32]) -> Outcome {
        run(&Plan { people: 4_000, classes: 400, servers: servers.to_vec(), seed })
    }

    #[test]
    fn a_morning_is_its_seed_and_the_rules_hold_in_it() {
        let (first, again, other) = (town(1, &[1]), town(1, &[1]), town(2, &[1, 3]));
        let json = |outcome: &Outcome| serde_json::to_string(outcome).expect("an outcome is JSON");
        assert_eq!(json(&first), json(&again));
        assert_eq!(first.page(), again.page());
        assert_ne!(json(&first), json(&other));
        for outcome in [&first, &other] {
            assert!(outcome.is_fair_and_safe(), "{}", outcome.table());
            let small = &outcome.fleets[0];
            let waited = |fleet: &Fleet| fleet.lines[1].iter().max().copied();
            assert!(waited(small) > Some(100), "there was a line: {:?}", waited(small));
            assert!(small.attacks.bad_tickets_noticed > 0 && small.attacks.cloned_identities > 0);
            assert_eq!(small.above_limit_s, 0, "nobody is let in beyond what the server bears");
        }
        let students = &other.fleets[1].waits[Group::Students as usize];
        assert_eq!((students.p95_s, first.enough, other.enough), (Some(0), None, Some(3)));
    }
}
