//! `preau-loadtest`: rehearses a class against the one server it is given.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use preau_loadtest::class::{self, Plan};

#[derive(Parser)]
#[command(
    version,
    about = "Rehearses classes with virtual participants. It talks to the server it is given, and to no other."
)]
struct Arguments {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Subcommand)]
enum Scenario {
    /// One class: everyone knocks, is let in with one click, and watches the teacher.
    Class {
        /// The link of a teacher's account, as the server prints it at its first start.
        #[arg(long)]
        link: String,
        #[arg(long, default_value_t = 28, value_parser = clap::value_parser!(u16).range(1..=500))]
        students: u16,
        /// Seconds for which everyone watches.
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
        lesson_s: u64,
        /// The server's process id, to report what it uses of this machine.
        #[arg(long)]
        watch_pid: Option<u32>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let Scenario::Class { link, students, lesson_s, watch_pid } = Arguments::parse().scenario;
    let Some((server, _)) = link.split_once("/#") else {
        eprintln!("--link must be a whole link, like http://localhost:8080/#welcome=…");
        return ExitCode::from(2);
    };
    eprintln!("Rehearsing one class of {students} against {server}, and nothing else.");
    let plan = Plan {
        server: server.into(),
        teacher: link.clone(),
        students: students.into(),
        lesson: Duration::from_secs(lesson_s),
        watch: watch_pid,
    };
    match class::hold(&plan).await {
        Ok(report) => {
            println!("{}", serde_json::to_string_pretty(&report).expect("a report is JSON"));
            if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("The class could not be held: {error}");
            ExitCode::FAILURE
        }
    }
}
