//! Who somebody is: cookies, personal links and portals' tokens in, a [`Visitor`] out.

mod claims;
mod cookie;
mod jwks;
mod keys;
mod link;
mod mint;
mod portal;
pub mod strict_json;
mod token;

use preau_classroom::{DeviceId, Identity};
use preau_protocol::{Claim, Claimed, ClassId, DisplayName, UnixMs};
use uuid::Uuid;

use crate::config::PortalConfig;
use crate::store::{AtDoor, BrowserKind, Lesson, NoStanding, RosterRow, Store, StoreError, unix_now};

pub use claims::Verified;
pub use cookie::{COOKIE_NAME, DeviceSecret};
pub use keys::{KeyError, Keys};
pub use link::InvitationLink;
pub use mint::{MintError, Wanted, mint};
pub use portal::{Portals, read_keys};
pub use token::{Token, TokenError};

use link::OneTimeSecret;

/// A one-time link to an account is good for a day.
const WELCOME_MS: u64 = 24 * 60 * 60 * 1_000;

/// Somebody verified, before the door of one class.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub identity: Identity,
    pub device: DeviceId,
    /// When the token that brought them expires.
    pub until: Option<UnixMs>,
    pub lesson: Lesson,
}

/// Why somebody gets no further. For whoever asks, a class that does not exist is one they have no business in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    #[error("not authenticated")]
    NotAuthenticated,
    #[error("not allowed")]
    NotAllowed,
    /// The store cannot answer just now, a portal's keys cannot be reached, or a limit was reached.
    #[error("unavailable")]
    Unavailable,
}

pub struct Auth {
    store: Store,
    portals: Portals,
}

impl Auth {
    /// Reads the keys of all portals that keep them in files, and starts to fetch those of the others.
    pub fn new(store: Store, portals: Vec<PortalConfig>) -> Result<Auth, KeyError> {
        Ok(Auth { store, portals: Portals::open(portals)? })
    }

    /// Reads portals' keys again. Nobody who sits is asked again: a seat ends with the token that brought it.
    pub fn reload(&self) {
        self.portals.reload();
    }

    /// Who stands before the door of `class`: by `token` if there is one, else by the browser's cookie. The class is
    /// looked up whatever the token says, so that an unknown class and one of somebody else's take equally long.
    ///
    /// A token that comes without a cookie names no browser. What it can prove is the portal's session (`sid`), else
    /// itself (`jti`, or all of it): bearers of different tokens are different devices, so that a teacher is asked
    /// before one takes the other's seat.
    pub async fn visitor(
        &self,
        class: ClassId,
        cookie: Option<&str>,
        token: Option<&str>,
    ) -> Result<Visitor, AuthError> {
        match token {
            Some(token) => self.bearer(class, cookie, token).await,
            None => self.owner_of(class, cookie).await,
        }
    }

    /// Remembers somebody as a newer token of theirs shows them, for when they come again.
    pub fn remember(&self, class: ClassId, who: Identity) {
        self.store.remember_person(class, who);
    }

    async fn owner_of(&self, class: ClassId, cookie: Option<&str>) -> Result<Visitor, AuthError> {
        let secret = cookie.and_then(DeviceSecret::parse).ok_or(AuthError::NotAuthenticated)?;
        match self.store.standing(secret.hash(), class, unix_now()).await? {
            Ok(standing) => {
                let (identity, device) = (standing.identity, DeviceId(standing.device));
                Ok(Visitor { identity, device, until: standing.until, lesson: standing.lesson })
            }
            Err(NoStanding::UnknownDevice) => Err(AuthError::NotAuthenticated),
            Err(NoStanding::NotInvited) => Err(AuthError::NotAllowed),
        }
    }

    async fn bearer(&self, class: ClassId, cookie: Option<&str>, token: &str) -> Result<Visitor, AuthError> {
        let verified = self.verify(token)?;
        let browser = cookie.and_then(DeviceSecret::parse).map(|secret| secret.hash());
        // Only whoever may know how it stands with the class is answered by how it was just now.
        let at_hand = self.store.lesson_at_hand(class).filter(|_| verified.class == class && browser.is_none());
        let known = match at_hand {
            Some(lesson) => AtDoor { lesson: Some(lesson), browser: None },
            None => self.store.at_door(class, browser).await?,
        };
        let lesson = known.lesson.filter(|_| verified.class == class).ok_or(AuthError::NotAllowed)?;
        let device = DeviceId(known.browser.unwrap_or(verified.device));
        Ok(Visitor { identity: verified.identity, device, until: Some(verified.until), lesson })
    }

    fn verify(&self, token: &str) -> Result<Verified, AuthError> {
        self.portals.verify(token, unix_now()).map_err(|error| {
            tracing::debug!(%error, "a token was refused");
            metrics::counter!("tokens_refused_total", "why" => error.word()).increment(1);
            if error == TokenError::OutOfReach { AuthError::Unavailable } else { AuthError::NotAuthenticated }
        })
    }

    /// Exchanges what a link carried for something the browser `secret` has, which says it is of this `kind`.
    pub async fn claim(&self, secret: &DeviceSecret, kind: BrowserKind, claim: &Claim) -> Result<Claimed, AuthError> {
        let (device, now) = (secret.hash(), unix_now());
        let outcome = match claim {
            Claim::Account { secret } => {
                let secret = OneTimeSecret::parse(secret).ok_or(AuthError::NotAuthenticated)?;
                self.store.use_welcome(secret.hash(), device, kind, now).await.map(|()| Claimed::Home {})
            }
            Claim::Invitation { secret } => {
                let key = self.store.link_key();
                let link = InvitationLink::open(secret, key).ok_or(AuthError::NotAuthenticated)?;
                let claimed = self.store.claim_invitation(device, link.person, link.generation, now).await;
                claimed.map(|class| Claimed::Class { class })
            }
            Claim::Token { token } => {
                let verified = self.verify(token)?;
                let (class, stay) = (verified.class, verified.stay_until);
                let claimed = self.store.claim_token(device, class, verified.identity, stay, now).await;
                // A good token for a class that is not there is refused as one for a class of somebody else's.
                return claimed.map(|()| Claimed::Class { class }).map_err(|error| match error {
                    StoreError::Missing => AuthError::NotAllowed,
                    other => other.into(),
                });
            }
        };
        outcome.map_err(|error| match error {
            StoreError::Missing => AuthError::NotAuthenticated,
            other => other.into(),
        })
    }

    /// The secret of somebody's personal link, or nothing while it is revoked.
    pub fn invitation_secret(&self, row: &RosterRow) -> Option<String> {
        let link = InvitationLink { person: row.person, generation: row.generation };
        (!row.revoked).then(|| link.seal(self.store.link_key()))
    }
}

/// Makes the secret of a one-time link to the account called `name`. Older links to it no longer open.
pub async fn welcome(store: &Store, name: DisplayName) -> Result<String, StoreError> {
    let secret = OneTimeSecret::generate();
    store.set_welcome(secret.hash(), name, unix_now().plus_ms(WELCOME_MS)).await?;
    Ok(secret.text())
}

impl From<StoreError> for AuthError {
    fn from(error: StoreError) -> AuthError {
        tracing::warn!(%error, "the store did not answer");
        AuthError::Unavailable
    }
}

/// The namespace of devices that are known only by a token (UUID version 5, RFC 9562 §5.5).
const TOKEN_DEVICES: Uuid = Uuid::from_u128(0x5f0c_9d0e_33a1_4b57_9d5e_77c1_0f1b_6a42);

#[cfg(test)]
mod tests;
