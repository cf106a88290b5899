//! Where the gate stands in the process: it hears who asks, measures what is used, and publishes what everybody may know.

mod machine;
mod measure;
mod orders;
mod published;
mod runner;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use preau_gate::{Accepts, Asker, Gate, Input, LET_IN_UNTIL, Output, TicketKey, Verdict};
use preau_protocol::{
    Amounts, Attack, ClassId, Operations, OperatorAct, PersonId, Priority, Role, Status, Turned, UnixMs, limits,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::task::TaskTracker;

use crate::attacks::Attacks;
use crate::config::{ClosedWindow, Config};
use crate::shards::Shards;
use crate::store::{Kept, Store, unix_now};

use measure::Meter;
use orders::Orders;
pub use published::Published;

/// Questions on their way to the gate. It answers each in microseconds; past this the asker waits.
const QUESTIONS_MAX: usize = 1_024;
/// How often the process is measured, and the documents are made anew.
const MEASURE_EVERY: Duration = Duration::from_secs(1);
/// A portal's place comes free when a lesson of its ends; until then nothing is gained by asking often.
const SCHOOL_RETRY_MS: u32 = 30_000;
/// Whoever cannot be answered because the server goes down.
const RETRY_MS: u32 = 5_000;

enum Question {
    Ask { asker: Asker, sender: Option<Sender>, answer: oneshot::Sender<Answer> },
    Left { person: PersonId, class: ClassId, role: Role, sender: Option<Sender>, away: bool },
    Operate { act: Option<OperatorAct>, answer: oneshot::Sender<Operations> },
}

/// The portal that sent somebody, and how many of its people may be inside.
#[derive(Clone, Copy, Debug)]
pub struct Sender {
    pub portal: usize,
    pub people_max: Option<u32>,
}

/// The place itself travels: whoever asked and has gone meanwhile drops it on the way, and it goes to somebody else.
type Answer = Result<Inside, (Turned, bool)>;

/// The gate, as routes and conversations see it.
pub struct Gatehouse {
    questions: mpsc::Sender<Question>,
    accepts: Arc<Mutex<Accepts>>,
    attacks: Arc<Attacks>,
    published: watch::Receiver<Arc<Published>>,
}

/// A place inside, for as long as it is held.
#[derive(Debug)]
pub struct Inside {
    person: PersonId,
    class: ClassId,
    role: Role,
    sender: Option<Sender>,
    /// Nobody said goodbye: they may be on their way back, and the place is not given to the line yet.
    broke: bool,
    /// Apart from questions: whoever leaves must never wait for room.
    leaving: mpsc::UnboundedSender<Question>,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a question to the gate")
    }
}

impl Inside {
    /// The connection was lost: nobody said goodbye.
    pub fn broke(&mut self) {
        self.broke = true;
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let (person, class, role, sender, away) = (self.person, self.class, self.role, self.sender, self.broke);
        // The gate is gone only when the server is.
        let _ = self.leaving.send(Question::Left { person, class, role, sender, away });
    }
}

impl Gatehouse {
    /// Opens the gate. It ends with the last handle of it.
    pub fn open(
        config: &Config,
        store: &Store,
        shards: &Shards,
        conversations: TaskTracker,
        attacks: Arc<Attacks>,
    ) -> Gatehouse {
        let (configured, accepts_per_s) = (machine::limits(&config.gate), machine::accepts_per_s(&config.gate));
        let orders = kept_orders(store);
        let limits = orders.limits(configured);
        let (questions, asked) = mpsc::channel(QUESTIONS_MAX);
        let (leaving, left) = mpsc::unbounded_channel();
        let now = unix_now();
        let accepts = Arc::new(Mutex::new(Accepts::new(accepts_per_s, now)));
        let life = format!("{:016x}", rand::random::<u64>());
        let mut gate = Gate::new(TicketKey::new(&store.ticket_key()), life, limits, accepts_per_s);
        // What cannot be read may have been a line.
        if store.line_stood().unwrap_or(true) {
            gate.handle(Input::LineStood, now);
            store.note_line(false);
        }
        let keeper = Keeper {
            gate,
            accepts: accepts.clone(),
            attacks: attacks.clone(),
            meter: Meter::begin(shards, conversations),
            store: store.clone(),
            windows: config.gate.closed.clone(),
            configured,
            orders,
            are_kept: Arc::new(AtomicBool::new(true)),
            answers: HashMap::new(),
            held: HashMap::new(),
            leaving,
            next: 0,
        };
        let (publish, published) = watch::channel(Arc::new(keeper.published(now)));
        tokio::spawn(keeper.keep(asked, left, publish));
        Gatehouse { questions, accepts, attacks, published }
    }

    /// Takes one more socket. An error: over the rate; come again after so many milliseconds.
    pub fn accept(&self) -> Result<(), u32> {
        lock(&self.accepts).take(unix_now())
    }

    /// How many sockets are taken per second.
    pub fn accepts_per_s(&self) -> u32 {
        lock(&self.accepts).per_s()
    }

    /// Over how many milliseconds clients are to come back, should this server vanish.
    pub fn return_within_ms(&self, connections: usize) -> u32 {
        lock(&self.accepts).return_within_ms(u32::try_from(connections).unwrap_or(u32::MAX))
    }

    /// Whether somebody whom `sender` sent may come in. A ticket that was none of theirs is counted.
    pub async fn ask(&self, asker: Asker, sender: Option<Sender>) -> Result<Inside, Turned> {
        let (answer, verdict) = oneshot::channel();
        let gone = || Turned::Unavailable { retry_after_ms: RETRY_MS };
        self.questions.send(Question::Ask { asker, sender, answer }).await.map_err(|_| gone())?;
        match verdict.await.map_err(|_| gone())? {
            Ok(inside) => Ok(inside),
            Err((turned, bad_ticket)) => {
                if bad_ticket {
                    self.attacks.count(Attack::BadTicket);
                }
                Err(turned)
            }
        }
    }

    /// What everybody may know, at most a second old.
    pub fn published(&self) -> Arc<Published> {
        self.published.borrow().clone()
    }

    /// What an operator sees, after what they did. `None` while the server goes down.
    pub async fn operate(&self, act: Option<OperatorAct>) -> Option<Operations> {
        let (answer, operations) = oneshot::channel();
        self.questions.send(Question::Operate { act, answer }).await.ok()?;
        operations.await.ok()
    }
}

fn lock(accepts: &Mutex<Accepts>) -> std::sync::MutexGuard<'_, Accepts> {
    accepts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What operators ordered before this start. Without it the configuration's limits hold, and the server starts.
fn kept_orders(store: &Store) -> Orders {
    let kept = store.kept(Kept::Orders).unwrap_or_else(|error| {
        tracing::error!(%error, "what operators ordered cannot be read");
        None
    });
    let orders = kept.map_or_else(|| Ok(Orders::default()), |bytes| Orders::read(&bytes));
    orders.unwrap_or_else(|error| {
        tracing::error!(%error, "what operators ordered cannot be understood");
        Orders::default()
    })
}

fn word(priority: Priority) -> &'static str {
    match priority {
        Priority::Seated => "seated",
        Priority::Teachers => "teachers",
        Priority::Students => "students",
        Priority::OutOfHour => "out_of_hour",
        Priority::Observers => "observers",
    }
}

/// Who waits for a verdict.
struct Asked {
    person: PersonId,
    class: ClassId,
    role: Role,
    sender: Option<Sender>,
}

/// The one who owns the gate.
struct Keeper {
    gate: Gate,
    accepts: Arc<Mutex<Accepts>>,
    attacks: Arc<Attacks>,
    meter: Meter,
    store: Store,
    windows: Vec<ClosedWindow>,
    /// The limits of the configuration and the machine: what an operator says is laid over them.
    configured: Amounts,
    orders: Orders,
    /// The orders are on disk as they are.
    are_kept: Arc<AtomicBool>,
    /// Who waits for a verdict: as many as questions were taken at once.
    answers: HashMap<u64, (oneshot::Sender<Answer>, Asked)>,
    /// Places that each portal's people hold.
    held: HashMap<usize, u32>,
    /// For the places that are given out.
    leaving: mpsc::UnboundedSender<Question>,
    next: u64,
}

impl Keeper {
    async fn keep(
        mut self,
        mut asked: mpsc::Receiver<Question>,
        mut left: mpsc::UnboundedReceiver<Question>,
        publish: watch::Sender<Arc<Published>>,
    ) {
        let mut tick = tokio::time::interval(MEASURE_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                Some(question) = left.recv() => self.answer(question),
                question = asked.recv() => match question {
                    Some(question) => self.answer(question),
                    None => return,
                },
                _ = tick.tick() => {
                    let (used, now) = (self.meter.measure(Instant::now()), unix_now());
                    self.gate.handle(Input::SetRules(self.orders.rules(&self.windows, now)), now);
                    self.gate.handle(Input::Measured(used), now);
                    if !self.are_kept.load(Ordering::Relaxed) && self.store.is_writable() {
                        self.keep_orders(|_| ());
                    }
                    // Nobody listens only while the server goes down.
                    let _ = publish.send(Arc::new(self.published(now)));
                }
            }
            self.carry_out();
        }
    }

    fn answer(&mut self, question: Question) {
        let now = unix_now();
        match question {
            Question::Ask { asker, sender, answer } => {
                if sender.is_some_and(|sender| self.is_over(sender, &asker, now)) {
                    // The asker may have gone; then nobody needs the answer.
                    let _ = answer.send(Err((Turned::SchoolFull { retry_after_ms: SCHOOL_RETRY_MS }, false)));
                    return;
                }
                self.next += 1;
                let asked = Asked { person: asker.person, class: asker.class, role: asker.role, sender };
                self.answers.insert(self.next, (answer, asked));
                self.gate.handle(Input::Ask { re: self.next, asker }, now);
            }
            Question::Left { person, class, role, sender, away } => {
                if let Some(held) = sender.and_then(|sender| self.held.get_mut(&sender.portal)) {
                    *held = held.saturating_sub(1);
                }
                self.gate.handle(Input::Left { person, class, role, away }, now)
            }
            Question::Operate { act: None, answer } => {
                // The asker may have gone; then nobody needs the answer.
                let _ = answer.send(self.operations(now));
            }
            Question::Operate { act: Some(act), answer } => {
                self.operate(act, now);
                let operations = self.operations(now);
                // Done at once, and answered when a crash cannot undo it any more.
                self.keep_orders(move |kept| drop(answer.send(Operations { kept, ..operations })));
            }
        }
    }

    /// Whether a portal has as many people here as were agreed. Whoever has a place already takes no other.
    fn is_over(&self, sender: Sender, asker: &Asker, now: UnixMs) -> bool {
        let held = self.held.get(&sender.portal).copied().unwrap_or(0);
        let is_full = sender.people_max.is_some_and(|max| held >= max);
        is_full && !asker.has_seat && !self.gate.is_here(asker.person, now)
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.gate.poll_output() {
            match output {
                Output::Verdict { re, verdict } => self.tell(re, verdict),
                Output::Reduce(reduction) => {
                    tracing::warn!(?reduction, "the server is short: classes do with less, or with more again");
                    self.meter.tell(|told| told.reduction = reduction);
                }
                Output::SeatsWanted(wanted) => {
                    self.store.note_line(wanted);
                    self.meter.tell(|told| told.seats_wanted = wanted);
                }
            }
        }
    }

    fn tell(&mut self, re: u64, verdict: Verdict) {
        let Some((answer, Asked { person, class, role, sender })) = self.answers.remove(&re) else { return };
        let told = match verdict {
            Verdict::Enter(priority) => {
                metrics::counter!("gate_let_in_total", "priority" => word(priority)).increment(1);
                if let Some(sender) = sender {
                    *self.held.entry(sender.portal).or_default() += 1;
                }
                Ok(Inside { person, class, role, sender, broke: false, leaving: self.leaving.clone() })
            }
            Verdict::Turned { turned, bad_ticket } => Err((turned, bad_ticket)),
        };
        // Whoever has gone meanwhile gives the place back by not taking it.
        let _ = answer.send(told);
    }

    fn operate(&mut self, act: OperatorAct, now: UnixMs) {
        match act {
            OperatorAct::Limits { limits } => {
                self.orders.set_limits(limits, self.configured);
                self.gate.handle(Input::SetLimits(limits), now);
            }
            OperatorAct::Close { priority, closed } => {
                self.orders.close(priority, closed, &self.windows, now);
                self.gate.handle(Input::SetRules(self.orders.rules(&self.windows, now)), now);
            }
            OperatorAct::Drain { on } => self.gate.handle(Input::Drain(on), now),
            OperatorAct::Say { text } => self.orders.say(text, now),
            OperatorAct::Unsay { at } => self.orders.unsay(at),
        }
    }

    fn keep_orders(&self, then: impl FnOnce(bool) + Send + 'static) {
        let are_kept = self.are_kept.clone();
        self.store.keep(Kept::Orders, self.orders.bytes(), move |outcome| {
            if let Err(error) = &outcome {
                tracing::warn!(%error, "what an operator ordered could not be written down; it is tried again");
            }
            are_kept.store(outcome.is_ok(), Ordering::Relaxed);
            then(outcome.is_ok());
        });
    }

    fn published(&self, now: UnixMs) -> Published {
        Published::of(self.gate.document(now), self.status(now))
    }

    fn status(&self, now: UnixMs) -> Status {
        published::status(&self.gate, self.orders.incidents(now), now)
    }

    fn operations(&self, now: UnixMs) -> Operations {
        let status = self.status(now);
        let counts = self.gate.counts();
        let mut accepts = lock(&self.accepts);
        Operations {
            status,
            line: self.gate.document(now),
            used: self.gate.used(),
            limits: self.gate.limits(),
            configured: self.configured,
            by_hand: self.orders.lines(now),
            kept: self.are_kept.load(Ordering::Relaxed),
            let_in_until_permille: (LET_IN_UNTIL * 1_000.0) as u32,
            scarce: self.gate.scarce(),
            reserved: self.gate.reserved(),
            accepts_per_s_max: accepts.per_s(),
            accepts_per_s: accepts.lately(now),
            let_in: counts.let_in,
            queued: counts.queued,
            turned_away: counts.turned_away,
            attacks: self.attacks.counts(now),
            classes: self.gate.fullest(),
            draining: self.gate.is_draining(),
            shards_silent: self.meter.silent(),
        }
    }
}

/// Whether an act's values are within their limits.
pub fn is_sound(act: &OperatorAct) -> bool {
    match act {
        OperatorAct::Limits { limits } => {
            let Amounts { connections, people, packets_per_s, egress_kbps, memory_mb, cpu_permille } = *limits;
            [connections, people, packets_per_s, egress_kbps, memory_mb, cpu_permille].iter().all(|amount| *amount > 0)
        }
        OperatorAct::Close { priority, .. } => *priority != Priority::Seated,
        OperatorAct::Drain { .. } | OperatorAct::Unsay { .. } => true,
        OperatorAct::Say { text } => !text.trim().is_empty() && text.chars().count() <= limits::INCIDENT_CHARS_MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::Epoch;
    use preau_protocol::UnixMs;
    use uuid::Uuid;

    fn asker(person: u128, has_seat: bool) -> Asker {
        Asker {
            person: PersonId(Uuid::from_u128(person)),
            class: ClassId(Uuid::from_u128(2)),
            role: Role::Student,
            starts_at: unix_now(),
            roster: 28,
            on_roster: true,
            has_seat,
            ticket: None,
        }
    }

    #[tokio::test]
    async fn a_portal_holds_as_many_places_as_were_agreed_and_others_come_in() {
        let data = tempfile::tempdir().expect("a directory");
        let store = Store::open(data.path()).expect("a database");
        let shards = Shards::new(vec![], Epoch::new(Instant::now(), UnixMs(0)));
        let gate = Gatehouse::open(&Config::default(), &store, &shards, TaskTracker::new(), Arc::default());
        let ent = Some(Sender { portal: 0, people_max: Some(2) });
        let full = Turned::SchoolFull { retry_after_ms: SCHOOL_RETRY_MS };
        let one = gate.ask(asker(1, false), ent).await.expect("the first");
        let _two = gate.ask(asker(2, false), ent).await.expect("the second");
        assert_eq!(gate.ask(asker(3, false), ent).await.expect_err("no third"), full);
        let _other = gate.ask(asker(4, false), None).await.expect("an invitation");
        let _reloaded = gate.ask(asker(2, false), ent).await.expect("the same person");
        let _back = gate.ask(asker(5, true), ent).await.expect("a seat is a seat");
        drop(one);
        assert_eq!(gate.ask(asker(3, false), ent).await.expect_err("four sockets, and two agreed"), full);
        drop((_reloaded, _back));
        gate.ask(asker(3, false), ent).await.expect("there is room");
    }

    #[tokio::test]
    async fn a_shard_that_does_not_answer_holds_nobody_up() {
        let data = tempfile::tempdir().expect("a directory");
        let store = Store::open(data.path()).expect("a database");
        // Room for one question: the shard reads none, and neither figures nor words for it find room after that.
        let (inbox, _unread) = mpsc::channel(1);
        let shards = Shards::new(vec![inbox], Epoch::new(Instant::now(), UnixMs(0)));
        let gate = Gatehouse::open(&Config::default(), &store, &shards, TaskTracker::new(), Arc::default());
        let mut published = gate.published.clone();
        for _ in 0..2 {
            published.changed().await.expect("the documents go on");
        }
        let _inside = gate.ask(asker(1, false), None).await.expect("there is room");
        let seen = gate.operate(None).await.expect("the gate is there");
        assert_eq!((seen.let_in, seen.shards_silent), (1, 0), "five seconds have not passed");
    }
}
