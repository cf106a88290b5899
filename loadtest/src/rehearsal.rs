//! One run: sets the stage, lets everybody come at their time, keeps the books, and ends with a report whatever happens.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use preau_protocol::Role;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::agenda::Agenda;
use crate::gauge::{Gauge, Second};
use crate::ledger::{Ledger, Note};
use crate::live::Live;
use crate::person::Person;
use crate::portal::Portal;
use crate::report::{Ended, Report};
use crate::scenario::{Kind, Scenario};
use crate::site::{Site, SiteError};
use crate::stage::{Props, Stage, StageError};
use crate::{flood, intruder};

/// Notes taken up at once.
const NOTES_AT_ONCE: usize = 1_024;
/// What is usual: a server that is started again within it is met again.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// What the end of the lesson may take.
const GOODBYE_WITHIN: Duration = Duration::from_secs(6);
/// Runs of this many people say more about what they are about to do.
pub const LARGE: usize = 200;
/// Descriptors of the process itself.
const DESCRIPTORS_OWN: u64 = 100;

/// What to rehearse, and against what.
pub struct Order {
    pub scenario: Scenario,
    /// The links of teachers' accounts on one server: one, or more where one has not room for all classes.
    pub links: Vec<String>,
    /// The server's process, if it runs on this machine.
    pub pid: Option<u32>,
    pub portal: Option<Portal>,
    pub seed: u64,
    /// Nothing is shown while it runs.
    pub quiet: bool,
    /// A server that answers nobody for so long is given up.
    pub patience: Duration,
    /// Hears of every second.
    pub progress: Option<watch::Sender<Second>>,
}

/// Why nothing could be rehearsed.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    #[error(transparent)]
    Site(#[from] SiteError),
    #[error(transparent)]
    Stage(#[from] StageError),
}

/// Runs to the end, or to Ctrl-C, or until the server is gone.
pub async fn run(order: Order) -> Result<Report, RehearsalError> {
    let mut live = Live::new(order.quiet);
    let site = Site::of_links(&order.links).await?;
    live.say(&announcement(&order, &site));
    too_few_descriptors(&order.scenario).iter().for_each(|warning| live.say(warning));
    let (notes, mut inbox) = mpsc::unbounded_channel();
    let (close, closing) = watch::channel(false);
    let agenda = Agenda::draw(&order.scenario, order.seed);
    let props = Props { scenario: order.scenario, site, portal: order.portal, links: order.links, notes, closing };
    let began_at = UNIX_EPOCH.elapsed().unwrap_or_default();
    let stage = Arc::new(Stage::set(props).await?);
    let mut ledger = Ledger::new(agenda, stage.began);
    let mut gauge = Gauge::new(order.pid);
    let mut show = Show { live, progress: order.progress, patience: order.patience };
    let mut cast = cast(&ledger.agenda, &stage, order.seed);
    let ended = play(&mut ledger, &mut gauge, &stage, &mut inbox, &mut show).await;
    // The books are closed before people go: what comes of the end itself is no part of the rehearsal.
    close.send_replace(true);
    let all_gone = async { while cast.join_next().await.is_some() {} };
    if timeout(GOODBYE_WITHIN, all_gone).await.is_err() {
        cast.shutdown().await;
    }
    if !matches!(ended, Ended::ServerGone { .. }) {
        stage.strike().await;
    }
    Ok(Report::of(&ledger, &gauge, &stage, order.seed, began_at, ended))
}

/// Everybody's task, each asleep until its time.
fn cast(agenda: &Agenda, stage: &Arc<Stage>, seed: u64) -> JoinSet<()> {
    let mut cast = JoinSet::new();
    for (who, part) in agenda.people.iter().enumerate() {
        cast.spawn(Person::new(who, part.clone(), stage.clone()).live());
    }
    let mut victims: BTreeMap<usize, Vec<(Duration, usize)>> = BTreeMap::new();
    for part in agenda.people.iter().filter(|part| part.role == Role::Student) {
        victims.entry(part.class).or_default().push((part.comes, part.number));
    }
    let classes = stage.lessons.len();
    let victims: Vec<_> = (0..classes).map(|class| victims.remove(&class).unwrap_or_default()).collect();
    let victims = Arc::new(victims);
    for attempt in &agenda.attempts {
        cast.spawn(intruder::intrude(*attempt, victims.clone(), stage.clone()));
    }
    cast.spawn(flood::flood(stage.clone(), seed));
    cast
}

/// Who watches a run, and for how long in vain.
struct Show {
    live: Live,
    progress: Option<watch::Sender<Second>>,
    patience: Duration,
}

/// Keeps the books until it is over.
async fn play(
    ledger: &mut Ledger,
    gauge: &mut Gauge,
    stage: &Stage,
    inbox: &mut mpsc::UnboundedReceiver<Note>,
    show: &mut Show,
) -> Ended {
    let ends = stage.began + stage.scenario.lasts();
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut notes = Vec::with_capacity(NOTES_AT_ONCE);
    let mut stopped = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            count = inbox.recv_many(&mut notes, NOTES_AT_ONCE) => {
                notes.drain(..count).for_each(|note| ledger.note(note));
                continue;
            }
            _ = &mut stopped => {
                show.live.say("Stopped: the report tells what happened until now.");
                gauge.read(ledger, stage).await;
                return Ended::Stopped;
            }
            _ = ticks.tick() => {}
        }
        gauge.read(ledger, stage).await;
        if let Some(second) = gauge.seconds.last() {
            show.live.show(second, ledger, &stage.scenario);
            if let Some(progress) = &show.progress {
                progress.send_replace(*second);
            }
        }
        let now = Instant::now();
        if now >= ends {
            return Ended::Completed;
        }
        if is_gone(ledger, now, show.patience) {
            let at_s = ledger.answered_at.saturating_duration_since(ledger.began).as_secs_f64();
            show.live.say(&format!("{} answers nobody since {at_s:.0} s: the run ends here.", stage.site.origin));
            return Ended::ServerGone { at_s };
        }
    }
}

/// Everybody who came has lost it, and has tried in vain for long enough.
fn is_gone(ledger: &Ledger, now: Instant, patience: Duration) -> bool {
    let here = |record: &&crate::ledger::Record| record.came.is_some() && record.over.is_none();
    let mut came = ledger.records.iter().filter(here).peekable();
    let tried = ledger.counts.unanswered > 0 && came.peek().is_some();
    tried
        && came.all(|record| record.is_lost || record.welcomed.is_none())
        && now.saturating_duration_since(ledger.answered_at) > patience
}

fn announcement(order: &Order, site: &Site) -> String {
    let scenario = &order.scenario;
    let (people, classes) = (scenario.people(), scenario.classes.count.get());
    let mut text = format!(
        "{}: {people} people in {classes} {} within {:.0} s against {}, and no other server (seed {}).",
        scenario.name,
        if classes == 1 { "class" } else { "classes" },
        scenario.lasts().as_secs_f64(),
        site.origin,
        order.seed,
    );
    let intruders = scenario.intruders.attempts();
    if people >= LARGE || intruders > 0 {
        text += &format!(
            "\nThis is a large run: it makes {classes} classes there, opens up to {} sockets{}{}, and takes the classes away at the end.",
            people + intruders,
            if scenario.media.kind == Kind::None { "" } else { ", sends and receives media" },
            if intruders > 0 {
                format!(", and tries {intruders} times to get in without any right")
            } else {
                String::new()
            },
        );
    }
    text
}

/// A socket each, and one more for media. Whoever stands in a line has none, so this is a warning.
fn too_few_descriptors(scenario: &Scenario) -> Option<String> {
    let each = if scenario.media.kind == Kind::None { 1 } else { 2 };
    let needed = scenario.people() as u64 * each + DESCRIPTORS_OWN;
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let allowed: u64 = line.split_whitespace().next()?.parse().ok()?;
    (needed > allowed)
        .then(|| format!("This may need {needed} open files, and this shell allows {allowed}: ulimit -n {needed}"))
}
