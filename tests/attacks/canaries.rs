//! Words that must turn up nowhere: names, tokens, secrets of links, cookies, tickets, addresses.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};

/// Shorter ones would be found by chance.
const BYTES_MIN: usize = 8;

#[derive(Default)]
pub struct Canaries(Mutex<BTreeSet<(&'static str, String)>>);

impl Canaries {
    /// From now on this must not be seen.
    pub fn plant(&self, kind: &'static str, text: &str) {
        // Of a cookie the value, of a link the secret.
        let text = text.rsplit('=').next().unwrap_or(text);
        if text.len() >= BYTES_MIN {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((kind, text.to_owned()));
        }
    }

    /// A name that nothing else has, and that must not be seen.
    pub fn name(&self, first: &str) -> String {
        let letters: String = (0..10).map(|_| char::from(b'a' + rand::random::<u8>() % 26)).collect();
        self.plant("name", &letters);
        format!("{first} {letters}")
    }

    pub fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Which of them stand in this text, by their kinds; of each kind one example.
    pub fn sung(&self, text: &str) -> Vec<String> {
        let planted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Ten thousand words in a log of megabytes: one walk over the text, and a look at those that begin as it goes on.
        let mut begins: HashMap<&[u8], Vec<&(&str, String)>> = HashMap::new();
        for one in planted.iter() {
            begins.entry(&one.1.as_bytes()[..BYTES_MIN]).or_default().push(one);
        }
        let mut found = BTreeMap::new();
        for (at, begin) in text.as_bytes().windows(BYTES_MIN).enumerate() {
            let here = begins.get(begin).into_iter().flatten();
            for (kind, word) in here.filter(|(_, word)| text.as_bytes()[at..].starts_with(word.as_bytes())) {
                found.insert(*kind, word);
            }
        }
        found.into_iter().map(|(kind, word)| format!("{kind} {word}")).collect()
    }
}

/// Every entry of every journal, as it stands on disk.
pub fn journal(data: &Path) -> rusqlite::Result<String> {
    let file = data.join("data").join("preau.sqlite");
    let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut rows = database.prepare("SELECT CAST(body AS BLOB) FROM journal")?;
    let bodies = rows.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
    let texts: Vec<String> =
        bodies.map(|body| Ok(String::from_utf8_lossy(&body?).into_owned())).collect::<rusqlite::Result<_>>()?;
    Ok(texts.join("\n"))
}
