// `make bench`: measures what the issue promises, prints the machine, and writes target/figures.json.
// With names of parts, as in `node tests/bench/bench.mjs relay`, measures these alone and keeps the other figures.

import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { keep } from '../figures.mjs';
import { machine } from './machine.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** What is run in a network of its own, and prints its figures as one line of JSON at the end. */
const parts = [
  ['browsers.mjs', 'admit, crash'],
  ['relay.mjs', 'CPU and memory of the relay'],
  ['start.mjs', 'cold start'],
  ['gate.mjs', 'the door under load: lobbies, the line, a rush, intruders, many classes, a crash'],
  ['simulate.mjs', 'the morning of 6 April, simulated'],
];

console.log(machine());
const only = process.argv.slice(2);
const figures = only.length === 0 ? { client_first_load_kb: firstLoad() } : {};
for (const [script, what] of parts) {
  if (only.length > 0 && !only.includes(script.replace('.mjs', ''))) continue;
  console.log(`\n── ${what}`);
  Object.assign(figures, await run(script));
}
console.log(`\n${machine()}\n${JSON.stringify(keep(figures), null, 2)}`);

function run(script) {
  return new Promise((resolve, reject) => {
    const child = spawn(`${root}tests/browser/netns.sh`, ['node', `${root}tests/bench/${script}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (bytes) => {
      said += bytes;
      process.stdout.write(bytes);
    });
    child.on('exit', (code) => {
      if (code !== 0) return reject(new Error(`${script} ended with ${code}`));
      resolve(JSON.parse(said.trim().split('\n').pop()));
    });
  });
}

/** The client's own budget says it, and fails when it is exceeded: here the figure is wanted all the same. */
function firstLoad() {
  const { stdout } = spawnSync('npm', ['run', '--silent', 'budget', '--prefix', `${root}client-web`], { encoding: 'utf8' });
  return Number(/^client_first_load_kb ([\d.]+)$/m.exec(stdout)[1]);
}
