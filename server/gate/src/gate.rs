//! The gate itself: who comes in, who stands in which line, and what everybody is told.

use std::collections::{BTreeMap, VecDeque};

use preau_protocol::{
    Amounts, ClassId, ClassLoad, Line as LineWord, LineDocument, PersonId, Place, Priority, Queued, Reduction, Role,
    Scarce, Turned, UnixMs, Wait, limits,
};

use crate::capacity::Capacity;
use crate::classes::{Class, Classes, expected};
use crate::hour;
use crate::ladder::Ladder;
use crate::line::{Line, Standing};
use crate::pace::wait;
use crate::present::Present;
use crate::ticket::TicketKey;

/// People in all lines together: everybody of the largest country this was made for, at some 90 bytes each.
const QUEUED_MAX: u32 = 1_000_000;
/// Whoever cannot even stand in a line is told to come back after this long.
const RETRY_MS: u32 = 30_000;
/// How often a page asks for the line, while it is short; and for each thousand who wait, so much longer.
const AGAIN_MS: u32 = 6_000;
const AGAIN_MS_PER_THOUSAND: u32 = 50;
const AGAIN_MS_MAX: u32 = 20_000;
/// After a restart everybody's page comes back within this: the longest time between two looks, and a third.
const GATHER_MS: u64 = 27_000;
/// For so long the document names a class that opened: everybody's page looks twice in it.
const OPENED_MS: u64 = 60_000;
/// How often the line is served while there is one.
const SERVE_EVERY_MS: u64 = 1_000;
/// Of 73 people who are called while all three lines stand, 64 are pupils in their hour, 8 are outside it, and one observes: everybody's
/// turn comes, however long the lines before are. (What each call costs its line: stride scheduling.)
const STRIDES: [(Priority, u64); 3] = [(Priority::Students, 1), (Priority::OutOfHour, 8), (Priority::Observers, 64)];

/// Somebody verified, before the door of one class.
#[derive(Clone, Debug)]
pub struct Asker {
    pub person: PersonId,
    pub class: ClassId,
    pub role: Role,
    pub starts_at: UnixMs,
    /// Students on the class's roster.
    pub roster: u32,
    /// Has a seat in the class that is kept for them.
    pub has_seat: bool,
    pub ticket: Option<String>,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// Somebody wants in; `re` comes back in the verdict.
    Ask {
        re: u64,
        asker: Asker,
    },
    /// A socket of somebody who was let in has closed.
    Left {
        person: PersonId,
        class: ClassId,
        role: Role,
    },
    /// What the process uses, about once a second. `people` is the gate's own to know.
    Measured(Amounts),
    SetLimits(Amounts),
    /// Which priorities the operator keeps out just now.
    SetRules(Rules),
    Drain(bool),
    Timeout,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    Verdict {
        re: u64,
        verdict: Verdict,
    },
    /// Every class does with less, or with more again.
    Reduce(Reduction),
    /// Whether anybody waits for a seat that somebody else may not need.
    SeatsWanted(bool),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// In. [`Input::Left`] has to follow once.
    Enter(Priority),
    /// Not now. A ticket that was shown and is none of theirs is said so, to be counted.
    Turned { turned: Turned, bad_ticket: bool },
}

/// Priorities that are kept out, until when if that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    pub closed: BTreeMap<Priority, Option<UnixMs>>,
}

/// Verdicts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub let_in: u64,
    pub queued: u64,
    pub turned_away: u64,
}

pub struct Gate {
    key: TicketKey,
    /// Names this life of the line.
    life: String,
    capacity: Capacity,
    classes: Classes,
    present: Present,
    lines: BTreeMap<Priority, Line>,
    /// How far each line has moved, in strides.
    strides: BTreeMap<Priority, u64>,
    ladder: Ladder,
    rules: Rules,
    /// Signs of classes that opened while pupils of theirs stood in a line, and when. The latest last.
    opened: VecDeque<(UnixMs, u32)>,
    draining: bool,
    counts: Counts,
    /// How many may be called in this second: what comes in then is no stampede.
    calls_per_s: u32,
    calls_left: u32,
    second: u64,
    serve_at: Option<UnixMs>,
    began: Option<UnixMs>,
    gather_until: UnixMs,
    seats_wanted: bool,
    outputs: VecDeque<Output>,
}

impl Gate {
    /// `life` is drawn anew by every process; `calls_per_s` is the rate at which the server takes newcomers.
    pub fn new(key: TicketKey, life: String, limits: Amounts, calls_per_s: u32) -> Gate {
        Gate {
            key,
            life,
            capacity: Capacity::new(limits),
            classes: Classes::default(),
            present: Present::default(),
            lines: Priority::ALL[1..].iter().map(|priority| (*priority, Line::default())).collect(),
            strides: STRIDES.iter().map(|(priority, _)| (*priority, 0)).collect(),
            ladder: Ladder::default(),
            rules: Rules::default(),
            opened: VecDeque::new(),
            draining: false,
            counts: Counts::default(),
            calls_per_s,
            calls_left: calls_per_s,
            second: 0,
            serve_at: None,
            began: None,
            gather_until: UnixMs::default(),
            seats_wanted: false,
            outputs: VecDeque::new(),
        }
    }

    pub fn handle(&mut self, input: Input, now: UnixMs) {
        self.began.get_or_insert(now);
        self.pass(now);
        match input {
            Input::Ask { re, asker } => {
                let verdict = self.judge(&asker, now);
                self.outputs.push_back(Output::Verdict { re, verdict });
            }
            Input::Left { person, class, role } => {
                self.present.left(person, now);
                self.classes.left(class, role);
            }
            Input::Measured(used) => self.measured(used, now),
            Input::SetLimits(limits) => self.capacity.set_limits(limits),
            Input::SetRules(rules) => self.rules = rules,
            Input::Drain(on) => self.draining = on,
            Input::Timeout => {}
        }
        self.serve(now);
        self.say_whether_seats_are_wanted();
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// While nobody waits there is nothing to wake for, except places to give back.
    pub fn poll_timeout(&self) -> Option<UnixMs> {
        [self.serve_at, self.classes.next_at()].into_iter().flatten().min()
    }

    fn measured(&mut self, used: Amounts, now: UnixMs) {
        self.capacity.measured(used);
        if self.ladder.measured(self.capacity.media_fullness(), now) {
            self.outputs.push_back(Output::Reduce(self.ladder.on()));
        }
    }

    /// Time goes on, whatever happens in it.
    fn pass(&mut self, now: UnixMs) {
        let second = now.0 / 1_000;
        if second > self.second {
            // After a long sleep all that was ramping has been measured.
            (0..(second - self.second).min(60)).for_each(|_| self.capacity.pass_second());
            self.second = second;
            self.calls_left = self.calls_per_s;
            self.present.pass(now);
            self.classes.give_back(now);
            self.lines.values_mut().for_each(|line| line.lapse(now));
            while self.opened.pop_front_if(|(at, _)| at.plus_ms(OPENED_MS) <= now).is_some() {}
        }
    }
}

/// Who comes in.
impl Gate {
    fn judge(&mut self, asker: &Asker, now: UnixMs) -> Verdict {
        let class = self.classes.get(asker.class);
        if asker.has_seat || self.present.is_here(asker.person, now) {
            return self.enter(asker, Priority::Seated, now);
        }
        if self.draining {
            return self.turn_away(Turned::Unavailable { retry_after_ms: RETRY_MS }, false);
        }
        if is_expected(class, asker.role) {
            return self.enter(asker, Priority::Seated, now);
        }
        let priority = hour::priority(asker.role, asker.starts_at, class.is_open(), now);
        let shown = asker.ticket.as_deref();
        let ticket = shown.and_then(|text| self.key.open(text, asker.person, now));
        let ticket = ticket.filter(|_| !self.present.has_used_ticket(asker.person));
        let bad_ticket = shown.is_some() && ticket.is_none();
        let known = self.lines.iter().find_map(|(of, line)| Some((*of, line.place_of(asker.person)?)));
        if let Some(ticket) = ticket.filter(|ticket| self.is_turn_of(asker.person, ticket.priority)) {
            self.present.used_ticket(asker.person, now);
            return self.enter(asker, ticket.priority, now);
        }
        if let Some(until) = self.rules.closed.get(&priority) {
            return self.turn_away(Turned::Closed { until: *until }, bad_ticket);
        }
        if known.is_none() && ticket.is_none() && self.may_pass_by(asker, class, priority) {
            return self.enter(asker, priority, now);
        }
        // Whoever stands somewhere keeps their place, and goes over to a better line when their hour comes.
        if known.is_none() && ticket.is_some() {
            self.hear_of_an_earlier_line(now);
        }
        let place = known.map(|(_, place)| place).or(ticket.map(|ticket| ticket.place));
        let place = place.unwrap_or_else(|| self.last_place(asker, priority, now));
        if known.is_none_or(|(line, _)| line != priority) {
            self.leave_lines(asker.person);
        }
        self.queue(asker, priority, place, bad_ticket, now)
    }

    /// The place of somebody who has none yet.
    fn last_place(&self, asker: &Asker, priority: Priority, now: UnixMs) -> Place {
        let since = hour::since(asker.starts_at, now);
        let draw = self.key.draw(asker.person, since);
        self.lines.get(&priority).map_or(Place { since, draw }, |line| line.place_for(since, draw))
    }

    /// Tickets of before a restart come back in any order: nobody is called until all could.
    fn hear_of_an_earlier_line(&mut self, now: UnixMs) {
        let gathered = self.began.unwrap_or(now).plus_ms(GATHER_MS);
        if now < gathered {
            self.gather_until = gathered;
        }
    }

    fn is_turn_of(&self, person: PersonId, priority: Priority) -> bool {
        self.lines.get(&priority).is_some_and(|line| line.was_called(person))
    }

    /// Nobody waits who should come first, and there is room.
    fn may_pass_by(&self, asker: &Asker, class: Class, priority: Priority) -> bool {
        let nobody_before = self.lines.iter().filter(|(of, _)| **of <= priority).all(|(_, line)| line.waiting() == 0);
        nobody_before && !self.is_shut_by_ladder(priority) && self.need(asker.role, asker.roster, class) <= self.room()
    }

    /// How many places somebody takes: a teacher takes those of the whole class.
    fn need(&self, role: Role, roster: u32, class: Class) -> u32 {
        match role {
            Role::Teacher if !class.is_open() => {
                let missing = expected(roster).saturating_sub(class.students);
                (1 + missing).min(self.capacity.whole().max(1))
            }
            Role::Teacher | Role::Student | Role::Observer => 1,
        }
    }

    fn room(&self) -> u32 {
        let promised: u32 = self.lines.values().map(Line::promised).sum();
        self.capacity.room(self.classes.people(), promised + self.classes.reserved())
    }

    fn is_shut_by_ladder(&self, priority: Priority) -> bool {
        let latecomer = matches!(priority, Priority::OutOfHour | Priority::Observers);
        self.ladder.on() == Reduction::Full || (latecomer && self.ladder.on() >= Reduction::LatecomersOut)
    }

    fn enter(&mut self, asker: &Asker, priority: Priority, now: UnixMs) -> Verdict {
        self.leave_lines(asker.person);
        self.present.entered(asker.person);
        self.capacity.entered();
        let before = self.classes.get(asker.class);
        self.classes.entered(asker.class, asker.role);
        if asker.role == Role::Teacher && !before.is_open() {
            self.classes.reserve(asker.class, asker.roster, self.capacity.whole(), now);
            if before.queued > 0 {
                self.say_that_it_opened(asker.class, now);
            }
        }
        self.counts.let_in += 1;
        Verdict::Enter(priority)
    }

    /// Pupils who came before their teacher stand in a line: their pages have to learn that places are kept for them now.
    fn say_that_it_opened(&mut self, class: ClassId, now: UnixMs) {
        if self.opened.len() >= limits::LINE_OPENED_MAX {
            self.opened.pop_front();
        }
        self.opened.push_back((now, self.key.sign(class)));
    }

    fn queue(&mut self, asker: &Asker, priority: Priority, place: Place, bad_ticket: bool, now: UnixMs) -> Verdict {
        let is_full = self.waiting() >= QUEUED_MAX;
        let need = self.need(asker.role, asker.roster, self.classes.get(asker.class));
        let Some(line) = self.lines.get_mut(&priority).filter(|_| !is_full) else {
            return self.turn_away(Turned::Unavailable { retry_after_ms: RETRY_MS }, bad_ticket);
        };
        if line.place_of(asker.person).is_none() {
            let begins = line.waiting() == 0;
            line.join(asker.person, Standing { place, class: asker.class, need }, now);
            self.classes.queued(asker.class);
            if begins {
                self.begin_strides(priority);
            }
        }
        let line = self.lines.entry(priority).or_default();
        line.mark(now);
        let before = line.before(place);
        let wait = wait(before, line.minutes.pace(now));
        let ticket = self.key.seal(asker.person, priority, place, now);
        self.counts.queued += 1;
        let class_sign = self.key.sign(asker.class);
        let turned = Turned::Queued(Queued { ticket, priority, place, class_sign, before, wait });
        Verdict::Turned { turned, bad_ticket }
    }

    fn leave_lines(&mut self, person: PersonId) {
        for standing in self.lines.values_mut().filter_map(|line| line.leave(person)) {
            self.classes.unqueued(standing.class);
        }
    }

    fn turn_away(&mut self, turned: Turned, bad_ticket: bool) -> Verdict {
        self.counts.turned_away += 1;
        Verdict::Turned { turned, bad_ticket }
    }
}

/// A seated teacher's pupils are never refused, and neither is who teaches with them.
fn is_expected(class: Class, role: Role) -> bool {
    match role {
        Role::Teacher => class.is_open(),
        Role::Student => class.expects_more(),
        Role::Observer => false,
    }
}

/// Whose turn it is.
impl Gate {
    /// Calls as many as there is room for, and no more in a second than come in without a stampede.
    fn serve(&mut self, now: UnixMs) {
        while self.calls_left > 0
            && now >= self.gather_until
            && let Some(priority) = self.next_line()
            && let Some(first) = self.lines[&priority].first()
            && first.need <= self.room()
        {
            self.calls_left -= 1;
            let called = self.lines.get_mut(&priority).and_then(|line| line.call(now));
            called.into_iter().for_each(|standing| self.classes.unqueued(standing.class));
            let cost = STRIDES.iter().find(|(of, _)| *of == priority).map_or(0, |(_, cost)| *cost);
            self.strides.entry(priority).and_modify(|stride| *stride += cost);
        }
        let is_anything = self.lines.values().any(|line| line.waiting() > 0 || line.promised() > 0);
        self.serve_at = is_anything.then(|| UnixMs((now.0 / SERVE_EVERY_MS + 1) * SERVE_EVERY_MS));
    }

    /// Teachers first; the others share what is left. A class that needs more room than there is holds up its line, and
    /// those after it: smaller ones that slip past would keep it waiting for ever.
    fn next_line(&self) -> Option<Priority> {
        let first = |priority: &Priority| {
            let line = self.lines.get(priority)?;
            let is_kept_out = self.rules.closed.contains_key(priority) || self.is_shut_by_ladder(*priority);
            line.first().filter(|_| !is_kept_out)
        };
        if self.draining {
            return None;
        }
        if first(&Priority::Teachers).is_some() {
            return Some(Priority::Teachers);
        }
        let open = STRIDES.iter().filter(|(priority, _)| first(priority).is_some());
        // Whoever would be the least far after this call. Of equals the higher priority.
        open.min_by_key(|(priority, cost)| (self.strides[priority] + cost, *priority)).map(|(priority, _)| *priority)
    }

    /// A line that begins starts where the others are: it has saved up nothing while it was empty.
    fn begin_strides(&mut self, priority: Priority) {
        let others = STRIDES.iter().filter(|(of, _)| *of != priority && self.lines[of].waiting() > 0);
        let least = others.map(|(of, _)| self.strides[of]).min().unwrap_or(0);
        self.strides.entry(priority).and_modify(|stride| *stride = (*stride).max(least));
    }

    fn say_whether_seats_are_wanted(&mut self) {
        let wanted = self.waiting() > 0;
        if wanted != self.seats_wanted {
            self.seats_wanted = wanted;
            self.outputs.push_back(Output::SeatsWanted(wanted));
        }
    }
}

/// What everybody may see.
impl Gate {
    /// People in all lines.
    pub fn waiting(&self) -> u32 {
        self.lines.values().map(Line::waiting).sum()
    }

    /// The same for everybody, and good for a few seconds.
    pub fn document(&mut self, now: UnixMs) -> LineDocument {
        let waiting = self.waiting();
        let again = AGAIN_MS + waiting / 1_000 * AGAIN_MS_PER_THOUSAND;
        let lines = self.lines.iter_mut().filter_map(|(priority, line)| {
            let rule = self.rules.closed.get(priority);
            if line.waiting() == 0 && line.served().is_none() && rule.is_none() {
                return None;
            }
            line.mark(now);
            Some(LineWord {
                priority: *priority,
                waiting: line.waiting(),
                served: line.served(),
                marks: line.marks().to_vec(),
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
            students: class.students + class.observers,
            queued: class.queued,
            reserved: class.reserved(),
        });
        let mut loads: Vec<ClassLoad> = loads.collect();
        loads.sort_by_key(|load| (std::cmp::Reverse(load.students + load.teachers + load.queued), load.class));
        loads.truncate(limits::OPS_CLASSES_MAX);
        loads
    }
}
