#!/usr/bin/env bash
# run.sh SECONDS [TARGET…]: every fuzz target (or these) for so long, five at a time, from the committed corpus on.
# What one of them finds stays in target/fuzz-findings, with the command that shows it again.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=$1
shift
target=${CARGO_TARGET_DIR:-$PWD/target}
findings=$target/fuzz-findings
work=$target/fuzz-work
fuzz=$target/fuzz

# All of the workspace's features: one set, as in every other build. The binary is ours alone, the next build has another.
RUSTC_WORKSPACE_WRAPPER=$PWD/tests/fuzz/rustc.sh cargo build --workspace --bin fuzz
cp "$target/debug/fuzz" "$fuzz"
targets=${*:-$(ls tests/fuzz/corpus)}
rm -rf "$work"
mkdir -p "$findings" "$work"

# Memory: three times what any of them takes. An input that takes twenty seconds on a busy machine is a finding.
one() {
  local name=$1 log=$work/$1.log
  mkdir -p "$work/$name"
  cp tests/fuzz/corpus/"$name"/* "$work/$name/"
  # Words of the stories that are texts, for those that grow from them. A list without any is none to libFuzzer.
  {
    echo '"preau"'
    grep -aohE '[A-Za-z_][A-Za-z0-9_.:/-]{2,40}' "$work/$name"/* | sort -u | head -n 600 | sed 's/.*/"&"/'
  } >"$work/$name.words"
  PREAU_FUZZ=$name "$fuzz" "$work/$name" -dict="$work/$name.words" -max_total_time="$seconds" -rss_limit_mb=1024 \
    -timeout=20 -artifact_prefix="$findings/$name-" -print_final_stats=1 >"$log" 2>&1 || echo "$?" >"$work/$name.failed"
}
export -f one
export fuzz findings work seconds
# shellcheck disable=SC2086 # names of targets are words
printf '%s\n' $targets | xargs -P 5 -I {} bash -c 'one {}'

# The last `word: number` of a log.
last() {
  grep -oE "$2 *[0-9]+" "$1" | tail -1 | grep -oE '[0-9]+$' || echo 0
}
total=0
found=0
for name in $targets; do
  log=$work/$name.log
  executions=$(last "$log" 'number_of_executed_units:')
  total=$((total + executions))
  printf '%-8s %9d executions, %6d places and %6d features reached\n' \
    "$name" "$executions" "$(last "$log" 'cov:')" "$(last "$log" 'ft:')"
  if [ -e "$work/$name.failed" ]; then
    found=$((found + 1))
    grep -A 3 'panicked at' "$log" || true
    tail -n 40 "$log"
    input=$(grep -oE "$findings/[^ ]+" "$log" | tail -1 || true)
    echo "Again: PREAU_FUZZ=$name $fuzz ${input:-(no input was kept)}"
  fi
done
echo "fuzz_executions $total"
echo "fuzz_findings $found"
node tests/figures.mjs fuzz_executions "$total" fuzz_findings "$found"
[ "$found" -eq 0 ]
