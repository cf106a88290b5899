//! All that outlives the process: one SQLite file, written by one thread, read by many.
//!
//! Every write goes through the writer's queue, in order, and is answered once it is on disk. So whoever writes first
//! what a decision needs, and then the decision, finds both after a crash or neither.

mod accounts;
mod audit;
mod browsers;
mod classes;
mod devices;
mod journal;
mod kept;
mod lessons;
mod line;
mod people;
mod purge;
mod reader;
mod roster;
mod schema;
mod subject;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::hmac;
use preau_classroom::Entry;
use preau_protocol::{ClassId, UnixMs};

use crate::shard::{Loaded, NotLoaded};

pub use accounts::{AccountId, AccountRow};
pub use audit::Audit;
pub use browsers::{AccountStay, BrowserKind, SignedOut, Which};
pub use classes::{ClassRow, NewClass};
pub use devices::{AtDoor, DeviceRow, DeviceSecretHash, Lesson, NoStanding, Standing};
pub use journal::Chain;
pub use kept::Kept;
pub use purge::Purged;
pub use roster::{Generation, RosterRow};
pub use subject::{Dossier, Found};
pub use writer::{Durable, WAITING_MAX};

use lessons::Lessons;
use reader::Readers;
use writer::{Line, Writer};

/// The database's name within the data directory.
const FILE: &str = "preau.sqlite";
/// How long an account is signed in where nobody says otherwise: over the summer holidays, and for a school year.
const STAY_DEFAULT: AccountStay = AccountStay::days(90, 365);
/// The key with which invitation secrets are made, bytes: as long as the hash it is used with.
pub const LINK_KEY_BYTES: usize = 32;

/// Why something was not stored or found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("too much waits to be written")]
    Busy,
    #[error("the store is closed")]
    Closed,
    #[error("the database cannot be written or read: {0}")]
    Database(String),
    #[error("the data directory cannot be used: {0}")]
    Directory(String),
    #[error("the database was written by a newer Préau (schema {0})")]
    Newer(i64),
    #[error("entry {seq} of the journal does not follow from the one before")]
    BrokenChain { seq: u64 },
    #[error("a stored value cannot be understood: {0}")]
    Unreadable(String),
    #[error("a limit was reached")]
    Limit,
    #[error("no such thing is stored")]
    Missing,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        match error {
            rusqlite::Error::QueryReturnedNoRows => StoreError::Missing,
            other => StoreError::Database(other.to_string()),
        }
    }
}

/// A handle on the database, cheap to clone.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    readers: Arc<Readers>,
    lessons: Arc<Lessons>,
    link_key: Arc<[u8; LINK_KEY_BYTES]>,
    stay: AccountStay,
}

impl Store {
    /// Opens, or makes, the database in `directory`, and brings it to the newest schema.
    pub fn open(directory: &Path) -> Result<Store, StoreError> {
        let path = prepare(directory)?;
        let mut connection = schema::connect(&path)?;
        let link_key = Arc::new(schema::migrate(&mut connection)?);
        let readers = Arc::new(Readers::open(&path)?);
        Ok(Store { writer: Writer::start(connection)?, readers, lessons: Arc::default(), link_key, stay: STAY_DEFAULT })
    }

    /// The same database, in which accounts are signed in for so long.
    pub fn with_stay(self, stay: AccountStay) -> Store {
        Store { stay, ..self }
    }

    /// The key with which invitation secrets are made. It is made once and never leaves the server.
    pub fn link_key(&self) -> &[u8; LINK_KEY_BYTES] {
        &self.link_key
    }

    /// The key that seals tickets of the line: from the same secret, and good for nothing else.
    pub fn ticket_key(&self) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.link_key());
        hmac::sign(&key, b"tickets of the line").as_ref().try_into().expect("SHA-256 has 32 bytes")
    }

    /// The last write reached the disk. While this is false, entries of journals are kept and tried again.
    pub fn is_writable(&self) -> bool {
        self.writer.is_healthy()
    }

    /// Writes an entry at the end of its class's journal; `durable` is called as soon as it is on disk. Never blocks.
    pub fn append(&self, class: ClassId, entry: &Entry, durable: Durable) {
        let body = serde_json::to_vec(entry).expect("an entry is a map with string keys");
        self.writer.append(class, Line::Entry(body), durable);
    }

    /// Reads a class for its shard, and gives it to `loaded` from another thread: setup, people, journal, and with
    /// them every entry that was appended before. The class counts as used now: its retention starts again.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn load(&self, class: ClassId, loaded: Box<dyn FnOnce(Result<Box<Loaded>, NotLoaded>) + Send>) {
        let runtime = tokio::runtime::Handle::current();
        let readers = self.readers.clone();
        let now = unix_now();
        let answer = move |marked: Result<(), StoreError>| {
            runtime.spawn_blocking(move || {
                let found = marked.and_then(|()| readers.with(|connection| load(connection, class)));
                loaded(found.map(Box::new).map_err(|error| match error {
                    StoreError::Missing => NotLoaded::Missing,
                    error => {
                        tracing::error!(%class, %error, "a class cannot be loaded");
                        NotLoaded::Unreadable
                    }
                }));
            });
        };
        let writer = self.writer.clone();
        let mark = move |connection: &rusqlite::Connection| {
            writer.mend(class);
            classes::mark_used(connection, class, now)
        };
        self.writer.write(mark, answer);
    }

    /// Runs `work` in the writer's thread and answers once its outcome is on disk.
    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&rusqlite::Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, answered) = tokio::sync::oneshot::channel();
        self.writer.write(work, move |outcome| {
            // Whoever asked may have gone; the write stands.
            let _ = answer.send(outcome);
        });
        answered.await.map_err(|_| StoreError::Closed)?
    }

    async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&rusqlite::Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let readers = self.readers.clone();
        tokio::task::spawn_blocking(move || readers.with(work)).await.map_err(|_| StoreError::Closed)?
    }

    /// Waits until everything queued so far lies in the one file: whoever copies it when the server has stopped has all of it.
    pub async fn fold_in(&self) {
        let (done, folded) = tokio::sync::oneshot::channel();
        self.writer.fold_in(move || {
            // Whoever asked may have gone.
            let _ = done.send(());
        });
        // Dropped where it could not even be queued.
        let _ = folded.await;
    }

    /// Waits until everything queued so far is on disk.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.write(|_| Ok(())).await
    }
}

/// Runs a statement that is asked again and again, and has no values: it is read once.
fn run(connection: &rusqlite::Connection, statement: &str) -> Result<(), StoreError> {
    connection.prepare_cached(statement)?.execute([])?;
    Ok(())
}

fn load(connection: &rusqlite::Connection, class: ClassId) -> Result<Loaded, StoreError> {
    Ok(Loaded {
        setup: classes::setup(connection, class)?,
        people: people::all(connection, class)?,
        entries: journal::all(connection, class)?,
    })
}

/// Makes the data directory, for this user alone.
fn prepare(directory: &Path) -> Result<PathBuf, StoreError> {
    let wrong = |error: std::io::Error| StoreError::Directory(format!("{}: {error}", directory.display()));
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(wrong)?;
    Ok(directory.join(FILE))
}

/// Now, as stored times are.
pub fn unix_now() -> UnixMs {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    UnixMs(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
