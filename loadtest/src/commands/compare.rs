//! `preau-loadtest compare`: two reports beside each other.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use preau_loadtest::report::{Comparison, Report};

use super::{COULD_NOT_RUN, NOT_GOOD_ENOUGH};

#[derive(Args)]
pub struct Compare {
    /// What `run --json` printed before…
    before: PathBuf,
    /// …and after.
    after: PathBuf,
    #[arg(long)]
    json: bool,
}

/// Status 1: something became worse, by more than chance explains.
pub fn compare(words: &Compare) -> ExitCode {
    let (before, after) = match (read(&words.before), read(&words.after)) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(error), _) | (_, Err(error)) => {
            eprintln!("preau-loadtest: {error}");
            return ExitCode::from(COULD_NOT_RUN);
        }
    };
    let comparison = Comparison::of(&before, &after);
    if words.json {
        println!("{}", serde_json::to_string_pretty(&comparison).expect("a comparison is JSON"));
    } else {
        print!("{}", comparison.table());
    }
    if comparison.is_worse() { ExitCode::from(NOT_GOOD_ENOUGH) } else { ExitCode::SUCCESS }
}

fn read(path: &Path) -> Result<Report, String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{shown} is no report of this version: {error}"))
}
