//! The journal of a class: appended to, never changed, each row hashed with the one before.

use aws_lc_rs::digest::{Context, SHA256};
use preau_classroom::Entry;
use preau_protocol::ClassId;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, StoreError, classes};

type Hash = [u8; 32];

/// The rows of one class's journal, in order: what each has to be hashed with, and whether it was.
pub struct Chain {
    before: Hash,
    /// Rows so far.
    count: u64,
}

impl Chain {
    /// Before the first row of a class.
    pub fn of(class: ClassId) -> Chain {
        Chain { before: genesis(class), count: 0 }
    }

    /// The hash with which `body` becomes the next row.
    pub fn hash(&self, body: &[u8]) -> [u8; 32] {
        follow(&self.before, body)
    }

    /// Takes the next row as it was stored.
    pub fn next(&mut self, seq: u64, body: &[u8], hash: [u8; 32]) -> Result<Entry, StoreError> {
        self.count += 1;
        if seq != self.count || hash != self.hash(body) {
            return Err(StoreError::BrokenChain { seq });
        }
        self.before = hash;
        serde_json::from_slice(body).map_err(|error| StoreError::Unreadable(format!("journal entry {seq}: {error}")))
    }
}

impl Store {
    /// All entries of a class, oldest first, after checking that none is missing or was changed.
    pub async fn journal(&self, class: ClassId) -> Result<Vec<Entry>, StoreError> {
        self.read(move |connection| all(connection, class)).await
    }
}

/// Writes `body` behind the last row. If the class is gone, with its journal, there is nothing to do.
pub(super) fn append(connection: &Connection, class: ClassId, body: &[u8]) -> Result<(), StoreError> {
    if !classes::exists(connection, class)? {
        return Ok(());
    }
    let last: Option<(i64, Hash)> = connection
        .prepare_cached("SELECT seq, hash FROM journal WHERE class = ?1 ORDER BY seq DESC LIMIT 1")?
        .query_row(params![class.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (seq, before) = last.unwrap_or((0, genesis(class)));
    connection
        .prepare_cached("INSERT INTO journal (class, seq, body, hash) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![class.0, seq + 1, body, follow(&before, body)])?;
    Ok(())
}

pub(super) fn all(connection: &Connection, class: ClassId) -> Result<Vec<Entry>, StoreError> {
    let mut entries = Vec::new();
    each(connection, class, |_, entry| entries.push(entry))?;
    Ok(entries)
}

/// Gives every row, as stored and as understood, oldest first, after checking that it follows from the one before.
pub(super) fn each(
    connection: &Connection,
    class: ClassId,
    mut take: impl FnMut(Vec<u8>, Entry),
) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT seq, body, hash FROM journal WHERE class = ?1 ORDER BY seq")?;
    let mut rows = statement.query(params![class.0])?;
    let mut chain = Chain::of(class);
    while let Some(row) = rows.next()? {
        let (body, hash): (Vec<u8>, Hash) = (row.get(1)?, row.get(2)?);
        let entry = chain.next(row.get(0)?, &body, hash)?;
        take(body, entry);
    }
    Ok(())
}

/// Writes a class's journal anew, each row hashed with the one before. Nothing but the erasure of a person may do this.
pub(super) fn rewrite(connection: &Connection, class: ClassId, bodies: &[Vec<u8>]) -> Result<(), StoreError> {
    connection.execute("DELETE FROM journal WHERE class = ?1", params![class.0])?;
    bodies.iter().try_for_each(|body| append(connection, class, body))
}

/// What the first row of a class follows: two classes have no chain in common.
fn genesis(class: ClassId) -> Hash {
    follow(b"preau journal 1", class.0.as_bytes())
}

fn follow(before: &[u8], body: &[u8]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(before);
    context.update(body);
    context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes")
}
