#!/usr/bin/env bash
# Runs every check there is, one after the other, whatever fails, and ends with their counts on one line.
set -uo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-$PWD/target}
logs=$target/test-logs
rm -rf "$logs"
mkdir -p "$logs"

# step NAME COMMAND…: runs it, shows and keeps what it says, and keeps its exit status and its seconds.
step() {
  local name=$1 began=$SECONDS
  shift
  printf '\n── %s: %s\n' "$name" "$*"
  "$@" 2>&1 | tee "$logs/$name.log"
  echo "${PIPESTATUS[0]} $((SECONDS - began))" >"$logs/$name.status"
}

step system           tests/system.sh
step client-install   make --no-print-directory client-web/node_modules/.package-lock.json
step client-types     npm run check --prefix client-web
step client-build     make --no-print-directory client-web/dist/index.html
step client-budget    npm run budget --prefix client-web
step client-tests     npm test --prefix client-web
step browser-install  make --no-print-directory tests/browser/node_modules/.package-lock.json
step interop-install  make --no-print-directory tests/interop/node_modules/.package-lock.json tests/interop/venv/.installed
step rust-format      cargo fmt --all --check
# One build serves the tests, the browsers and the journeys: one set of features, one profile.
step rust-build       cargo build --workspace --all-targets
# A build within `cargo test` would see another environment, and begin anew: journeys take the binary that stands.
export PREAU_BIN="$target/debug/preau"
# str0m is a workspace of its own, so that it changes no features; what both stand on is built once.
step interop-build    cargo build --manifest-path tests/interop/str0m/Cargo.toml --target-dir "$target"
step rust-tests       cargo test --workspace --no-fail-fast
step sbom             node --test --test-reporter=tap deploy/sbom.test.mjs
step rust-lints       cargo clippy --workspace -- -D warnings
step browser-tests    tests/browser/netns.sh node --test --test-concurrency=1 --test-reporter=tap tests/browser/stories/*.test.mjs
step interop-tests    tests/browser/netns.sh node --test --test-concurrency=1 --test-reporter=tap tests/interop/interop.test.mjs
# While a class runs, with lesser floods; `make attack` tries each one alone, too.
step attacks          tests/browser/netns.sh "$target/debug/preau-attacks" --quick
# Five at a time, a minute each; `make fuzz` takes ten minutes for each.
step fuzz             tests/fuzz/run.sh 60
# `make networks` tells one more, which takes a minute.
step network-tests    tests/browser/netns.sh node --test --test-concurrency=1 --test-reporter=tap --test-name-pattern "one packet in|200 ms|300 kbit" tests/networks/networks.test.mjs

node tests/tally.mjs "$logs"
