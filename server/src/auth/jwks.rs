//! Keys that a portal publishes at a fixed URL: fetched, kept, and fetched again within limits.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::keys::{KEYS_BYTES_MAX, KeyError, Keys};
use super::portal::SharedKeys;

/// A portal that changes its keys keeps the old ones for longer than this.
const REFRESH: Duration = Duration::from_secs(15 * 60);
/// Between two fetches, whoever asks for them: unknown key ids must not make us a hammer.
const REFRESH_MIN: Duration = Duration::from_secs(30);
/// One fetch, connect to last byte.
const FETCH_MAX: Duration = Duration::from_secs(5);

/// The task that keeps one portal's keys fresh. It ends with this handle.
pub struct Refresher {
    wanted: Arc<Notify>,
    task: tokio::task::JoinHandle<()>,
}

impl Refresher {
    pub fn start(url: String, keys: SharedKeys) -> Refresher {
        let wanted = Arc::new(Notify::new());
        let task = tokio::spawn(refresh(url, keys, wanted.clone()));
        Refresher { wanted, task }
    }

    /// Somebody came with a key that we do not know.
    pub fn nudge(&self) {
        self.wanted.notify_one();
    }
}

impl Drop for Refresher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("answered {0}")]
    Status(u16),
    #[error("larger than {KEYS_BYTES_MAX} bytes")]
    TooLarge,
    #[error("{0}")]
    Keys(#[from] KeyError),
}

async fn refresh(url: String, keys: SharedKeys, wanted: Arc<Notify>) {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(FETCH_MAX)
        .no_proxy()
        .https_only(url.starts_with("https:"))
        .build();
    let client = match client {
        Ok(client) => client,
        Err(error) => return tracing::error!(%error, "a portal's keys cannot be fetched"),
    };
    loop {
        let started = Instant::now();
        let pause = match fetch(&client, &url).await {
            Ok(fresh) => {
                *keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
                REFRESH
            }
            // The last good keys stay: a portal's bad morning is not the school's.
            Err(error) => {
                tracing::warn!(%url, %error, "a portal's keys could not be fetched");
                metrics::counter!("jwks_fetches_failed_total").increment(1);
                REFRESH_MIN
            }
        };
        // Timed out: the next regular fetch. Notified: somebody wants it sooner.
        let _ = timeout_at(started + pause, wanted.notified()).await;
        sleep_until(started + REFRESH_MIN).await;
    }
}

async fn fetch(client: &reqwest::Client, url: &str) -> Result<Keys, FetchError> {
    let mut answer = client.get(url).header("accept", "application/json").send().await?;
    if answer.status() != reqwest::StatusCode::OK {
        return Err(FetchError::Status(answer.status().as_u16()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > KEYS_BYTES_MAX {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Keys::from_jwks(&body)?)
}
