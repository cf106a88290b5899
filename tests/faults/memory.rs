//! A flood of sockets and hellos against a server that may use 256 MiB: it sheds what it cannot hold, is not killed for its
//! memory, and the class goes on. The kernel's own limit (a memory control group) stands where the run may make one; an
//! address-space limit would count what is only reserved, and say nothing. The peak is measured in either case.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use preau_loadtest::Device;
use preau_tests::Server;
use preau_tests::wire::Wire;
use tokio::task::JoinSet;
use tokio::time::interval;

use crate::lesson::{Lesson, peak_mb};
use crate::tally;

const MEMORY_MB: usize = 256;
/// How long it goes on: the first sockets have run into their five seconds by then.
const FLOOD: Duration = Duration::from_secs(8);
/// Attackers side by side, half of them with a cookie that is good.
const ATTACKERS: usize = 64;
/// The beginning of the largest frame there may be: whoever reads it has to hold it, until the rest is there.
const HELD_BYTES: usize = 60 * 1024;

/// What became of the sockets.
#[derive(Default)]
struct Tries {
    opened: AtomicUsize,
    shed: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn within_256_mib_a_flood_is_shed_and_the_class_goes_on() {
    let server = Server::start_with(&["--gate-memory-mb-max", &MEMORY_MB.to_string()]).await.expect("starts");
    let limit = Limit::on(server.pid().expect("runs"));
    let mut lesson = Lesson::over(server).await;
    lesson.goes_on("before").await;
    let tries = Arc::new(Tries::default());
    let mut flood = JoinSet::new();
    for n in 0..ATTACKERS {
        let device = if n % 2 == 0 { lesson.noe.device.clone() } else { lesson.school.stranger() };
        flood.spawn(attack(device, tries.clone()));
    }
    let begun = Instant::now();
    let mut every = interval(Duration::from_secs(1));
    for n in 0.. {
        every.tick().await;
        if begun.elapsed() > FLOOD {
            break;
        }
        lesson.goes_on(&format!("during {n}")).await;
    }
    drop(flood);
    lesson.goes_on("after").await;
    let (opened, shed) = (tries.opened.load(Ordering::Relaxed), tries.shed.load(Ordering::Relaxed));
    let peak = peak_mb(&lesson.school.server);
    println!(
        "{opened} sockets opened, {shed} shed, {peak} MB at most, {} limit",
        limit.as_ref().map_or("no", |_| "the kernel's")
    );
    assert!(lesson.school.server.is_up(), "killed");
    assert!(peak < MEMORY_MB as f64, "{peak} MB, {opened} sockets opened, {shed} shed");
    assert!(shed > 0, "nothing was shed of {opened}");
    tally::survived(1, &[]);
}

/// Opens sockets and begins a large frame on each, as fast as it can, and lets go of none.
async fn attack(device: Device, tries: Arc<Tries>) {
    let mut begun = vec![0x81, 0x80 | 127];
    begun.extend((64_u64 * 1024).to_be_bytes());
    begun.resize(HELD_BYTES, 0);
    let mut held = Vec::new();
    loop {
        match Wire::dial(&device).await.try_upgrade(&device).await {
            Ok(mut wire) => {
                tries.opened.fetch_add(1, Ordering::Relaxed);
                wire.send(&begun).await;
                held.push(wire);
                if held.len() > 100 {
                    held.remove(0);
                }
            }
            Err(answer) => {
                let is_shed = answer.starts_with("HTTP/1.1 503") || answer.starts_with("HTTP/1.1 429");
                assert!(is_shed || answer.is_empty(), "{answer}");
                tries.shed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// A control group of our own with the server in it; gone when the story ends.
struct Limit(PathBuf);

impl Limit {
    fn on(pid: u32) -> Option<Limit> {
        let version_1 = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes");
        let version_2 = ("/sys/fs/cgroup", "memory.max");
        [version_1, version_2].into_iter().find_map(|(root, name)| {
            let group = PathBuf::from(root).join(format!("preau-fault-{pid}"));
            std::fs::create_dir(&group).ok()?;
            let limit = Limit(group);
            std::fs::write(limit.0.join(name), (MEMORY_MB * 1024 * 1024).to_string()).ok()?;
            std::fs::write(limit.0.join("cgroup.procs"), pid.to_string()).ok()?;
            Some(limit)
        })
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        // The server is still in it at this moment; then the system's next start takes it away.
        let _ = std::fs::remove_dir(&self.0);
    }
}
