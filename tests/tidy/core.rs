//! No clock and no chance in the core: both are told to it.

use crate::sources::{files, read};

const CORE: [&str; 4] = ["protocol/src", "server/classroom/src", "server/sfu/src", "server/src/shard"];
const ASKED: [&str; 9] = [
    "Instant::now",
    "SystemTime::now",
    "UNIX_EPOCH.elapsed",
    ".elapsed()",
    "rand::rng",
    "rand::random",
    "thread_rng",
    "Uuid::new_v4",
    "Uuid::now_v7",
];

#[test]
fn the_core_asks_neither_clock_nor_chance() {
    let mut found = Vec::new();
    for path in files(&["rs"]).into_iter().filter(|path| CORE.iter().any(|folder| path.starts_with(folder))) {
        let is_test = path.file_name().is_some_and(|name| name == "tests.rs");
        let text = read(&path);
        // Tests stand last in a file: what follows may have a clock.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (n, line) in code.lines().enumerate().filter(|(_, line)| !is_test && !line.trim_start().starts_with("//")) {
            if ASKED.iter().any(|call| line.contains(call)) {
                found.push(format!("{}:{}: {}", path.display(), n + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "time and randomness are arguments:\n{}", found.join("\n"));
}

/// Maps whose order is chance must not be walked where order can reach an output.
#[test]
fn the_classroom_has_ordered_maps_only() {
    let unordered: Vec<String> = files(&["rs"])
        .into_iter()
        .filter(|path| path.starts_with("server/classroom/src"))
        .filter(|path| read(path).contains("HashMap") || read(path).contains("HashSet"))
        .map(|path| path.display().to_string())
        .collect();
    assert!(unordered.is_empty(), "BTreeMap, so that a seed replays a run: {unordered:?}");
}
