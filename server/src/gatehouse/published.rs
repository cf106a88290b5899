//! What anybody may ask for, made once a second however many ask.

use axum::body::Bytes;
use preau_gate::Gate;
use preau_protocol::{Incident, LineDocument, Reduction, Status, StatusState, UnixMs};
use serde::Serialize;

#[derive(Clone, Debug)]
pub struct Published {
    pub line: LineDocument,
    pub status: Status,
    pub line_json: Bytes,
    pub status_json: Bytes,
}

impl Published {
    pub(super) fn of(line: LineDocument, status: Status) -> Published {
        Published { line_json: json(&line), status_json: json(&status), line, status }
    }
}

pub(super) fn status(gate: &Gate, incidents: Vec<Incident>, now: UnixMs) -> Status {
    Status {
        at: now,
        state: state(gate),
        classes: gate.open_classes(),
        people: gate.people(),
        queued: gate.waiting(),
        wait: gate.wait_of_newcomers(now),
        reduction: gate.reduction(),
        incidents,
    }
}

fn state(gate: &Gate) -> StatusState {
    match gate.reduction() {
        _ if gate.is_draining() => StatusState::Draining,
        Reduction::Full => StatusState::ClosedForNewcomers,
        _ if gate.waiting() > 0 => StatusState::Queueing,
        _ => StatusState::Open,
    }
}

fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).expect("documents are maps with string keys").into()
}
