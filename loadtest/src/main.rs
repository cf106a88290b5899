//! `preau-loadtest`: rehearses a class against the one server it is given.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use preau_loadtest::class::{self, Plan};
use preau_loadtest::light::{Manners, Pacing};
use preau_loadtest::relay::{self, Door};

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
        #[arg(long, default_value_t = 28, value_parser = clap::value_parser!(u16).range(1..=2000))]
        students: u16,
        /// Seconds for which everyone watches.
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
        lesson_s: u64,
        /// The server's process id, to report what it uses of this machine.
        #[arg(long)]
        watch_pid: Option<u32>,
    },
    /// What a relay's process uses for joins, forwarded packets and idle seats, with light peers.
    Relay(Relay),
}

#[derive(Args)]
struct Relay {
    /// The link of a teacher's account, or the address of a plain relay that takes offers by HTTP.
    #[arg(long)]
    link: String,
    /// The relay's process id.
    #[arg(long)]
    pid: u32,
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=4000))]
    people: u16,
    /// The camera's rate while the stream is steady.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(0..=5000))]
    packets_per_s: u32,
    /// Packets at equal distances instead of pictures in bursts.
    #[arg(long)]
    even: bool,
    /// How many of the people speak; if anybody does, all others are silent under DTX.
    #[arg(long, default_value_t = 0)]
    speakers: usize,
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(0..=600))]
    steady_s: u64,
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=600))]
    idle_s: u64,
    /// Receiver reports and transport-wide feedback from everyone.
    #[arg(long)]
    feedback: bool,
    /// Of a thousand packets so many are thrown away on arrival and asked for again.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=500))]
    loss_per_mille: u32,
    /// Look for the highest rate.
    #[arg(long)]
    saturate: bool,
    /// The file in which the relay's process counts its allocations.
    #[arg(long)]
    allocations: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::parse().scenario {
        Scenario::Class { link, students, lesson_s, watch_pid } => rehearse(link, students, lesson_s, watch_pid).await,
        Scenario::Relay(words) => measure(words).await,
    }
}

async fn measure(words: Relay) -> ExitCode {
    let door = match words.link.split_once("/#") {
        Some((server, _)) => Door::Class { server: server.into(), teacher: words.link.clone() },
        None => Door::Plain { server: words.link.trim_end_matches('/').into() },
    };
    let plan = relay::Plan {
        door,
        pid: words.pid,
        people: words.people.into(),
        manners: Manners { feedback: words.feedback, loss_per_mille: words.loss_per_mille },
        pacing: if words.even { Pacing::Even } else { Pacing::Bursts },
        packets_per_s: words.packets_per_s,
        speakers: words.speakers,
        steady: Duration::from_secs(words.steady_s),
        idle: Duration::from_secs(words.idle_s),
        saturate: words.saturate,
        allocations: words.allocations,
    };
    match relay::measure(&plan).await {
        Ok(findings) => {
            println!("{}", serde_json::to_string_pretty(&findings).expect("findings are JSON"));
            if findings.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("The relay could not be measured: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn rehearse(link: String, students: u16, lesson_s: u64, watch_pid: Option<u32>) -> ExitCode {
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
