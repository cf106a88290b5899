//! Teachers' accounts and the one-time links that lead to them.

use preau_protocol::{DisplayName, UnixMs};
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use super::browsers::BrowserKind;
use super::classes::word;
use super::devices::DeviceSecretHash;
use super::{Store, StoreError};

/// A teacher's account on this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub Uuid);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    pub id: AccountId,
    pub name: DisplayName,
}

impl Store {
    pub async fn has_accounts(&self) -> Result<bool, StoreError> {
        self.read(|connection| Ok(connection.prepare("SELECT 1 FROM account LIMIT 1")?.exists([])?)).await
    }

    /// Keeps the hash of a one-time secret that leads to the account called `name`, which is made on first use. It
    /// takes the place of all earlier ones.
    pub async fn set_welcome(&self, hash: [u8; 32], name: DisplayName, until: UnixMs) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute("DELETE FROM welcome WHERE name = ?1", params![name.as_str()])?;
            connection.execute(
                "INSERT INTO welcome (hash, name, until) VALUES (?1, ?2, ?3)",
                params![hash, name.as_str(), until.0],
            )?;
            Ok(())
        })
        .await
    }

    /// Uses up a one-time link: in the browser `device`, which says it is of this `kind`, its account is signed in from now on.
    /// [`StoreError::Missing`] if it was used, has expired or never was.
    pub async fn use_welcome(
        &self,
        hash: [u8; 32],
        device: DeviceSecretHash,
        kind: BrowserKind,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            let name: Option<String> = connection
                .query_row(
                    "DELETE FROM welcome WHERE hash = ?1 AND until > ?2 RETURNING name",
                    params![hash, now.0],
                    |row| row.get(0),
                )
                .optional()?;
            let name = name.ok_or(StoreError::Missing)?;
            let known: Option<Uuid> = connection
                .query_row("SELECT id FROM account WHERE name = ?1 ORDER BY made_at LIMIT 1", params![name], |row| {
                    row.get(0)
                })
                .optional()?;
            let account = known.unwrap_or_else(Uuid::new_v4);
            connection.execute(
                "INSERT OR IGNORE INTO account (id, name, made_at) VALUES (?1, ?2, ?3)",
                params![account, name, now.0],
            )?;
            device.ensure(connection, now)?;
            connection.execute(
                "UPDATE device SET account = ?1, signed_in_at = ?3, browser = ?4, system = ?5, ended = 0 WHERE hash = ?2",
                params![account, device.0, now.0, word(&kind.browser)?, word(&kind.system)?],
            )?;
            Ok(())
        })
        .await
    }

    pub async fn rename_account(&self, account: AccountId, name: DisplayName) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute("UPDATE account SET name = ?1 WHERE id = ?2", params![name.as_str(), account.0])?;
            Ok(())
        })
        .await
    }
}
