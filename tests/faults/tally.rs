//! What the run says at its end: how many faults were survived, and what was lost by them.

use std::sync::{Mutex, PoisonError};

use preau_tests::figures;
use serde_json::json;

/// Faults so far, and decisions or messages that were acknowledged and then were gone, or stood twice.
static SO_FAR: Mutex<(u32, u32)> = Mutex::new((0, 0));

/// A story has come to its end: so many faults, and what was wrong after them. Fails if anything was.
pub fn survived(faults: u32, wrong: &[String]) {
    let mut so_far = SO_FAR.lock().unwrap_or_else(PoisonError::into_inner);
    let lost = u32::try_from(wrong.len()).expect("some");
    so_far.0 += faults.saturating_sub(lost);
    so_far.1 += lost;
    figures::keep([("faults_survived", json!(so_far.0)), ("decisions_lost", json!(so_far.1))]);
    drop(so_far);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether the run is the long one.
pub fn at_length() -> bool {
    std::env::var_os("FAULTS_AT_LENGTH").is_some()
}
