//! What the process uses, as Linux and its own shards count it.

use std::time::{Duration, Instant};

use preau_protocol::Amounts;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::runner::{self, Heard, Told};
use crate::shards::Shards;

/// A second's peak is no load: the mean of about so many seconds counts.
const SMOOTHING_S: f64 = 4.0;
/// A shard that was not heard for so long is stuck, or starved: what it said last still counts, and is called old.
const OLD_AFTER: Duration = Duration::from_secs(5);
/// Ticks of `/proc/self/stat` in a second, on every Linux there is (proc(5), `sysconf(_SC_CLK_TCK)`).
const TICKS_PER_S: f64 = 100.0;
const PAGE_BYTES: u64 = 4_096;

/// Measures once in a while, and waits for nobody; what flows is smoothed.
pub(super) struct Meter {
    /// One for each shard.
    heard: Vec<watch::Receiver<Heard>>,
    tell: watch::Sender<Told>,
    conversations: TaskTracker,
    cores: f64,
    at: Instant,
    cpu_ticks: u64,
    smooth: Flow,
    silent: u32,
}

/// Per second.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    packets: f64,
    kbits: f64,
    cpu_permille: f64,
}

impl Meter {
    /// Sends somebody to each shard, who asks what it carries and tells it what [`Meter::tell`] is given.
    pub fn begin(shards: &Shards, conversations: TaskTracker) -> Meter {
        let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
        let (tell, told) = watch::channel(Told::default());
        let heard = shards.inboxes().iter().map(|inbox| runner::send(inbox.clone(), told.clone())).collect();
        let (at, cpu_ticks) = (Instant::now(), cpu_ticks());
        Meter { heard, tell, conversations, cores, at, cpu_ticks, smooth: Flow::default(), silent: 0 }
    }

    /// Every shard hears of it when it can.
    pub fn tell(&self, change: impl FnOnce(&mut Told)) {
        self.tell.send_modify(change);
    }

    /// Shards whose figures are old.
    pub fn silent(&self) -> u32 {
        self.silent
    }

    pub fn measure(&mut self, now: Instant) -> Amounts {
        let heard: Vec<Heard> = self.heard.iter().map(|heard| *heard.borrow()).collect();
        self.listen(&heard, now);
        let ticks = cpu_ticks();
        let seconds = now.saturating_duration_since(self.at).as_secs_f64().max(0.001);
        let flow = Flow {
            packets: heard.iter().map(|heard| heard.packets_per_s).sum(),
            kbits: heard.iter().map(|heard| heard.kbits_per_s).sum(),
            cpu_permille: ticks.saturating_sub(self.cpu_ticks) as f64 / seconds / TICKS_PER_S / self.cores * 1_000.0,
        };
        (self.at, self.cpu_ticks) = (now, ticks);
        let weight = (seconds / SMOOTHING_S).min(1.0);
        let towards = |old: f64, new: f64| old + (new - old) * weight;
        self.smooth = Flow {
            packets: towards(self.smooth.packets, flow.packets),
            kbits: towards(self.smooth.kbits, flow.kbits),
            cpu_permille: towards(self.smooth.cpu_permille, flow.cpu_permille),
        };
        Amounts {
            connections: u32::try_from(self.conversations.len()).unwrap_or(u32::MAX),
            // The gate's own to know.
            people: 0,
            packets_per_s: self.smooth.packets as u32,
            egress_kbps: self.smooth.kbits as u32,
            memory_mb: u32::try_from(resident_bytes() / 1_000_000).unwrap_or(u32::MAX),
            cpu_permille: self.smooth.cpu_permille as u32,
        }
    }

    fn listen(&mut self, heard: &[Heard], now: Instant) {
        let is_old = |heard: &&Heard| now.saturating_duration_since(heard.at) > OLD_AFTER;
        let silent = u32::try_from(heard.iter().filter(is_old).count()).unwrap_or(u32::MAX);
        if silent > self.silent {
            tracing::error!(silent, of = heard.len(), "a shard does not answer: its figures are of before");
        }
        self.silent = silent;
        metrics::gauge!("shards_silent").set(f64::from(silent));
    }
}

fn cpu_ticks() -> u64 {
    ticks(&std::fs::read_to_string("/proc/self/stat").unwrap_or_default()).unwrap_or(0)
}

/// `utime` and `stime` of proc(5): the name before them may hold anything, even parentheses.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * PAGE_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::Epoch;
    use crate::shards::{Command, Load};
    use preau_protocol::UnixMs;
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn a_shard_that_does_not_answer_is_called_silent_and_counts_as_it_did() {
        let (inbox, mut asked) = mpsc::channel(16);
        let shards = Shards::new(vec![inbox], Epoch::new(Instant::now(), UnixMs(0)));
        let mut meter = Meter::begin(&shards, TaskTracker::new());
        let mut load = Load::default();
        load.relay.packets_forwarded = 1_000_000;
        match asked.recv().await.expect("the shard is asked") {
            Command::Load { answer } => answer.send(load).expect("somebody waits for it"),
            other => panic!("{other:?}"),
        }
        meter.heard[0].changed().await.expect("the runner passes it on");
        let now = Instant::now();
        let packets = meter.measure(now).packets_per_s;
        assert!(packets > 0 && meter.silent() == 0, "{packets}");
        assert!(meter.measure(now + 2 * OLD_AFTER).packets_per_s >= packets);
        assert_eq!(meter.silent(), 1);
    }

    #[test]
    fn proc_is_understood() {
        assert_eq!(ticks("7 (a) b) S 1 7 7 0 -1 0 0 0 0 0 12 34 0 0"), Some(46));
        assert_eq!(ticks(""), None);
        assert!(resident_bytes() > 1_000_000, "{}", resident_bytes());
    }
}
