//! Refused requests, as `application/problem+json` (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use preau_protocol::{Attack, Problem, ProblemCode, Wait};

use crate::auth::AuthError;
use crate::store::StoreError;

/// A request that was not done. The guard writes its body, since only it knows the request's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub code: ProblemCode,
    pub retry_after_ms: Option<u32>,
    pub wait: Option<Wait>,
    /// What it is counted as, where the code does not say it.
    pub attack: Option<Attack>,
}

impl Refused {
    /// Not now, and when again.
    pub fn until(code: ProblemCode, retry_after_ms: u32) -> Refused {
        Refused { code, retry_after_ms: Some(retry_after_ms), wait: None, attack: None }
    }
}

impl From<ProblemCode> for Refused {
    fn from(code: ProblemCode) -> Refused {
        Refused { code, retry_after_ms: None, wait: None, attack: None }
    }
}

impl From<AuthError> for Refused {
    fn from(error: AuthError) -> Refused {
        match error {
            AuthError::NotAuthenticated => ProblemCode::NotAuthenticated.into(),
            AuthError::NotAllowed => ProblemCode::NotAllowed.into(),
            AuthError::Unavailable => ProblemCode::Unavailable.into(),
        }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Refused {
        match error {
            StoreError::Limit => ProblemCode::Limit.into(),
            StoreError::Missing => ProblemCode::NotAllowed.into(),
            StoreError::Busy | StoreError::Closed | StoreError::Database(_) | StoreError::Directory(_) => {
                tracing::warn!(%error, "the store did not answer");
                ProblemCode::Unavailable.into()
            }
            StoreError::Newer(_) | StoreError::BrokenChain { .. } | StoreError::Unreadable(_) => {
                tracing::error!(%error, "the store is damaged");
                ProblemCode::Internal.into()
            }
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = status(self.code).into_response();
        if let Some(ms) = self.retry_after_ms {
            let seconds = ms.div_ceil(1_000);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl Refused {
    /// Too much came, of one person or of one network.
    pub fn too_many(retry_after_s: u32, attack: Attack) -> Refused {
        Refused { attack: Some(attack), ..Refused::until(ProblemCode::TooMany, retry_after_s.saturating_mul(1_000)) }
    }

    /// What whoever asked for this may have been up to.
    pub fn attack(self) -> Option<Attack> {
        self.attack.or(match self.code {
            ProblemCode::Malformed | ProblemCode::TooLarge => Some(Attack::Malformed),
            ProblemCode::TokenInUrl => Some(Attack::SecretInAddress),
            ProblemCode::NotAuthenticated => Some(Attack::NoToken),
            ProblemCode::NotAllowed => Some(Attack::WrongClass),
            ProblemCode::BadOrigin => Some(Attack::ForeignPage),
            ProblemCode::TooMany => Some(Attack::TooFast),
            ProblemCode::NotFound | ProblemCode::Limit | ProblemCode::Unavailable | ProblemCode::Internal => None,
        })
    }

    /// The body that says so.
    pub fn body(self, request_id: &str) -> Vec<u8> {
        let problem = Problem {
            r#type: "about:blank".into(),
            title: title(self.code).into(),
            status: status(self.code).as_u16(),
            code: self.code,
            request_id: request_id.into(),
            retry_after_ms: self.retry_after_ms,
            wait: self.wait,
        };
        serde_json::to_vec(&problem).expect("a problem is a map with string keys")
    }
}

/// The path is known, and this is not done with it.
pub async fn no_such_method() -> Refused {
    ProblemCode::NotFound.into()
}

fn status(code: ProblemCode) -> StatusCode {
    match code {
        ProblemCode::Malformed | ProblemCode::TokenInUrl => StatusCode::BAD_REQUEST,
        ProblemCode::NotAuthenticated => StatusCode::UNAUTHORIZED,
        ProblemCode::NotAllowed | ProblemCode::BadOrigin => StatusCode::FORBIDDEN,
        ProblemCode::NotFound => StatusCode::NOT_FOUND,
        ProblemCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemCode::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ProblemCode::Limit => StatusCode::UNPROCESSABLE_ENTITY,
        ProblemCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ProblemCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn title(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::Malformed => "This request could not be understood.",
        ProblemCode::TokenInUrl => "A token must not stand in an address.",
        ProblemCode::NotAuthenticated => "Nobody knows who this is.",
        ProblemCode::NotAllowed => "This is not open to you.",
        ProblemCode::NotFound => "There is nothing here.",
        ProblemCode::BadOrigin => "This page may not act here.",
        ProblemCode::TooLarge => "This is too large.",
        ProblemCode::TooMany => "Too many attempts. Try again in a moment.",
        ProblemCode::Limit => "A limit was reached, or a value is outside its limits.",
        ProblemCode::Unavailable => "This cannot be done just now. Try again in a moment.",
        ProblemCode::Internal => "Something went wrong on the server.",
    }
}
