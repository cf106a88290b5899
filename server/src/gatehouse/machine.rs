//! The limits of a server that was told none: what its machine can bear.

use std::path::Path;

use preau_protocol::Amounts;
use preau_protocol::limits::MESSAGE_BYTES_MAX;

use crate::config::GateConfig;

/// Packets a core forwards per second with room to spare: three quarters of what was measured (README).
const PACKETS_PER_CORE: u32 = 150_000;
/// A port of a gigabit, less what else goes through it.
const EGRESS_KBPS: u32 = 900_000;
/// Sockets a core accepts per second, each with its proof of identity, and a part of the core left for classes.
const ACCEPTS_PER_CORE: u32 = 500;
/// A socket may hold so much before it has said hello, and so long: one message, and the five seconds of `session`.
const BEFORE_HELLO_BYTES_S: u64 = 5 * MESSAGE_BYTES_MAX as u64;
/// Of the process's memory: for all of them together.
const BEFORE_HELLO_SHARE: u64 = 4;
/// Files that are not sockets of people: the database, logs, UDP.
const OTHER_FILES: u64 = 500;
/// Of the machine's memory; the rest is the system's.
const MEMORY_SHARE: f64 = 0.75;
/// Where nothing can be learnt of the machine.
const FILES_DEFAULT: u64 = 1_024;
const MEMORY_MB_DEFAULT: f64 = 1_024.0;

/// What the operator chose, and the machine's own limits for the rest.
pub(super) fn limits(config: &GateConfig) -> Amounts {
    let cores = cores();
    let files = open_files(&read("/proc/self/limits")).unwrap_or(FILES_DEFAULT);
    let sockets = u32::try_from(files.saturating_sub(OTHER_FILES).max(FILES_DEFAULT / 2)).unwrap_or(u32::MAX);
    Amounts {
        connections: config.connections_max.unwrap_or(sockets),
        people: config.people_max.unwrap_or(sockets),
        packets_per_s: config.packets_per_s_max.unwrap_or(cores * PACKETS_PER_CORE),
        egress_kbps: config.egress_mbps_max.map_or(EGRESS_KBPS, |mbps| mbps.saturating_mul(1_000)),
        memory_mb: config.memory_mb_max.unwrap_or_else(memory_mb),
        cpu_permille: 1_000,
    }
}

/// How many sockets are taken per second: what the cores prove, and no more than a small memory holds if none of them ever
/// says hello.
pub(super) fn accepts_per_s(config: &GateConfig) -> u32 {
    let memory = u64::from(limits(config).memory_mb) * 1_000_000;
    let held = u32::try_from(memory / BEFORE_HELLO_SHARE / BEFORE_HELLO_BYTES_S).unwrap_or(u32::MAX);
    config.accepts_per_s_max.unwrap_or((cores() * ACCEPTS_PER_CORE).min(held))
}

fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The soft limit of open files.
fn open_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

/// The machine's memory, or what its container or unit may use if that is less.
fn memory_mb() -> u32 {
    let machine_kb = read("/proc/meminfo")
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse::<f64>().ok());
    let machine = machine_kb.map_or(MEMORY_MB_DEFAULT, |kb| kb / 1_024.0);
    let limits = group_files(&read("/proc/self/cgroup")).into_iter().filter_map(|file| read(&file).trim().parse().ok());
    let least = limits.map(|bytes: f64| bytes / 1e6).fold(machine, f64::min);
    (least * MEMORY_SHARE).max(64.0) as u32
}

/// Where the limits of this process's own control group stand, and of each above it (cgroups v2 and v1). A unit of systemd
/// sees the whole tree and is somewhere in it; a container sees its own group as the root.
fn group_files(own: &str) -> Vec<String> {
    let groups = own.lines().filter_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        match controllers.split(',').any(|name| name == "memory") {
            true => Some(("/sys/fs/cgroup/memory", path, "memory.limit_in_bytes")),
            false if controllers.is_empty() => Some(("/sys/fs/cgroup", path, "memory.max")),
            false => None,
        }
    });
    let files = groups.flat_map(|(root, path, name)| {
        let up = Path::new(path).ancestors();
        up.map(move |group| format!("{root}{}/{name}", group.display().to_string().trim_end_matches('/')))
    });
    files.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_asked_for_what_nobody_chose() {
        let limits_of = |config: &GateConfig| limits(config);
        let own = limits_of(&GateConfig::default());
        assert!(own.connections >= 500 && own.memory_mb >= 64 && own.packets_per_s >= 150_000, "{own:?}");
        let chosen = GateConfig { people_max: Some(7), egress_mbps_max: Some(2), ..GateConfig::default() };
        let small = GateConfig { memory_mb_max: Some(256), ..GateConfig::default() };
        assert!(accepts_per_s(&small) < 200 && accepts_per_s(&GateConfig::default()) >= accepts_per_s(&small));
        assert_eq!((limits_of(&chosen).people, limits_of(&chosen).egress_kbps), (7, 2_000));
        assert_eq!(
            group_files("4:cpu,memory:/a\n3:cpu:/b\n0::/system.slice/preau.service\n"),
            [
                "/sys/fs/cgroup/memory/a/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                "/sys/fs/cgroup/system.slice/preau.service/memory.max",
                "/sys/fs/cgroup/system.slice/memory.max",
                "/sys/fs/cgroup/memory.max",
            ]
        );
        assert_eq!(
            open_files("Max open files            20000                524288               files"),
            Some(20_000)
        );
    }
}
