//! `preau-loadtest run`: one scenario against the one server it is given.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use preau_loadtest::portal::Portal;
use preau_loadtest::rehearsal::{self, Order};
use preau_loadtest::report::{Budget, Report};
use preau_loadtest::scenario::{READY, Scenario};

use super::{COULD_NOT_RUN, NOT_GOOD_ENOUGH};

#[derive(Args)]
pub struct Run {
    /// A ready scenario (class, morning, lecture, rush, intruders, flaky, soak), or a TOML file.
    scenario: String,
    /// The link of a teacher's account, as the server prints it at its first start. More than 500 classes need several accounts: it can
    /// be given again.
    #[arg(long = "link", required = true)]
    links: Vec<String>,
    /// The server's process id, to report what it uses of this machine.
    #[arg(long)]
    pid: Option<u32>,
    /// A TOML file with bounds on figures; missing one of them ends with status 1.
    #[arg(long)]
    budget: Option<String>,
    /// Where to write the report as a page.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Prints the report as JSON, and nothing else.
    #[arg(long)]
    json: bool,
    /// The same seed plays the same run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds after which a server that answers nobody is given up.
    #[arg(long, default_value_t = rehearsal::PATIENCE.as_secs())]
    patience_s: u64,
    /// Changes a key of the scenario, as in --set classes.students=28. Can be given again.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    changes: Vec<String>,
    /// A file with the secret (HS256) of a portal that the server's operator made for this tester: its students then come with
    /// tokens, and not with invitations.
    #[arg(long, requires_all = ["portal_issuer", "portal_audience"])]
    portal_key: Option<PathBuf>,
    #[arg(long)]
    portal_issuer: Option<String>,
    #[arg(long)]
    portal_audience: Option<String>,
}

pub async fn run(words: Run) -> ExitCode {
    match attempt(words).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("preau-loadtest: {error}");
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

async fn attempt(words: Run) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let scenario = Scenario::load(&words.scenario, &words.changes)?;
    let budget = words.budget.as_deref().map(Budget::load).transpose()?;
    // Found out now, not after an hour.
    let report = words.report.as_deref().map(|path| writable(path).map(|()| path)).transpose()?;
    let issuer = words.portal_issuer.as_deref().unwrap_or_default();
    let audience = words.portal_audience.as_deref().unwrap_or_default();
    let portal = words.portal_key.as_deref().map(|key| Portal::open(key, issuer, audience)).transpose()?;
    let (links, pid, seed, quiet) = (words.links, words.pid, words.seed, words.json);
    let patience = Duration::from_secs(words.patience_s);
    let mut found =
        rehearsal::run(Order { scenario, links, pid, portal, seed, quiet, patience, progress: None }).await?;
    found.verdict = budget.map(|budget| budget.judge(&found));
    if let Some(path) = report {
        std::fs::write(path, found.page()).map_err(|error| format!("{}: {error}", path.display()))?;
        eprintln!("The report is in {}.", path.display());
    }
    if words.json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        print!("{}", found.summary());
    }
    Ok(status(&found))
}

fn status(report: &Report) -> ExitCode {
    match (&report.verdict, report.is_whole()) {
        // Nobody can say whether a run that did not go to its end is good enough.
        (_, false) => ExitCode::from(COULD_NOT_RUN),
        (Some(verdict), true) if !verdict.passed => ExitCode::from(NOT_GOOD_ENOUGH),
        (_, true) => ExitCode::SUCCESS,
    }
}

fn writable(path: &Path) -> Result<(), String> {
    let opened = std::fs::File::options().create(true).append(true).open(path);
    opened.map(drop).map_err(|error| format!("{}: {error}", path.display()))
}

/// The ready scenarios, a line each.
pub fn scenarios() -> ExitCode {
    for ready in READY {
        let about = Scenario::parse(ready.name, ready.text).map(|scenario| scenario.about).unwrap_or_default();
        println!("{:10} {about}", ready.name);
    }
    ExitCode::SUCCESS
}
