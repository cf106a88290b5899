//! One server's morning in virtual time: the real gate, and a page for each of its people.

use std::collections::HashMap;

use preau_gate::{Accepts, Asker, Gate, Input, LET_IN_UNTIL, Output, TicketKey, Verdict};
use preau_protocol::{Amounts, LineDocument, Place, Priority, Queued, Reduction, Role, Turned, UnixMs};

use super::book::Book;
use super::chance::Chance;
use super::country::{BEGIN_UNIX_MS, Country, END, Lesson, MINUTE_MS};
use super::figures::{Figures, bell_of};
use super::machine;
use super::person::{Crowd, Stands, Told};
use super::queue::{Event, Queue, What};

/// A page's back-off after a socket that was not taken: full jitter, from half a second to thirty.
const BACK_OFF_MS: u32 = 500;
const BACK_OFF_MS_MAX: u32 = 30_000;
/// A connection breaks once in so long, and is back within seconds.
const DROP_EVERY_MS: f64 = 60.0 * MINUTE_MS as f64;
/// Whoever waits reloads the page in anger once in so long…
const RELOAD_EVERY_MS: f64 = 4.0 * MINUTE_MS as f64;
/// … gives up after so long, and of ten eight come again within minutes.
const PATIENCE_MS: f64 = 25.0 * MINUTE_MS as f64;
const COMES_AGAIN: f64 = 0.8;
/// A lesson's last minutes are nothing to come for.
const TOO_LATE_MS: u32 = 5 * MINUTE_MS;
const WHOLE_AFTER_MS: u32 = 5 * MINUTE_MS;
/// Whoever came in the last minute may still be on the way.
const ON_THE_WAY_MS: u32 = MINUTE_MS;
/// How often somebody's page reads the document, at the earliest: it is cached for so long.
const LOOK_EVERY_MS: u32 = 2_000;
const SECOND_MS: u32 = 1_000;
/// A process that died is back after this long.
const DOWN_MS: u32 = 4_000;

pub struct Node {
    pub(super) crowd: Crowd,
    pub(super) queue: Queue,
    pub(super) gate: Gate,
    pub(super) accepts: Accepts,
    pub(super) book: Book,
    pub(super) chance: Chance,
    pub(super) figures: Figures,
    arrivals: Vec<(u32, u32)>,
    key: TicketKey,
    life: u32,
    again_ms: u32,
    /// Which lesson a sign in the document means: pages know their own.
    signs: HashMap<u32, u32>,
    inside: u32,
    weight: f64,
    reduction: Reduction,
    down_until: u32,
    /// Seats of before a crash that are not taken again.
    missing: Option<(u32, u32, u32)>,
}

impl Node {
    pub fn new(country: &Country, lessons: Vec<Lesson>, mut chance: Chance) -> Node {
        let secret: [u8; 32] = std::array::from_fn(|_| chance.bits() as u8);
        let key = TicketKey::new(&secret);
        let crowd = Crowd::gather(country, lessons, &mut chance);
        let mut queue = Queue::default();
        for (number, lesson) in crowd.lessons.iter().enumerate() {
            if bell_of(lesson.bell).is_some() {
                queue.plan(lesson.bell + WHOLE_AFTER_MS, What::Check, number as u32, 0);
            }
        }
        let honest = crowd.people.iter().enumerate().filter(|(_, person)| person.trick.is_none());
        let mut arrivals: Vec<(u32, u32)> = honest.map(|(who, person)| (person.came, who as u32)).collect();
        arrivals.sort_unstable();
        Node {
            gate: Gate::new(key.clone(), "0".into(), machine::LIMITS, machine::ACCEPTS_PER_S),
            accepts: Accepts::new(machine::ACCEPTS_PER_S, unix(0)),
            crowd,
            queue,
            book: Book::default(),
            chance,
            figures: Figures::default(),
            arrivals,
            key,
            life: 0,
            again_ms: 6_000,
            signs: HashMap::new(),
            inside: 0,
            weight: 0.0,
            reduction: Reduction::Nothing,
            down_until: 0,
            missing: None,
        }
    }

    pub fn run(mut self) -> Figures {
        let arrivals = std::mem::take(&mut self.arrivals);
        let mut arrivals = arrivals.into_iter().peekable();
        let mut second = 0;
        while second < END {
            let next = self.queue.next_at().unwrap_or(END).min(arrivals.peek().map_or(END, |(at, _)| *at));
            while second <= next && second < END {
                self.tick(second);
                second += SECOND_MS;
            }
            match arrivals.next_if(|(at, _)| *at <= next) {
                Some((at, who)) => self.knock(who, at),
                None => {
                    if let Some(event) = self.queue.pop() {
                        self.happen(event);
                    }
                }
            }
        }
        self.close();
        self.figures
    }

    fn happen(&mut self, event: Event) {
        let Event { at, what, who, turn, .. } = event;
        let is_due = match what {
            What::Knock | What::Reload | What::GiveUp | What::Drop | What::Leave => {
                self.crowd.people[who as usize].turn == turn
            }
            What::Check | What::Flood | What::Impostor | What::Crash | What::Restart => true,
        };
        if !is_due {
            return;
        }
        match what {
            What::Knock => self.knock(who, at),
            What::Reload => self.reload(who, at),
            What::GiveUp => self.give_up(who, at),
            What::Drop => self.drop_out(who, at),
            What::Leave => self.leave(who, at),
            What::Check => self.check(who, at),
            What::Flood => self.flood(who, at),
            What::Impostor => self.impose(who, at),
            What::Crash => self.crash(at),
            What::Restart => self.restart(at),
        }
    }
}

/// Somebody's page.
impl Node {
    /// Opens a socket, and says hello on it.
    fn knock(&mut self, who: u32, now: u32) {
        if self.has_ended(who, now) {
            return self.end_visit(who);
        }
        self.figures.hellos[minute(now)] += 1;
        if self.is_down(now) || self.accepts.take(unix(now)).is_err() {
            self.figures.refused[minute(now)] += 1;
            let person = &mut self.crowd.people[who as usize];
            let window = BACK_OFF_MS.saturating_mul(1 << person.tries.min(8)).min(BACK_OFF_MS_MAX);
            person.tries = person.tries.saturating_add(1);
            let turn = person.turn;
            let after = 1 + self.chance.below(window as usize) as u32;
            return self.queue.plan(now + after, What::Knock, who, turn);
        }
        let asker = self.asker(who);
        match self.ask(asker, now) {
            Verdict::Enter(priority) => self.come_in(who, priority, now),
            Verdict::Turned { turned: Turned::Queued(queued), .. } => self.stand(who, queued, now),
            Verdict::Turned { turned: Turned::Closed { .. }, .. } => self.come_again(who, now, MINUTE_MS),
            Verdict::Turned {
                turned: Turned::Unavailable { retry_after_ms } | Turned::SchoolFull { retry_after_ms },
                ..
            } => self.come_again(who, now, retry_after_ms),
        }
    }

    pub(super) fn asker(&self, who: u32) -> Asker {
        let (person, lesson) = (&self.crowd.people[who as usize], self.crowd.lesson(who));
        Asker {
            person: person.id,
            class: lesson.class,
            role: person.role,
            starts_at: unix(lesson.bell),
            roster: lesson.roster.into(),
            on_roster: true,
            has_seat: person.has_seat,
            ticket: person.ticket.clone(),
        }
    }

    pub(super) fn ask(&mut self, asker: Asker, now: u32) -> Verdict {
        self.figures.asked += 1;
        self.gate.handle(Input::Ask { re: 0, asker }, unix(now));
        self.hear().expect("every question is answered")
    }

    fn hear(&mut self) -> Option<Verdict> {
        let mut answer = None;
        while let Some(output) = self.gate.poll_output() {
            match output {
                Output::Verdict { verdict, .. } => answer = Some(verdict),
                Output::Reduce(reduction) => self.reduction = reduction,
                Output::SeatsWanted(_) => {}
            }
        }
        answer
    }

    fn come_in(&mut self, who: u32, priority: Priority, now: u32) {
        self.strike(who);
        if priority != Priority::Seated {
            self.judge_order(who, priority, now);
        }
        let group = self.crowd.group(who) as usize;
        let (lesson, person) = (*self.crowd.lesson(who), &mut self.crowd.people[who as usize]);
        if !person.has_seat {
            self.figures.waits[group].add(now - person.came);
        } else if let Some((_, missing, _)) = &mut self.missing {
            *missing = missing.saturating_sub(1);
        }
        person.used = person.told.map(|told| told.place).or(person.used);
        (person.stands, person.has_seat, person.is_called, person.tries) = (Stands::Inside, true, false, 0);
        person.told = None;
        person.turn = person.turn.wrapping_add(1);
        let turn = person.turn;
        self.inside += 1;
        self.weight += f64::from(lesson.weight);
        let stay = self.chance.between(-1.0, 1.0) * f64::from(MINUTE_MS);
        let leaves = ((f64::from(lesson.ends) + stay) as u32).max(now + MINUTE_MS);
        self.queue.plan(leaves, What::Leave, who, turn);
        let drops = now.saturating_add(self.chance.exponential(DROP_EVERY_MS) as u32 + 1);
        if drops < leaves {
            self.queue.plan(drops, What::Drop, who, turn);
        }
    }

    fn stand(&mut self, who: u32, queued: Queued, now: u32) {
        self.strike(who);
        let person = &mut self.crowd.people[who as usize];
        if person.is_called {
            self.figures.false_turns += 1;
        }
        let came_before = person.told.filter(|told| told.priority == queued.priority);
        let (at, wait) = came_before.map_or((now, queued.wait), |told| (told.at, told.wait));
        let was_waiting = person.stands == Stands::Waiting;
        (person.stands, person.is_called, person.tries) = (Stands::Waiting, false, 0);
        person.told = Some(Told { priority: queued.priority, place: queued.place, at, wait });
        person.ticket = Some(queued.ticket);
        if !was_waiting {
            person.turn = person.turn.wrapping_add(1);
        }
        let (lesson, turn) = (person.lesson, person.turn);
        self.book.enter(queued.priority, queued.place, who);
        self.signs.insert(queued.class_sign, lesson);
        if !was_waiting {
            let patience = now.saturating_add(self.chance.exponential(PATIENCE_MS) as u32);
            self.queue.plan(patience, What::GiveUp, who, turn);
            self.plan_reload(who, now);
        }
    }

    pub(super) fn is_down(&self, now: u32) -> bool {
        now < self.down_until
    }

    /// What an impostor was told of their own place: they keep no page open, and stand in no book.
    pub(super) fn remember(&mut self, who: u32, queued: &Queued, now: u32) {
        let (priority, place, wait) = (queued.priority, queued.place, queued.wait);
        self.crowd.people[who as usize].told = Some(Told { priority, place, at: now, wait });
    }

    fn plan_reload(&mut self, who: u32, now: u32) {
        let turn = self.crowd.people[who as usize].turn;
        let after = 1_000 + self.chance.exponential(RELOAD_EVERY_MS) as u32;
        self.queue.plan(now + after, What::Reload, who, turn);
    }

    fn reload(&mut self, who: u32, now: u32) {
        self.plan_reload(who, now);
        if !self.crowd.people[who as usize].is_called {
            self.knock(who, now);
        }
    }

    /// Somebody closes the page. Of ten, eight come again; the place is in the ticket that the browser keeps.
    fn give_up(&mut self, who: u32, now: u32) {
        self.figures.gave_up += 1;
        let after = self.chance.between(3.0, 15.0) * f64::from(MINUTE_MS);
        if self.chance.happens(COMES_AGAIN) {
            self.come_again(who, now + after as u32 / 2, after as u32 / 2);
        } else {
            self.end_visit(who);
        }
    }

    fn come_again(&mut self, who: u32, now: u32, after_ms: u32) {
        self.strike(who);
        let person = &mut self.crowd.people[who as usize];
        (person.stands, person.is_called) = (Stands::Outside, false);
        person.turn = person.turn.wrapping_add(1);
        let turn = person.turn;
        let after = after_ms + self.chance.below(after_ms.max(1) as usize) as u32;
        self.queue.plan(now + after, What::Knock, who, turn);
    }

    fn drop_out(&mut self, who: u32, now: u32) {
        self.go_out(who, true, now);
        self.crowd.people[who as usize].stands = Stands::Outside;
        let turn = self.crowd.people[who as usize].turn;
        let after = 2_000 + self.chance.below(13_000) as u32;
        self.queue.plan(now + after, What::Knock, who, turn);
    }

    fn leave(&mut self, who: u32, now: u32) {
        self.go_out(who, false, now);
        let person = &mut self.crowd.people[who as usize];
        (person.stands, person.has_seat) = (Stands::Gone, false);
        if person.used.is_some() {
            self.plan_replay(who, now);
        }
    }

    fn go_out(&mut self, who: u32, away: bool, now: u32) {
        let (class, weight) = (self.crowd.lesson(who).class, self.crowd.lesson(who).weight);
        let person = &mut self.crowd.people[who as usize];
        person.turn = person.turn.wrapping_add(1);
        let (person, role) = (person.id, person.role);
        self.inside -= 1;
        self.weight -= f64::from(weight);
        self.gate.handle(Input::Left { person, class, role, away }, unix(now));
        self.hear();
    }

    /// Not in the book any more, whatever follows.
    fn strike(&mut self, who: u32) {
        if let Some(told) = self.crowd.people[who as usize].told {
            self.book.strike(told.priority, told.place, who);
        }
    }

    fn has_ended(&self, who: u32, now: u32) -> bool {
        now + TOO_LATE_MS >= self.crowd.lesson(who).ends.min(END) && !self.crowd.people[who as usize].has_seat
    }

    fn end_visit(&mut self, who: u32) {
        self.strike(who);
        let group = self.crowd.group(who) as usize;
        let person = &mut self.crowd.people[who as usize];
        if person.stands != Stands::Gone {
            self.figures.waits[group].never += 1;
        }
        person.stands = Stands::Gone;
        person.turn = person.turn.wrapping_add(1);
    }
}

/// The server itself.
impl Node {
    fn tick(&mut self, now: u32) {
        if !self.is_down(now) {
            let used = machine::used(self.inside, self.weight, self.reduction);
            self.gate.handle(Input::Measured(used), unix(now));
            self.hear();
            self.judge_load(&used);
            if now.is_multiple_of(LOOK_EVERY_MS) && !self.book.is_empty() {
                self.look(now);
            }
        }
        self.judge_return(now);
        if now.is_multiple_of(MINUTE_MS) {
            let minute = minute(now);
            self.figures.inside[minute] = self.inside;
            for line in 0..4 {
                self.figures.waiting[line][minute] = self.book.waiting(line);
            }
        }
    }

    /// Everybody's page looks into the document now and then: whose turn it is finds out within one interval.
    fn look(&mut self, now: u32) {
        let document = self.gate.document(unix(now));
        self.again_ms = document.again_in_ms;
        for priority in [Priority::Teachers, Priority::Students, Priority::OutOfHour, Priority::Observers] {
            match document.lines.iter().find(|line| line.priority == priority) {
                Some(line) if line.closed => {}
                Some(line) => {
                    while let Some(who) = self.book.next_served(priority, line.served) {
                        self.is_called(who, now);
                    }
                }
                None => {
                    while let Some(who) = self.book.next(priority) {
                        self.is_called(who, now);
                    }
                }
            }
        }
        self.look_for_opened(&document, now);
    }

    fn look_for_opened(&mut self, document: &LineDocument, now: u32) {
        for sign in &document.opened {
            let Some(lesson) = self.signs.get(sign) else { continue };
            for who in self.crowd.of_lesson(*lesson) {
                let person = &self.crowd.people[who as usize];
                if person.stands == Stands::Waiting && !person.is_called {
                    self.strike(who);
                    self.is_called(who, now);
                }
            }
        }
    }

    fn is_called(&mut self, who: u32, now: u32) {
        self.judge_announcement(who, now);
        let person = &mut self.crowd.people[who as usize];
        person.is_called = true;
        let turn = person.turn;
        let after = self.chance.below(self.again_ms as usize) as u32;
        self.queue.plan(now + after, What::Knock, who, turn);
    }

    fn crash(&mut self, now: u32) {
        let within = self.accepts.return_within_ms(self.inside);
        self.down_until = now + DOWN_MS;
        self.queue.plan(self.down_until, What::Restart, 0, 0);
        (self.missing, self.inside, self.weight) = (Some((now, self.inside, self.inside)), 0, 0.0);
        for who in 0..self.crowd.people.len() as u32 {
            let person = &mut self.crowd.people[who as usize];
            if person.stands == Stands::Inside {
                person.stands = Stands::Outside;
                person.turn = person.turn.wrapping_add(1);
                let turn = person.turn;
                let after = self.chance.below(within as usize) as u32;
                self.queue.plan(now + after, What::Knock, who, turn);
            }
        }
    }

    /// A new process: a new life of the line. Whoever waits shows their ticket once more.
    fn restart(&mut self, now: u32) {
        self.life += 1;
        self.gate = Gate::new(self.key.clone(), self.life.to_string(), machine::LIMITS, machine::ACCEPTS_PER_S);
        self.accepts = Accepts::new(machine::ACCEPTS_PER_S, unix(now));
        self.reduction = Reduction::Nothing;
        if !self.book.is_empty() {
            self.gate.handle(Input::LineStood, unix(now));
        }
        for who in 0..self.crowd.people.len() as u32 {
            let person = &self.crowd.people[who as usize];
            if person.stands == Stands::Waiting && !person.is_called {
                let turn = person.turn;
                let after = self.chance.below(self.again_ms as usize) as u32;
                self.queue.plan(now + after, What::Knock, who, turn);
            }
        }
    }
}

/// Judged from outside, by what people see.
impl Node {
    /// Somebody who came in by a line, or past it: has anybody of an earlier bucket been passed?
    fn judge_order(&mut self, who: u32, priority: Priority, now: u32) {
        if self.book.is_empty() || self.crowd.people[who as usize].is_called {
            return;
        }
        let since = ((BEGIN_UNIX_MS + u64::from(now)) / 1_000) as u32;
        let told = self.crowd.people[who as usize].told;
        let place = told.map_or(Place { since, draw: 0 }, |told| told.place);
        let document = self.gate.document(unix(now));
        let line = document.lines.iter().find(|line| line.priority == priority);
        if self.book.passes_somebody(priority, place, line.and_then(|line| line.served)) {
            self.figures.inversions += 1;
        }
    }

    fn judge_announcement(&mut self, who: u32, now: u32) {
        let Some(told) = self.crowd.people[who as usize].told else { return };
        let waited_s = (now - told.at) / 1_000;
        let look_s = LOOK_EVERY_MS / 1_000 + 1;
        let announced = &mut self.figures.announced;
        announced.told += 1;
        announced.sooner += u32::from(waited_s + look_s < told.wait.from_s);
        announced.later += u32::from(waited_s > told.wait.to_s + look_s);
        announced.worst_s = announced.worst_s.max(waited_s.saturating_sub(told.wait.to_s));
    }

    fn judge_load(&mut self, used: &Amounts) {
        self.figures.fullest = self.figures.fullest.max(self.inside);
        self.figures.reduced_s[self.reduction as usize] += 1;
        let egress = f64::from(used.egress_kbps) / f64::from(machine::LIMITS.egress_kbps);
        let people = f64::from(self.inside) / f64::from(machine::LIMITS.people);
        // A thousandth more is no news: people differ.
        self.figures.above_mark_s += u32::from(egress.max(people) > LET_IN_UNTIL + 0.001);
        self.figures.above_limit_s += u32::from(egress.max(people) > 1.0);
    }

    fn judge_return(&mut self, now: u32) {
        if let Some((since, missing, all)) = self.missing
            && missing * 20 <= all
        {
            self.figures.reseated_s = Some((now - since) / 1_000);
            self.missing = None;
        }
    }

    /// Is a class whole: its teacher, and everybody who has come?
    fn check(&mut self, lesson: u32, now: u32) {
        let Some(bell) = bell_of(self.crowd.lessons[lesson as usize].bell) else { return };
        self.figures.lessons[bell] += 1;
        let is_in = |who: u32| {
            let person = &self.crowd.people[who as usize];
            person.stands == Stands::Inside || person.has_seat
        };
        let mut members = self.crowd.of_lesson(lesson);
        let teacher = members.next().is_some_and(is_in);
        let whole = members.all(|who| {
            let person = &self.crowd.people[who as usize];
            let is_expected = person.role != Role::Observer && person.came + ON_THE_WAY_MS <= now;
            !is_expected || is_in(who)
        });
        self.figures.whole[bell] += u32::from(teacher && whole);
    }

    /// The morning is over: whoever still stands outside never came in.
    fn close(&mut self) {
        for who in 0..self.crowd.people.len() as u32 {
            let person = &self.crowd.people[who as usize];
            let is_honest = person.trick.is_none();
            if is_honest && !person.has_seat && matches!(person.stands, Stands::Waiting | Stands::Outside) {
                self.end_visit(who);
            }
        }
    }
}

pub fn unix(at: u32) -> UnixMs {
    UnixMs(BEGIN_UNIX_MS + u64::from(at))
}

pub(super) fn minute(at: u32) -> usize {
    (at / MINUTE_MS) as usize
}
