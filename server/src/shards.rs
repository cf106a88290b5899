//! All shards of this server, as sessions and pages reach them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use preau_protocol::{ClassId, PersonId, Phase, UnixMs};
use tokio::sync::{mpsc, oneshot};

use crate::shard::{Change, Epoch, Frame, Input, LineId};

/// Inputs on their way to one shard. A burst waits here for some milliseconds; past that the sender waits.
pub const INBOX_MAX: usize = 4_096;
/// A shard that takes longer than this to say what it carries is left out: whoever reads metrics does not wait for it.
const LOAD_WITHIN: Duration = Duration::from_secs(1);
/// Frames on their way to one socket. One click that seats 1,500 says two things of each to a teacher, all at once;
/// whoever lags further behind is cut, and resumes.
pub const OUTBOX_FRAMES_MAX: usize = 4_096;

/// What is sent down a line: the frames of a conversation, then its end.
#[derive(Debug)]
pub enum Down {
    Frame(Frame),
    HangUp(preau_protocol::Close),
}

/// What a shard's thread is asked.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every command is the large one: a box would cost each of them")]
pub enum Command {
    Input(Input),
    /// A new line, before the first input that names it.
    Line {
        line: LineId,
        class: ClassId,
        down: mpsc::Sender<Down>,
    },
    /// The line's session task has ended.
    Unline {
        line: LineId,
    },
    /// Whether a seat is kept for somebody.
    Find {
        class: ClassId,
        person: PersonId,
        answer: oneshot::Sender<bool>,
    },
    Phase {
        class: ClassId,
        answer: oneshot::Sender<Option<Phase>>,
    },
    Load {
        answer: oneshot::Sender<Load>,
    },
    /// Stop the thread, after everything before this.
    Stop,
}

/// What a shard carries just now.
#[derive(Clone, Debug, Default)]
pub struct Load {
    pub classes: usize,
    pub sessions: usize,
    pub relay: preau_sfu::Stats,
}

/// A shard is gone only when the server is going down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server is stopping")]
pub struct Stopping;

#[derive(Clone)]
pub struct Shards {
    inboxes: Arc<[mpsc::Sender<Command>]>,
    epoch: Epoch,
}

impl Shards {
    /// `epoch` is what the shards count their time from.
    pub fn new(inboxes: Vec<mpsc::Sender<Command>>, epoch: Epoch) -> Shards {
        Shards { inboxes: inboxes.into(), epoch }
    }

    /// A moment that the calendar now puts at `at`, as classes count: by the time that passes since the process began,
    /// whatever was done to the calendar since.
    pub fn when(&self, at: UnixMs, today: UnixMs, now: Instant) -> UnixMs {
        self.epoch.unix(now).plus_ms(at.0.saturating_sub(today.0))
    }

    /// The inbox of the shard that owns a class: always the same one, whoever asks.
    pub fn owner(&self, class: ClassId) -> &mpsc::Sender<Command> {
        let shards = self.inboxes.len() as u128;
        let index = usize::try_from(class.0.as_u128() % shards).unwrap_or_default();
        &self.inboxes[index]
    }

    /// Passes an input to the class's owner, waiting for room in its inbox.
    pub async fn send(&self, class: ClassId, input: Input) -> Result<(), Stopping> {
        self.owner(class).send(Command::Input(input)).await.map_err(|_| Stopping)
    }

    /// Tells a class in session what changed outside of it.
    pub async fn tell(&self, class: ClassId, change: Change) -> Result<(), Stopping> {
        self.send(class, Input::Tell { class, change }).await
    }

    /// Where a class is in its life; `None` while it is not in session.
    pub async fn phase(&self, class: ClassId) -> Option<Phase> {
        let (answer, phase) = oneshot::channel();
        self.owner(class).send(Command::Phase { class, answer }).await.ok()?;
        phase.await.ok().flatten()
    }

    /// Whether a seat is kept for somebody in a class, in session or not.
    pub async fn has_seat(&self, class: ClassId, person: PersonId) -> bool {
        let (answer, found) = oneshot::channel();
        let asked = self.owner(class).send(Command::Find { class, person, answer }).await;
        asked.is_ok() && found.await.unwrap_or(false)
    }

    /// Tells every shard what the gate has decided.
    pub async fn tell_all(&self, input: impl Fn() -> Input) {
        // A shard that is gone already has nobody left to tell; one that is stuck holds up none of the others.
        join_all(self.inboxes.iter().map(|inbox| inbox.send(Command::Input(input())))).await;
    }

    /// The inboxes of all shards.
    pub fn inboxes(&self) -> &[mpsc::Sender<Command>] {
        &self.inboxes
    }

    /// What the shards carry, of those that answer soon.
    pub async fn loads(&self) -> Vec<Load> {
        let loads = self.inboxes.iter().map(async |inbox| {
            let (answer, load) = oneshot::channel();
            inbox.send(Command::Load { answer }).await.ok()?;
            load.await.ok()
        });
        let soon = loads.map(|load| tokio::time::timeout(LOAD_WITHIN, load));
        join_all(soon).await.into_iter().filter_map(|load| load.ok().flatten()).collect()
    }

    /// Shuts every door and tells everyone to come back to the next server.
    pub async fn drain(&self) {
        self.tell_all(|| Input::Drain).await;
    }

    pub async fn stop(&self) {
        join_all(self.inboxes.iter().map(|inbox| inbox.send(Command::Stop))).await;
    }
}
