//! What the server's process costs, and which core it costs it on.

use std::process::{Command, Stdio};
use std::time::Duration;

/// CPU time of all threads of a process until now, to the nanosecond (`/proc/PID/task/TID/schedstat`).
pub fn used(pid: u32) -> Duration {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let ns = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(ns.sum())
}

/// The server on the first core and we on the others: what an attacker's own work costs is not the server's. Where there
/// is one core, or no `taskset`, everybody shares.
pub fn keep_apart(server: u32) -> bool {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let set = |cpus: &str, pid: u32| {
        let mut command = Command::new("taskset");
        let status =
            command.args(["-acp", cpus, &pid.to_string()]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    cores > 1 && set("0", server) && set(&format!("1-{}", cores - 1), std::process::id())
}
