//! Classes: what a teacher said of each.

use preau_classroom::Setup;
use preau_protocol::limits::CLASSES_PER_ACCOUNT_MAX;
use preau_protocol::{ClassDraft, ClassId, DisplayName, Invited, Policy, UnixMs};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::accounts::AccountId;
use super::devices::Lesson;
use super::{Store, StoreError, roster};

/// A class as it is stored, with its teacher's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassRow {
    pub id: ClassId,
    pub owner: AccountId,
    pub teacher: DisplayName,
    pub title: String,
    pub policy: Policy,
    pub familiar: bool,
    pub lesson: Lesson,
}

impl ClassRow {
    pub fn invited(&self) -> Invited {
        Invited {
            class: self.id,
            title: self.title.clone(),
            teacher: self.teacher.clone(),
            starts_at: self.lesson.starts_at,
            familiar: self.familiar,
        }
    }
}

/// A class to be made.
pub struct NewClass {
    pub id: ClassId,
    pub owner: AccountId,
    pub draft: ClassDraft,
}

/// As [`lesson_row`] reads them.
const LESSON: &str = "starts_at, (SELECT count(*) FROM roster WHERE roster.class = class.id AND role = 'student'),
    EXISTS (SELECT 1 FROM journal WHERE journal.class = class.id)";

impl Store {
    /// Makes a class; [`StoreError::Limit`] if the account has too many.
    pub async fn add_class(&self, new: NewClass, now: UnixMs) -> Result<ClassRow, StoreError> {
        self.write(move |connection| {
            let owned: usize =
                connection
                    .query_row("SELECT count(*) FROM class WHERE owner = ?1", params![new.owner.0], |row| row.get(0))?;
            if owned >= CLASSES_PER_ACCOUNT_MAX {
                return Err(StoreError::Limit);
            }
            connection.execute(
                "INSERT INTO class (id, owner, title, starts_at, policy, familiar, made_at, used_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
                params![
                    new.id.0,
                    new.owner.0,
                    new.draft.title,
                    new.draft.starts_at.0,
                    word(&new.draft.policy)?,
                    new.draft.familiar,
                    now.0
                ],
            )?;
            find(connection, new.id)?.ok_or(StoreError::Missing)
        })
        .await
    }

    pub async fn change_class(&self, class: ClassId, draft: ClassDraft, now: UnixMs) -> Result<ClassRow, StoreError> {
        self.write(move |connection| {
            connection.execute(
                "UPDATE class SET title = ?2, starts_at = ?3, policy = ?4, familiar = ?5, used_at = max(used_at, ?6)
                 WHERE id = ?1",
                params![class.0, draft.title, draft.starts_at.0, word(&draft.policy)?, draft.familiar, now.0],
            )?;
            find(connection, class)?.ok_or(StoreError::Missing)
        })
        .await
    }

    /// Erases a class and everything about it.
    pub async fn delete_class(&self, class: ClassId) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute("DELETE FROM class WHERE id = ?1", params![class.0])?;
            Ok(())
        })
        .await
    }

    /// The classes that `account` made, soonest first.
    pub async fn classes_of(&self, account: AccountId) -> Result<Vec<ClassRow>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(&rows("owner = ?1 ORDER BY starts_at, class.id"))?;
            let rows = statement.query_map(params![account.0], class_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub async fn class(&self, class: ClassId) -> Result<Option<ClassRow>, StoreError> {
        self.read(move |connection| find(connection, class)).await
    }

    /// What the class's machine starts from.
    pub async fn setup(&self, class: ClassId) -> Result<Setup, StoreError> {
        self.read(move |connection| setup(connection, class)).await
    }
}

pub(super) fn setup(connection: &Connection, class: ClassId) -> Result<Setup, StoreError> {
    let row = find(connection, class)?.ok_or(StoreError::Missing)?;
    Ok(Setup { class: row.invited(), policy: row.policy, roster: roster::students(connection, class)? })
}

pub(super) fn mark_used(connection: &Connection, class: ClassId, now: UnixMs) -> Result<(), StoreError> {
    connection.execute("UPDATE class SET used_at = max(used_at, ?2) WHERE id = ?1", params![class.0, now.0])?;
    Ok(())
}

pub(super) fn exists(connection: &Connection, class: ClassId) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT 1 FROM class WHERE id = ?1")?.exists(params![class.0])?)
}

pub(super) fn lesson(connection: &Connection, class: ClassId) -> Result<Option<Lesson>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {LESSON} FROM class WHERE id = ?1"))?;
    Ok(statement.query_row(params![class.0], |row| lesson_row(row, 0)).optional()?)
}

pub(super) fn find(connection: &Connection, class: ClassId) -> Result<Option<ClassRow>, StoreError> {
    let mut statement = connection.prepare_cached(&rows("class.id = ?1"))?;
    Ok(statement.query_row(params![class.0], class_row).optional()?)
}

/// Asks for the classes of which `what` is so, as [`class_row`] reads them.
fn rows(what: &str) -> String {
    format!(
        "SELECT class.id, owner, account.name, title, policy, familiar, {LESSON}
         FROM class JOIN account ON account.id = owner WHERE {what}"
    )
}

fn class_row(row: &Row<'_>) -> rusqlite::Result<ClassRow> {
    Ok(ClassRow {
        id: ClassId(row.get(0)?),
        owner: AccountId(row.get::<_, Uuid>(1)?),
        teacher: name(row, 2)?,
        title: row.get(3)?,
        policy: unword(row, 4)?,
        familiar: row.get(5)?,
        lesson: lesson_row(row, 6)?,
    })
}

fn lesson_row(row: &Row<'_>, first: usize) -> rusqlite::Result<Lesson> {
    Ok(Lesson { starts_at: UnixMs(row.get(first)?), roster: row.get(first + 1)?, was_held: row.get(first + 2)? })
}

/// One of our enums as the word it is on the wire.
pub(super) fn word(value: &impl serde::Serialize) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(other) => Ok(other.to_string()),
        Err(error) => Err(StoreError::Unreadable(error.to_string())),
    }
}

/// The enum whose word [`word`] wrote into this column.
pub(super) fn unword<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    let json = if text.starts_with('{') { text } else { format!("\"{text}\"") };
    serde_json::from_str(&json).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

pub(super) fn name(row: &Row<'_>, column: usize) -> rusqlite::Result<DisplayName> {
    DisplayName::parse(&row.get::<_, String>(column)?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}
