//! Who makes a request: a browser we know, a teacher, the teacher of a class.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use preau_protocol::{Attack, ClassId, PersonId, ProblemCode};

use super::problem::Refused;
use crate::auth::DeviceSecret;
use crate::house::House;
use crate::store::{AccountRow, ClassRow, DeviceRow, DeviceSecretHash, unix_now};

/// A browser that has been here before.
pub struct Browser {
    pub hash: DeviceSecretHash,
    pub secret: DeviceSecret,
    pub row: DeviceRow,
}

impl Browser {
    /// The browser whose cookie this request has, if that cookie is ours.
    pub async fn of(parts: &Parts, house: &House) -> Result<Option<Browser>, Refused> {
        let Some(secret) = DeviceSecret::value_in(&parts.headers).and_then(DeviceSecret::parse) else {
            return Ok(None);
        };
        let hash = secret.hash();
        let row = house.store.device(hash, unix_now()).await?;
        Ok(row.map(|row| Browser { hash, secret, row }))
    }
}

impl FromRequestParts<Arc<House>> for Browser {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Refused> {
        Browser::of(parts, house).await?.ok_or(ProblemCode::NotAuthenticated.into())
    }
}

/// A browser that may be known.
pub struct MaybeBrowser(pub Option<Browser>);

impl FromRequestParts<Arc<House>> for MaybeBrowser {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Refused> {
        Browser::of(parts, house).await.map(MaybeBrowser)
    }
}

/// Somebody with an account on this server.
pub struct Teacher {
    pub account: AccountRow,
    pub browser: DeviceSecretHash,
}

impl FromRequestParts<Arc<House>> for Teacher {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Refused> {
        let browser = Browser::from_request_parts(parts, house).await?;
        let account = browser.row.account.ok_or(Refused::from(ProblemCode::NotAllowed))?;
        if !parts.method.is_safe() {
            let paced = house.budgets.change(account.id, Instant::now());
            paced.map_err(|retry_after_s| Refused::too_many(retry_after_s, Attack::TooFast))?;
        }
        Ok(Teacher { account, browser: browser.hash })
    }
}

/// The teacher who made the class in the path. A class of somebody else's is refused as one that is not there.
pub struct Owner {
    pub class: ClassRow,
}

impl FromRequestParts<Arc<House>> for Owner {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Refused> {
        let teacher = Teacher::from_request_parts(parts, house).await?;
        let InPath { class, .. } = InPath::from_request_parts(parts, house).await?;
        let class = house.store.class(class).await?.filter(|class| class.owner == teacher.account.id);
        class.map(|class| Owner { class }).ok_or(ProblemCode::NotAllowed.into())
    }
}

/// The ids in the path. What is no id names nothing, like an id that we do not know.
pub struct InPath {
    pub class: ClassId,
    pub person: Option<PersonId>,
}

impl InPath {
    pub fn person(&self) -> Result<PersonId, Refused> {
        self.person.ok_or(ProblemCode::NotAllowed.into())
    }
}

impl FromRequestParts<Arc<House>> for InPath {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Refused> {
        let not_allowed = || Refused::from(ProblemCode::NotAllowed);
        let path =
            Path::<HashMap<String, String>>::from_request_parts(parts, house).await.map_err(|_| not_allowed())?;
        let class = path.get("class").and_then(|id| id.parse().ok()).ok_or_else(not_allowed)?;
        let person = path.get("person").and_then(|id| id.parse().ok());
        Ok(InPath { class, person })
    }
}
