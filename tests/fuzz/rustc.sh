#!/usr/bin/env bash
# rustc for our own crates, with the coverage that libFuzzer steers by. What they stand on stays as every other build
# has it, so that nothing else is built twice (RUSTC_WORKSPACE_WRAPPER).
set -euo pipefail

rustc=$1
shift
crate=
for ((at = 1; at < $#; at++)); do
  [ "${!at}" = --crate-name ] && next=$((at + 1)) && crate=${!next}
done
how=(-C opt-level=2 -C llvm-args=-sanitizer-coverage-trace-compares)
case $crate in
  # Large, and only small parts of them are asked: built as quickly as in every other build, and seen less closely.
  preau | preau_loadtest) how=(-C opt-level=0) ;;
  # cargo's own questions, what runs on the way to a build, and the stories, which are not what is to be found out.
  '' | ___ | build_script_* | preau_fuzz | fuzz) exec "$rustc" "$@" ;;
esac
exec "$rustc" "$@" \
  -C passes=sancov-module \
  -C llvm-args=-sanitizer-coverage-level=4 \
  -C llvm-args=-sanitizer-coverage-inline-8bit-counters \
  -C llvm-args=-sanitizer-coverage-pc-table \
  -C debug-assertions=on \
  "${how[@]}"
