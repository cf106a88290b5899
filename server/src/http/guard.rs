//! What every request passes: an id, no secrets in its address, a page that may act, headers on the way out.

use std::net::SocketAddr;
use std::sync::{Arc, Once};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use preau_protocol::ProblemCode;

use super::forwarded::{client, is_forwarded};
use super::problem::Refused;
use crate::auth::DeviceSecret;
use crate::house::House;

/// Said once: it is a fault of the configuration, not of the request.
static NO_PROXY_NAMED: Once = Once::new();
const NO_PROXY: &str = "everybody has its address, and shares one budget for strangers";

/// Names under which a secret may turn up in a query.
const SECRET_NAMES: [&str; 11] =
    ["token", "access_token", "id_token", "jwt", "secret", "welcome", "in", "auth", "authorization", "key", "code"];

/// The other end: of the connection, or of a trusted proxy's.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Names a request in logs, in answers and in close frames. It says nothing about anybody.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

pub async fn guard(State(house): State<Arc<House>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId(format!("{:016x}", rand::random::<u64>()));
    let (method, kind) = (request.method().clone(), kind(request.uri().path()));
    request.extensions_mut().insert(id.clone());
    look_behind_proxies(&house, &mut request);
    let mut response = match check(&house, &request) {
        Ok(()) => next.run(request).await,
        Err(code) => Refused::from(code).into_response(),
    };
    if let Some(kind) = response.extensions().get::<Refused>().and_then(|refused| refused.attack()) {
        house.attacks.count(kind);
    }
    dress(&house, &mut response, &id);
    let status = response.status().as_u16();
    let ms = started.elapsed().as_millis();
    // Neither path nor query, cookie or address: what is logged must be good to show to anybody.
    tracing::debug!(request_id = %id.0, %method, kind, status, ms, "answered");
    metrics::counter!("http_requests_total", "kind" => kind, "status" => status.to_string()).increment(1);
    response
}

/// From here on the other end is whoever a proxy of ours speaks for.
fn look_behind_proxies(house: &House, request: &mut Request) {
    if let Some(Peer(connected)) = request.extensions().get::<Peer>().copied() {
        let proxies = &house.config.trusted_proxies;
        if proxies.is_empty() && connected.ip().is_loopback() && is_forwarded(request.headers()) {
            NO_PROXY_NAMED
                .call_once(|| tracing::warn!("a proxy on this machine is not in trusted_proxies: {NO_PROXY}"));
        }
        let client = client(connected.ip(), request.headers(), proxies);
        request.extensions_mut().insert(Peer(SocketAddr::new(client, connected.port())));
    }
}

fn check(house: &House, request: &Request) -> Result<(), ProblemCode> {
    if request.uri().query().is_some_and(holds_secret) {
        return Err(ProblemCode::TokenInUrl);
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_socket = request.uri().path() == "/ws";
    if (!reads || is_socket) && !may_act(house, request.headers()) {
        return Err(ProblemCode::BadOrigin);
    }
    Ok(())
}

/// An address must carry no secret: it is written into histories, logs and referrers on its way.
pub fn holds_secret(query: &str) -> bool {
    query.split(['&', ';']).any(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let is_jwt = |text: &str| text.starts_with("eyJ") && text.matches('.').count() == 2;
        SECRET_NAMES.contains(&name.to_ascii_lowercase().as_str()) || is_jwt(value) || is_jwt(name)
    })
}

/// The page that asks is one of ours (RFC 6454 §7). Browsers always say; who says nothing is no browser, and must not
/// come with a browser's cookie.
fn may_act(house: &House, headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (Some(origin), None) => {
            let allowed = std::iter::once(house.public_url.origin()).chain(&house.config.origins);
            allowed.into_iter().any(|known| known.as_str().as_bytes() == origin.as_bytes())
        }
        (None, _) => DeviceSecret::value_in(headers).is_none(),
        (Some(_), Some(_)) => false,
    }
}

fn dress(house: &House, response: &mut Response, id: &RequestId) {
    if let Some(refused) = response.extensions().get::<Refused>().copied() {
        *response.body_mut() = Body::from(refused.body(&id.0));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    let headers = response.headers_mut();
    for (name, value) in house.security.iter() {
        headers.insert(name.clone(), value.clone());
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
}

/// A few words for counting, however many paths there are.
fn kind(path: &str) -> &'static str {
    match path {
        "/ws" => "socket",
        "/healthz" | "/readyz" | "/version" => "operator",
        "/api/claim" => "claim",
        _ if path.starts_with("/api/") => "api",
        _ if path.starts_with("/assets/") => "asset",
        _ => "page",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_query_is_seen() {
        for query in ["token=x", "a=1&Token=", "access_token=a", "in=x", "q=eyJhbGci.eyJzdWIi.c2ln", "eyJ.eyJ.x"] {
            assert!(holds_secret(query), "{query}");
        }
        for query in ["", "utm_source=mail", "tokens=1", "q=eyJ"] {
            assert!(!holds_secret(query), "{query}");
        }
    }
}
