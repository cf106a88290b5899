//! Keys that a portal publishes at a fixed URL: fetched, kept, and fetched again within limits.

use std::sync::atomic::{AtomicBool, Ordering};
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

/// What is between the task and its handle.
#[derive(Default)]
struct Asked {
    /// Somebody wants the keys fetched again, when that is due.
    soon: Notify,
    /// The operator does, whatever is due.
    now: Notify,
    /// The last fetch brought keys.
    is_answered: AtomicBool,
}

/// The task that keeps one portal's keys fresh. It ends with this handle.
pub struct Refresher {
    asked: Arc<Asked>,
    task: tokio::task::JoinHandle<()>,
}

impl Refresher {
    pub fn start(url: String, keys: SharedKeys) -> Refresher {
        let asked = Arc::<Asked>::default();
        let task = tokio::spawn(refresh(url, keys, asked.clone()));
        Refresher { asked, task }
    }

    /// Somebody came with a key that we do not know.
    pub fn nudge(&self) {
        self.asked.soon.notify_one();
    }

    /// The operator says so: that is not more often than they say it.
    pub fn fetch_now(&self) {
        self.asked.now.notify_one();
    }

    /// The last fetch failed, or none is over yet.
    pub fn is_out_of_reach(&self) -> bool {
        !self.asked.is_answered.load(Ordering::Relaxed)
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

async fn refresh(url: String, keys: SharedKeys, asked: Arc<Asked>) {
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
        let fetched = fetch(&client, &url).await;
        let is_answered = fetched.is_ok();
        let pause = match fetched {
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
        asked.is_answered.store(is_answered, Ordering::Relaxed);
        let due = async {
            // Timed out: the next regular fetch. Notified: somebody wants it sooner.
            let _ = timeout_at(started + pause, asked.soon.notified()).await;
            sleep_until(started + REFRESH_MIN).await;
        };
        tokio::select! {
            () = due => {}
            () = asked.now.notified() => {}
        }
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
