//! What an operator asks of the records: are they whole, what is known of somebody, and that it be forgotten.

use preau_protocol::{DisplayName, PersonId};

use crate::store::{Store, StoreError};

/// An order about the records.
#[derive(Clone, Debug)]
pub enum Errand {
    VerifyJournals,
    ListPeople(DisplayName),
    ExportPeople(Vec<PersonId>),
    ErasePeople(Vec<PersonId>),
}

/// Why an errand was not done, or found something.
#[derive(Debug, thiserror::Error)]
pub enum ClerkError {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}: nothing is known of this person")]
    Unknown(PersonId),
    #[error("{0}: their class is in session; end it first")]
    InSession(PersonId),
    #[error("{0} journals do not hold together")]
    Broken(usize),
    #[error("nobody is called that")]
    Nobody,
}

/// Does it, and returns what is to be printed.
pub async fn run(store: &Store, errand: Errand) -> Result<String, ClerkError> {
    match errand {
        Errand::VerifyJournals => verify(store).await,
        Errand::ListPeople(name) => list(store, name).await,
        Errand::ExportPeople(people) => export(store, people).await,
        Errand::ErasePeople(people) => erase(store, people).await,
    }
}

async fn verify(store: &Store) -> Result<String, ClerkError> {
    let audit = store.audit().await?;
    for (class, error) in &audit.broken {
        eprintln!("class {class}: {error}");
    }
    match audit.broken.len() {
        0 => Ok(format!("{} entries of {} classes hold together.", audit.entries, audit.classes)),
        broken => Err(ClerkError::Broken(broken)),
    }
}

async fn list(store: &Store, name: DisplayName) -> Result<String, ClerkError> {
    let found = store.people_called(name.to_string()).await?;
    let lines: Vec<String> = found.iter().map(|one| format!("{}  {}  {}", one.person, one.name, one.title)).collect();
    if lines.is_empty() { Err(ClerkError::Nobody) } else { Ok(lines.join("\n")) }
}

async fn export(store: &Store, people: Vec<PersonId>) -> Result<String, ClerkError> {
    let mut dossiers = Vec::with_capacity(people.len());
    for person in people {
        dossiers.push(store.dossier(person).await.map_err(|error| why(error, person))?);
    }
    Ok(serde_json::to_string_pretty(&dossiers).expect("a dossier is a map with string keys"))
}

async fn erase(store: &Store, people: Vec<PersonId>) -> Result<String, ClerkError> {
    for person in &people {
        store.erase_person(*person).await.map_err(|error| why(error, *person))?;
    }
    Ok(format!("{} erased.", people.len()))
}

fn why(error: StoreError, person: PersonId) -> ClerkError {
    match error {
        StoreError::Missing => ClerkError::Unknown(person),
        StoreError::Busy => ClerkError::InSession(person),
        other => ClerkError::Store(other),
    }
}
