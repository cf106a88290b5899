//! Whether every journal is whole: no entry missing, none changed.

use preau_protocol::ClassId;
use rusqlite::{Connection, params};

use super::{Store, StoreError};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    pub classes: usize,
    pub entries: usize,
    /// Classes whose journal does not hold together, and where.
    pub broken: Vec<(ClassId, StoreError)>,
}

impl Store {
    /// Reads every journal, class by class, so that nobody waits long for a connection.
    pub async fn audit(&self) -> Result<Audit, StoreError> {
        let mut audit = Audit::default();
        for class in self.read(classes).await? {
            audit.classes += 1;
            match self.journal(class).await {
                Ok(entries) => audit.entries += entries.len(),
                Err(error @ (StoreError::BrokenChain { .. } | StoreError::Unreadable(_))) => {
                    audit.broken.push((class, error));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(audit)
    }
}

fn classes(connection: &Connection) -> Result<Vec<ClassId>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT class FROM journal ORDER BY class")?;
    let rows = statement.query_map(params![], |row| row.get(0).map(ClassId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
