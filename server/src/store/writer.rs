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

use preau_protocol::ClassId;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{StoreError, journal};

/// What may wait to be written. At 30 decisions a second in each of 100 classes: five seconds of a stuck disk.
pub const WAITING_MAX: usize = 16 * 1024;
/// One transaction's size: past this, sharing an fsync among more gains little and delays the first.
const BATCH_MAX: usize = 512;
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

struct Append {
    class: ClassId,
    body: Vec<u8>,
    durable: Durable,
}

enum Job {
    Append(Append),
    Write(Work),
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
        let thread = WriterThread { connection, queue, kept: VecDeque::new(), state: state.clone() };
        std::thread::Builder::new()
            .name("store".into())
            .spawn(move || thread.run())
            .map_err(|error| StoreError::Database(error.to_string()))?;
        Ok(Writer { jobs, state })
    }

    pub fn is_healthy(&self) -> bool {
        !self.state.failing.load(Ordering::Relaxed)
    }

    pub fn append(&self, class: ClassId, body: Vec<u8>, durable: Durable) {
        let mut cut = self.state.cut();
        if cut.contains(&class) {
            return;
        }
        if self.jobs.try_send(Job::Append(Append { class, body, durable })).is_err() {
            tracing::error!(%class, "the journal found no room");
            cut.insert(class);
        }
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
        let mut tells = Vec::with_capacity(batch.len());
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
            }
        }
        let outcome = attempt.finish();
        // Before anybody is told: whoever was refused finds the store unwell when they look.
        self.state.failing.store(outcome.is_err(), Ordering::Relaxed);
        if outcome.is_ok() {
            metrics::histogram!("store_commit_seconds").record(started.elapsed().as_secs_f64());
            self.kept.drain(..).for_each(|append| (append.durable)());
        }
        tells.into_iter().for_each(|tell: Tell| tell(outcome.clone()));
        outcome
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
            && let Err(error) = journal::append(transaction, append.class, &append.body)
        {
            self.0 = Err(error);
        }
    }

    /// Runs `work` in a savepoint: should it fail, nothing of it remains in the transaction it shares with others.
    fn write(&mut self, work: Work) -> Tell {
        let begun = self.0.as_ref().map_err(StoreError::clone).and_then(|transaction| {
            transaction.execute_batch("SAVEPOINT work")?;
            Ok(transaction)
        });
        let (keep, tell) = match begun {
            Ok(transaction) => work(Ok(transaction)),
            Err(error) => work(Err(error)),
        };
        let ended = self.0.as_ref().map_err(StoreError::clone).and_then(|transaction| {
            let end = if keep == Keep::All { "RELEASE work" } else { "ROLLBACK TO work; RELEASE work" };
            Ok(transaction.execute_batch(end)?)
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
