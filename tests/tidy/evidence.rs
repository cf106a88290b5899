//! SECURITY.md names a test for each rule: every one of them is there.

use std::collections::BTreeSet;
use std::path::Path;

use crate::sources::{files, read};

#[test]
fn every_test_that_security_names_is_there() {
    let sources: String = files(&["rs"]).iter().map(read).collect();
    let named = tests_named(&read(Path::new("SECURITY.md")));
    assert!(named.len() > 30, "only {} tests are named", named.len());
    let missing: Vec<&String> = named.iter().filter(|name| !sources.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "not there: {missing:?}");
}

/// Names of whole sentences, as tests have them, in code spans: `a::b_c_d_e` → `b_c_d_e`.
fn tests_named(text: &str) -> BTreeSet<String> {
    let spans = text.split('`').skip(1).step_by(2);
    let last = spans.filter_map(|span| span.rsplit([' ', ':']).next());
    last.filter(|name| name.matches('_').count() >= 3 && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn names_are_found_in_code_spans() {
    let text = "| `journeys door::one_two_three_four`, `five_six_seven_eight` and `at_the_limit` | one_two_three_no |";
    assert_eq!(tests_named(text).into_iter().collect::<Vec<_>>(), ["five_six_seven_eight", "one_two_three_four"]);
}
