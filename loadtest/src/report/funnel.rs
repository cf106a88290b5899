//! The way in, step by step: who got how far, and how long it took.

use std::time::{Duration, Instant};

use preau_protocol::Role;
use serde::{Deserialize, Serialize};

use super::Spread;
use crate::ledger::{Ledger, Medium, Record};
use crate::light::Logbook;

/// One step of one role's way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub role: Role,
    pub step: Stage,
    /// Who got so far, of all who came.
    pub reached: usize,
    pub came: usize,
    /// From the step before that this person reached.
    pub since_before_ms: Spread,
    /// From the moment for which the arrival was planned.
    pub since_arrival_ms: Spread,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Connected,
    /// Was given a place in the line.
    Queued,
    /// Came with the ticket when it was their turn, and was let through.
    Ticket,
    Waiting,
    Admitted,
    FirstAudio,
    FirstVideo,
}

impl Stage {
    pub const ALL: [Stage; 7] = [
        Stage::Connected,
        Stage::Queued,
        Stage::Ticket,
        Stage::Waiting,
        Stage::Admitted,
        Stage::FirstAudio,
        Stage::FirstVideo,
    ];

    /// As it stands in the names of figures.
    pub fn word(self) -> &'static str {
        match self {
            Stage::Connected => "connected",
            Stage::Queued => "queued",
            Stage::Ticket => "ticket",
            Stage::Waiting => "waiting",
            Stage::Admitted => "admitted",
            Stage::FirstAudio => "first_audio",
            Stage::FirstVideo => "first_video",
        }
    }
}

/// Every role's steps; those that nobody reached are told too, with none.
pub fn steps(ledger: &Ledger, logbook: &Logbook) -> Vec<Step> {
    [Role::Teacher, Role::Student].into_iter().flat_map(|role| of_role(role, ledger, logbook)).collect()
}

fn of_role(role: Role, ledger: &Ledger, logbook: &Logbook) -> Vec<Step> {
    let people: Vec<(Instant, [Option<Instant>; 7])> = ledger
        .of_role(role)
        .filter(|(_, record)| record.came.is_some())
        .map(|(part, record)| (ledger.began + part.comes, way(record, logbook)))
        .collect();
    let came = people.len();
    let step = |(at, step): (usize, Stage)| {
        let (mut before, mut arrival) = (Vec::new(), Vec::new());
        for (planned, way) in &people {
            let Some(reached) = way[at] else { continue };
            // Sound and pictures both begin with the seat; every other step follows the one before.
            let steps_before = if step == Stage::FirstVideo { &way[..at - 1] } else { &way[..at] };
            let from = steps_before.iter().rev().flatten().next().copied().unwrap_or(*planned);
            before.push(reached.saturating_duration_since(from));
            arrival.push(reached.saturating_duration_since(*planned));
        }
        let reached = arrival.len();
        let (since_before_ms, since_arrival_ms) = (Spread::of(before), Spread::of(arrival));
        Step { role, step, reached, came, since_before_ms, since_arrival_ms }
    };
    Stage::ALL.into_iter().enumerate().map(step).collect()
}

fn way(record: &Record, logbook: &Logbook) -> [Option<Instant>; 7] {
    let first = |is_video: bool| -> Option<Instant> {
        record.media.iter().filter_map(|medium| first_of(medium, is_video, logbook)).min()
    };
    [
        record.connected,
        record.queued.map(|(at, ..)| at),
        record.redeemed,
        record.welcomed,
        record.admitted,
        first(false),
        first(true),
    ]
}

fn first_of(medium: &Medium, is_video: bool, logbook: &Logbook) -> Option<Instant> {
    match medium {
        Medium::Light(place) => logbook.peer(*place)?.first(is_video),
        Medium::Full(peer) => {
            let slots = peer.slots();
            let of_kind = slots.iter().filter(|(mid, _)| peer.receive.audio.contains(mid) != is_video);
            of_kind.filter_map(|(_, receipt)| receipt.first).min()
        }
    }
}

/// Of all who waited in a line: how long from their place in it to the door.
pub fn waited(record: &Record) -> Option<Duration> {
    let (queued, ..) = record.queued?;
    Some(record.welcomed?.saturating_duration_since(queued))
}
