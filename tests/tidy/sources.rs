//! The files of the repository, and what holds for all of them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Past this a file holds more than one noun.
const LINES_MAX: usize = 600;
/// What is made by a machine, and the tables of words: one sentence after the other, for reading straight through.
const MAY_BE_LONG: [&str; 2] = ["client-web/src/protocol/types.ts", "client-web/src/text"];

/// The top of the checkout.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Every file under version control or about to be, relative to [`root`], that has one of these extensions.
pub fn files(extensions: &[&str]) -> Vec<PathBuf> {
    let list = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("tests run in a git checkout");
    let names = String::from_utf8(list.stdout).expect("file names are UTF-8");
    let mut found: Vec<PathBuf> = names
        .lines()
        .map(PathBuf::from)
        .filter(|path| path.extension().is_some_and(|e| extensions.iter().any(|wanted| e == *wanted)))
        .filter(|path| root().join(path).is_file())
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no file with extension {extensions:?}: is this a git checkout?");
    found
}

pub fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `path:line: text` for every line that `is_bad`.
fn lines_that(files: &[PathBuf], is_bad: impl Fn(&Path, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for path in files {
        for (n, line) in read(path).lines().enumerate() {
            if is_bad(path, line) {
                found.push(format!("{}:{}: {}", path.display(), n + 1, line.trim()));
            }
        }
    }
    found
}

const CODE: [&str; 7] = ["rs", "ts", "tsx", "mjs", "js", "css", "sh"];

#[test]
fn files_stay_readable() {
    let long: Vec<String> = files(&CODE)
        .into_iter()
        .filter(|path| !MAY_BE_LONG.iter().any(|long| path.starts_with(long)))
        .map(|path| (read(&path).lines().count(), path))
        .filter(|(lines, _)| *lines > LINES_MAX)
        .map(|(lines, path)| format!("{} has {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "more than {LINES_MAX} lines, look for the seam:\n{}", long.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> = files(&["rs"])
        .into_iter()
        .filter(|path| !read(path).trim_start().starts_with("//!"))
        .map(|path| path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "no `//!` sentence at the top of:\n{}", silent.join("\n"));
}

#[test]
fn tests_wait_for_events() {
    let in_tests: Vec<PathBuf> = files(&["rs", "mjs", "ts", "tsx"])
        .into_iter()
        // The load tester's steps take their time on purpose.
        .filter(|path| {
            path.components().enumerate().any(|(at, part)| {
                let name = part.as_os_str().to_string_lossy();
                if at == 0 { name == "tests" } else { name.contains("test") }
            })
        })
        .collect();
    // Written in two pieces, or this line would find itself.
    let calls = [concat!("sleep", "("), concat!("setTime", "out(resolve"), concat!("waitFor", "Timeout(")];
    let found = lines_that(&in_tests, |_, line| calls.iter().any(|call| line.contains(call)));
    assert!(found.is_empty(), "a sleep in a test is a bug, wait for the event:\n{}", found.join("\n"));
}

#[test]
fn nothing_is_left_undone() {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
    let found = lines_that(&files(&CODE), |_, line| marks.iter().any(|mark| line.contains(mark)));
    assert!(found.is_empty(), "left undone:\n{}", found.join("\n"));
}

#[test]
fn no_file_knows_one_machine() {
    let places = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];
    // `./views/home/page` is no such path: there a name goes before.
    let begins = |line: &str, place: &str| {
        let before = line.find(place).and_then(|at| line[..at].chars().next_back());
        line.contains(place) && !before.is_some_and(|c| c.is_alphanumeric() || c == '.')
    };
    let everything = files(&[&CODE[..], &["md", "toml", "json", "html", "yml", "sql"]].concat());
    let found = lines_that(&everything, |_, line| places.iter().any(|place| begins(line, place)));
    assert!(found.is_empty(), "paths of one machine:\n{}", found.join("\n"));
}
