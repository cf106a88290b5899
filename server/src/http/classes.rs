//! A teacher's classes, and an invited person's own view of one.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use preau_protocol::limits::TITLE_CHARS_MAX;
use preau_protocol::{ClassCard, ClassDraft, ClassId, MyInvitation, Phase, ProblemCode, Role, UnixMs};
use uuid::Uuid;

use super::body::Json;
use super::caller::{InPath, Owner, Teacher};
use super::problem::Refused;
use crate::auth::DeviceSecret;
use crate::house::House;
use crate::shard::Change;
use crate::store::{AccountId, ClassRow, NewClass, unix_now};

/// How far ahead a class may be planned: the next school year. Until then it is kept.
const AHEAD_MS_MAX: u64 = 400 * 24 * 60 * 60 * 1_000;

/// `GET /api/classes`: those one made, and those one was invited to teach.
pub async fn list(State(house): State<Arc<House>>, teacher: Teacher) -> Result<Json<Vec<ClassCard>>, Refused> {
    let now = unix_now();
    let mut classes = house.store.classes_of(teacher.account.id).await?;
    for class in house.store.invited(teacher.browser, now).await? {
        let standing = house.store.standing(teacher.browser, class.id, now).await?;
        if class.owner != teacher.account.id && standing.is_ok_and(|who| who.identity.role == Role::Teacher) {
            classes.push(class);
        }
    }
    classes.sort_by_key(|class| (class.lesson.starts_at, class.id));
    let mut cards = Vec::with_capacity(classes.len());
    for class in classes {
        cards.push(card(&house, class, teacher.account.id).await);
    }
    Ok(Json(cards))
}

/// `POST /api/classes`
pub async fn create(
    State(house): State<Arc<House>>,
    teacher: Teacher,
    Json(draft): Json<ClassDraft>,
) -> Result<Json<ClassCard>, Refused> {
    let draft = check(draft)?;
    let new = NewClass { id: ClassId(Uuid::new_v4()), owner: teacher.account.id, draft };
    let class = house.store.add_class(new, unix_now()).await?;
    Ok(Json(card(&house, class, teacher.account.id).await))
}

/// `GET /api/classes/{class}`
pub async fn show(State(house): State<Arc<House>>, Owner { class }: Owner) -> Json<ClassCard> {
    let owner = class.owner;
    Json(card(&house, class, owner).await)
}

/// `PUT /api/classes/{class}`
pub async fn change(
    State(house): State<Arc<House>>,
    Owner { class }: Owner,
    Json(draft): Json<ClassDraft>,
) -> Result<Json<ClassCard>, Refused> {
    let class = house.store.change_class(class.id, check(draft)?, unix_now()).await?;
    tell_setup(&house, class.id).await?;
    let owner = class.owner;
    Ok(Json(card(&house, class, owner).await))
}

/// `DELETE /api/classes/{class}`: the class and everything about it; whoever is inside is out.
pub async fn erase(State(house): State<Arc<House>>, Owner { class }: Owner) -> Result<StatusCode, Refused> {
    let people = house.store.people(class.id).await?;
    house.store.delete_class(class.id).await?;
    for person in people.into_keys() {
        tell(&house, class.id, Change::Revoked(person)).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/classes/{class}/invited`: for anybody who may knock, and the same answer for a class that is not there
/// as for one where they may not.
pub async fn invited(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    InPath { class, .. }: InPath,
) -> Result<Json<MyInvitation>, Refused> {
    let cookie = DeviceSecret::value_in(&headers);
    let visitor = house.auth.visitor(class, cookie, None).await?;
    let row = house.store.class(class).await?.ok_or(Refused::from(ProblemCode::NotAllowed))?;
    Ok(Json(MyInvitation { class: row.invited(), name: visitor.identity.name, role: visitor.identity.role }))
}

/// Tells a class in session what its set-up page says now.
pub async fn tell_setup(house: &House, class: ClassId) -> Result<(), Refused> {
    let setup = house.store.setup(class).await?;
    tell(house, class, Change::Setup(setup)).await
}

pub async fn tell(house: &House, class: ClassId, change: Change) -> Result<(), Refused> {
    house.shards.tell(class, change).await.map_err(|_| ProblemCode::Unavailable.into())
}

async fn card(house: &House, class: ClassRow, account: AccountId) -> ClassCard {
    ClassCard {
        class: class.id,
        phase: house.shards.phase(class.id).await.unwrap_or(Phase::Scheduled),
        mine: class.owner == account,
        title: class.title,
        starts_at: class.lesson.starts_at,
        policy: class.policy,
        familiar: class.familiar,
        teacher: class.teacher,
        students: class.lesson.roster,
    }
}

fn check(draft: ClassDraft) -> Result<ClassDraft, Refused> {
    let title = clean(&draft.title);
    if title.is_empty() {
        return Err(ProblemCode::Malformed.into());
    }
    let latest = unix_now().plus_ms(AHEAD_MS_MAX);
    if title.chars().count() > TITLE_CHARS_MAX || draft.starts_at > latest {
        return Err(ProblemCode::Limit.into());
    }
    Ok(ClassDraft { title, starts_at: UnixMs(draft.starts_at.0), ..draft })
}

/// One line, without characters that change the direction of what stands beside it (Unicode UAX #9).
fn clean(title: &str) -> String {
    let redirects = |c: &char| matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let plain: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(|c| !redirects(c)).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_protocol::Policy;

    #[test]
    fn a_draft_is_checked() {
        let draft = |title: &str, starts_at| {
            let draft =
                ClassDraft { title: title.into(), starts_at: UnixMs(starts_at), policy: Policy::Ask, familiar: true };
            check(draft).map(|draft| draft.title).map_err(|refused| refused.code)
        };
        assert_eq!(draft(" Maths\n\u{202E}5e  B 👩‍🏫 ", 0), Ok("Maths 5e B 👩‍🏫".into()));
        assert_eq!(draft("\u{200E} ", 0), Err(ProblemCode::Malformed));
        assert_eq!(draft(&"é".repeat(121), 0), Err(ProblemCode::Limit));
        assert_eq!(draft("x", u64::MAX), Err(ProblemCode::Limit));
    }
}
