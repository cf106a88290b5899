//! Bodies of requests: bounded in size and time, and of the type they say.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use preau_protocol::ProblemCode;
use preau_protocol::limits::ROSTER_BYTES_MAX;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::Refused;

/// The largest JSON body: a whole roster to be added.
const JSON_BYTES_MAX: usize = ROSTER_BYTES_MAX;
/// A body that takes longer to arrive is not one of a person who waits for the answer.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// A JSON body, in and out.
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refused> {
        if !is_json(request.headers()) {
            return Err(ProblemCode::Malformed.into());
        }
        let bytes = read(request.into_body(), JSON_BYTES_MAX).await?;
        serde_json::from_slice(&bytes).map(Json).map_err(|_| ProblemCode::Malformed.into())
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => ([(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
            Err(_) => Refused::from(ProblemCode::Internal).into_response(),
        }
    }
}

/// A body as it is, such as a pasted roster.
pub struct Raw(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refused> {
        read(request.into_body(), ROSTER_BYTES_MAX).await.map(Raw)
    }
}

async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Refused> {
    match tokio::time::timeout(BODY_WITHIN, to_bytes(body, bytes_max)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(ProblemCode::TooLarge.into()),
        Err(_) => Err(ProblemCode::Malformed.into()),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}
