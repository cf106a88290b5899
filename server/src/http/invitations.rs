//! A class's roster and the personal links of those on it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use preau_protocol::limits::{GROUP_CHARS_MAX, ROSTER_MAX};
use preau_protocol::{ClassId, DisplayName, Invitation, ProblemCode, Role, RosterAdd, RosterEntry, RosterPreview};

use super::body::{Json, Raw};
use super::caller::{InPath, Owner};
use super::classes::{tell, tell_setup};
use super::problem::Refused;
use crate::house::House;
use crate::roster;
use crate::shard::Change;
use crate::store::RosterRow;

/// `POST …/roster/preview`: what would be added. Changes nothing.
pub async fn preview(
    State(house): State<Arc<House>>,
    Owner { class }: Owner,
    Raw(bytes): Raw,
) -> Result<Json<RosterPreview>, Refused> {
    let rows = house.store.roster(class.id).await?;
    let known: Vec<DisplayName> = rows.into_iter().map(|row| row.name).collect();
    // A full paste takes some milliseconds: longer than others should wait for this thread.
    let read = tokio::task::spawn_blocking(move || roster::preview(&bytes, &known)).await;
    read.map(Json).map_err(|_| ProblemCode::Internal.into())
}

/// `POST …/roster`
pub async fn add(
    State(house): State<Arc<House>>,
    Owner { class }: Owner,
    Json(RosterAdd { people }): Json<RosterAdd>,
) -> Result<Json<Vec<Invitation>>, Refused> {
    if people.len() > ROSTER_MAX {
        return Err(ProblemCode::Limit.into());
    }
    let people = people.into_iter().map(check).collect::<Result<_, _>>()?;
    let rows = house.store.add_to_roster(class.id, people).await?;
    tell_setup(&house, class.id).await?;
    Ok(Json(rows.iter().map(|row| invitation(&house, row)).collect()))
}

/// `DELETE …/roster/{person}`
pub async fn drop_person(
    State(house): State<Arc<House>>,
    Owner { class }: Owner,
    path: InPath,
) -> Result<StatusCode, Refused> {
    let person = path.person()?;
    if !house.store.drop_from_roster(class.id, person).await? {
        return Err(ProblemCode::NotAllowed.into());
    }
    tell_setup(&house, class.id).await?;
    tell(&house, class.id, Change::Revoked(person)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET …/invitations`
pub async fn list(State(house): State<Arc<House>>, Owner { class }: Owner) -> Result<Json<Vec<Invitation>>, Refused> {
    let rows = house.store.roster(class.id).await?;
    Ok(Json(rows.iter().map(|row| invitation(&house, row)).collect()))
}

/// `POST …/invitations/{person}/renew`: whoever came with the old link is out.
pub async fn renew(
    State(house): State<Arc<House>>,
    Owner { class }: Owner,
    path: InPath,
) -> Result<Json<Invitation>, Refused> {
    let row = house.store.renew_invitation(class.id, path.person()?).await?;
    turned(&house, class.id, row).await
}

/// `POST …/invitations/{person}/revoke`
pub async fn revoke(
    State(house): State<Arc<House>>,
    Owner { class }: Owner,
    path: InPath,
) -> Result<Json<Invitation>, Refused> {
    let row = house.store.revoke_invitation(class.id, path.person()?).await?;
    turned(&house, class.id, row).await
}

async fn turned(house: &House, class: ClassId, row: RosterRow) -> Result<Json<Invitation>, Refused> {
    tell(house, class, Change::Revoked(row.person)).await?;
    Ok(Json(invitation(house, &row)))
}

fn invitation(house: &House, row: &RosterRow) -> Invitation {
    Invitation {
        person: row.person,
        name: row.name.clone(),
        role: row.role,
        group: row.group.clone(),
        link: house.auth.invitation_secret(row).map(|secret| house.public_url.link("in", &secret)),
        used: row.used,
    }
}

/// A group is cleaned as a name is, and is absent rather than empty.
fn check(entry: RosterEntry) -> Result<RosterEntry, Refused> {
    // A portal answers for those who only look on; a link would make them expected.
    if entry.role == Role::Observer {
        return Err(ProblemCode::Limit.into());
    }
    let group = entry.group.as_deref().and_then(|group| DisplayName::parse(group).ok()).map(String::from);
    if entry.group.as_ref().is_some_and(|group| group.chars().count() > GROUP_CHARS_MAX) {
        return Err(ProblemCode::Limit.into());
    }
    Ok(RosterEntry { group, ..entry })
}
