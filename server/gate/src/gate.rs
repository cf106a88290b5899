//! The gate itself: who comes in, and who stands in which line.

mod seen;

use std::collections::{BTreeMap, VecDeque};

use preau_protocol::{Amounts, ClassId, PersonId, Place, Priority, Queued, Reduction, Role, Turned, UnixMs, limits};

use crate::capacity::Capacity;
use crate::classes::{Class, Classes, expected};
use crate::hour;
use crate::ladder::Ladder;
use crate::line::{Line, Standing};
use crate::pace::wait;
use crate::present::Present;
use crate::ticket::{Ticket, TicketKey};

/// People in all lines together: everybody of the largest country this was made for, at some 90 bytes each.
const QUEUED_MAX: u32 = 1_000_000;
/// Whoever cannot even stand in a line is told to come back after this long.
const RETRY_MS: u32 = 30_000;
/// After a restart everybody's page comes back within this: the longest time between two looks, and a third.
const GATHER_MS: u64 = 27_000;
/// For so long the document names a class that opened: everybody's page looks twice in it.
const OPENED_MS: u64 = 60_000;
/// A class that needs more places than there are holds up everybody behind it for this long. Then its teacher comes in with as many
/// places as there are, and pupils beyond them stand in their line: one lecture does not shut the door for a morning.
const HELD_MS: u64 = 60_000;
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
    /// Is one of them. Whom only a portal's token sends may wait in the lobby, but not in a place kept for somebody.
    pub on_roster: bool,
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
        /// It broke: nobody said goodbye. Their place is theirs until they are back, for a while; otherwise it goes to the line at once.
        away: bool,
    },
    /// What the process uses, about once a second. `people` is the gate's own to know.
    Measured(Amounts),
    SetLimits(Amounts),
    /// Which priorities the operator keeps out just now.
    SetRules(Rules),
    Drain(bool),
    /// The process before this one ended while people stood in its line: nobody passes it, and nobody is called, until all could come back.
    LineStood,
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
    /// Since when a class has held up the line.
    held_since: Option<UnixMs>,
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
            held_since: None,
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
            Input::Left { person, class, role, away } => {
                if let Some(on_roster) = self.present.left(person, now) {
                    let kept = self.classes.reserved();
                    self.classes.left(class, role, on_roster, now);
                    // A class that still keeps places for its roster keeps theirs among them.
                    if away && self.classes.reserved() == kept {
                        self.present.keep_place(person);
                    }
                }
            }
            Input::Measured(used) => self.measured(used, now),
            Input::SetLimits(limits) => self.capacity.set_limits(limits),
            Input::SetRules(rules) => self.rules = rules,
            Input::Drain(on) => self.draining = on,
            Input::LineStood => self.gather_until = now.plus_ms(GATHER_MS),
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
        self.capacity.measured(used, self.classes.people());
        if self.ladder.measured(self.capacity.media_fullness(), now) {
            self.outputs.push_back(Output::Reduce(self.ladder.on()));
        }
    }

    /// Time goes on, whatever happens in it.
    fn pass(&mut self, now: UnixMs) {
        let second = now.0 / 1_000;
        // A clock that is put back is a second like any other.
        if second != self.second {
            // After a long sleep all that was ramping has been measured.
            (0..second.saturating_sub(self.second).clamp(1, 60)).for_each(|_| self.capacity.pass_second());
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
        if is_expected(class, asker.role, asker.on_roster) {
            return self.enter(asker, Priority::Seated, now);
        }
        let ticket = self.good_ticket(asker, now);
        let bad_ticket = asker.ticket.is_some() && ticket.is_none();
        let known = self.lines.iter().find_map(|(of, line)| Some((*of, line.place_of(asker.person)?)));
        let own = hour::priority(asker.role, asker.starts_at, class.is_open(), now);
        // Nobody loses a better line by waiting in it until their hour is over.
        let lines = [Some(own), known.map(|(of, _)| of), ticket.map(|ticket| ticket.priority)];
        let priority = lines.into_iter().flatten().min().unwrap_or(own);
        if let Some(of) = self.whose_turn_it_is(asker) {
            return self.enter(asker, of, now);
        }
        if let Some(until) = self.rules.closed.get(&priority) {
            return self.turn_away(Turned::Closed { until: *until }, bad_ticket);
        }
        let late = self.lines.values().find_map(|line| line.late(asker.person));
        let has_place = known.is_some() || ticket.is_some() || late.is_some();
        if !has_place && self.may_pass_by(asker, class, priority, now) {
            return self.enter(asker, priority, now);
        }
        if known.is_none() && ticket.is_some() {
            self.hear_of_an_earlier_line(now);
        }
        // Whoever stands somewhere keeps their place, and goes over to a better line when their hour comes.
        let place = known.map(|(_, place)| place).or(late).or(ticket.map(|ticket| ticket.place));
        let place = place.unwrap_or_else(|| self.last_place(asker, priority, now));
        if known.is_some_and(|(line, _)| line == priority) {
            return self.queue(asker, priority, place, bad_ticket, now);
        }
        self.leave_lines(asker.person);
        let place = self.lines.get(&priority).map_or(place, |line| line.in_front(place));
        self.queue(asker, priority, place, bad_ticket, now)
    }

    /// What they show, if it is theirs and has let nobody in yet.
    fn good_ticket(&self, asker: &Asker, now: UnixMs) -> Option<Ticket> {
        let ticket = self.key.open(asker.ticket.as_deref()?, asker.person, now)?;
        (!self.present.has_used_ticket(asker.person, ticket.issued())).then_some(ticket)
    }

    /// The line in which they were called, with or without a ticket: they are who they are. Whoever comes late to their turn is in
    /// front of everybody there, and comes in while there is room; the promise to them has gone to others.
    fn whose_turn_it_is(&self, asker: &Asker) -> Option<Priority> {
        let called = |line: &Line| line.called(asker.person).is_some();
        if let Some((priority, _)) = self.lines.iter().find(|(_, line)| called(line)) {
            return Some(*priority);
        }
        let late = self.lines.iter().find(|(_, line)| line.late(asker.person).is_some())?;
        let need = self.need(asker.role, asker.on_roster, asker.roster, self.classes.get(asker.class));
        (need <= self.room() && !self.is_kept_out(*late.0)).then_some(*late.0)
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

    /// Nobody waits who should come first, and there is room.
    fn may_pass_by(&self, asker: &Asker, class: Class, priority: Priority, now: UnixMs) -> bool {
        let nobody_before = self.lines.iter().filter(|(of, _)| **of <= priority).all(|(_, line)| line.waiting() == 0);
        let is_open = now >= self.gather_until && !self.is_kept_out(priority);
        nobody_before && is_open && self.need(asker.role, asker.on_roster, asker.roster, class) <= self.room()
    }

    /// How many places somebody takes: a teacher takes those of the whole class, and somebody expected has one already.
    fn need(&self, role: Role, on_roster: bool, roster: u32, class: Class) -> u32 {
        match role {
            // Only the first one, and only once.
            Role::Teacher if class.expected == 0 => expected(roster).saturating_sub(class.students).saturating_add(1),
            Role::Student if class.expects_more(on_roster) && class.reserved() > 0 => 0,
            Role::Teacher | Role::Student | Role::Observer => 1,
        }
    }

    fn room(&self) -> u32 {
        let promised: u32 = self.lines.values().map(Line::promised).sum();
        self.capacity.room(self.classes.people(), promised + self.classes.reserved() + self.present.away())
    }

    /// By the operator's rule, or because the server is short: a running class is never made worse in order to let new people in, so
    /// what a reduction frees is not for them.
    fn is_kept_out(&self, priority: Priority) -> bool {
        let on = self.ladder.on();
        let is_latecomer = matches!(priority, Priority::OutOfHour | Priority::Observers);
        let is_short = on > Reduction::LatecomersOut || (is_latecomer && on == Reduction::LatecomersOut);
        is_short || self.rules.closed.contains_key(&priority)
    }

    fn enter(&mut self, asker: &Asker, priority: Priority, now: UnixMs) -> Verdict {
        let before = self.classes.get(asker.class);
        let promised = self.lines.values().find_map(|line| line.called(asker.person)).map(|called| called.places);
        let was_here = self.present.is_here(asker.person, now);
        // Whatever place they had led them here: its ticket is void, shown or not.
        if self.leave_lines(asker.person) || asker.ticket.is_some() {
            self.present.used_ticket(asker.person, now);
        }
        if self.present.entered(asker.person, asker.on_roster) {
            self.classes.entered(asker.class, asker.role, asker.on_roster);
        }
        // Whoever reloads a page is measured already.
        if !was_here {
            self.capacity.entered();
        }
        if asker.role == Role::Teacher && !before.is_open() {
            let most = promised.map_or_else(|| self.room(), |promised| promised.saturating_sub(1));
            self.classes.reserve(asker.class, asker.roster, most, now);
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
        let Some(line) = self.lines.get_mut(&priority).filter(|_| !is_full) else {
            return self.turn_away(Turned::Unavailable { retry_after_ms: RETRY_MS }, bad_ticket);
        };
        if line.place_of(asker.person).is_none() {
            let begins = line.waiting() == 0;
            let brings = (asker.role == Role::Teacher).then_some(asker.roster);
            line.join(asker.person, Standing { place, class: asker.class, brings }, now);
            self.classes.queued(asker.class);
            if begins {
                self.begin_strides(priority);
            }
        }
        let line = &self.lines[&priority];
        let before = line.before(place);
        let wait = wait(before, line.minutes.pace(now));
        let ticket = self.key.seal(asker.person, priority, place, now);
        let class_sign = self.key.sign(asker.class);
        self.counts.queued += 1;
        let turned = Turned::Queued(Queued { ticket, priority, place, class_sign, before, wait });
        Verdict::Turned { turned, bad_ticket }
    }

    /// Whether they had any place.
    fn leave_lines(&mut self, person: PersonId) -> bool {
        let mut had_place = false;
        for line in self.lines.values_mut() {
            let (had, standing) = line.leave(person);
            had_place |= had;
            standing.into_iter().for_each(|standing| self.classes.unqueued(standing.class));
        }
        had_place
    }

    fn turn_away(&mut self, turned: Turned, bad_ticket: bool) -> Verdict {
        self.counts.turned_away += 1;
        Verdict::Turned { turned, bad_ticket }
    }
}

/// A seated teacher's pupils are never refused, and neither is who teaches with them.
fn is_expected(class: Class, role: Role, on_roster: bool) -> bool {
    match role {
        Role::Teacher => class.is_open(),
        Role::Student => class.expects_more(on_roster),
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
            && let Some(places) = self.places_for(first, now)
        {
            self.calls_left -= 1;
            self.held_since = None;
            let called = self.lines.get_mut(&priority).and_then(|line| line.call(places, now));
            called.into_iter().for_each(|standing| self.classes.unqueued(standing.class));
            let cost = STRIDES.iter().find(|(of, _)| *of == priority).map_or(0, |(_, cost)| *cost);
            self.strides.entry(priority).and_modify(|stride| *stride += cost);
        }
        let is_anything = self.lines.values().any(|line| line.waiting() > 0 || line.promised() > 0);
        self.serve_at = is_anything.then(|| UnixMs((now.0 / SERVE_EVERY_MS + 1) * SERVE_EVERY_MS));
    }

    /// How many places the first one of a line gets, if it is their turn.
    fn places_for(&mut self, first: Standing, now: UnixMs) -> Option<u32> {
        let role = if first.brings.is_some() { Role::Teacher } else { Role::Student };
        let need = self.need(role, true, first.brings.unwrap_or_default(), self.classes.get(first.class));
        let room = self.room();
        if need <= room {
            return Some(need);
        }
        let since = *self.held_since.get_or_insert(now);
        (room > 0 && now >= since.plus_ms(HELD_MS)).then_some(room)
    }

    /// Teachers first; the others share what is left. A class that needs more room than there is holds up its line, and
    /// those after it, for a while: smaller ones that slip past would keep it waiting for ever.
    fn next_line(&self) -> Option<Priority> {
        let first = |priority: &Priority| self.lines.get(priority)?.first().filter(|_| !self.is_kept_out(*priority));
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
