//! People as they were last verified: the names behind a journal, which has none.

use std::collections::BTreeMap;

use preau_classroom::Identity;
use preau_protocol::{ClassId, PersonId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::classes::{self, name, unword, word};
use super::writer::Line;
use super::{Store, StoreError};

const COLUMNS: &str = "SELECT person, name, role, class_group, on_roster, proof FROM person";

impl Store {
    /// Everyone who ever came to this class's door, by person.
    pub async fn people(&self, class: ClassId) -> Result<BTreeMap<PersonId, Identity>, StoreError> {
        self.read(move |connection| all(connection, class)).await
    }

    /// Remembers somebody as verified now. It goes the way of the class's entries, so that it is on disk before all that
    /// is decided about them afterwards; nobody has to wait for it.
    pub fn remember_person(&self, class: ClassId, who: Identity) {
        self.writer.append(class, Line::Person(who), Box::new(|| {}));
    }
}

pub(super) fn all(connection: &Connection, class: ClassId) -> Result<BTreeMap<PersonId, Identity>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} WHERE class = ?1"))?;
    let rows = statement.query_map(params![class.0], |row| identity(row).map(|who| (who.person, who)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// If the class is gone, with all its people, there is nothing to do.
pub(super) fn remember(connection: &Connection, class: ClassId, who: &Identity) -> Result<(), StoreError> {
    if !classes::exists(connection, class)? {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO person (class, person, name, role, class_group, on_roster, proof)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (class, person) DO UPDATE SET name = excluded.name, role = excluded.role,
                class_group = excluded.class_group, on_roster = excluded.on_roster, proof = excluded.proof
             WHERE name <> excluded.name OR role <> excluded.role OR class_group IS NOT excluded.class_group
                OR on_roster <> excluded.on_roster OR proof <> excluded.proof",
        )?
        .execute(params![
            class.0,
            who.person.0,
            who.name.as_str(),
            word(&who.role)?,
            who.group,
            who.on_roster,
            word(&who.proof)?
        ])?;
    Ok(())
}

pub(super) fn find(connection: &Connection, class: ClassId, person: PersonId) -> Result<Option<Identity>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} WHERE class = ?1 AND person = ?2"))?;
    Ok(statement.query_row(params![class.0, person.0], identity).optional()?)
}

fn identity(row: &Row<'_>) -> rusqlite::Result<Identity> {
    Ok(Identity {
        person: PersonId(row.get(0)?),
        name: name(row, 1)?,
        role: unword(row, 2)?,
        group: row.get(3)?,
        on_roster: row.get(4)?,
        proof: unword(row, 5)?,
    })
}
