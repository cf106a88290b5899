//! Figures that a run of tests gives, for whoever reads them afterwards.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// Prints `name value` for each, past the test's own captured output, and keeps them in `test-figures.json` of the target
/// directory beside those of other tests.
///
/// # Panics
/// If the target directory cannot be written.
pub fn keep(figures: &[(&str, f64)]) {
    let test = std::env::current_exe().expect("a test knows its own path");
    let target = test.ancestors().nth(3).expect("target/PROFILE/deps/TEST");
    let file = target.join("test-figures.json");
    let mut all = kept(&file);
    let mut out = std::io::stdout().lock();
    for (name, value) in figures {
        writeln!(out, "{name} {value}").expect("somewhere to print");
        all.insert((*name).to_owned(), *value);
    }
    let text = serde_json::to_string_pretty(&all).expect("names and numbers");
    std::fs::write(file, text + "\n").expect("the target directory can be written");
}

fn kept(file: &Path) -> BTreeMap<String, f64> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}
