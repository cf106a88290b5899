//! Those who came to harm: sockets of nobody, and verified people with tickets that are none of theirs.

use preau_gate::{Asker, Input, Verdict};
use preau_protocol::{Place, Priority, Queued, Turned};

use super::country::MINUTE_MS;
use super::node::{Node, unix};
use super::person::Trick;
use super::queue::What;

/// When attacks run: around each bell, and one in between.
const WINDOWS: [(u32, u32); 4] = [
    (28 * MINUTE_MS, 50 * MINUTE_MS),
    (70 * MINUTE_MS, 75 * MINUTE_MS),
    (88 * MINUTE_MS, 105 * MINUTE_MS),
    (148 * MINUTE_MS, 165 * MINUTE_MS),
];
/// Of all servers so many are flooded, each by more than it takes.
const FLOODED: f64 = 0.1;
const FLOOD_PER_S: u32 = 750;
const FLOOD_EVERY_MS: u32 = 40;
/// An impostor tries again after this long.
const TRIES_AGAIN_MS: (f64, f64) = (5_000.0, 20_000.0);
/// Of those who came in by a ticket, so many try it once more when they have left.
const REPLAYS: f64 = 0.05;
/// Longer than a reload takes.
const REPLAYS_AFTER_MS: u32 = 150_000;

impl Node {
    pub fn plan_attacks(&mut self) {
        if self.chance.happens(FLOODED) {
            WINDOWS.iter().for_each(|(from, _)| self.queue.plan(*from, What::Flood, 0, 0));
        }
        for who in 0..self.crowd.people.len() as u32 {
            if self.crowd.people[who as usize].trick.is_some() {
                let at = WINDOWS[0].0 + self.chance.below(MINUTE_MS as usize) as u32;
                self.queue.plan(at, What::Impostor, who, 0);
            }
        }
    }

    pub(super) fn flood(&mut self, who: u32, now: u32) {
        for _ in 0..FLOOD_PER_S * FLOOD_EVERY_MS / 1_000 {
            self.figures.attacks.flood += 1;
            self.figures.attacks.flood_taken += u64::from(self.accepts.take(unix(now)).is_ok());
        }
        if is_on(now) {
            self.queue.plan(now + FLOOD_EVERY_MS, What::Flood, who, 0);
        }
    }

    pub(super) fn plan_replay(&mut self, who: u32, now: u32) {
        if self.chance.happens(REPLAYS) {
            self.queue.plan(now + REPLAYS_AFTER_MS, What::Impostor, who, 0);
        }
    }

    pub(super) fn impose(&mut self, who: u32, now: u32) {
        let trick = self.crowd.people[who as usize].trick;
        // While nobody waits there is nothing to gain.
        let is_worth_it = !self.book.is_empty() || trick.is_none();
        if is_worth_it && !self.is_down(now) && self.accepts.take(unix(now)).is_ok() {
            match trick {
                Some(Trick::Cloned) => self.clone_somebody(now),
                Some(Trick::Forged | Trick::Stolen) if self.show_a_bad_ticket(who, now) => return,
                Some(Trick::Forged | Trick::Stolen) => {}
                None => return self.replay(who, now),
            }
        }
        let after = self.chance.between(TRIES_AGAIN_MS.0, TRIES_AGAIN_MS.1) as u32;
        let next = if is_on(now + after) { Some(now + after) } else { next_window(now).map(|at| at + after) };
        if let Some(at) = next {
            self.queue.plan(at, What::Impostor, who, 0);
        }
    }

    /// Whether they are in, and try no more.
    fn show_a_bad_ticket(&mut self, who: u32, now: u32) -> bool {
        let lot = self.chance.below(64);
        let victim = self.book.any(lot).and_then(|victim| self.crowd.people[victim as usize].ticket.clone());
        let ticket = match (self.crowd.people[who as usize].trick, victim) {
            (Some(Trick::Stolen), Some(ticket)) => {
                self.figures.attacks.stolen += 1;
                ticket
            }
            (_, ticket) => {
                self.figures.attacks.forged += 1;
                self.forge(ticket.unwrap_or_else(|| "A".repeat(51)))
            }
        };
        let own = self.crowd.people[who as usize].told.map(|told| told.place);
        let has_right = self.has_right(Priority::OutOfHour, own, now);
        let asker = Asker { ticket: Some(ticket), ..self.asker(who) };
        let verdict = self.ask(asker, now);
        let is_in = matches!(verdict, Verdict::Enter(_));
        self.judge(who, verdict, has_right, None, now);
        is_in
    }

    /// One bit of a real ticket is another one.
    fn forge(&mut self, ticket: String) -> String {
        let mut bytes = ticket.into_bytes();
        let at = self.chance.below(bytes.len());
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// Their own ticket, which has let them in already.
    fn replay(&mut self, who: u32, now: u32) {
        self.figures.attacks.replayed += 1;
        let used = self.crowd.people[who as usize].used;
        let has_right = self.has_right(Priority::Students, None, now);
        let verdict = self.ask(self.asker(who), now);
        let has_right = has_right || matches!(verdict, Verdict::Enter(Priority::Seated));
        self.judge(who, verdict, has_right, used, now);
    }

    /// What came of it: an intruder is whoever gains anything by what is not theirs.
    fn judge(&mut self, who: u32, verdict: Verdict, has_right: bool, not_at: Option<Place>, now: u32) {
        match verdict {
            Verdict::Enter(_) => {
                self.figures.attacks.intruders += u32::from(!has_right);
                let (asker, role) = (self.asker(who), self.crowd.people[who as usize].role);
                self.gate
                    .handle(Input::Left { person: asker.person, class: asker.class, role, away: false }, unix(now));
                while self.gate.poll_output().is_some() {}
                self.crowd.people[who as usize].told = None;
            }
            Verdict::Turned { turned, bad_ticket } => {
                self.figures.attacks.bad_tickets += u32::from(bad_ticket);
                if let Turned::Queued(queued) = turned {
                    self.figures.attacks.intruders += u32::from(!bad_ticket || not_at == Some(queued.place));
                    self.remember(who, &queued, now);
                }
            }
        }
    }

    /// Somebody else's identity, on a second device. It gains nothing that its owner does not have.
    fn clone_somebody(&mut self, now: u32) {
        let lot = self.chance.below(64);
        let Some(victim) = self.book.any(lot) else { return };
        self.figures.attacks.cloned += 1;
        let Some(told) = self.crowd.people[victim as usize].told else { return };
        let has_right = self.has_right(told.priority, Some(told.place), now);
        let asker = self.asker(victim);
        let (person, class, role) = (asker.person, asker.class, asker.role);
        match self.ask(Asker { ticket: None, ..asker }, now) {
            Verdict::Enter(priority) => {
                self.figures.attacks.intruders += u32::from(!has_right && priority != Priority::Seated);
                // One live session per person: the door ends the older one of the two.
                self.gate.handle(Input::Left { person, class, role, away: false }, unix(now));
                while self.gate.poll_output().is_some() {}
            }
            Verdict::Turned { turned: Turned::Queued(Queued { place, .. }), .. } => {
                self.figures.attacks.intruders += u32::from(place < told.place);
            }
            Verdict::Turned { .. } => {}
        }
    }

    /// Whether somebody with this place, or with none, may come in by the rules that everybody can read.
    fn has_right(&mut self, priority: Priority, place: Option<Place>, now: u32) -> bool {
        let document = self.gate.document(unix(now));
        let is_first = document.lines.iter().filter(|line| line.priority <= priority).all(|line| line.waiting == 0);
        let line = document.lines.iter().find(|line| line.priority == priority);
        let served = line.and_then(|line| line.served);
        is_first || place.is_some_and(|place| served.is_some_and(|served| place <= served))
    }
}

fn is_on(now: u32) -> bool {
    WINDOWS.iter().any(|(from, to)| (*from..*to).contains(&now))
}

fn next_window(now: u32) -> Option<u32> {
    WINDOWS.iter().map(|(from, _)| *from).find(|from| *from > now)
}
