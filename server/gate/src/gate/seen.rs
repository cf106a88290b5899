//! What everybody may see of the gate, and what its operator does.

use preau_protocol::{
    Amounts, ClassLoad, Line as LineWord, LineDocument, PersonId, Priority, Reduction, Scarce, UnixMs, Wait, limits,
};

use super::{Counts, Gate};
use crate::line::Line;
use crate::pace::wait;

/// How often a page asks for the line, while it is short; and for each thousand who wait, so much longer.
const AGAIN_MS: u32 = 6_000;
const AGAIN_MS_PER_THOUSAND: u32 = 50;
const AGAIN_MS_MAX: u32 = 20_000;

impl Gate {
    /// Whether somebody is inside, or was a moment ago.
    pub fn is_here(&self, person: PersonId, now: UnixMs) -> bool {
        self.present.is_here(person, now)
    }

    /// People in all lines.
    pub fn waiting(&self) -> u32 {
        self.lines.values().map(Line::waiting).sum()
    }

    /// The same for everybody, and good for a few seconds.
    pub fn document(&self, now: UnixMs) -> LineDocument {
        let waiting = self.waiting();
        let again = AGAIN_MS + waiting / 1_000 * AGAIN_MS_PER_THOUSAND;
        let lines = self.lines.iter().filter_map(|(priority, line)| {
            let rule = self.rules.closed.get(priority);
            if line.waiting() == 0 && line.served().is_none() && rule.is_none() {
                return None;
            }
            Some(LineWord {
                priority: *priority,
                waiting: line.waiting(),
                served: line.served(),
                marks: line.marks(),
                per_minute: line.minutes.pace(now),
                closed: rule.is_some(),
                closed_until: rule.copied().flatten(),
            })
        });
        let lines = lines.collect();
        let opened = self.opened.iter().map(|(_, sign)| *sign).collect();
        LineDocument { life: self.life.clone(), at: now, again_in_ms: again.min(AGAIN_MS_MAX), lines, opened }
    }

    /// How long somebody waits who comes now, in their hour.
    pub fn wait_of_newcomers(&self, now: UnixMs) -> Wait {
        let before: Vec<&Line> = [Priority::Teachers, Priority::Students].iter().map(|of| &self.lines[of]).collect();
        match before.iter().map(|line| line.waiting()).sum() {
            0 => Wait { from_s: 0, to_s: 0 },
            people => wait(people, before[1].minutes.pace(now)),
        }
    }

    pub fn reduction(&self) -> Reduction {
        self.ladder.on()
    }

    pub fn is_draining(&self) -> bool {
        self.draining
    }

    /// People in lobbies and classes.
    pub fn people(&self) -> u32 {
        self.classes.people()
    }

    pub fn open_classes(&self) -> u32 {
        u32::try_from(self.classes.open()).unwrap_or(u32::MAX)
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    pub fn reserved(&self) -> u32 {
        self.classes.reserved()
    }

    pub fn limits(&self) -> Amounts {
        self.capacity.limits()
    }

    pub fn used(&self) -> Amounts {
        Amounts { people: self.people(), ..self.capacity.used() }
    }

    pub fn scarce(&self) -> Scarce {
        self.capacity.scarcest(self.people()).0
    }

    /// The fullest classes.
    pub fn fullest(&self) -> Vec<ClassLoad> {
        let loads = self.classes.iter().map(|(id, class)| ClassLoad {
            class: id,
            teachers: class.teachers,
            students: class.students + class.guests + class.observers,
            queued: class.queued,
            reserved: class.reserved(),
        });
        let mut loads: Vec<ClassLoad> = loads.collect();
        loads.sort_by_key(|load| (std::cmp::Reverse(load.students + load.teachers + load.queued), load.class));
        loads.truncate(limits::OPS_CLASSES_MAX);
        loads
    }
}
