//! What an operator ordered, as one value: it outlives the process.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, StoreError};

impl Store {
    /// Writes down all that operators ordered, in the place of what stood there; `done` learns whether it is on disk, from the
    /// writer's thread. Never blocks.
    pub fn keep_orders(&self, orders: Vec<u8>, done: impl FnOnce(Result<(), StoreError>) + Send + 'static) {
        let work = move |connection: &Connection| {
            connection
                .execute("INSERT OR REPLACE INTO server (name, value) VALUES ('orders', ?1)", params![orders])
                .map(drop)
                .map_err(StoreError::from)
        };
        self.writer.write(work, done);
    }

    /// What was written down last, if anything was.
    pub fn orders(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.readers.with(|connection| {
            let kept = connection.query_row("SELECT value FROM server WHERE name = 'orders'", [], |row| row.get(0));
            Ok(kept.optional()?)
        })
    }
}
