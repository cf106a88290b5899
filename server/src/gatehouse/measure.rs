//! What the process uses, as Linux and its own shards count it.

use std::time::Instant;

use preau_protocol::Amounts;
use tokio_util::task::TaskTracker;

use crate::shards::Shards;

/// A second's peak is no load: the mean of about so many seconds counts.
const SMOOTHING_S: f64 = 4.0;
/// Ticks of `/proc/self/stat` in a second, on every Linux there is (proc(5), `sysconf(_SC_CLK_TCK)`).
const TICKS_PER_S: f64 = 100.0;
const PAGE_BYTES: u64 = 4_096;

/// Measures once in a while; what flows is the mean since the last time, smoothed.
pub(super) struct Meter {
    shards: Shards,
    conversations: TaskTracker,
    cores: f64,
    at: Instant,
    last: Totals,
    smooth: Flow,
}

/// Since the process began.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    packets: u64,
    bytes: u64,
    cpu_ticks: u64,
}

/// Per second.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    packets: f64,
    kbits: f64,
    cpu_permille: f64,
}

impl Meter {
    pub fn begin(shards: Shards, conversations: TaskTracker) -> Meter {
        let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
        let last = Totals { cpu_ticks: cpu_ticks(), ..Totals::default() };
        Meter { shards, conversations, cores, at: Instant::now(), last, smooth: Flow::default() }
    }

    pub async fn measure(&mut self) -> Amounts {
        let loads = self.shards.loads().await;
        let totals = Totals {
            packets: loads.iter().map(|load| load.relay.packets_forwarded).sum(),
            bytes: loads.iter().map(|load| load.relay.bytes_out).sum(),
            cpu_ticks: cpu_ticks(),
        };
        let seconds = self.at.elapsed().as_secs_f64().max(0.001);
        self.at = Instant::now();
        let per_s = |new: u64, old: u64| new.saturating_sub(old) as f64 / seconds;
        let flow = Flow {
            packets: per_s(totals.packets, self.last.packets),
            kbits: per_s(totals.bytes, self.last.bytes) * 8.0 / 1_000.0,
            cpu_permille: per_s(totals.cpu_ticks, self.last.cpu_ticks) / TICKS_PER_S / self.cores * 1_000.0,
        };
        self.last = totals;
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

    #[test]
    fn proc_is_understood() {
        assert_eq!(ticks("7 (a) b) S 1 7 7 0 -1 0 0 0 0 0 12 34 0 0"), Some(46));
        assert_eq!(ticks(""), None);
        assert!(resident_bytes() > 1_000_000, "{}", resident_bytes());
    }
}
