//! The database's shape: migrations in order, each applied once.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, params};

use super::{LINK_KEY_BYTES, StoreError};

/// Each step brings the database from its index to the next version (`PRAGMA user_version`). Steps are never edited
/// once released; a change is a new step.
const MIGRATIONS: &[&str] = &[include_str!("schema_1.sql"), include_str!("schema_2.sql")];

/// A connection with the settings that make a commit durable (WAL, synchronous FULL).
pub(super) fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Rows of people who are forgotten are overwritten, not only unlinked.
    connection.pragma_update(None, "secure_delete", true)?;
    // `preau teacher-link` writes beside a running server.
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    keep_plans(&connection)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// A plan does not depend on what is bound: otherwise every statement is planned anew each time it is asked something else.
pub(super) fn keep_plans(connection: &Connection) -> Result<(), StoreError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Brings the schema up to date, all steps in one transaction, and reads the key of invitation secrets, which is made
/// on first use.
pub(super) fn migrate(connection: &mut Connection) -> Result<[u8; LINK_KEY_BYTES], StoreError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let done = usize::try_from(version).ok().filter(|done| *done <= MIGRATIONS.len());
    let done = done.ok_or(StoreError::Newer(version))?;
    for step in &MIGRATIONS[done..] {
        transaction.execute_batch(step)?;
    }
    if done < MIGRATIONS.len() {
        transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    }
    let key = link_key(&transaction)?;
    transaction.commit()?;
    Ok(key)
}

fn link_key(connection: &Connection) -> Result<[u8; LINK_KEY_BYTES], StoreError> {
    let mut fresh = [0; LINK_KEY_BYTES];
    aws_lc_rs::rand::fill(&mut fresh).map_err(|_| StoreError::Unreadable("no randomness".into()))?;
    connection.execute("INSERT OR IGNORE INTO server (name, value) VALUES ('link_key', ?1)", params![fresh])?;
    let stored: Option<Vec<u8>> =
        connection.query_row("SELECT value FROM server WHERE name = 'link_key'", [], |row| row.get(0)).optional()?;
    stored
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| StoreError::Unreadable("the key of invitation links".into()))
}
