//! What the server tells about itself: lines of text or JSON on stderr.

use std::io::IsTerminal;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

/// Lines that wait for whoever reads them. Past this they are lost: a reader that stands still holds up nobody's class.
const LINES_MAX: usize = 10_000;

/// Starts logging; what waits is written when the guard is dropped, for as long as a second. Libraries are heard only when something is wrong: what they find worth a line may hold addresses.
pub fn start(log: LogConfig) -> WorkerGuard {
    let filter = EnvFilter::new(format!(
        "error,preau={level},preau_classroom={level},preau_sfu={level}",
        level = log.level.as_str().to_ascii_lowercase()
    ));
    let (writer, guard) = NonBlockingBuilder::default().buffered_lines_limit(LINES_MAX).finish(std::io::stderr());
    // A line that finds no room is lost. Told to say so, the library would print to the same place, and panic where it cannot.
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).log_internal_errors(false);
    match log.format {
        LogFormat::Json => lines.json().flatten_event(true).init(),
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).init(),
    }
    guard
}
