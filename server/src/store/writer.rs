//! The one thread that writes: it gathers what waits into one transaction, commits, and only then answers.
//!
//! When a commit fails (disk full, say), journal entries are kept, in order, and tried again with a growing pause until
//! they are on disk: what was decided is not lost, and nobody is told that it is done. Every other write is refused at
//! once, so that whoever asked can ask again. Meanwhile [`Writer::is_healthy`] is false and `/readyz` says so. Should the
//! room for entries run out, a class that lost one writes no more until it was loaded again: its journal has an end, and
//! never a hole.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use preau_classroom::Identity;
use preau_protocol::ClassId;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{StoreError, journal, people, run};

/// What may wait to be written. At 30 decisions a second in each of 100 classes: five seconds of a stuck disk.
pub const WAITING_MAX: usize = 16 * 1024;
/// One transaction's size: past this, sharing an fsync among more gains little and delays the first.
const BATCH_MAX: usize = 512;
/// From a commit that several people shared to the next: whoever decides something alone waits for their own only, and when
/// many do at once, many share one. A commit costs as much as some ten entries in it.
const COMMIT_EVERY: Duration = Duration::from_millis(8);
/// Somebody who comes has two things written: themselves, and which device is theirs.
const JOBS_OF_ONE: usize = 2;
/// The pauses between attempts, while the disk refuses.
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_LAST: Duration = Duration::from_secs(2);

/// Called once an entry is on disk, from the writer's thread: it must not block. Dropped uncalled if it never will be.
pub type Durable = Box<dyn FnOnce() + Send>;
/// Passes on what became of a write, given what became of its transaction.
type Tell = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// A write. It runs inside a transaction, or learns that there is none; and says whether what it did is to be kept.
type Work = Box<dyn FnOnce(Result<&Connection, StoreError>) -> (Keep, Tell) + Send>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    All,
    Nothing,
}

/// What is written of a class in the order in which it happened, and never left out.
pub(super) enum Line {
    /// The journal's next entry.
    Entry(Vec<u8>),
    /// Somebody whom entries after this may name.
    Person(Identity),
}

struct Append {
    class: ClassId,
    line: Line,
    durable: Durable,
}

impl Append {
    fn write(&self, connection: &Connection) -> Result<(), StoreError> {
        match &self.line {
            Line::Entry(body) => journal::append(connection, self.class, body),
            Line::Person(who) => people::remember(connection, self.class, who),
        }
    }
}

enum Job {
    Append(Append),
    Write(Work),
    /// Everything that was queued before is to lie in the database's own file.
    FoldIn(Box<dyn FnOnce() + Send>),
}

#[derive(Clone)]
pub(super) struct Writer {
    jobs: SyncSender<Job>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// The last commit failed.
    failing: AtomicBool,
    /// Classes of which an entry found no room: what follows it must not be written without it.
    cut: Mutex<BTreeSet<ClassId>>,
}

impl Writer {
    pub fn start(connection: Connection) -> Result<Writer, StoreError> {
        let (jobs, queue) = sync_channel(WAITING_MAX);
        let state = Arc::new(State::default());
        let thread =
            WriterThread { connection, queue, rest_until: Instant::now(), kept: VecDeque::new(), state: state.clone() };
        std::thread::Builder::new()
            .name("store".into())
            .spawn(move || thread.run())
            .map_err(|error| StoreError::Database(error.to_string()))?;
        Ok(Writer { jobs, state })
    }

    pub fn is_healthy(&self) -> bool {
        !self.state.failing.load(Ordering::Relaxed)
    }

    pub fn append(&self, class: ClassId, line: Line, durable: Durable) {
        let mut cut = self.state.cut();
        if cut.contains(&class) {
            return;
        }
        if self.jobs.try_send(Job::Append(Append { class, line, durable })).is_err() {
            tracing::error!(%class, "the journal found no room");
            cut.insert(class);
        }
    }

    /// Writes what the log holds into the database's own file, as far as readers let it; then, or if it cannot, calls `done`.
    pub fn fold_in(&self, done: impl FnOnce() + Send + 'static) {
        // Without room for it the log stays, and is read at the next start.
        let _ = self.jobs.try_send(Job::FoldIn(Box::new(done)));
    }

    /// The class begins again from what is on disk: it may write. To be called from within a write, so that whatever
    /// was queued before has been dropped.
    pub fn mend(&self, class: ClassId) {
        self.state.cut().remove(&class);
    }

    /// Queues `work`; `answer` gets its outcome, once that is on disk, or why it was never tried.
    pub fn write<T, F, A>(&self, work: F, answer: A)
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        A: FnOnce(Result<T, StoreError>) + Send + 'static,
    {
        let work: Work = Box::new(move |transaction| {
            let outcome = transaction.and_then(work);
            let keep = if outcome.is_ok() { Keep::All } else { Keep::Nothing };
            (keep, Box::new(move |committed| answer(committed.and(outcome))))
        });
        let (job, error) = match self.jobs.try_send(Job::Write(work)) {
            Ok(()) => return,
            Err(TrySendError::Full(job)) => (job, StoreError::Busy),
            Err(TrySendError::Disconnected(job)) => (job, StoreError::Closed),
        };
        if let Job::Write(work) = job {
            refuse(work, error);
        }
    }
}

fn refuse(work: Work, error: StoreError) {
    let (_, tell) = work(Err(error.clone()));
    tell(Err(error));
}

impl State {
    fn cut(&self) -> MutexGuard<'_, BTreeSet<ClassId>> {
        self.cut.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct WriterThread {
    connection: Connection,
    queue: Receiver<Job>,
    /// Before this nothing is begun: the last commit was shared, and so will be the next.
    rest_until: Instant,
    /// Entries that a failed commit left behind, oldest first. They go before anything else.
    kept: VecDeque<Append>,
    state: Arc<State>,
}

impl WriterThread {
    fn run(mut self) {
        let mut pause = RETRY_FIRST;
        while let Some(batch) = if self.kept.is_empty() { self.gather() } else { self.wait_out(pause) } {
            match self.commit(batch) {
                Ok(()) => pause = RETRY_FIRST,
                Err(error) => {
                    tracing::error!(%error, kept = self.kept.len(), "the database cannot be written");
                    metrics::counter!("store_commits_failed_total").increment(1);
                    pause = (pause * 2).min(RETRY_LAST);
                }
            }
        }
        if !self.kept.is_empty() && self.commit(Vec::new()).is_err() {
            tracing::error!(lost = self.kept.len(), "decisions that nobody was told of could not be written");
        }
    }

    /// Waits for a job, then takes what else is there. `None`: nobody can write any more.
    fn gather(&mut self) -> Option<Vec<Job>> {
        let first = self.queue.recv().ok()?;
        #[expect(clippy::disallowed_methods, reason = "nothing is waited for but that others come, too")]
        std::thread::sleep(self.rest_until.saturating_duration_since(Instant::now()));
        let mut batch = vec![first];
        batch.extend(self.queue.try_iter().take(BATCH_MAX - 1));
        Some(batch)
    }

    /// Between two attempts: entries join those kept, as long as there is room; all other writes are refused.
    fn wait_out(&mut self, pause: Duration) -> Option<Vec<Job>> {
        let until = Instant::now() + pause;
        loop {
            match self.queue.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Job::Append(append)) => self.keep(append),
                Ok(Job::Write(work)) => refuse(work, StoreError::Busy),
                Ok(Job::FoldIn(done)) => done(),
                Err(RecvTimeoutError::Timeout) => return Some(Vec::new()),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    fn keep(&mut self, append: Append) {
        let mut cut = self.state.cut();
        if cut.contains(&append.class) {
            return;
        }
        if self.kept.len() == WAITING_MAX {
            tracing::error!(class = %append.class, "the journal found no room");
            cut.insert(append.class);
            return;
        }
        drop(cut);
        self.kept.push_back(append);
    }

    /// Writes what was kept and then `batch`, in one transaction, and answers everyone.
    fn commit(&mut self, batch: Vec<Job>) -> Result<(), StoreError> {
        let started = Instant::now();
        let is_shared = batch.len() > JOBS_OF_ONE;
        let mut tells = Vec::with_capacity(batch.len());
        let mut folds = Vec::new();
        let mut attempt = Attempt::begin(&mut self.connection);
        self.kept.iter().for_each(|append| attempt.append(append));
        // After a failure, too, every job is looked at: entries are kept, everything else is refused.
        for job in batch {
            match job {
                Job::Append(append) if self.state.cut().contains(&append.class) => drop(append),
                Job::Append(append) => {
                    attempt.append(&append);
                    self.kept.push_back(append);
                }
                Job::Write(work) => tells.push(attempt.write(work)),
                Job::FoldIn(done) => folds.push(done),
            }
        }
        let outcome = attempt.finish();
        if is_shared {
            self.rest_until = Instant::now() + COMMIT_EVERY;
        }
        // Before anybody is told: whoever was refused finds the store unwell when they look.
        self.state.failing.store(outcome.is_err(), Ordering::Relaxed);
        if outcome.is_ok() {
            metrics::histogram!("store_commit_seconds").record(started.elapsed().as_secs_f64());
            self.kept.drain(..).for_each(|append| (append.durable)());
        }
        tells.into_iter().for_each(|tell: Tell| tell(outcome.clone()));
        for done in folds {
            self.fold_in();
            done();
        }
        outcome
    }
}

impl WriterThread {
    /// Nothing is lost where it fails: the next start reads the log.
    fn fold_in(&self) {
        let folded = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        match folded {
            Ok(false) => {}
            Ok(true) => tracing::debug!("somebody reads: the database's log stays"),
            Err(error) => tracing::warn!(%error, "the database's log stays"),
        }
    }
}

/// One transaction, until something in it fails.
struct Attempt<'a>(Result<Transaction<'a>, StoreError>);

impl<'a> Attempt<'a> {
    fn begin(connection: &'a mut Connection) -> Attempt<'a> {
        Attempt(connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from))
    }

    fn append(&mut self, append: &Append) {
        if let Ok(transaction) = &self.0
            && let Err(error) = append.write(transaction)
        {
            self.0 = Err(error);
        }
    }

    /// Runs `work` in a savepoint: should it fail, nothing of it remains in the transaction it shares with others.
    fn write(&mut self, work: Work) -> Tell {
        let begun = self.0.as_ref().map_err(StoreError::clone).and_then(|transaction| {
            run(transaction, "SAVEPOINT work")?;
            Ok(transaction)
        });
        let (keep, tell) = match begun {
            Ok(transaction) => work(Ok(transaction)),
            Err(error) => work(Err(error)),
        };
        let ended = self.0.as_ref().map_err(StoreError::clone).and_then(|transaction| {
            if keep == Keep::Nothing {
                run(transaction, "ROLLBACK TO work")?;
            }
            run(transaction, "RELEASE work")
        });
        if let Err(error) = ended {
            self.0 = Err(error);
        }
        tell
    }

    fn finish(self) -> Result<(), StoreError> {
        Ok(self.0?.commit()?)
    }
}
