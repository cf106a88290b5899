//! Whether people stood in the gate's line: after a crash nobody is to pass those who still hold a place in it.

use rusqlite::{Connection, OptionalExtension};

use super::{Store, StoreError};

impl Store {
    /// Writes down whether anybody stands in the line, and then calls `then`, from the writer's thread. Never blocks; a note that
    /// is lost costs order, not places.
    pub fn note_line(&self, stands: bool, then: impl FnOnce() + Send + 'static) {
        let work = move |connection: &Connection| {
            let change = if stands {
                "INSERT OR IGNORE INTO server (name, value) VALUES ('line_stands', x'01')"
            } else {
                "DELETE FROM server WHERE name = 'line_stands'"
            };
            Ok(connection.execute(change, [])?)
        };
        self.writer.write(work, move |noted: Result<usize, StoreError>| {
            if let Err(error) = noted {
                tracing::warn!(%error, "whether a line stands could not be written down");
            }
            then();
        });
    }

    /// Whether the process before this one ended while anybody stood in its line.
    pub fn line_stood(&self) -> Result<bool, StoreError> {
        self.readers.with(|connection| {
            let noted = connection.query_row("SELECT 1 FROM server WHERE name = 'line_stands'", [], |_| Ok(()));
            Ok(noted.optional()?.is_some())
        })
    }
}
