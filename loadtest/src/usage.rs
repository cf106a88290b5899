//! What a process on this machine has used of it, as Linux counts it (proc(5)).

use std::time::Duration;

/// CPU time since the process began, and the memory it holds now. Zeros for a process that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub cpu: Duration,
    pub memory_kb: u64,
}

impl Usage {
    pub fn of(pid: u32) -> Usage {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        Usage { cpu: cpu_of_threads(pid), memory_kb: memory_kb(&status) }
    }
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
        assert_eq!(memory_kb("Name:\tx\nVmRSS:\t    2048 kB\n"), 2_048);
        let own = Usage::of(std::process::id());
        assert!(own.memory_kb > 0, "{own:?}");
    }
}
