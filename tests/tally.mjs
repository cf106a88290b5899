// Adds up what every runner said, and ends with the one line that people and machines read.
//
// A step whose runner counts is counted by its tests; any other step (a build, a linter) is one check. A step that
// fails without a failed test (a crash, a broken build) is one failure. Figures of what was attacked, fuzzed and broken
// on purpose stand before that line.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const logs = process.argv[2];

/** Sums of a runner's closing lines: `[passed, failed]` for each match. */
const runners = {
  cargo: (text) =>
    [...text.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed;/gm)].map((m) => [Number(m[1]), Number(m[2])]),
  vitest: (text) =>
    [...text.matchAll(/^\s*Tests\s+(?:(\d+) failed[ |]*)?(?:(\d+) passed)?/gm)].map((m) => [Number(m[2] ?? 0), Number(m[1] ?? 0)]),
  node: (text) => {
    const count = (word) => [...text.matchAll(new RegExp(`^# ${word} (\\d+)$`, 'gm'))].map((m) => Number(m[1]));
    const [passed, failed, cancelled] = [count('pass'), count('fail'), count('cancelled')];
    return passed.map((n, i) => [n, (failed[i] ?? 0) + (cancelled[i] ?? 0)]);
  },
  // A line for each target, and how many of them found something.
  fuzz: (text) =>
    [...text.matchAll(/^fuzz_findings (\d+)$/gm)].map((m) => {
      const targets = [...text.matchAll(/^\w+ +\d+ executions,/gm)].length;
      return [targets - Number(m[1]), Number(m[1])];
    }),
  // One for each row of the table.
  attacks: (text) =>
    [...text.matchAll(/^(\d+) attacks, (\d+) not as expected$/gm)].map((m) => [Number(m[1]) - Number(m[2]), Number(m[2])]),
};
const counted = {
  attacks: runners.attacks,
  'rust-tests': runners.cargo,
  'client-tests': runners.vitest,
  'browser-tests': runners.node,
  'interop-tests': runners.node,
  'network-tests': runners.node,
  sbom: runners.node,
  fuzz: runners.fuzz,
};

/** What runners print as `name value`; the last word counts. */
const FIGURES = [
  'attacks_tried', 'attacks_as_expected', 'fuzz_executions', 'fuzz_findings', 'faults_survived', 'decisions_lost', 'intruders_seated',
  'refusal_cpu_us', 'attack_media_p99_ratio', 'websocket_cases_passed',
];

/** Lines in which runners name what failed, and so many of them: a machine that keeps only the end of it all keeps these. */
const REASON = /^not ok|^test .* FAILED$|panicked at|^Base64:|^error|^\s*(×|FAIL) |ERROR: libFuzzer/;
const REASONS_MAX = 8;
const REASON_LENGTH_MAX = 600;

// eslint-disable-next-line no-control-regex
const plain = (text) => text.replace(/\x1b\[[0-9;]*m/g, '');

let passed = 0;
let failed = 0;
const reasons = [];
const figures = new Map();
for (const file of readdirSync(logs).filter((name) => name.endsWith('.status')).sort()) {
  const name = file.replace('.status', '');
  const [status, seconds] = readFileSync(join(logs, file), 'utf8').trim().split(' ').map(Number);
  const text = plain(readFileSync(join(logs, `${name}.log`), 'utf8'));
  for (const [, figure, value] of text.matchAll(/^(\w+) ([\d.]+)$/gm)) if (FIGURES.includes(figure)) figures.set(figure, value);
  const sums = counted[name]?.(text) ?? [[status === 0 ? 1 : 0, status === 0 ? 0 : 1]];
  const good = sums.reduce((sum, [n]) => sum + n, 0);
  let bad = sums.reduce((sum, [, n]) => sum + n, 0);
  if (bad === 0 && (status !== 0 || good === 0)) bad = 1;
  console.log(`${bad === 0 ? '  ' : '✗ '}${name.padEnd(16)} ${good} passed, ${bad} failed, ${seconds} s`);
  if (bad > 0) reasons.push(...text.split('\n').filter((line) => REASON.test(line)).map((line) => `${name}: ${line}`));
  passed += good;
  failed += bad;
}
console.log(`\n${FIGURES.map((name) => `${name} ${figures.get(name) ?? 'unknown'}`).join('\n')}`);
for (const reason of reasons.slice(0, REASONS_MAX)) console.log(reason.slice(0, REASON_LENGTH_MAX));
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
