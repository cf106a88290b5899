//! What the server tells about itself: lines of text or JSON on stderr.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

/// Starts logging. Libraries are heard only when something is wrong: what they find worth a line may hold addresses.
pub fn start(log: LogConfig) {
    let filter = EnvFilter::new(format!(
        "error,preau={level},preau_classroom={level},preau_sfu={level}",
        level = log.level.as_str().to_ascii_lowercase()
    ));
    // A line that finds no room is lost. Told to say so, the library would print to the same place, and panic where it cannot.
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    match log.format {
        LogFormat::Json => lines.json().flatten_event(true).init(),
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).init(),
    }
}
