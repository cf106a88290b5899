//! The line's document, read once for all virtual people, and only while one of them stands in the line.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use preau_protocol::LineDocument;
use rand::RngExt;
use tokio::sync::{Notify, watch};

/// After a document that could not be read.
const AGAIN: Duration = Duration::from_secs(2);
/// However small a number the document says.
const AGAIN_MIN: Duration = Duration::from_millis(200);

/// The document as last read.
pub type Reading = watch::Receiver<Option<Arc<LineDocument>>>;

/// A handle on the one reader.
#[derive(Clone)]
pub struct Line {
    standing: Arc<AtomicUsize>,
    somebody: Arc<Notify>,
    reading: Reading,
}

/// Somebody who stands in the line, for as long as this lives.
pub struct Standing {
    line: Line,
    pub reading: Reading,
}

impl Line {
    /// Starts the reader, which ends when nobody holds the line any more.
    pub fn watch(client: reqwest::Client, origin: &str) -> Line {
        let (documents, reading) = watch::channel(None);
        let line = Line { standing: Arc::default(), somebody: Arc::default(), reading };
        tokio::spawn(read(
            client,
            format!("{origin}/line.json"),
            line.standing.clone(),
            line.somebody.clone(),
            documents,
        ));
        line
    }

    pub fn stand(&self) -> Standing {
        self.standing.fetch_add(1, Ordering::Relaxed);
        self.somebody.notify_one();
        let mut reading = self.reading.clone();
        reading.mark_unchanged();
        Standing { line: self.clone(), reading }
    }

    pub fn standing(&self) -> usize {
        self.standing.load(Ordering::Relaxed)
    }

    pub fn document(&self) -> Option<Arc<LineDocument>> {
        self.reading.borrow().clone()
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        self.line.standing.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn read(
    client: reqwest::Client,
    url: String,
    standing: Arc<AtomicUsize>,
    somebody: Arc<Notify>,
    documents: watch::Sender<Option<Arc<LineDocument>>>,
) {
    while !documents.is_closed() {
        if standing.load(Ordering::Relaxed) == 0 {
            // Looks up now and then, to see whether the run is over.
            let _ = tokio::time::timeout(AGAIN, somebody.notified()).await;
            continue;
        }
        let again = match fetch(&client, &url).await {
            Ok(document) => {
                let again = Duration::from_millis(document.again_in_ms.into());
                documents.send_replace(Some(Arc::new(document)));
                again
            }
            // The server is down, or has no line: whoever stands there learns of it by their own next attempt.
            Err(_) => AGAIN,
        };
        let third = rand::rng().random_range(0.67..1.33);
        tokio::time::sleep(again.max(AGAIN_MIN).mul_f64(third)).await;
    }
}

async fn fetch(client: &reqwest::Client, url: &str) -> reqwest::Result<LineDocument> {
    client.get(url).send().await?.error_for_status()?.json().await
}
