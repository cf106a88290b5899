//! `preau-loadtest simulate`: the morning of 6 April 2021 through the real gate, in virtual time. It talks to nobody.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use preau_loadtest::simulate::{self, Outcome, Plan};

use super::{COULD_NOT_RUN, NOT_GOOD_ENOUGH};

#[derive(Args)]
pub struct Simulate {
    /// Everybody in class at ten o'clock, teachers among them.
    #[arg(long, default_value_t = 500_000, value_parser = clap::value_parser!(u32).range(2..=5_000_000))]
    people: u32,
    #[arg(long, default_value_t = 150_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    classes: u32,
    /// Fleets to try.
    #[arg(long, value_delimiter = ',', default_value = "50,100,200,400", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    servers: Vec<u32>,
    /// The same seed gives the same morning, to the byte.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to write the report as a page.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Where to write it as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Status 1: somebody was passed in line, or an intruder came in.
pub fn simulate(words: Simulate) -> ExitCode {
    if words.classes > words.people {
        eprintln!(
            "preau-loadtest: {} classes need as many teachers, and there are {} people",
            words.classes, words.people
        );
        return ExitCode::from(COULD_NOT_RUN);
    }
    let began = Instant::now();
    let plan = Plan { people: words.people, classes: words.classes, servers: words.servers, seed: words.seed };
    let outcome = simulate::run(&plan);
    print!("{}", outcome.table());
    eprintln!("Simulated in {:.1} s.", began.elapsed().as_secs_f64());
    let written = write(words.report.as_deref(), || outcome.page())
        .and_then(|()| write(words.json.as_deref(), || json(&outcome)));
    if let Err(error) = written {
        eprintln!("preau-loadtest: {error}");
        return ExitCode::from(COULD_NOT_RUN);
    }
    if outcome.is_fair_and_safe() { ExitCode::SUCCESS } else { ExitCode::from(NOT_GOOD_ENOUGH) }
}

fn json(outcome: &Outcome) -> String {
    serde_json::to_string_pretty(outcome).expect("an outcome is JSON") + "\n"
}

fn write(path: Option<&Path>, text: impl FnOnce() -> String) -> Result<(), String> {
    let Some(path) = path else { return Ok(()) };
    std::fs::write(path, text()).map_err(|error| format!("{}: {error}", path.display()))
}
