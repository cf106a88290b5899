//! Whether there is room: what was measured, what a person costs, and what the limits leave.

use preau_protocol::{Amounts, Scarce};

/// People are let through while everything stays under this share of its limit. What is above it belongs to those who are in.
pub const LET_IN_UNTIL: f64 = 0.8;

/// What a person is taken to cost until enough of them were measured, by [`index`]: somebody who sees a teacher and hears three voices.
const PRIOR: [f64; 6] = [
    1.0,   // WebSockets
    1.0,   // people
    60.0,  // packets/s
    500.0, // kbit/s
    0.12,  // MB
    0.25,  // thousandths of two cores
];
/// The prior weighs as much as so many people.
const PRIOR_PEOPLE: f64 = 30.0;
/// Nobody's view takes more than so many times the prior. What is used beyond that is not theirs: knocking, an attack, a start.
const PRIORS_MAX: f64 = 10.0;
/// From coming in to using as much as everybody else: what was measured does not know the newcomers of so many seconds.
const RAMP_S: usize = 10;

/// Limits, the last measurement, and who came in since.
#[derive(Clone, Debug)]
pub(crate) struct Capacity {
    limits: Amounts,
    used: Amounts,
    /// What one more takes, by [`index`]: as it was when those who had just come in were the fewer.
    cost: [f64; 6],
    /// People who came in, by the second; the current one first.
    ramping: [u32; RAMP_S],
}

impl Capacity {
    pub fn new(limits: Amounts) -> Capacity {
        Capacity { limits, used: Amounts::default(), cost: PRIOR, ramping: [0; RAMP_S] }
    }

    pub fn limits(&self) -> Amounts {
        self.limits
    }

    pub fn used(&self) -> Amounts {
        self.used
    }

    pub fn set_limits(&mut self, limits: Amounts) {
        self.limits = limits;
    }

    /// With `people` inside. While many come at once, most of what is used is their coming in, and tells nothing of what they will use.
    pub fn measured(&mut self, used: Amounts, people: u32) {
        self.used = used;
        let ramping = self.ramping();
        let settled = people.saturating_sub(ramping);
        if settled >= ramping {
            for what in [Scarce::Packets, Scarce::Egress, Scarce::Memory, Scarce::Cpu] {
                let prior = PRIOR[index(what)];
                let mean = (prior * PRIOR_PEOPLE + amount(&used, what)) / (PRIOR_PEOPLE + f64::from(settled));
                self.cost[index(what)] = mean.min(prior * PRIORS_MAX);
            }
        }
    }

    /// A second has passed.
    pub fn pass_second(&mut self) {
        self.ramping.rotate_right(1);
        self.ramping[0] = 0;
    }

    pub fn entered(&mut self) {
        self.ramping[0] += 1;
    }

    /// How many more people there is room for, with `people` inside and `promised` places that nobody takes yet.
    pub fn room(&self, people: u32, promised: u32) -> u32 {
        let ramping = self.ramping();
        let used = self.in_use(people);
        let room = Scarce::ALL.into_iter().map(|what| {
            let coming = match what {
                // Counted at once, not measured later.
                Scarce::People => promised,
                Scarce::Connections | Scarce::Packets | Scarce::Egress | Scarce::Memory | Scarce::Cpu => {
                    promised + ramping
                }
            };
            let left = amount(&self.limits, what) * LET_IN_UNTIL - amount(&used, what);
            left / self.cost[index(what)] - f64::from(coming)
        });
        room.fold(f64::INFINITY, f64::min).max(0.0) as u32
    }

    /// What is nearest to its limit, and how near: 1 is at it.
    pub fn scarcest(&self, people: u32) -> (Scarce, f64) {
        let used = self.in_use(people);
        let fullness = |what: Scarce| amount(&used, what) / amount(&self.limits, what).max(1.0);
        let fullest = Scarce::ALL.into_iter().max_by(|a, b| fullness(*a).total_cmp(&fullness(*b)));
        let what = fullest.expect("there are resources");
        (what, fullness(what))
    }

    /// How near that is to its limit which smaller pictures make less of.
    pub fn media_fullness(&self) -> f64 {
        let media = [Scarce::Packets, Scarce::Egress, Scarce::Memory, Scarce::Cpu];
        let fullness = |what| amount(&self.used, what) / amount(&self.limits, what).max(1.0);
        media.into_iter().map(fullness).fold(0.0, f64::max)
    }

    fn in_use(&self, people: u32) -> Amounts {
        Amounts { people, connections: self.used.connections.max(people), ..self.used }
    }

    /// Who came in so lately that they use little yet.
    fn ramping(&self) -> u32 {
        self.ramping.iter().sum()
    }
}

fn index(what: Scarce) -> usize {
    match what {
        Scarce::Connections => 0,
        Scarce::People => 1,
        Scarce::Packets => 2,
        Scarce::Egress => 3,
        Scarce::Memory => 4,
        Scarce::Cpu => 5,
    }
}

fn amount(of: &Amounts, what: Scarce) -> f64 {
    f64::from(match what {
        Scarce::Connections => of.connections,
        Scarce::People => of.people,
        Scarce::Packets => of.packets_per_s,
        Scarce::Egress => of.egress_kbps,
        Scarce::Memory => of.memory_mb,
        Scarce::Cpu => of.cpu_permille,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Amounts = Amounts {
        connections: 10_000,
        people: 1_000,
        packets_per_s: 200_000,
        egress_kbps: 900_000,
        memory_mb: 4_000,
        cpu_permille: 1_000,
    };

    #[test]
    fn the_scarcest_limit_decides() {
        let mut capacity = Capacity::new(LIMITS);
        assert_eq!(capacity.room(0, 0), 800, "people");
        assert_eq!(capacity.room(500, 100), 200);
        assert_eq!(capacity.room(900, 0), 0);
        capacity.measured(Amounts { cpu_permille: 210, ..Amounts::default() }, 100);
        // 100 people take 210 of 1,000: there are 590 left under the mark, for as many as take 1.7 each.
        assert_eq!(capacity.room(100, 0), 352);
        assert_eq!(capacity.scarcest(100).0, Scarce::Cpu);
        capacity.measured(Amounts { cpu_permille: 810, ..Amounts::default() }, 100);
        assert_eq!(capacity.room(100, 0), 0);
    }

    #[test]
    fn newcomers_count_before_they_are_measured() {
        let mut capacity = Capacity::new(Amounts { people: 100_000, cpu_permille: 100, ..LIMITS });
        assert_eq!(capacity.room(0, 0), 320, "80 thousandths, a quarter of one each");
        (0..50).for_each(|_| capacity.entered());
        assert_eq!(capacity.room(50, 0), 270);
        (0..RAMP_S).for_each(|_| capacity.pass_second());
        capacity.measured(Amounts::default(), 50);
        assert!(capacity.room(50, 0) > 320, "they were measured, and took nothing");
    }

    #[test]
    fn what_a_rush_takes_is_not_what_people_cost() {
        let mut capacity = Capacity::new(Amounts { people: 100_000, egress_kbps: 10_000_000, ..LIMITS });
        (0..900).for_each(|_| capacity.entered());
        capacity.measured(Amounts { cpu_permille: 400, ..Amounts::default() }, 900);
        assert_eq!(capacity.room(900, 0), 700, "400 thousandths are left, and 900 newcomers will take 225 of them");
        (0..RAMP_S).for_each(|_| capacity.pass_second());
        capacity.measured(Amounts { cpu_permille: 90, ..Amounts::default() }, 900);
        assert_eq!(capacity.room(900, 0), 6_772, "they wait in lobbies, and take a tenth each");
    }

    #[test]
    fn an_attack_is_not_what_people_cost() {
        let mut capacity = Capacity::new(LIMITS);
        capacity.measured(Amounts { cpu_permille: 500, ..Amounts::default() }, 0);
        assert_eq!(capacity.room(0, 0), 120, "300 thousandths are left, for the dearest view there is");
    }
}
