//! A gate in a test: people and classes by their numbers, acts in one line.

use preau_protocol::{Amounts, ClassId, PersonId, Priority, Queued, Role, Turned, UnixMs};
use uuid::Uuid;

use crate::{Asker, Gate, Input, Output, TicketKey, Verdict};

pub const EIGHT: UnixMs = UnixMs(1_617_688_800_000);
/// Far from any limit.
pub const PLENTY: Amounts = Amounts {
    connections: 1_000_000,
    people: 1_000_000,
    packets_per_s: 1_000_000_000,
    egress_kbps: 1_000_000_000,
    memory_mb: 1_000_000,
    cpu_permille: 1_000_000,
};

pub struct World {
    pub gate: Gate,
    pub now: UnixMs,
    pub roster: u32,
    pub said: Vec<Output>,
    asked: u64,
}

/// What somebody was answered, in short.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    In(Priority),
    Queued(Queued),
    Out(Turned),
}

impl Answer {
    pub fn ticket(self) -> Queued {
        match self {
            Answer::Queued(queued) => queued,
            other => panic!("not in the line but {other:?}"),
        }
    }
}

pub fn person(n: u32) -> PersonId {
    PersonId(Uuid::from_u128(n.into()))
}

pub fn class(n: u32) -> ClassId {
    ClassId(Uuid::from_u128((1 << 64) + u128::from(n)))
}

/// Somebody without ticket or seat, before a class that starts at eight.
pub fn asker(who: u32, of: u32, role: Role) -> Asker {
    let (person, class) = (person(who), class(of));
    Asker { person, class, role, starts_at: EIGHT, roster: 0, on_roster: true, has_seat: false, ticket: None }
}

impl World {
    /// A server for so many people, of whom four fifths are let in; a minute before eight.
    pub fn for_people(people: u32) -> World {
        let limits = Amounts { people, ..PLENTY };
        let now = UnixMs(EIGHT.0 - 60_000);
        World { gate: gate(limits), now, roster: 10, said: Vec::new(), asked: 0 }
    }

    pub fn ask(&mut self, asker: Asker) -> Answer {
        self.asked += 1;
        let re = self.asked;
        self.act(Input::Ask { re, asker });
        let verdict = self.said.iter().rev().find_map(|output| match output {
            Output::Verdict { re: other, verdict } if *other == re => Some(verdict.clone()),
            _ => None,
        });
        match verdict.expect("every question is answered") {
            Verdict::Enter(priority) => Answer::In(priority),
            Verdict::Turned { turned: Turned::Queued(queued), .. } => Answer::Queued(queued),
            Verdict::Turned { turned, .. } => Answer::Out(turned),
        }
    }

    pub fn student(&mut self, who: u32, of: u32) -> Answer {
        self.ask(asker(who, of, Role::Student))
    }

    pub fn teacher(&mut self, who: u32, of: u32) -> Answer {
        let roster = self.roster;
        self.ask(Asker { roster, ..asker(who, of, Role::Teacher) })
    }

    pub fn with_ticket(&mut self, who: u32, of: u32, queued: &Queued) -> Answer {
        self.ask(Asker { ticket: Some(queued.ticket.clone()), ..asker(who, of, Role::Student) })
    }

    pub fn with_ticket_of(&mut self, who: u32, of: u32, role: Role, queued: &Queued) -> Answer {
        let ticket = Some(queued.ticket.clone());
        self.ask(Asker { ticket, roster: self.roster, ..asker(who, of, role) })
    }

    /// A connection breaks, and the seat is kept.
    pub fn drops(&mut self, who: u32, of: u32, role: Role) {
        self.act(Input::Left { person: person(who), class: class(of), role, away: true });
    }

    pub fn leaves(&mut self, who: u32, of: u32, role: Role) {
        self.act(Input::Left { person: person(who), class: class(of), role, away: false });
    }

    pub fn act(&mut self, input: Input) {
        self.gate.handle(input, self.now);
        while let Some(output) = self.gate.poll_output() {
            self.said.push(output);
        }
    }

    /// Time goes on, and the gate is woken whenever it wants to be.
    pub fn pass_s(&mut self, seconds: u64) {
        let until = self.now.plus_ms(seconds * 1_000);
        while let Some(at) = self.gate.poll_timeout().filter(|at| *at <= until) {
            self.now = at.max(self.now.plus_ms(1));
            self.act(Input::Timeout);
        }
        self.now = until;
    }

    /// Whether it is the turn of somebody, as their page finds it.
    pub fn is_called(&mut self, queued: &Queued) -> bool {
        let document = self.gate.document(self.now);
        let line = document.lines.iter().find(|line| line.priority == queued.priority);
        line.and_then(|line| line.served).is_some_and(|served| queued.place <= served)
    }

    /// Whether somebody learns that their teacher has come in.
    pub fn has_opened(&mut self, queued: &Queued) -> bool {
        self.gate.document(self.now).opened.contains(&queued.class_sign)
    }
}

pub fn gate(limits: Amounts) -> Gate {
    Gate::new(TicketKey::new(&[7; 32]), "first".into(), limits, 100)
}
