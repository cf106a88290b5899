//! What a process on this machine has used of it, as Linux counts it (proc(5)).

use std::time::Duration;

/// CPU time since the process began, and the memory it holds now. Zeros for a process that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub cpu: Duration,
    pub memory_kb: u64,
    /// Ticks outside and inside the kernel: only their ratio is of use.
    user_ticks: u64,
    system_ticks: u64,
}

impl Usage {
    pub fn of(pid: u32) -> Usage {
        let read = |what: &str| std::fs::read_to_string(format!("/proc/{pid}/{what}")).unwrap_or_default();
        let (user_ticks, system_ticks) = ticks(&read("stat")).unwrap_or_default();
        Usage { cpu: cpu_of_threads(pid), memory_kb: memory_kb(&read("status")), user_ticks, system_ticks }
    }

    /// CPU time since `earlier`, and the part of it outside the kernel.
    pub fn since(&self, earlier: &Usage) -> (Duration, Duration) {
        let cpu = self.cpu.saturating_sub(earlier.cpu);
        // Nothing is left of a process that has ended.
        let user = self.user_ticks.saturating_sub(earlier.user_ticks);
        let all = user + self.system_ticks.saturating_sub(earlier.system_ticks);
        (cpu, cpu.mul_f64(user as f64 / all.max(1) as f64))
    }
}

/// The CPU time of the thread that asks.
pub fn own_thread() -> Duration {
    cpu(&std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default()).unwrap_or_default()
}

/// `utime` and `stime`: the name before them may hold anything, even parentheses.
fn ticks(stat: &str) -> Option<(u64, u64)> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// `schedstat` counts nanoseconds where `stat` counts ticks of 10 ms; it is there per thread only.
fn cpu_of_threads(pid: u32) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    threads.filter_map(|thread| cpu(&std::fs::read_to_string(thread.path().join("schedstat")).ok()?)).sum()
}

/// The first number of `schedstat`: nanoseconds on a CPU.
fn cpu(schedstat: &str) -> Option<Duration> {
    schedstat.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

fn memory_kb(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|kb| kb.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_is_understood() {
        assert_eq!(cpu("123456 7 8\n"), Some(Duration::from_nanos(123_456)));
        assert_eq!(ticks("7 (a) b) S 1 7 7 0 -1 0 0 0 0 0 12 34 0 0"), Some((12, 34)));
        assert_eq!(memory_kb("Name:\tx\nVmRSS:\t    2048 kB\n"), 2_048);
        let own = Usage::of(std::process::id());
        assert!(own.memory_kb > 0, "{own:?}");
    }
}
