//! One browser's cookie, and the HTTP requests that a person makes with it.

use std::sync::LazyLock;

use preau_protocol::{
    BrowserCard, BrowserId, Claim, Claimed, ClassCard, ClassDraft, ClassId, Invitation, Me, MyInvitation, PersonId,
    Problem, ProblemCode, RosterAdd, RosterEntry, RosterPreview,
};
use reqwest::header::{CONTENT_TYPE, COOKIE, ORIGIN, SET_COOKIE};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Only this cookie matters: it names the device.
const COOKIE_NAME: &str = "__Host-preau";

/// What stands in the fragment of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// `#welcome=…`: a teacher's account.
    Welcome(String),
    /// `#in=…`: a personal invitation.
    Invitation(String),
    /// `#token=…`: a portal's signed token.
    Token(String),
}

#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    #[error("link has no secret in its fragment")]
    NoSecret,
    #[error("the server did not answer: {}", innermost(.0))]
    Transport(#[from] reqwest::Error),
    #[error("the server answered {}{}", .status.as_u16(), said(.problem.as_ref()))]
    Refused { status: StatusCode, problem: Option<Problem> },
}

impl DeviceError {
    /// What the server called it.
    pub fn code(&self) -> Option<ProblemCode> {
        match self {
            DeviceError::Refused { problem, .. } => problem.as_ref().map(|problem| problem.code),
            DeviceError::NoSecret | DeviceError::Transport(_) => None,
        }
    }
}

/// What lies at the bottom of it: the layers above only say that something lies below.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

/// In the server's own words, if it had any.
fn said(problem: Option<&Problem>) -> String {
    problem.map(|problem| format!(" ({})", problem.title.trim_end_matches('.'))).unwrap_or_default()
}

impl Secret {
    /// Reads a link as a person was given it.
    pub fn parse(link: &str) -> Result<Secret, DeviceError> {
        let (_, fragment) = link.split_once('#').ok_or(DeviceError::NoSecret)?;
        match fragment.split_once('=') {
            Some(("welcome", secret)) => Ok(Secret::Welcome(secret.into())),
            Some(("in", secret)) => Ok(Secret::Invitation(secret.into())),
            Some(("token", token)) => Ok(Secret::Token(token.into())),
            _ => Err(DeviceError::NoSecret),
        }
    }

    fn claim(self) -> Claim {
        match self {
            Secret::Welcome(secret) => Claim::Account { secret },
            Secret::Invitation(secret) => Claim::Invitation { secret },
            Secret::Token(token) => Claim::Token { token },
        }
    }
}

/// A browser: a server it talks to, and the cookie that server gave it.
#[derive(Clone, Debug)]
pub struct Device {
    server: String,
    client: reqwest::Client,
    cookie: Option<String>,
}

impl Device {
    /// A browser without a past. `server` is an origin, like `http://localhost:8080`.
    pub fn new(server: &str) -> Device {
        Device { server: server.trim_end_matches('/').into(), client: client(), cookie: None }
    }

    pub fn server(&self) -> &str {
        &self.server
    }

    /// The value of the `Cookie` header, once something was claimed.
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// The same browser with this in its `Cookie` header, wherever it has it from.
    pub fn holding(&self, cookie: &str) -> Device {
        Device { cookie: Some(cookie.into()), ..self.clone() }
    }

    /// What all devices of this process send requests with.
    pub fn client(&self) -> reqwest::Client {
        self.client.clone()
    }

    /// Exchanges a link for a cookie.
    pub async fn claim(&mut self, link: &str) -> Result<Claimed, DeviceError> {
        let claim = Secret::parse(link)?.claim();
        let response = self.request(Method::POST, "/api/claim").json(&claim).send().await?;
        for cookie in response.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().ok().and_then(|text| text.split(';').next());
            if let Some(pair) = pair.filter(|pair| pair.starts_with(COOKIE_NAME)) {
                self.cookie = Some(pair.into());
            }
        }
        read(response).await
    }

    pub async fn me(&self) -> Result<Me, DeviceError> {
        self.get("/api/me").await
    }

    pub async fn classes(&self) -> Result<Vec<ClassCard>, DeviceError> {
        self.get("/api/classes").await
    }

    pub async fn create_class(&self, draft: &ClassDraft) -> Result<ClassCard, DeviceError> {
        self.send(Method::POST, "/api/classes", draft).await
    }

    pub async fn change_class(&self, class: ClassId, draft: &ClassDraft) -> Result<ClassCard, DeviceError> {
        self.send(Method::PUT, &format!("/api/classes/{class}"), draft).await
    }

    /// Takes a class away, with all that is known of it.
    pub async fn erase_class(&self, class: ClassId) -> Result<(), DeviceError> {
        accepted(self.request(Method::DELETE, &format!("/api/classes/{class}")).send().await?).await.map(drop)
    }

    pub async fn my_invitation(&self, class: ClassId) -> Result<MyInvitation, DeviceError> {
        self.get(&format!("/api/classes/{class}/invited")).await
    }

    /// What the server makes of a pasted list or a file.
    pub async fn preview_roster(&self, class: ClassId, bytes: Vec<u8>) -> Result<RosterPreview, DeviceError> {
        let path = format!("/api/classes/{class}/roster/preview");
        let request = self.request(Method::POST, &path).header(CONTENT_TYPE, "application/octet-stream");
        read(request.body(bytes).send().await?).await
    }

    /// Puts people on the roster. Returns everyone's invitation.
    pub async fn add_roster(&self, class: ClassId, people: Vec<RosterEntry>) -> Result<Vec<Invitation>, DeviceError> {
        self.send(Method::POST, &format!("/api/classes/{class}/roster"), &RosterAdd { people }).await
    }

    pub async fn invitations(&self, class: ClassId) -> Result<Vec<Invitation>, DeviceError> {
        self.get(&format!("/api/classes/{class}/invitations")).await
    }

    /// Makes an invitation's link worthless.
    pub async fn revoke(&self, class: ClassId, person: PersonId) -> Result<Invitation, DeviceError> {
        let path = format!("/api/classes/{class}/invitations/{person}/revoke");
        self.send(Method::POST, &path, &serde_json::json!({})).await
    }

    /// Makes an invitation a new link; the old one is worthless then.
    pub async fn renew(&self, class: ClassId, person: PersonId) -> Result<Invitation, DeviceError> {
        let path = format!("/api/classes/{class}/invitations/{person}/renew");
        self.send(Method::POST, &path, &serde_json::json!({})).await
    }

    /// Where this device's account is signed in.
    pub async fn browsers(&self) -> Result<Vec<BrowserCard>, DeviceError> {
        self.get("/api/me/browsers").await
    }

    /// Signs this device's account out of that browser, or of all others.
    pub async fn sign_out(&self, browser: Option<BrowserId>) -> Result<(), DeviceError> {
        let path = browser.map_or("/api/me/browsers".into(), |browser| format!("/api/me/browsers/{browser}"));
        accepted(self.request(Method::DELETE, &path).send().await?).await.map(drop)
    }

    /// Any request of this device, with its cookie and the origin of the server's own pages.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.server)).header(ORIGIN, &self.server);
        match &self.cookie {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, DeviceError> {
        read(self.request(Method::GET, path).send().await?).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, DeviceError> {
        read(self.request(method, path).json(body).send().await?).await
    }
}

/// One for all: each client would read the system's certificates anew. No connection is kept for later: thousands of
/// virtual browsers would hold as many of the server's.
fn client() -> reqwest::Client {
    static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
        let without_pool = reqwest::Client::builder().pool_max_idle_per_host(0);
        without_pool.build().expect("a client without settings of the system's")
    });
    CLIENT.clone()
}

/// The answer, unless it is a refusal.
async fn accepted(response: Response) -> Result<Response, DeviceError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    Err(DeviceError::Refused { status, problem: response.json().await.ok() })
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, DeviceError> {
    Ok(accepted(response).await?.json().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_tells_its_secret() {
        let secret = |link| Secret::parse(link).ok();
        assert_eq!(secret("http://h/#welcome=abc"), Some(Secret::Welcome("abc".into())));
        assert_eq!(secret("http://h/#in=a=b"), Some(Secret::Invitation("a=b".into())));
        assert_eq!(secret("http://h/#token=x.y.z"), Some(Secret::Token("x.y.z".into())));
        assert_eq!(secret("http://h/?in=abc"), None);
        assert_eq!(secret("http://h/#out=abc"), None);
    }
}
