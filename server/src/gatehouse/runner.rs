//! Who goes between the gate and one shard. A shard that does not answer keeps its runner waiting, and never the gate.

use std::time::{Duration, Instant};

use preau_protocol::Reduction;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;

use crate::shard::Input;
use crate::shards::{Command, Load};

/// How often a shard is asked what it carries.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// What every shard is to know of the gate. Only the latest counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub reduction: Reduction,
    pub seats_wanted: bool,
}

/// What a shard said last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    pub packets_per_s: f64,
    pub kbits_per_s: f64,
    pub at: Instant,
}

/// Sends a runner to a shard, until nobody tells it anything any more.
pub(super) fn send(shard: mpsc::Sender<Command>, told: watch::Receiver<Told>) -> watch::Receiver<Heard> {
    let (hear, heard) = watch::channel(Heard { packets_per_s: 0.0, kbits_per_s: 0.0, at: Instant::now() });
    // An end is that of the server: whoever listens sees figures that grow old.
    tokio::spawn(async move { run(&shard, told, &hear).await });
    heard
}

async fn run(
    shard: &mpsc::Sender<Command>,
    mut told: watch::Receiver<Told>,
    hear: &watch::Sender<Heard>,
) -> Option<()> {
    let mut tick = tokio::time::interval(ASK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut known, mut before) = (Told::default(), (Instant::now(), Load::default()));
    loop {
        tokio::select! {
            changed = told.changed() => {
                changed.ok()?;
                let new = *told.borrow_and_update();
                tell(shard, known, new).await?;
                known = new;
            }
            _ = tick.tick() => {
                let (answer, load) = oneshot::channel();
                shard.send(Command::Load { answer }).await.ok()?;
                let after = (load.await.ok()?, Instant::now());
                // Whoever listened is gone only when the server is.
                let _ = hear.send(between(&before, &after.0, after.1));
                before = (after.1, after.0);
            }
        }
    }
}

async fn tell(shard: &mpsc::Sender<Command>, known: Told, new: Told) -> Option<()> {
    if known.reduction != new.reduction {
        shard.send(Command::Input(Input::Reduce(new.reduction))).await.ok()?;
    }
    if known.seats_wanted != new.seats_wanted {
        shard.send(Command::Input(Input::SeatsWanted(new.seats_wanted))).await.ok()?;
    }
    Some(())
}

/// What flowed between two answers, per second.
fn between((began, before): &(Instant, Load), after: &Load, at: Instant) -> Heard {
    let seconds = at.saturating_duration_since(*began).as_secs_f64().max(0.001);
    let per_s = |new: u64, old: u64| new.saturating_sub(old) as f64 / seconds;
    Heard {
        packets_per_s: per_s(after.relay.packets_forwarded, before.relay.packets_forwarded),
        kbits_per_s: per_s(after.relay.bytes_out, before.relay.bytes_out) * 8.0 / 1_000.0,
        at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_shard_hears_what_changed_and_no_more() {
        let (inbox, mut asked) = mpsc::channel(16);
        let (tell, told) = watch::channel(Told::default());
        let _heard = send(inbox, told);
        tell.send_replace(Told { reduction: Reduction::AudioOnly, seats_wanted: false });
        let mut inputs = Vec::new();
        while inputs.len() < 2 {
            match asked.recv().await.expect("the runner goes on") {
                Command::Input(input) => {
                    inputs.push(format!("{input:?}"));
                    tell.send_replace(Told { reduction: Reduction::AudioOnly, seats_wanted: true });
                }
                Command::Load { answer } => drop(answer.send(Load::default())),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(inputs, ["Reduce(AudioOnly)", "SeatsWanted(true)"]);
    }

    #[test]
    fn what_flows_is_counted_between_two_answers_however_late_they_come() {
        let (began, mut load) = (Instant::now(), Load::default());
        load.relay.packets_forwarded = 1_000;
        load.relay.bytes_out = 1_000_000;
        let heard = between(&(began, Load::default()), &load, began + Duration::from_secs(10));
        assert_eq!((heard.packets_per_s, heard.kbits_per_s), (100.0, 800.0));
    }
}
