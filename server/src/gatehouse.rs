//! Where the gate stands in the process: it hears who asks, measures what is used, and publishes what everybody may know.
//!
//! A verdict takes some microseconds and waits for nothing, so that whoever asks takes the gate in hand, and is the only one who does.

mod machine;
mod measure;
mod orders;
mod published;
mod runner;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use preau_gate::{Accepts, Asker, Gate, Input, LET_IN_UNTIL, Output, TicketKey, Verdict};
use preau_protocol::{
    Amounts, Attack, ClassId, Operations, OperatorAct, PersonId, Priority, Role, Status, Turned, UnixMs, limits,
};
use tokio::sync::{oneshot, watch};
use tokio_util::task::TaskTracker;

use crate::attacks::Attacks;
use crate::config::{ClosedWindow, Config};
use crate::shards::Shards;
use crate::store::{Kept, Store, unix_now};

use measure::Meter;
use orders::Orders;
pub use published::Published;

/// How often the process is measured, and the documents are made anew.
const MEASURE_EVERY: Duration = Duration::from_secs(1);
/// A portal's place comes free when a lesson of its ends; until then nothing is gained by asking often.
const SCHOOL_RETRY_MS: u32 = 30_000;
/// The portal that sent somebody, and how many of its people may be inside.
#[derive(Clone, Copy, Debug)]
pub struct Sender {
    pub portal: usize,
    pub people_max: Option<u32>,
}

/// The gate, as routes and conversations see it.
pub struct Gatehouse {
    keeper: Arc<Mutex<Keeper>>,
    accepts: Arc<Mutex<Accepts>>,
    attacks: Arc<Attacks>,
    published: watch::Receiver<Arc<Published>>,
    /// If a line stands, it is on disk that one does.
    noted: watch::Receiver<bool>,
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
    keeper: Arc<Mutex<Keeper>>,
}

impl Inside {
    /// The connection was lost: nobody said goodbye.
    pub fn broke(&mut self) {
        self.broke = true;
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        lock(&self.keeper).left(self.person, self.class, self.role, self.sender, self.broke);
    }
}

impl Gatehouse {
    /// Opens the gate. It ends with the last handle of it, and the last place that it gave.
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
        let now = unix_now();
        let accepts = Arc::new(Mutex::new(Accepts::new(accepts_per_s, now)));
        let life = format!("{:016x}", rand::random::<u64>());
        let mut gate = Gate::new(TicketKey::new(&store.ticket_key()), life, limits, accepts_per_s);
        // What cannot be read may have been a line.
        if store.line_stood().unwrap_or(true) {
            gate.handle(Input::LineStood, now);
            store.note_line(false, || ());
        }
        let (note, noted) = watch::channel(true);
        let keeper = Keeper {
            gate,
            note,
            accepts: accepts.clone(),
            attacks: attacks.clone(),
            meter: Meter::begin(shards, conversations),
            store: store.clone(),
            windows: config.gate.closed.clone(),
            configured,
            orders,
            are_kept: Arc::new(AtomicBool::new(true)),
            held: HashMap::new(),
        };
        let (publish, published) = watch::channel(Arc::new(keeper.published(now)));
        let keeper = Arc::new(Mutex::new(keeper));
        tokio::spawn(keep(Arc::downgrade(&keeper), publish));
        Gatehouse { keeper, accepts, attacks, published, noted }
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
        let (person, class, role) = (asker.person, asker.class, asker.role);
        let verdict = lock(&self.keeper).judge(asker, sender);
        match verdict {
            Verdict::Enter(priority) => {
                metrics::counter!("gate_let_in_total", "priority" => word(priority)).increment(1);
                Ok(Inside { person, class, role, sender, broke: false, keeper: self.keeper.clone() })
            }
            Verdict::Turned { turned, bad_ticket } => {
                if let Turned::Queued(_) = turned {
                    // Nobody is told of a place that others could pass after a crash. The keeper outlives whoever waits.
                    let _ = self.noted.clone().wait_for(|noted| *noted).await;
                }
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
        let Some(act) = act else { return Some(lock(&self.keeper).operations(unix_now())) };
        let (answer, operations) = oneshot::channel();
        lock(&self.keeper).operate(act, answer);
        operations.await.ok()
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Measures, and makes the documents anew, for as long as there is a gate.
async fn keep(keeper: Weak<Mutex<Keeper>>, publish: watch::Sender<Arc<Published>>) {
    let mut tick = tokio::time::interval(MEASURE_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(keeper) = keeper.upgrade() else { return };
        let published = lock(&keeper).measure();
        // Nobody listens only while the server goes down.
        let _ = publish.send(Arc::new(published));
    }
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

/// The one who owns the gate.
struct Keeper {
    gate: Gate,
    note: watch::Sender<bool>,
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
    /// Places that each portal's people hold.
    held: HashMap<usize, u32>,
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the gate's keeper")
    }
}

impl Keeper {
    fn measure(&mut self) -> Published {
        let (used, now) = (self.meter.measure(Instant::now()), unix_now());
        self.gate.handle(Input::SetRules(self.orders.rules(&self.windows, now)), now);
        self.handle(Input::Measured(used), now);
        if !self.are_kept.load(Ordering::Relaxed) && self.store.is_writable() {
            self.keep_orders(|_| ());
        }
        self.published(now)
    }

    fn judge(&mut self, asker: Asker, sender: Option<Sender>) -> Verdict {
        let now = unix_now();
        if sender.is_some_and(|sender| self.is_over(sender, &asker, now)) {
            let turned = Turned::SchoolFull { retry_after_ms: SCHOOL_RETRY_MS };
            return Verdict::Turned { turned, bad_ticket: false };
        }
        let verdict = self.handle(Input::Ask { re: 0, asker }, now).expect("the gate answers at once");
        if let (Verdict::Enter(_), Some(sender)) = (&verdict, sender) {
            *self.held.entry(sender.portal).or_default() += 1;
        }
        verdict
    }

    fn left(&mut self, person: PersonId, class: ClassId, role: Role, sender: Option<Sender>, away: bool) {
        if let Some(held) = sender.and_then(|sender| self.held.get_mut(&sender.portal)) {
            *held = held.saturating_sub(1);
        }
        self.handle(Input::Left { person, class, role, away }, unix_now());
    }

    /// Done at once, and answered when a crash cannot undo it any more.
    fn operate(&mut self, act: OperatorAct, answer: oneshot::Sender<Operations>) {
        let now = unix_now();
        self.order(act, now);
        let operations = self.operations(now);
        // The asker may have gone; then nobody needs the answer.
        self.keep_orders(move |kept| drop(answer.send(Operations { kept, ..operations })));
    }

    /// Whether a portal has as many people here as were agreed. Whoever has a place already takes no other.
    fn is_over(&self, sender: Sender, asker: &Asker, now: UnixMs) -> bool {
        let held = self.held.get(&sender.portal).copied().unwrap_or(0);
        let is_full = sender.people_max.is_some_and(|max| held >= max);
        is_full && !asker.has_seat && !self.gate.is_here(asker.person, now)
    }

    /// One input into the gate, and all that comes of it.
    fn handle(&mut self, input: Input, now: UnixMs) -> Option<Verdict> {
        self.gate.handle(input, now);
        let mut told = None;
        while let Some(output) = self.gate.poll_output() {
            match output {
                Output::Verdict { verdict, .. } => told = Some(verdict),
                Output::Reduce(reduction) => {
                    tracing::warn!(?reduction, "the server is short: classes do with less, or with more again");
                    self.meter.tell(|told| told.reduction = reduction);
                }
                Output::SeatsWanted(wanted) => {
                    self.note.send_replace(!wanted);
                    let note = self.note.clone();
                    // Also where the disk refuses: it is said, and nobody waits for it.
                    self.store.note_line(wanted, move || {
                        note.send_replace(true);
                    });
                    self.meter.tell(|told| told.seats_wanted = wanted);
                }
            }
        }
        told
    }

    fn order(&mut self, act: OperatorAct, now: UnixMs) {
        match act {
            OperatorAct::Limits { limits } => {
                self.orders.set_limits(limits, self.configured);
                self.handle(Input::SetLimits(limits), now);
            }
            OperatorAct::Close { priority, closed } => {
                self.orders.close(priority, closed, &self.windows, now);
                self.handle(Input::SetRules(self.orders.rules(&self.windows, now)), now);
            }
            OperatorAct::Drain { on } => drop(self.handle(Input::Drain(on), now)),
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
    use tokio::sync::mpsc;
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
