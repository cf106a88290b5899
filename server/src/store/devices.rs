//! Browsers, by the hash of their cookie, and what each has claimed.

use std::time::Instant;

use preau_classroom::Identity;
use preau_protocol::{ClassId, PersonId, Proof, Role, UnixMs};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::accounts::{AccountId, AccountRow};
use super::browsers::AccountStay;
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
    pub seen_at: UnixMs,
}

/// Who a browser is in one class, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub device: Uuid,
    pub identity: Identity,
    pub until: Option<UnixMs>,
    pub lesson: Lesson,
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
    /// A visit: an account's time without one begins again.
    pub async fn device(&self, hash: DeviceSecretHash, now: UnixMs) -> Result<Option<DeviceRow>, StoreError> {
        let stay = self.stay;
        let found = self.read(move |connection| find(connection, hash, stay, now)).await?;
        if let Some(device) = found.as_ref().filter(|device| device.account.is_some()) {
            self.saw(hash, device.seen_at, now);
        }
        Ok(found)
    }

    /// Who this browser is in `class`; also a visit, as above. The same questions are asked of the database whatever the answer will be.
    pub async fn standing(
        &self,
        hash: DeviceSecretHash,
        class: ClassId,
        now: UnixMs,
    ) -> Result<Result<Standing, NoStanding>, StoreError> {
        let stay = self.stay;
        let (seen_at, found) = self.read(move |connection| standing(connection, hash, class, stay, now)).await?;
        if let Some(seen_at) = seen_at {
            self.saw(hash, seen_at, now);
        }
        Ok(found)
    }

    /// What is known of a class, and of the browser of a portal's person before it. The same questions whatever the answers.
    pub async fn at_door(&self, class: ClassId, hash: Option<DeviceSecretHash>) -> Result<AtDoor, StoreError> {
        let found = self.read(move |connection| {
            let lesson = classes::lesson(connection, class)?;
            let browser = hash.map(|hash| known(connection, hash)).transpose()?.flatten();
            Ok(AtDoor { lesson, browser })
        });
        let found = found.await?;
        found.lesson.into_iter().for_each(|lesson| self.lessons.keep(class, lesson, Instant::now()));
        Ok(found)
    }

    /// A class's lesson, if it was read a moment ago.
    pub fn lesson_at_hand(&self, class: ClassId) -> Option<Lesson> {
        self.lessons.get(class, Instant::now())
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
        let stay = self.stay;
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT claim.class FROM claim JOIN device ON device.id = claim.device WHERE device.hash = ?1 LIMIT ?2",
            )?;
            let claimed = statement.query_map(params![hash.0, CLAIMS_MAX], |row| Ok(ClassId(row.get(0)?)))?;
            let mut classes = Vec::new();
            for class in claimed {
                let class = class?;
                if standing(connection, hash, class, stay, now)?.1.is_ok() {
                    classes.extend(classes::find(connection, class)?);
                }
            }
            classes.sort_by_key(|class| (class.lesson.starts_at, class.id));
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

/// A browser that is not signed out, with its account as long as that is signed in.
fn find(
    connection: &Connection,
    hash: DeviceSecretHash,
    stay: AccountStay,
    now: UnixMs,
) -> Result<Option<DeviceRow>, StoreError> {
    let (seen, signed_in) = stay.oldest(now);
    let mut statement = connection.prepare_cached(
        "SELECT device.id, account.id, account.name, device.seen_at FROM device
         LEFT JOIN account ON account.id = device.account AND device.seen_at > ?2 AND device.signed_in_at > ?3
         WHERE hash = ?1 AND device.ended = 0",
    )?;
    let row = statement.query_row(params![hash.0, seen, signed_in], |row| {
        let account: Option<Uuid> = row.get(1)?;
        let account = account.map(|id| Ok::<_, rusqlite::Error>(AccountRow { id: AccountId(id), name: name(row, 2)? }));
        Ok(DeviceRow { id: row.get(0)?, account: account.transpose()?, seen_at: UnixMs(row.get(3)?) })
    });
    Ok(row.optional()?)
}

fn known(connection: &Connection, hash: DeviceSecretHash) -> Result<Option<Uuid>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id FROM device WHERE hash = ?1 AND ended = 0")?;
    Ok(statement.query_row(params![hash.0], |row| row.get(0)).optional()?)
}

/// Also when an account was last seen here, if one is signed in.
fn standing(
    connection: &Connection,
    hash: DeviceSecretHash,
    class: ClassId,
    stay: AccountStay,
    now: UnixMs,
) -> Result<(Option<UnixMs>, Result<Standing, NoStanding>), StoreError> {
    let device = find(connection, hash, stay, now)?;
    let seen_at = device.as_ref().filter(|device| device.account.is_some()).map(|device| device.seen_at);
    Ok((seen_at, stands(connection, device, class, now)?))
}

fn stands(
    connection: &Connection,
    device: Option<DeviceRow>,
    class: ClassId,
    now: UnixMs,
) -> Result<Result<Standing, NoStanding>, StoreError> {
    let row = classes::find(connection, class)?;
    let device_id = device.as_ref().map_or(Uuid::nil(), |device| device.id);
    let claim = claim_of(connection, device_id, class)?;
    let Some(device) = device else { return Ok(Err(NoStanding::UnknownDevice)) };
    let Some(row) = row else { return Ok(Err(NoStanding::NotInvited)) };
    let lesson = row.lesson;
    // Whoever made the class teaches it, even after trying out a pupil's link in the same browser.
    let standing = |identity: Identity, until| Standing { device: device.id, identity, until, lesson };
    if let Some(account) = device.account.filter(|account| account.id == row.owner) {
        return Ok(Ok(standing(owner(class, account), None)));
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
    Ok(found.map(|(identity, until)| standing(identity, until)).ok_or(NoStanding::NotInvited))
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

/// Who the teacher who made the class is in it.
pub(super) fn owner_id(class: ClassId, account: AccountId) -> PersonId {
    PersonId::derive(class, "account", &account.0.to_string())
}

/// The teacher who made the class.
fn owner(class: ClassId, account: AccountRow) -> Identity {
    Identity {
        person: owner_id(class, account.id),
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
