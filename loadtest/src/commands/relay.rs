//! `preau-loadtest relay`: what a relay's process uses for joins, forwarded packets and idle seats.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use preau_loadtest::light::{Manners, Pacing};
use preau_loadtest::relay::{self, Door};

use super::{COULD_NOT_RUN, NOT_GOOD_ENOUGH};

#[derive(Args)]
pub struct Relay {
    /// The link of a teacher's account, or the address of a plain relay that takes offers by HTTP.
    #[arg(long)]
    link: String,
    /// The relay's process id.
    #[arg(long)]
    pid: u32,
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=4000))]
    people: u16,
    /// In classes of so many, each with a camera of its own; without, all in one, or in as few as hold them.
    #[arg(long, default_value_t = u16::MAX, value_parser = clap::value_parser!(u16).range(1..))]
    class_of: u16,
    /// The camera's rate while the stream is steady.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(0..=5000))]
    packets_per_s: u32,
    /// Packets at equal distances instead of pictures in bursts.
    #[arg(long)]
    even: bool,
    /// How many of a class speak; if anybody does, all others are silent under DTX.
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

pub async fn measure(words: Relay) -> ExitCode {
    let door = match words.link.split_once("/#") {
        Some((server, _)) => Door::Class { server: server.into(), teacher: words.link.clone() },
        None => Door::Plain { server: words.link.trim_end_matches('/').into() },
    };
    let plan = relay::Plan {
        door,
        pid: words.pid,
        people: words.people.into(),
        class_of: words.class_of.into(),
        manners: Manners { feedback: words.feedback, loss_per_mille: words.loss_per_mille, ..Manners::default() },
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
            if findings.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(NOT_GOOD_ENOUGH) }
        }
        Err(error) => {
            eprintln!("The relay could not be measured: {error}");
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}
