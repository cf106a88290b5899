//! What a browser is: claiming what a link carried, asking who one is, leaving.

use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use preau_protocol::{Account, Attack, Claim, Me, ProblemCode};

use super::body::Json;
use super::browsers;
use super::caller::{MaybeBrowser, Teacher};
use super::guard::{Peer, RequestId};
use super::problem::Refused;
use crate::attempts::Way;
use crate::auth::{AuthError, DeviceSecret};
use crate::house::House;
use crate::store::unix_now;

/// `POST /api/claim`
pub async fn claim(
    State(house): State<Arc<House>>,
    Extension(Peer(peer)): Extension<Peer>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    MaybeBrowser(browser): MaybeBrowser,
    headers: HeaderMap,
    Json(claim): Json<Claim>,
) -> Result<impl IntoResponse, Refused> {
    if house.draining.is_cancelled() {
        return Err(ProblemCode::Unavailable.into());
    }
    let device = browser.as_ref().map(|browser| browser.hash);
    let now = Instant::now();
    let spent = house.budgets.check(device, &claim, now);
    // Only a cookie that we made is kept; one that somebody else thought of is replaced.
    let secret = browser.map_or_else(DeviceSecret::generate, |browser| browser.secret);
    let outcome = match spent {
        Ok(()) => house.auth.claim(&secret, browsers::kind(&headers), &claim).await,
        Err(wait_s) => return Err(Refused::too_many(wait_s, Attack::TooFast)),
    };
    house.attempts.tell(Way::from(&claim), &outcome, &request_id, now);
    match outcome {
        Ok(claimed) => {
            house.budgets.claimed(peer.ip(), secret.hash(), device, &claim, now);
            Ok((set_cookie(secret.set_cookie()), Json(claimed)))
        }
        Err(error @ (AuthError::NotAuthenticated | AuthError::NotAllowed)) => {
            let failed = house.budgets.failed(peer.ip(), now);
            failed.map_err(|wait_s| Refused::too_many(wait_s, Attack::Flood))?;
            let refused = Refused::from(error);
            let is_token = matches!(claim, Claim::Token { .. }) && error == AuthError::NotAuthenticated;
            Err(if is_token { Refused { attack: Some(Attack::BadToken), ..refused } } else { refused })
        }
        Err(error @ AuthError::Unavailable) => Err(error.into()),
    }
}

fn set_cookie(line: String) -> [(HeaderName, String); 1] {
    [(header::SET_COOKIE, line)]
}

/// `GET /api/me`: never an error for somebody unknown, who is told just that.
pub async fn me(
    State(house): State<Arc<House>>,
    MaybeBrowser(browser): MaybeBrowser,
) -> Result<axum::response::Response, Refused> {
    let Some(browser) = browser else {
        return Ok(Json(Me { account: None, invited: Vec::new() }).into_response());
    };
    let classes = house.store.invited(browser.hash, unix_now()).await?;
    let me = Me {
        account: browser.row.account.map(|account| Account { name: account.name }),
        invited: classes.iter().map(|class| class.invited()).collect(),
    };
    Ok((set_cookie(browser.secret.set_cookie()), Json(me)).into_response())
}

/// `PUT /api/me`: a teacher chooses the name that pupils see.
pub async fn rename(
    State(house): State<Arc<House>>,
    teacher: Teacher,
    Json(account): Json<Account>,
) -> Result<Json<Account>, Refused> {
    house.store.rename_account(teacher.account.id, account.name.clone()).await?;
    Ok(Json(account))
}

/// `POST /api/signout`: the browser is forgotten with all that it has claimed, and out of every class.
pub async fn sign_out(
    State(house): State<Arc<House>>,
    MaybeBrowser(browser): MaybeBrowser,
) -> Result<impl IntoResponse, Refused> {
    if let Some(browser) = browser {
        house.store.sign_out_here(browser.hash).await?;
        house.see_out().await?;
    }
    // What the pages keep in the browser goes with the account: the next one at a shared computer is somebody else.
    let forget = [(HeaderName::from_static("clear-site-data"), "\"storage\"")];
    Ok((StatusCode::NO_CONTENT, set_cookie(DeviceSecret::clear_cookie()), forget))
}
