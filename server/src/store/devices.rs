//! Browsers, by the hash of their cookie, and what each has claimed.

use preau_classroom::Identity;
use preau_protocol::{ClassId, PersonId, Proof, Role, UnixMs};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::accounts::{AccountId, AccountRow};
use super::classes::{self, ClassRow, name};
use super::roster::{self, Generation};
use super::{Store, StoreError, people};

/// Classes one browser may have claimed at a time: a pupil's whole week many times over.
const CLAIMS_MAX: usize = 200;

/// The SHA-256 of a cookie: who reads the database cannot make a cookie from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceSecretHash(pub [u8; 32]);

/// A browser, and what it has claimed on this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRow {
    pub id: Uuid,
    pub account: Option<AccountRow>,
}

/// Who a browser is in one class, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub device: Uuid,
    pub identity: Identity,
    pub until: Option<UnixMs>,
    pub lesson: Lesson,
    /// The class remembers them as they are: nothing is to be written.
    pub is_remembered: bool,
}

/// When a class begins, and how many students are on its roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lesson {
    pub starts_at: UnixMs,
    pub roster: u32,
    /// There was a lesson, or is one: somebody may have a seat.
    pub was_held: bool,
}

/// What is stored about a portal's person before a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtDoor {
    /// None if there is no such class.
    pub lesson: Option<Lesson>,
    pub browser: Option<Uuid>,
    pub is_remembered: bool,
}

/// Why a browser has no business in a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoStanding {
    UnknownDevice,
    /// Nothing claimed, revoked, renewed, expired, or no such class.
    NotInvited,
}

impl DeviceSecretHash {
    /// Makes the device if this is its first visit.
    pub(super) fn ensure(self, connection: &Connection, now: UnixMs) -> Result<Uuid, StoreError> {
        let id = connection
            .prepare_cached(
                "INSERT INTO device (hash, id, seen_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (hash) DO UPDATE SET seen_at = excluded.seen_at RETURNING id",
            )?
            .query_row(params![self.0, Uuid::new_v4(), now.0], |row| row.get(0))?;
        Ok(id)
    }
}

impl Store {
    pub async fn device(&self, hash: DeviceSecretHash) -> Result<Option<DeviceRow>, StoreError> {
        self.read(move |connection| find(connection, hash)).await
    }

    /// Forgets a browser and all that it has claimed.
    pub async fn drop_device(&self, hash: DeviceSecretHash) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute("DELETE FROM device WHERE hash = ?1", params![hash.0])?;
            Ok(())
        })
        .await
    }

    /// Who this browser is in `class`. The same questions are asked of the database whatever the answer will be.
    pub async fn standing(
        &self,
        hash: DeviceSecretHash,
        class: ClassId,
        now: UnixMs,
    ) -> Result<Result<Standing, NoStanding>, StoreError> {
        self.read(move |connection| standing(connection, hash, class, now)).await
    }

    /// What is known of a class, of a portal's person before it, and of their browser. The same questions whatever the answers.
    pub async fn at_door(
        &self,
        class: ClassId,
        who: Identity,
        hash: Option<DeviceSecretHash>,
    ) -> Result<AtDoor, StoreError> {
        self.read(move |connection| {
            let lesson = classes::find(connection, class)?.map(|row| row.lesson());
            let browser = hash.map(|hash| find(connection, hash)).transpose()?.flatten().map(|device| device.id);
            let is_remembered = people::find(connection, class, who.person)?.as_ref() == Some(&who);
            Ok(AtDoor { lesson, browser, is_remembered })
        })
        .await
    }

    /// Claims an invitation for this browser. [`StoreError::Missing`] if it is no longer good.
    pub async fn claim_invitation(
        &self,
        hash: DeviceSecretHash,
        person: PersonId,
        generation: Generation,
        now: UnixMs,
    ) -> Result<ClassId, StoreError> {
        self.write(move |connection| {
            let invited = roster::invited(connection, person)?.ok_or(StoreError::Missing)?;
            if invited.revoked || invited.generation != generation {
                return Err(StoreError::Missing);
            }
            let claim = Claim { class: invited.class, person, generation: Some(generation), until: None };
            claim.write(connection, hash.ensure(connection, now)?)?;
            connection.execute("UPDATE roster SET used = 1 WHERE person = ?1 AND used = 0", params![person.0])?;
            Ok(invited.class)
        })
        .await
    }

    /// Claims a portal's verified person for this browser. [`StoreError::Missing`] if there is no such class.
    pub async fn claim_token(
        &self,
        hash: DeviceSecretHash,
        class: ClassId,
        who: Identity,
        until: UnixMs,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            classes::find(connection, class)?.ok_or(StoreError::Missing)?;
            people::remember(connection, class, &who)?;
            let claim = Claim { class, person: who.person, generation: None, until: Some(until) };
            claim.write(connection, hash.ensure(connection, now)?)
        })
        .await
    }

    /// The classes in which this browser may knock, soonest first.
    pub async fn invited(&self, hash: DeviceSecretHash, now: UnixMs) -> Result<Vec<ClassRow>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT claim.class FROM claim JOIN device ON device.id = claim.device WHERE device.hash = ?1 LIMIT ?2",
            )?;
            let claimed = statement.query_map(params![hash.0, CLAIMS_MAX], |row| Ok(ClassId(row.get(0)?)))?;
            let mut classes = Vec::new();
            for class in claimed {
                let class = class?;
                if standing(connection, hash, class, now)?.is_ok() {
                    classes.extend(classes::find(connection, class)?);
                }
            }
            classes.sort_by_key(|class| (class.starts_at, class.id));
            Ok(classes)
        })
        .await
    }
}

struct Claim {
    class: ClassId,
    person: PersonId,
    generation: Option<Generation>,
    until: Option<UnixMs>,
}

impl Claim {
    fn write(&self, connection: &Connection, device: Uuid) -> Result<(), StoreError> {
        let count: usize =
            connection.query_row("SELECT count(*) FROM claim WHERE device = ?1", params![device], |row| row.get(0))?;
        if count >= CLAIMS_MAX {
            return Err(StoreError::Limit);
        }
        connection
            .prepare_cached(
                "INSERT INTO claim (device, class, person, generation, until) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (device, class) DO UPDATE SET person = excluded.person,
                    generation = excluded.generation, until = excluded.until",
            )?
            .execute(params![
                device,
                self.class.0,
                self.person.0,
                self.generation.map(|generation| generation.0),
                self.until.map(|until| until.0)
            ])?;
        Ok(())
    }
}

fn find(connection: &Connection, hash: DeviceSecretHash) -> Result<Option<DeviceRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT device.id, account.id, account.name FROM device LEFT JOIN account ON account.id = device.account
         WHERE hash = ?1",
    )?;
    let row = statement.query_row(params![hash.0], |row| {
        let account: Option<Uuid> = row.get(1)?;
        let account = account.map(|id| Ok::<_, rusqlite::Error>(AccountRow { id: AccountId(id), name: name(row, 2)? }));
        Ok(DeviceRow { id: row.get(0)?, account: account.transpose()? })
    });
    Ok(row.optional()?)
}

fn standing(
    connection: &Connection,
    hash: DeviceSecretHash,
    class: ClassId,
    now: UnixMs,
) -> Result<Result<Standing, NoStanding>, StoreError> {
    let device = find(connection, hash)?;
    let row = classes::find(connection, class)?;
    let device_id = device.as_ref().map_or(Uuid::nil(), |device| device.id);
    let claim = claim_of(connection, device_id, class)?;
    let Some(device) = device else { return Ok(Err(NoStanding::UnknownDevice)) };
    let Some(row) = row else { return Ok(Err(NoStanding::NotInvited)) };
    let lesson = row.lesson();
    // Whoever made the class teaches it, even after trying out a pupil's link in the same browser.
    let stands = |identity: Identity, until| -> Result<Standing, StoreError> {
        let is_remembered = people::find(connection, class, identity.person)?.as_ref() == Some(&identity);
        Ok(Standing { device: device.id, identity, until, lesson, is_remembered })
    };
    if let Some(account) = device.account.filter(|account| account.id == row.owner) {
        return stands(owner(class, account), None).map(Ok);
    }
    let found = match claim {
        None => None,
        Some(claim) => match (claim.generation, claim.until) {
            (Some(generation), _) => invitee(connection, class, claim.person, generation)?.map(|who| (who, None)),
            (None, Some(until)) if until > now => {
                people::find(connection, class, claim.person)?.map(|who| (who, Some(until)))
            }
            (None, _) => None,
        },
    };
    match found {
        Some((identity, until)) => stands(identity, until).map(Ok),
        None => Ok(Err(NoStanding::NotInvited)),
    }
}

fn claim_of(connection: &Connection, device: Uuid, class: ClassId) -> Result<Option<Claim>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT person, generation, until FROM claim WHERE device = ?1 AND class = ?2")?;
    let row = statement.query_row(params![device, class.0], |row| {
        Ok(Claim {
            class,
            person: PersonId(row.get(0)?),
            generation: row.get::<_, Option<u32>>(1)?.map(Generation),
            until: row.get::<_, Option<u64>>(2)?.map(UnixMs),
        })
    });
    Ok(row.optional()?)
}

/// The teacher who made the class.
fn owner(class: ClassId, account: AccountRow) -> Identity {
    Identity {
        person: PersonId::derive(class, "account", &account.id.0.to_string()),
        name: account.name,
        role: Role::Teacher,
        group: None,
        on_roster: false,
        proof: Proof::Account {},
    }
}

/// Somebody on the roster, if the invitation they came with is still the newest.
fn invitee(
    connection: &Connection,
    class: ClassId,
    person: PersonId,
    generation: Generation,
) -> Result<Option<Identity>, StoreError> {
    let row = roster::invited(connection, person)?;
    let good = row.filter(|row| row.class == class && !row.revoked && row.generation == generation);
    Ok(good.map(|row| Identity {
        person: row.person,
        name: row.name,
        role: row.role,
        group: row.group,
        on_roster: true,
        proof: Proof::Invitation {},
    }))
}
