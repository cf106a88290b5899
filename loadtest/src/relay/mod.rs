//! What a relay costs: light peers join it, receive pictures and voices, and its process tells what it used.
//!
//! The same steps measure this server, where people are seated in a class first, and any plain relay that answers offers
//! sent to it by HTTP.

mod audience;
mod steps;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::light::{AnswerError, Fleet, Manners, Pacing};
use crate::{ConversationError, ParticipantError};
use audience::Audience;

/// Where the relay is.
#[derive(Clone, Debug)]
pub enum Door {
    /// This server: the link of a teacher's account.
    Class { server: String, teacher: String },
    /// A plain relay: `POST /camera` and `POST /viewer` take an offer each and return the answer.
    Plain { server: String },
}

/// What to measure, in this order: joins, idle seats, a steady stream, the most there can be.
#[derive(Clone, Debug)]
pub struct Plan {
    pub door: Door,
    /// The relay's process.
    pub pid: u32,
    pub people: usize,
    /// How many of them are in one class, at most.
    pub class_of: usize,
    pub manners: Manners,
    pub pacing: Pacing,
    /// Of each class's camera, while the stream is steady; none without.
    pub packets_per_s: u32,
    /// Of the other people of a class, so many speak; all others are silent under DTX.
    pub speakers: usize,
    pub steady: Duration,
    /// For how long everyone is idle first.
    pub idle: Duration,
    /// Whether to look for the highest rate.
    pub saturate: bool,
    /// Where the relay's process counts its allocations (`tests/bench/peers/allocations`).
    pub allocations: Option<PathBuf>,
}

/// What was found; what was not measured is not there.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Findings {
    pub people: usize,
    /// CPU from everybody's offers to everybody's first packet, per person.
    pub join_cpu_ms: f64,
    /// The same from their invitations on: the page's cookie, the hello, the lobby, the teacher's admit, and the join. Plain relays have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_cpu_ms: Option<f64>,
    /// From a person's answer to being connected: the median, one join at a time.
    pub connect_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_seat_us_per_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steady: Option<Steady>,
    /// What the relay's memory grew by, per person, until the end of the steady stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seat_kb: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<Most>,
    /// What went wrong, one line each.
    pub failures: Vec<String>,
}

/// A stream while it is steady.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Steady {
    /// The relay's CPU per packet that arrived.
    pub forward_us: f64,
    /// Its part outside the kernel.
    pub forward_user_us: f64,
    pub packets_per_s: f64,
    /// What arrived of what should have.
    pub delivered: f64,
    /// How busy the relay was, and how busy the clients were: 1 is one core.
    pub relay_busy: f64,
    pub clients_busy: f64,
    pub packets: u64,
    pub repairs: u64,
    pub reports_per_s: f64,
    /// Packets of the sample that did not open: must be none.
    pub unopened: u64,
    /// Per packet that arrived, if they are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocations: Option<f64>,
}

/// The highest rate at which nearly everything arrives.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Most {
    pub forwards_per_s: f64,
    pub delivered: f64,
    /// The clients were too busy to know better: the relay may do more.
    pub clients_were_the_limit: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    #[error(transparent)]
    Participant(#[from] ParticipantError),
    #[error(transparent)]
    Conversation(#[from] ConversationError),
    #[error(transparent)]
    Answer(#[from] AnswerError),
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error(transparent)]
    Fleet(#[from] io::Error),
    #[error("the relay answered {0}")]
    Refused(String),
}

/// Measures one relay.
pub async fn measure(plan: &Plan) -> Result<Findings, RelayError> {
    let mut findings = Findings { people: plan.people, ..Findings::default() };
    let fleet = Fleet::launch()?;
    let mut audience = Audience::gather(plan, &fleet, &mut findings.failures).await?;
    steps::join(plan, &mut audience, &fleet, &mut findings).await?;
    if !plan.idle.is_zero() {
        findings.idle_seat_us_per_s = Some(steps::idle(plan, &audience).await);
    }
    let memory_before = audience.before.memory_kb;
    audience.perform(plan, &fleet);
    if !plan.steady.is_zero() {
        findings.steady = Some(steps::steady(plan, &audience, &fleet).await?);
        let grown = crate::usage::Usage::of(plan.pid).memory_kb.saturating_sub(memory_before);
        findings.seat_kb = Some(grown as f64 / plan.people.max(1) as f64);
    }
    if plan.saturate {
        findings.most = Some(steps::saturate(plan, &audience, &fleet, &findings).await?);
    }
    Ok(findings)
}
