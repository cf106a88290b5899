#!/usr/bin/env bash
# What is known against the crates and packages that Préau stands on: RustSec's advisories, licences, sources, npm's advisories.
# Fetches its own tools and lists; ADVISORIES names a copy of RustSec's list where it cannot be fetched.
set -uo pipefail
cd "$(dirname "$0")/.."

tools=${CARGO_TARGET_DIR:-$PWD/target}/tools
for tool in cargo-deny cargo-audit; do
  [ -x "$tools/bin/$tool" ] || cargo install --quiet --locked --root "$tools" "$tool" || exit 1
done
export PATH=$tools/bin:$PATH

failed=0
one() {
  printf '\n── %s\n' "$*"
  "$@" || failed=$((failed + 1))
}
one cargo deny check bans licenses sources
for lock in Cargo.lock tests/interop/str0m/Cargo.lock tests/bench/peers/Cargo.lock; do
  if [ -n "${ADVISORIES:-}" ]; then
    one cargo audit --file "$lock" --db "$ADVISORIES" --no-fetch --stale
  else
    one cargo audit --file "$lock"
  fi
done
for folder in client-web tests/browser tests/interop; do
  one npm audit --prefix "$folder" --audit-level=moderate
done
printf '\naudits_failed %s\n' "$failed"
[ "$failed" -eq 0 ]
