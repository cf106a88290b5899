//! The door of the WebSocket: what is checked before there is one (RFC 6455 §4.2.1).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper_util::rt::TokioIo;
use preau_protocol::{Attack, ProblemCode};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::budget::{Deposit, Refusal};
use super::guard::{Peer, RequestId};
use super::problem::Refused;
use super::serve::Slot;
use crate::auth::DeviceSecret;
use crate::house::House;
use crate::session::{Arrival, converse};
use crate::store::unix_now;

/// From our 101 to the socket being ours. It takes one write; longer means that the other side is gone.
const UPGRADE_WITHIN: Duration = Duration::from_secs(5);

/// `GET /ws`. The guard has checked `Origin` and query.
pub async fn socket(
    State(house): State<Arc<House>>,
    Extension(Peer(peer)): Extension<Peer>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Extension(slot): Extension<Slot>,
    mut request: Request,
) -> Result<Response, Refused> {
    if house.draining.is_cancelled() {
        return Err(ProblemCode::Unavailable.into());
    }
    let accept = accept_key(request.headers()).ok_or(ProblemCode::Malformed)?;
    let cookie = DeviceSecret::value_in(request.headers()).map(str::to_string);
    let deposit = pay(&house, peer.ip(), cookie.as_deref()).await?;
    house.gate.accept().map_err(|retry_after_ms| {
        house.budgets.spare(deposit, Instant::now());
        metrics::counter!("sockets_over_rate_total").increment(1);
        let wait = Some(house.gate.published().status.wait);
        Refused { wait, ..Refused::until(ProblemCode::Unavailable, retry_after_ms) }
    })?;
    let arrival = Arrival { cookie, deposit, request_id };
    let upgraded = hyper::upgrade::on(&mut request);
    house.conversations.clone().spawn(async move {
        let _slot = slot;
        match tokio::time::timeout(UPGRADE_WITHIN, upgraded).await {
            Ok(Ok(io)) => converse(TokioIo::new(io), arrival, house).await,
            Ok(Err(_)) | Err(_) => tracing::debug!(request_id = arrival.request_id, "an upgrade came to nothing"),
        }
    });
    let answer: [(HeaderName, &str); 3] =
        [(UPGRADE, "websocket"), (CONNECTION, "Upgrade"), (SEC_WEBSOCKET_ACCEPT, &accept)];
    Ok((StatusCode::SWITCHING_PROTOCOLS, answer).into_response())
}

/// A stranger's network pays for the socket until somebody has said hello on it. Whoever is known comes in whatever others
/// there have done.
async fn pay(house: &House, address: IpAddr, cookie: Option<&str>) -> Result<Deposit, Refused> {
    let browser = cookie.and_then(DeviceSecret::parse).map(|secret| secret.hash());
    let flood = |retry_after_s| Refused::too_many(retry_after_s, Attack::Flood);
    match (house.budgets.open(address, browser, Instant::now()), browser) {
        (Ok(deposit), _) => Ok(deposit),
        (Err(Refusal::Unknown { retry_after_s }), Some(browser)) => {
            match house.store.device(browser, unix_now()).await? {
                Some(_) => Ok(house.budgets.open_known(address, browser)),
                None => Err(flood(retry_after_s)),
            }
        }
        (Err(Refusal::Unknown { retry_after_s } | Refusal::Flood { retry_after_s }), _) => Err(flood(retry_after_s)),
    }
}

/// The answer to the client's key, if these are the headers of an opening handshake.
fn accept_key(headers: &HeaderMap) -> Option<String> {
    let has_word = |name: HeaderName, word: &str| {
        let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(',')).any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    let key = headers.get(SEC_WEBSOCKET_KEY)?.as_bytes();
    let is_nonce = STANDARD.decode(key).is_ok_and(|nonce| nonce.len() == 16);
    let version_is_13 = headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    let opens = has_word(UPGRADE, "websocket") && has_word(CONNECTION, "upgrade");
    (opens && version_is_13 && is_nonce).then(|| derive_accept_key(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_opening_handshake_is_answered() {
        let good = [
            ("upgrade", "WebSocket"),
            ("connection", "keep-alive, Upgrade"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-version", "13"),
        ];
        let headers = |pairs: &[(&'static str, &'static str)]| -> HeaderMap {
            pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
        };
        // The example of RFC 6455 §1.3.
        assert_eq!(accept_key(&headers(&good)).as_deref(), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        for missing in 0..good.len() {
            let rest: Vec<_> = good.iter().enumerate().filter(|(n, _)| *n != missing).map(|(_, pair)| *pair).collect();
            assert_eq!(accept_key(&headers(&rest)), None);
        }
    }
}
