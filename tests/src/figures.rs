//! Figures that a run gives, for whoever reads them afterwards.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Prints `name value` for each, past a test's own captured output, and keeps them in `figures.json` of the target
/// directory beside those that are there, as `tests/figures.mjs` does.
///
/// # Panics
/// If the target directory cannot be written.
pub fn keep<'a>(figures: impl IntoIterator<Item = (&'a str, Value)>) {
    let file = target().join("figures.json");
    let mut all = kept(&file);
    let mut out = std::io::stdout().lock();
    for (name, value) in figures {
        writeln!(out, "{name} {value}").expect("somewhere to print");
        all.insert(name.to_owned(), value);
    }
    let text = serde_json::to_string_pretty(&all).expect("names and values");
    std::fs::write(file, text + "\n").expect("the target directory can be written");
}

fn kept(file: &Path) -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// As cargo was told, or where this binary lies: above the folder of its profile.
fn target() -> PathBuf {
    let told = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let own = std::env::current_exe().unwrap_or_default();
    let is_profile = |folder: &&Path| folder.ends_with("debug") || folder.ends_with("release");
    let above = own.ancestors().find(is_profile).and_then(Path::parent).map(Path::to_owned);
    told.or(above).unwrap_or_else(|| "target".into())
}
