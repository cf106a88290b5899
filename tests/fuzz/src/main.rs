//! libFuzzer's way in: `PREAU_FUZZ` names the target. tests/fuzz/run.sh builds this with coverage and runs it.

#![no_main]

use std::sync::LazyLock;

static TARGET: LazyLock<preau_fuzz::Target> = LazyLock::new(|| {
    let name = std::env::var("PREAU_FUZZ").unwrap_or_default();
    let target = preau_fuzz::TARGETS.iter().find(|target| target.name == name);
    *target.unwrap_or_else(|| panic!("PREAU_FUZZ names no target: {name:?}"))
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| (TARGET.run)(data));
