//! What the documents point at is there.

use crate::sources::{files, read, root};

#[test]
fn links_of_documents_resolve() {
    let mut broken = Vec::new();
    for path in files(&["md"]) {
        let folder = root().join(&path).parent().expect("a file lies in a folder").to_owned();
        for target in targets(&read(&path)) {
            let file = target.split('#').next().unwrap_or_default();
            let is_elsewhere = file.contains("://") || file.starts_with("mailto:") || file.is_empty();
            if !is_elsewhere && !folder.join(file).exists() {
                broken.push(format!("{} points at {target}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Every `x` of `](x)` and of `src="x"`, outside code.
fn targets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        in_code ^= line.trim_start().starts_with("```");
        if in_code {
            continue;
        }
        for (open, close) in [("](", ')'), ("src=\"", '"')] {
            for (at, _) in line.match_indices(open) {
                found.extend(line[at + open.len()..].split_once(close).map(|(target, _)| target.to_owned()));
            }
        }
    }
    found
}

#[test]
fn targets_are_found() {
    assert_eq!(targets("[a](b.md#c) ![d](e.png)\n```\n[f](g)\n```\n<img src=\"h.png\">"), ["b.md#c", "e.png", "h.png"]);
}
