//! What everybody may know of the gate, and what operators do with it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};
use axum::response::IntoResponse;
use preau_protocol::{Attack, Operations, OperatorAct, ProblemCode};

use super::body::Json;
use super::problem::Refused;
use crate::gatehouse::is_sound;
use crate::house::House;
use crate::store::unix_now;

/// Anybody may keep these for so long, and hand them on: they are the same for all.
const CACHED: [(HeaderName, &str); 2] =
    [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=2, stale-while-revalidate=5")];

/// `GET /line.json`
pub async fn line(State(house): State<Arc<House>>) -> impl IntoResponse {
    (CACHED, house.gate.published().line_json.clone())
}

/// `GET /status.json`
pub async fn status(State(house): State<Arc<House>>) -> impl IntoResponse {
    (CACHED, house.gate.published().status_json.clone())
}

/// `GET /api/ops`
pub async fn operations(State(house): State<Arc<House>>, headers: HeaderMap) -> Result<Json<Operations>, Refused> {
    check_operator(&house, &headers)?;
    operate(&house, None).await
}

/// `POST /api/ops`
pub async fn act(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    Json(act): Json<OperatorAct>,
) -> Result<Json<Operations>, Refused> {
    check_operator(&house, &headers)?;
    if !is_sound(&act) {
        return Err(ProblemCode::Limit.into());
    }
    tracing::info!(?act, "the operator has acted");
    operate(&house, Some(act)).await
}

/// `GET /api/ops/attacks.csv`: what was tried in which hour of the last thirty days, by kind.
pub async fn attacks(State(house): State<Arc<House>>, headers: HeaderMap) -> Result<impl IntoResponse, Refused> {
    check_operator(&house, &headers)?;
    Ok(([(CONTENT_TYPE, "text/csv; charset=utf-8")], house.attacks.csv(unix_now())))
}

async fn operate(house: &House, act: Option<OperatorAct>) -> Result<Json<Operations>, Refused> {
    house.gate.operate(act).await.map(Json).ok_or(ProblemCode::Unavailable.into())
}

/// Without a token in the configuration there is nothing here; with one, nobody learns more than that theirs is not it.
fn check_operator(house: &House, headers: &HeaderMap) -> Result<(), Refused> {
    let token = house.config.operator_token.as_ref().ok_or(Refused::from(ProblemCode::NotFound))?;
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    match shown {
        Some(shown) if token.is(shown) => Ok(()),
        Some(_) | None => Err(Refused { attack: Some(Attack::OperatorToken), ..ProblemCode::NotAuthenticated.into() }),
    }
}
