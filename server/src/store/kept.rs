//! What is no class's and outlives the process all the same, each as one value that is written anew as a whole.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, StoreError};

/// Which value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// What operators ordered.
    Orders,
    /// What was tried against the server, by the hour.
    Attacks,
}

impl Kept {
    fn name(self) -> &'static str {
        match self {
            Kept::Orders => "orders",
            Kept::Attacks => "attacks",
        }
    }
}

impl Store {
    /// Writes a value in the place of what stood there; `done` learns whether it is on disk, from the writer's thread. Never blocks.
    pub fn keep(&self, what: Kept, value: Vec<u8>, done: impl FnOnce(Result<(), StoreError>) + Send + 'static) {
        let work = move |connection: &Connection| {
            let written = connection
                .execute("INSERT OR REPLACE INTO server (name, value) VALUES (?1, ?2)", params![what.name(), value]);
            written.map(drop).map_err(StoreError::from)
        };
        self.writer.write(work, done);
    }

    /// What was written last, if anything was.
    pub fn kept(&self, what: Kept) -> Result<Option<Vec<u8>>, StoreError> {
        self.readers.with(|connection| {
            let query = "SELECT value FROM server WHERE name = ?1";
            Ok(connection.query_row(query, params![what.name()], |row| row.get(0)).optional()?)
        })
    }
}
