//! Portals at work: the keys of each, and the one that signed a token.

use std::sync::{Arc, PoisonError, RwLock};

use preau_protocol::UnixMs;

use super::claims::{self, Verified};
use super::jwks::Refresher;
use super::keys::{KeyError, Keys, read_file};
use super::token::{Token, TokenError};
use crate::config::{KeySource, PortalConfig};

/// The keys as last read; replaced as a whole.
pub(super) type SharedKeys = Arc<RwLock<Arc<Keys>>>;

struct Portal {
    config: PortalConfig,
    keys: SharedKeys,
    /// For keys that are fetched.
    refresher: Option<Refresher>,
}

/// All configured portals.
pub struct Portals(Vec<Portal>);

impl Portals {
    /// Reads the keys of all portals that keep them in files, and starts to fetch those of the others.
    ///
    /// # Panics
    /// Outside of a Tokio runtime, when there are keys to fetch.
    pub fn open(configs: Vec<PortalConfig>) -> Result<Portals, KeyError> {
        configs.into_iter().map(Portal::open).collect::<Result<_, _>>().map(Portals)
    }

    /// Finds the portal that signed `text`, and checks what the token says. The signature comes first: what nobody
    /// has signed is not even read.
    pub fn verify(&self, text: &str, now: UnixMs) -> Result<Verified, TokenError> {
        let token = Token::parse(text)?;
        let mut nearest = TokenError::NoKey;
        for portal in &self.0 {
            let keys = portal.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
            match keys.check(&token) {
                Ok(()) => return claims::check(&token, &portal.config, now),
                Err(TokenError::NoKey) => {}
                Err(error) => nearest = error,
            }
        }
        if nearest == TokenError::NoKey && token.kid.is_some() {
            // Perhaps a key that is newer than what we fetched; how often this may fetch is limited there.
            self.refreshers().for_each(Refresher::nudge);
        }
        // Whoever signed it, we could not know: its bearer is told to come again, and not that the token is bad.
        let is_unknown = nearest == TokenError::NoKey && self.refreshers().any(Refresher::is_out_of_reach);
        Err(if is_unknown { TokenError::OutOfReach } else { nearest })
    }

    /// Reads all keys again that can change, those that are fetched as well: an operator says that they did. What
    /// cannot be read leaves the keys as they are.
    pub fn reload(&self) {
        self.0.iter().for_each(Portal::reload);
    }

    fn refreshers(&self) -> impl Iterator<Item = &Refresher> {
        self.0.iter().filter_map(|portal| portal.refresher.as_ref())
    }
}

impl Portal {
    fn open(config: PortalConfig) -> Result<Portal, KeyError> {
        let keys: SharedKeys = Arc::new(RwLock::new(Arc::new(read_keys(&config.keys)?)));
        let refresher = match &config.keys {
            KeySource::JwksUrl(url) => Some(Refresher::start(url.clone(), keys.clone())),
            KeySource::JwksFile(_) | KeySource::PublicKeyFile(..) | KeySource::Secret(_) | KeySource::SecretFile(_) => {
                None
            }
        };
        Ok(Portal { config, keys, refresher })
    }

    fn reload(&self) {
        if let Some(refresher) = &self.refresher {
            return refresher.fetch_now();
        }
        let portal = &self.config.name;
        match read_keys(&self.config.keys) {
            Ok(fresh) => {
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
                tracing::info!(portal, "a portal's keys were read again");
            }
            Err(error) => tracing::error!(portal, %error, "a portal's keys could not be read again; the old ones stay"),
        }
    }
}

/// The keys as they are at the start: none yet, where they have to be fetched.
pub fn read_keys(source: &KeySource) -> Result<Keys, KeyError> {
    match source {
        KeySource::Secret(secret) => Keys::from_secret(secret.as_bytes()),
        KeySource::SecretFile(path) => Keys::from_secret(read_file(path)?.trim_ascii()),
        KeySource::PublicKeyFile(path, algorithm) => Keys::from_pem(&read_file(path)?, *algorithm),
        KeySource::JwksFile(path) => Keys::from_jwks(&read_file(path)?),
        KeySource::JwksUrl(_) => Ok(Keys::default()),
    }
}
