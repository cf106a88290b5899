//! What the server stands on: from one registry, with its sums, under licences that fit, and not older than is safe.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::sources::{files, read, root};

/// A workspace whose one crate stands in front of `malloc` to count: a tool of `make bench`, and no part of the server.
const MAY_BE_UNSAFE: &str = "tests/bench/peers/allocations";

fn toml(path: impl AsRef<Path>) -> toml::Table {
    read(&path).parse().unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

/// Every package of a lock file: name, version, and the rest of what it says.
fn locked(path: &Path) -> Vec<(String, String, toml::Table)> {
    let lock = toml(path);
    let packages = lock["package"].as_array().expect("a lock has packages").iter().filter_map(|p| p.as_table());
    let text = |table: &toml::Table, name: &str| table[name].as_str().expect("a text").to_owned();
    packages.map(|table| (text(table, "name"), text(table, "version"), table.clone())).collect()
}

#[test]
fn every_crate_of_ours_is_safe_rust() {
    assert_eq!(toml("Cargo.toml")["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    let members = toml("Cargo.toml")["workspace"]["members"].as_array().expect("members").clone();
    for member in members.iter().filter_map(|member| member.as_str()) {
        let manifest = toml(Path::new(member).join("Cargo.toml"));
        let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(|it| it.as_bool());
        assert_eq!(inherits, Some(true), "{member} does not inherit what the workspace forbids");
    }
    // The word with a brace or a function behind it; written in two pieces, or this file would find itself.
    let word = concat!("uns", "afe");
    let found: Vec<String> = files(&["rs"])
        .into_iter()
        .filter(|path| !path.starts_with(MAY_BE_UNSAFE))
        .filter(|path| {
            [" {", " fn", " impl", " extern", "("].iter().any(|next| read(path).contains(&format!("{word}{next}")))
        })
        .map(|path| path.display().to_string())
        .collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn every_dependency_comes_from_the_registry_with_its_sum() {
    for lock in files(&["lock"]) {
        for (name, version, table) in locked(&lock) {
            let Some(source) = table.get("source").and_then(|source| source.as_str()) else { continue };
            let is_registry = source == "registry+https://github.com/rust-lang/crates.io-index";
            assert!(is_registry && table.contains_key("checksum"), "{}: {name} {version} of {source}", lock.display());
        }
    }
}

#[test]
fn packages_of_the_pages_have_their_sums() {
    for path in files(&["json"]).into_iter().filter(|path| path.ends_with("package-lock.json")) {
        let lock: serde_json::Value = serde_json::from_str(&read(&path)).expect("JSON");
        let packages = lock["packages"].as_object().expect("packages");
        let strange = packages.iter().filter(|(at, known)| !at.is_empty() && !known["integrity"].is_string());
        let strange: Vec<&String> = strange.map(|(at, _)| at).collect();
        assert!(strange.is_empty(), "{}: without a sum: {strange:?}", path.display());
    }
}

/// RustSec knows nothing of some of these: the floors of `deny.toml` hold without its word, and without a network.
#[test]
fn nothing_is_older_than_is_safe() {
    let deny = toml("deny.toml");
    let banned = deny["bans"]["deny"].as_array().expect("a list").iter().filter_map(|ban| ban["crate"].as_str());
    let banned: Vec<(&str, Option<&str>)> =
        banned.map(|ban| ban.split_once("@<").map_or((ban, None), |(name, below)| (name, Some(below)))).collect();
    assert!(banned.len() >= 8, "{banned:?}");
    for lock in files(&["lock"]) {
        for (name, version, _) in locked(&lock) {
            for (_, below) in banned.iter().filter(|(ban, _)| *ban == name) {
                let is_old = below.is_none_or(|below| numbers(&version) < numbers(below));
                assert!(!is_old, "{}: {name} {version}, banned below {below:?}", lock.display());
            }
        }
    }
}

/// `0.23.5` → [0, 23, 5], whatever stands behind.
fn numbers(version: &str) -> Vec<u64> {
    let release = version.split(['-', '+']).next().unwrap_or_default();
    release.split('.').map(|part| part.parse().unwrap_or_default()).collect()
}

#[test]
fn every_licence_fits() {
    let deny = toml("deny.toml");
    let allowed: BTreeSet<&str> =
        deny["licenses"]["allow"].as_array().expect("a list").iter().filter_map(|name| name.as_str()).collect();
    let cargo = std::env::var_os("CARGO").expect("a test that cargo runs");
    let arguments = ["metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"];
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().expect("cargo");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 300);
    for package in packages {
        let licence = package["license"].as_str().unwrap_or_default().replace('/', " OR ");
        assert!(fits(&licence, &allowed), "{}: {licence:?}", package["name"]);
    }
}

/// Whether an SPDX expression can be met by these: one of what `OR` joins, all of what `AND` joins.
fn fits(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let text = expression.trim();
    let outer = |word: &str| -> Option<Vec<&str>> {
        let (mut depth, mut from, mut parts) = (0, 0, Vec::new());
        for (at, c) in text.char_indices() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ if depth == 0 && text[at..].starts_with(word) => {
                    parts.push(&text[from..at]);
                    from = at + word.len();
                }
                _ => {}
            }
        }
        parts.push(&text[from..]);
        (parts.len() > 1).then_some(parts)
    };
    if let Some(parts) = outer(" OR ") {
        return parts.into_iter().any(|part| fits(part, allowed));
    }
    if let Some(parts) = outer(" AND ") {
        return parts.into_iter().all(|part| fits(part, allowed));
    }
    match text.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => fits(inner, allowed),
        None => allowed.contains(text),
    }
}

#[test]
fn expressions_are_understood() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].into();
    for good in ["MIT", "GPL-3.0 OR MIT", "ISC AND (GPL-3.0 OR MIT)", "Apache-2.0 WITH LLVM-exception OR X"] {
        assert!(fits(good, &allowed), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND GPL-3.0", "Apache-2.0"] {
        assert!(!fits(bad, &allowed), "{bad}");
    }
    assert!(numbers("0.10.0") > numbers("0.9.9") && numbers("1.0.0-rc.1") == [1, 0, 0]);
}

/// `systemd-analyze security --offline=true deploy/preau.service` calls it 1.5, of 10.
#[test]
fn the_unit_is_shut_in() {
    let unit = read("deploy/preau.service");
    let lines: BTreeSet<&str> = unit.lines().collect();
    for wanted in [
        "DynamicUser=yes",
        "StateDirectory=preau",
        "UMask=0077",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "ProtectProc=invisible",
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        "NoNewPrivileges=yes",
        "NoExecPaths=/",
        "MemoryDenyWriteExecute=yes",
        "RestrictNamespaces=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX",
        "CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
        "SystemCallArchitectures=native",
        "SystemCallFilter=@system-service",
        "SystemCallFilter=~@privileged @resources @setuid @keyring",
        "KillSignal=SIGTERM",
    ] {
        assert!(lines.contains(wanted), "{wanted}");
    }
    // The drain waits for five seconds, and the writer writes what waits for it: nobody is cut off in the middle.
    let stop = unit.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")?.strip_suffix('s')?.parse().ok());
    assert!(read("server/src/run.rs").contains("const DRAIN_WITHIN: Duration = Duration::from_secs(5);"));
    assert!(stop.is_some_and(|seconds: u64| seconds >= 15), "{stop:?}");
}

/// The same by systemd's own judgement, where it is there to give one.
#[test]
fn systemd_finds_the_unit_whole_and_shut_in() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("there is no systemd-analyze here: the lines of the unit are what was checked");
        return;
    }
    let analyze = |words: &[&str]| {
        let output = Command::new("systemd-analyze").args(words).current_dir(root()).output().expect("it runs");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (is_shut, _) = analyze(&["security", "--offline=true", "--threshold=16", "deploy/preau.service"]);
    assert!(is_shut, "systemd-analyze security --offline=true deploy/preau.service: more than 1.6");
    // It looks for the binary, too, which is nowhere yet.
    let folder = tempfile::tempdir().expect("a folder");
    let unit = folder.path().join("preau.service");
    std::fs::write(&unit, read("deploy/preau.service").replace("/usr/local/bin/preau ", "/bin/true ")).expect("a copy");
    let (_, said) = analyze(&["verify", "--man=no", unit.to_str().expect("a path in words")]);
    assert!(!said.contains("preau.service"), "{said}");
}
