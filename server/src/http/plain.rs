//! Pages that need no script: how the server is, and where somebody stands in its line. They refresh themselves.

mod language;
mod line_page;
mod place;
mod sheet;
mod status_page;
mod words;

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE, VARY};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use preau_protocol::{ClassId, ProblemCode, StatusState, Turned};

use super::assets;
use super::caller::InPath;
use super::problem::Refused;
use crate::auth::{AuthError, DeviceSecret};
use crate::house::House;
use crate::session::{asker, sender};
use crate::store::unix_now;

use language::Language;
use line_page::{Standing, line_page};
pub use place::Kept;
use sheet::Again;
use status_page::status_page;

/// A page of the line comes again after so many seconds, and up to half as many more: a school does not come at once.
const AGAIN_S: u32 = 10;

/// How the client's one page leads whoever runs no script to a page of ours: it cannot know the class in its own address.
const WITHOUT_SCRIPT: &str = "line";

/// `GET /`
pub async fn page(state: State<Arc<House>>, uri: Uri, headers: HeaderMap) -> Response {
    match uri.query() {
        Some(WITHOUT_SCRIPT) => Redirect::to("/status").into_response(),
        _ => assets::page(state, headers).await,
    }
}

/// `GET /class/{class}`
pub async fn class_page(
    state: State<Arc<House>>,
    class: Result<InPath, Refused>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    match (uri.query(), class) {
        (Some(WITHOUT_SCRIPT), Ok(InPath { class, .. })) => {
            Redirect::to(&format!("/class/{}/line", class.0)).into_response()
        }
        _ => assets::page(state, headers).await,
    }
}

/// `GET /status`
pub async fn status(State(house): State<Arc<House>>, uri: Uri, headers: HeaderMap) -> Response {
    let page = status_page(&house.gate.published().status, uri.query(), Language::of(&headers));
    let mut response = html(page);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=2"));
    response
}

/// `GET /class/{class}/line`: asks the gate once, and from then on only looks at its document, as pages with a script do.
pub async fn line(
    State(house): State<Arc<House>>,
    InPath { class, .. }: InPath,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let published = house.gate.published();
    let kept = Kept::in_headers(&headers).filter(|kept| kept.is_of(class, &published.line));
    let (standing, kept) = match (kept, published.status.state) {
        (Some(kept), _) => kept.look(&published.line, unix_now()),
        (None, StatusState::Open) => (Standing::Open, None),
        (None, _) => ask(&house, class, &headers).await?,
    };
    let again = Again::of(uri.query(), AGAIN_S + rand::random_range(0..=AGAIN_S / 2));
    let mut response = html(line_page(&standing, class, again, Language::of(&headers)));
    let cookie = kept.map_or_else(|| Kept::clear_cookie(class), |kept| kept.set_cookie(class));
    response.headers_mut().insert(SET_COOKIE, HeaderValue::from_str(&cookie).map_err(|_| ProblemCode::Internal)?);
    Ok(response)
}

/// Before the gate, as a hello would be. Whoever is let in is told so; the place itself is for a page that can hold one.
async fn ask(house: &House, class: ClassId, headers: &HeaderMap) -> Result<(Standing, Option<Kept>), Refused> {
    let visitor = match house.auth.visitor(class, DeviceSecret::value_in(headers), None).await {
        Ok(visitor) => visitor,
        Err(AuthError::NotAuthenticated | AuthError::NotAllowed) => return Ok((Standing::Stranger, None)),
        Err(AuthError::Unavailable) => return Ok((Standing::Unavailable, None)),
    };
    let ticket = Kept::in_headers(headers).map(|kept| kept.ticket);
    Ok(match house.gate.ask(asker(class, &visitor, false, ticket), sender(&visitor, house)).await {
        Ok(_) => (Standing::Turn, None),
        Err(Turned::Queued(queued)) => {
            let kept = Kept::new(class, &house.gate.published().line.life, &queued);
            (Standing::queued(&queued), Some(kept))
        }
        Err(Turned::Closed { until }) => (Standing::closed(until, false, unix_now()), None),
        Err(Turned::Unavailable { .. }) => (Standing::Unavailable, None),
        Err(Turned::SchoolFull { .. }) => (Standing::SchoolFull, None),
    })
}

fn html(page: String) -> Response {
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (VARY, ACCEPT_LANGUAGE.as_str())];
    (headers, page).into_response()
}
