//! Arrows point down: between crates, and between the floors of the server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::sources::{files, read};

/// Which of our crates each crate may stand on.
const CRATES: [(&str, &[&str]); 8] = [
    ("protocol", &[]),
    ("server/classroom", &["preau-protocol"]),
    ("server/gate", &["preau-protocol"]),
    ("server/sfu", &[]),
    ("server", &["preau-classroom", "preau-gate", "preau-protocol", "preau-sfu"]),
    ("loadtest", &["preau-gate", "preau-protocol"]),
    ("tests", &["preau", "preau-classroom", "preau-loadtest", "preau-protocol", "preau-sfu"]),
    ("tests/fuzz", &["preau", "preau-classroom", "preau-gate", "preau-loadtest", "preau-protocol", "preau-sfu"]),
];

/// The floor of every module of the server (ARCHITECTURE.md). A module uses its own floor and those below.
const FLOORS: [(&str, u8); 24] = [
    ("shard", 2),
    ("attacks", 3),
    ("attempts", 3),
    ("auth", 3),
    ("config", 3),
    ("roster", 3),
    ("store", 3),
    ("gatehouse", 4),
    ("house", 4),
    ("http", 4),
    ("measures", 4),
    ("neighbours", 4),
    ("session", 4),
    ("shards", 4),
    ("thread", 4),
    ("udp", 4),
    ("ways", 4),
    ("clerk", 5),
    ("command_line", 5),
    ("doctor", 5),
    ("launch", 5),
    ("main", 5),
    ("run", 5),
    ("telemetry", 5),
];

/// What a process alone may touch: files, sockets, and the engine that waits for them.
const EDGES_ONLY: [&str; 5] = ["tokio", "axum", "hyper", "std::net::TcpStream", "std::net::UdpSocket"];

#[test]
fn crates_stand_on_lower_crates_only() {
    for (folder, allowed) in CRATES {
        let manifest: toml::Table = read(Path::new(folder).join("Cargo.toml")).parse().expect("a manifest is TOML");
        let ours: Vec<&String> = manifest
            .get("dependencies")
            .and_then(|dependencies| dependencies.as_table())
            .into_iter()
            .flat_map(|table| table.keys())
            .filter(|name| name.starts_with("preau") && !allowed.contains(&name.as_str()))
            .collect();
        assert!(ours.is_empty(), "{folder} may not stand on {ours:?}");
    }
}

#[test]
fn the_servers_floors_point_down() {
    let floors: BTreeMap<&str, u8> = FLOORS.into();
    let mut wrong = Vec::new();
    for path in server_sources() {
        let module = module_of(&path);
        let Some(floor) = floors.get(module.as_str()) else {
            wrong.push(format!("{}: module `{module}` has no floor in tests/tidy/floors.rs", path.display()));
            continue;
        };
        for used in modules_used(&read(&path)) {
            match floors.get(used.as_str()) {
                Some(other) if other > floor => {
                    wrong.push(format!("{}: uses `{used}` of a floor above", path.display()))
                }
                Some(_) | None => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_engine_stays_at_the_edges() {
    let core = files(&["rs"]).into_iter().filter(|path| {
        ["server/classroom/src", "server/gate/src", "server/sfu/src", "protocol/src", "server/src/shard"]
            .iter()
            .any(|dir| path.starts_with(dir))
    });
    let mut wrong = Vec::new();
    for path in core {
        let text = read(&path);
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (n, line) in code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            if line.contains("async fn") || EDGES_ONLY.iter().any(|word| line.contains(&format!("{word}::"))) {
                wrong.push(format!("{}:{}: {}", path.display(), n + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "the core is not async and has no sockets:\n{}", wrong.join("\n"));
}

/// The server's own sources, without the crate root that only names the modules.
fn server_sources() -> Vec<PathBuf> {
    let sources: Vec<PathBuf> = files(&["rs"])
        .into_iter()
        .filter(|path| path.starts_with("server/src") && path != Path::new("server/src/lib.rs"))
        .collect();
    assert!(!sources.is_empty(), "the server has sources");
    sources
}

/// `server/src/store/writer.rs` → `store`.
fn module_of(path: &Path) -> String {
    let inside = path.strip_prefix("server/src").expect("a source of the server");
    let first = inside.iter().next().expect("a file has a name");
    first.to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// Every `x` of `crate::x` and of `preau::x` in code.
fn modules_used(text: &str) -> Vec<String> {
    let mut used = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for prefix in ["crate::", "preau::"] {
            for (at, _) in line.match_indices(prefix) {
                let rest = &line[at + prefix.len()..];
                let names = match rest.strip_prefix('{') {
                    Some(group) => group.split(',').map(str::trim).collect(),
                    None => vec![rest],
                };
                used.extend(
                    names.into_iter().map(|name| {
                        name.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>()
                    }),
                );
            }
        }
    }
    used.retain(|name| !name.is_empty());
    used
}

#[test]
fn uses_are_found() {
    assert_eq!(
        modules_used("use crate::shard::Input;\n// crate::http is above\nlet a = crate::store::Store;"),
        ["shard", "store"]
    );
    assert_eq!(modules_used("use crate::{auth::Visitor, store};"), ["auth", "store"]);
    assert_eq!(module_of(Path::new("server/src/store/writer.rs")), "store");
}
