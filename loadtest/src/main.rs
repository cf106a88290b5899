//! `preau-loadtest`: rehearses classes against the one server it is given.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use commands::{compare, relay, run, simulate};

#[derive(Parser)]
#[command(
    version,
    about = "Rehearses classes with virtual participants. It talks to the server it is given, and to no other."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays a scenario, and reports: status 0 within budget, 1 budget missed, 2 could not run.
    Run(Box<run::Run>),
    /// Lists the scenarios that come along.
    Scenarios,
    /// What changed between two runs, beyond noise: status 1 if anything became worse.
    Compare(compare::Compare),
    /// The morning of 6 April 2021 through the gate's own code, in virtual time: how many servers, what wait, for whom.
    Simulate(simulate::Simulate),
    /// What a relay's process uses for joins, forwarded packets and idle seats, with light peers.
    Relay(relay::Relay),
}

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Run(words) => run::run(*words).await,
        Command::Scenarios => run::scenarios(),
        Command::Compare(words) => compare::compare(&words),
        Command::Simulate(words) => simulate::simulate(words),
        Command::Relay(words) => relay::measure(words).await,
    }
}
