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
            self.0.iter().filter_map(|portal| portal.refresher.as_ref()).for_each(Refresher::nudge);
        }
        Err(nearest)
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
