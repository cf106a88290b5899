//! Rosters: the people expected in a class, and the state of each one's invitation.

use std::collections::BTreeMap;

use preau_protocol::limits::ROSTER_MAX;
use preau_protocol::{ClassId, DisplayName, PersonId, Role, RosterEntry};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::classes::{name, unword, word};
use super::{Store, StoreError};

/// Counts how often somebody's link was made: only the link of the newest generation opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(pub u32);

/// Somebody on a roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterRow {
    pub class: ClassId,
    pub person: PersonId,
    pub name: DisplayName,
    pub role: Role,
    pub group: Option<String>,
    pub generation: Generation,
    pub revoked: bool,
    pub used: bool,
}

/// What becomes of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Renewed,
    Revoked,
}

const COLUMNS: &str = "SELECT class, person, name, role, class_group, generation, revoked, used FROM roster";

impl Store {
    /// Everyone on the roster, in the order in which they were added.
    pub async fn roster(&self, class: ClassId) -> Result<Vec<RosterRow>, StoreError> {
        self.read(move |connection| all(connection, class)).await
    }

    /// Adds people, all or none; [`StoreError::Limit`] if the roster would be too long. The whole roster comes back.
    pub async fn add_to_roster(&self, class: ClassId, people: Vec<RosterEntry>) -> Result<Vec<RosterRow>, StoreError> {
        self.write(move |connection| {
            let (count, last): (usize, i64) = connection.query_row(
                "SELECT count(*), coalesce(max(position), 0) FROM roster WHERE class = ?1",
                params![class.0],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            if count + people.len() > ROSTER_MAX {
                return Err(StoreError::Limit);
            }
            for (position, entry) in (last + 1..).zip(people) {
                connection
                    .prepare_cached(
                        "INSERT INTO roster (class, person, position, name, role, class_group, generation, revoked, used)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, 0, 0)",
                    )?
                    .execute(params![
                        class.0,
                        Uuid::new_v4(),
                        position,
                        entry.name.as_str(),
                        word(&entry.role)?,
                        entry.group
                    ])?;
            }
            all(connection, class)
        })
        .await
    }

    /// Takes somebody off the roster, and with it their invitation. False if they were not on it.
    pub async fn drop_from_roster(&self, class: ClassId, person: PersonId) -> Result<bool, StoreError> {
        self.write(move |connection| {
            forget_claims(connection, class, person)?;
            let gone = connection
                .execute("DELETE FROM roster WHERE class = ?1 AND person = ?2", params![class.0, person.0])?;
            Ok(gone > 0)
        })
        .await
    }

    /// Makes somebody's link anew; the old one, and whoever came with it, is no longer good.
    pub async fn renew_invitation(&self, class: ClassId, person: PersonId) -> Result<RosterRow, StoreError> {
        self.turn_invitation(class, person, Turn::Renewed).await
    }

    pub async fn revoke_invitation(&self, class: ClassId, person: PersonId) -> Result<RosterRow, StoreError> {
        self.turn_invitation(class, person, Turn::Revoked).await
    }

    async fn turn_invitation(&self, class: ClassId, person: PersonId, turn: Turn) -> Result<RosterRow, StoreError> {
        self.write(move |connection| {
            forget_claims(connection, class, person)?;
            connection.execute(
                "UPDATE roster SET generation = generation + 1, used = 0, revoked = ?3 WHERE class = ?1 AND person = ?2",
                params![class.0, person.0, turn == Turn::Revoked],
            )?;
            let row = connection
                .prepare_cached(&format!("{COLUMNS} WHERE class = ?1 AND person = ?2"))?
                .query_row(params![class.0, person.0], roster_row)?;
            Ok(row)
        })
        .await
    }
}

/// Whoever is invited as `person`, in whichever class: ids of people are unique.
pub(super) fn invited(connection: &Connection, person: PersonId) -> Result<Option<RosterRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} WHERE person = ?1"))?;
    Ok(statement.query_row(params![person.0], roster_row).optional()?)
}

pub(super) fn students(connection: &Connection, class: ClassId) -> Result<BTreeMap<PersonId, DisplayName>, StoreError> {
    let rows = all(connection, class)?;
    Ok(rows.into_iter().filter(|row| row.role == Role::Student).map(|row| (row.person, row.name)).collect())
}

fn all(connection: &Connection, class: ClassId) -> Result<Vec<RosterRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} WHERE class = ?1 ORDER BY position"))?;
    let rows = statement.query_map(params![class.0], roster_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn forget_claims(connection: &Connection, class: ClassId, person: PersonId) -> Result<(), StoreError> {
    connection.execute("DELETE FROM claim WHERE class = ?1 AND person = ?2", params![class.0, person.0])?;
    Ok(())
}

fn roster_row(row: &Row<'_>) -> rusqlite::Result<RosterRow> {
    Ok(RosterRow {
        class: ClassId(row.get(0)?),
        person: PersonId(row.get(1)?),
        name: name(row, 2)?,
        role: unword(row, 3)?,
        group: row.get(4)?,
        generation: Generation(row.get(5)?),
        revoked: row.get(6)?,
        used: row.get(7)?,
    })
}
