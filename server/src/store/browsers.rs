//! The browsers in which an account is signed in, and signing it out.
//!
//! A browser that is signed out is *ended* first: from then on its cookie is refused, whoever ended it, this process or an operator's
//! beside it. [`Store::take_ended`] then forgets it, and says which classes have to be told.

use preau_protocol::{BrowserCard, BrowserId, BrowserName, ClassId, DisplayName, PersonId, SystemName, UnixMs};
use rusqlite::{Connection, params};
use uuid::Uuid;

use super::accounts::AccountId;
use super::classes::unword;
use super::devices::{DeviceSecretHash, owner_id};
use super::{Store, StoreError};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// A visit is written down when the last one was so long ago: not every request is a write.
const SEEN_EVERY_MS: u64 = 60 * 60 * 1_000;
/// Browsers shown to an account, the last used first. Each took a link of the operator's.
const BROWSERS_MAX: usize = 100;

/// How long an account is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountStay {
    /// Without a visit.
    pub idle_ms: u64,
    /// With however many.
    pub total_ms: u64,
}

impl AccountStay {
    pub const fn days(idle: u32, total: u32) -> AccountStay {
        AccountStay { idle_ms: idle as u64 * DAY_MS, total_ms: total as u64 * DAY_MS }
    }

    /// What was last seen, and what signed in, before these is signed in no longer.
    pub(super) fn oldest(self, now: UnixMs) -> (u64, u64) {
        (now.0.saturating_sub(self.idle_ms), now.0.saturating_sub(self.total_ms))
    }
}

/// Who was in a class with a browser that has been signed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedOut {
    pub class: ClassId,
    pub person: PersonId,
    pub device: Uuid,
}

/// Which browsers are signed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    One(BrowserId),
    AllBut(DeviceSecretHash),
}

impl Store {
    /// Where an account is signed in, the last used first. `here` is the browser that asks.
    pub async fn browsers(
        &self,
        account: AccountId,
        here: DeviceSecretHash,
        now: UnixMs,
    ) -> Result<Vec<BrowserCard>, StoreError> {
        let (seen, signed_in) = self.stay.oldest(now);
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, browser, system, signed_in_at, seen_at, hash = ?2 FROM device
                 WHERE account = ?1 AND ended = 0 AND seen_at > ?3 AND signed_in_at > ?4
                 ORDER BY seen_at DESC, id LIMIT ?5",
            )?;
            let rows = statement.query_map(params![account.0, here.0, seen, signed_in, BROWSERS_MAX], |row| {
                Ok(BrowserCard {
                    id: BrowserId(row.get(0)?),
                    browser: unword(row, 1)?,
                    system: unword(row, 2)?,
                    signed_in_at: UnixMs(row.get(3)?),
                    seen_at: UnixMs(row.get(4)?),
                    here: row.get(5)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Signs an account out of browsers. [`StoreError::Missing`] if the one that is named is not one of its.
    pub async fn sign_out(&self, account: AccountId, which: Which) -> Result<(), StoreError> {
        self.write(move |connection| {
            let (id, kept) = match which {
                Which::One(BrowserId(id)) => (Some(id), None),
                Which::AllBut(DeviceSecretHash(hash)) => (None, Some(hash)),
            };
            let ended = connection.execute(
                "UPDATE device SET ended = 1
                 WHERE account = ?1 AND ended = 0 AND (?2 IS NULL OR id = ?2) AND (?3 IS NULL OR hash <> ?3)",
                params![account.0, id, kept],
            )?;
            if ended == 0 && id.is_some() { Err(StoreError::Missing) } else { Ok(()) }
        })
        .await
    }

    /// Signs a browser out, with or without an account, with all that it has claimed.
    pub async fn sign_out_here(&self, here: DeviceSecretHash) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute("UPDATE device SET ended = 1 WHERE hash = ?1", params![here.0])?;
            Ok(())
        })
        .await
    }

    /// Signs the account called `name` out of every browser, and says how many these were.
    pub async fn sign_out_everywhere(&self, name: DisplayName) -> Result<usize, StoreError> {
        self.write(move |connection| {
            Ok(connection.execute(
                "UPDATE device SET ended = 1
                 WHERE ended = 0 AND account IN (SELECT id FROM account WHERE name = ?1)",
                params![name.as_str()],
            )?)
        })
        .await
    }

    /// Forgets the browsers that have been signed out, and says who was where with them.
    pub async fn take_ended(&self) -> Result<Vec<SignedOut>, StoreError> {
        // Asked from time to time, and nearly always there are none: then nothing is written.
        let ended = |connection: &Connection| Ok(connection.prepare_cached(ENDED)?.exists([])?);
        if !self.read(ended).await? {
            return Ok(Vec::new());
        }
        self.write(|connection| {
            let mut statement = connection.prepare_cached(ENDED)?;
            let devices = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let mut out = Vec::new();
            for device in devices.collect::<Result<Vec<(Uuid, Option<Uuid>)>, _>>()? {
                out.extend(places(connection, device.0, device.1.map(AccountId))?);
            }
            connection.execute("DELETE FROM device WHERE ended = 1", [])?;
            Ok(out)
        })
        .await
    }

    /// Writes a visit down, if the last one that was is some time ago. Nobody waits for it: the next one is as good.
    pub(super) fn saw(&self, hash: DeviceSecretHash, before: UnixMs, now: UnixMs) {
        if now.0.saturating_sub(before.0) < SEEN_EVERY_MS {
            return;
        }
        let work = move |connection: &Connection| {
            let statement = "UPDATE device SET seen_at = ?2 WHERE hash = ?1 AND seen_at < ?2";
            Ok(connection.prepare_cached(statement)?.execute(params![hash.0, now.0]).map(drop)?)
        };
        self.writer.write(work, |outcome: Result<(), StoreError>| {
            if let Err(error) = outcome {
                tracing::debug!(%error, "a visit was not written down");
            }
        });
    }
}

const ENDED: &str = "SELECT id, account FROM device WHERE ended = 1";

/// Where somebody may be with a browser: in the classes of its account, and in those it has claimed.
fn places(connection: &Connection, device: Uuid, account: Option<AccountId>) -> Result<Vec<SignedOut>, StoreError> {
    let mut out = Vec::new();
    if let Some(account) = account {
        let mut statement = connection.prepare_cached("SELECT id FROM class WHERE owner = ?1")?;
        for class in statement.query_map(params![account.0], |row| row.get(0).map(ClassId))? {
            let class = class?;
            out.push(SignedOut { class, person: owner_id(class, account), device });
        }
    }
    let mut statement = connection.prepare_cached("SELECT class, person FROM claim WHERE device = ?1")?;
    let claimed = statement.query_map(params![device], |row| {
        Ok(SignedOut { class: ClassId(row.get(0)?), person: PersonId(row.get(1)?), device })
    })?;
    for claimed in claimed {
        out.push(claimed?);
    }
    Ok(out)
}

/// What a browser says it is, for whoever has to recognise it in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrowserKind {
    pub browser: BrowserName,
    pub system: SystemName,
}
