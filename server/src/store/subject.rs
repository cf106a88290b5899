//! One person's data: found by name, given out, and erased.
//!
//! A person has another id in every class, so that two classes cannot compare notes; whoever asks for all that is known of
//! somebody names each.

use preau_classroom::{Entry, Fact, Identity};
use preau_protocol::{ClassId, PersonId};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use uuid::Uuid;

use super::{Store, StoreError, classes, journal, people, roster};

/// Somebody in one class, to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub person: PersonId,
    pub class: ClassId,
    pub title: String,
    pub name: String,
}

/// All that is stored of one person in one class.
#[derive(Clone, Debug, Serialize)]
pub struct Dossier {
    pub person: PersonId,
    pub class: ClassId,
    pub title: String,
    /// As the roster has them: name, group, whether the invitation was used or revoked.
    pub invitation: Option<Invitation>,
    /// As they were last verified.
    pub identity: Option<Verified>,
    /// Browsers that have claimed to be them.
    pub browsers: u32,
    /// Every entry of the journal that names them.
    pub journal: Vec<Entry>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Invitation {
    pub name: String,
    pub group: Option<String>,
    pub used: bool,
    pub revoked: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    pub name: String,
    pub role: preau_protocol::Role,
    pub group: Option<String>,
}

impl From<Identity> for Verified {
    fn from(identity: Identity) -> Verified {
        Verified { name: identity.name.to_string(), role: identity.role, group: identity.group }
    }
}

impl Store {
    /// Everybody of this name, on rosters and among those who came.
    pub async fn people_called(&self, name: String) -> Result<Vec<Found>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT who.person, who.class, class.title, who.name FROM
                    (SELECT person, class, name FROM roster UNION SELECT person, class, name FROM person) AS who
                 JOIN class ON class.id = who.class WHERE who.name = ?1 ORDER BY class.starts_at, who.person",
            )?;
            let rows = statement.query_map(params![name], |row| {
                let (person, class) = (PersonId(row.get(0)?), ClassId(row.get(1)?));
                Ok(Found { person, class, title: row.get(2)?, name: row.get(3)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// [`StoreError::Missing`] if nothing is known of them.
    pub async fn dossier(&self, person: PersonId) -> Result<Dossier, StoreError> {
        self.read(move |connection| dossier(connection, person)).await
    }

    /// Forgets somebody: off the roster, out of the list of people, and every browser's claim to be them. In the journal,
    /// which needs its entries, they become nobody: another id, and not a word of theirs. [`StoreError::Busy`] while
    /// their class is in session, as it would remember them.
    pub async fn erase_person(&self, person: PersonId) -> Result<(), StoreError> {
        self.write(move |connection| erase(connection, person)).await
    }
}

fn class_of(connection: &Connection, person: PersonId) -> Result<ClassId, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT class FROM roster WHERE person = ?1 UNION SELECT class FROM person WHERE person = ?1
         UNION SELECT class FROM claim WHERE person = ?1 LIMIT 1",
    )?;
    let class = statement.query_row(params![person.0], |row| row.get(0).map(ClassId)).optional()?;
    class.ok_or(StoreError::Missing)
}

fn dossier(connection: &Connection, person: PersonId) -> Result<Dossier, StoreError> {
    let class = class_of(connection, person)?;
    let row = classes::find(connection, class)?.ok_or(StoreError::Missing)?;
    let invited = roster::invited(connection, person)?;
    let invitation = invited.map(|row| Invitation {
        name: row.name.to_string(),
        group: row.group,
        used: row.used,
        revoked: row.revoked,
    });
    let browsers = connection
        .prepare_cached("SELECT count(*) FROM claim WHERE person = ?1")?
        .query_row(params![person.0], |row| row.get(0))?;
    let id = person.to_string();
    let entries = journal::all(connection, class)?;
    let named = |entry: &Entry| serde_json::to_string(entry).is_ok_and(|text| text.contains(&id));
    Ok(Dossier {
        person,
        class,
        title: row.title,
        invitation,
        identity: people::find(connection, class, person)?.map(Verified::from),
        browsers,
        journal: entries.into_iter().filter(named).collect(),
    })
}

fn erase(connection: &Connection, person: PersonId) -> Result<(), StoreError> {
    let class = class_of(connection, person)?;
    let (mut bodies, mut is_in_session) = (Vec::new(), false);
    journal::each(connection, class, |body, entry| {
        bodies.push(body);
        is_in_session = goes_on_after(&entry, is_in_session);
    })?;
    if is_in_session {
        return Err(StoreError::Busy);
    }
    let nobody = PersonId(Uuid::new_v4());
    let bodies: Vec<Vec<u8>> =
        bodies.into_iter().map(|body| without(body, person, nobody)).collect::<Result<_, _>>()?;
    journal::rewrite(connection, class, &bodies)?;
    for table in ["roster", "person", "claim"] {
        connection.execute(&format!("DELETE FROM {table} WHERE person = ?1"), params![person.0])?;
    }
    connection.execute(
        "DELETE FROM device WHERE account IS NULL AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.device = device.id)",
        params![],
    )?;
    Ok(())
}

/// Whether a lesson goes on after this entry, when one did or did not before it.
fn goes_on_after(entry: &Entry, before: bool) -> bool {
    match entry.fact {
        Fact::Opened { .. } => true,
        Fact::Ended { .. } => false,
        _ => before,
    }
}

/// An entry in which somebody is nobody, and says nothing.
fn without(body: Vec<u8>, person: PersonId, nobody: PersonId) -> Result<Vec<u8>, StoreError> {
    let unreadable = |error: serde_json::Error| StoreError::Unreadable(error.to_string());
    let text = String::from_utf8(body).map_err(|error| StoreError::Unreadable(error.to_string()))?;
    let id = person.to_string();
    if !text.contains(&id) {
        return Ok(text.into_bytes());
    }
    let mut entry: Entry = serde_json::from_str(&text.replace(&id, &nobody.to_string())).map_err(unreadable)?;
    if let Fact::Said { by, text, .. } | Fact::Note { by, text } = &mut entry.fact
        && *by == nobody
    {
        text.clear();
    }
    serde_json::to_vec(&entry).map_err(unreadable)
}
