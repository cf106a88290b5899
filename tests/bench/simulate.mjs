// The morning of 6 April through the gate, in virtual time: how long 500,000 people take, and that the same seed gives the same bytes.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const loadtest = `${process.env.CARGO_TARGET_DIR ?? `${root}target`}/release/preau-loadtest`;
const folder = mkdtempSync(join(tmpdir(), 'preau-morning-'));

/** Runs it, and says how long it took and what it wrote. */
function morning(name) {
  const json = join(folder, `${name}.json`);
  const began = performance.now();
  const { status } = spawnSync(loadtest, ['simulate', '--seed', '1', '--json', json], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`simulate ended with ${status}: somebody was passed in line, or an intruder came in`);
  return { s: (performance.now() - began) / 1000, said: readFileSync(json, 'utf8') };
}

const [first, again] = [morning('first'), morning('again')];
rmSync(folder, { recursive: true });
if (first.said !== again.said) throw new Error('the same seed gave another morning');
console.log(JSON.stringify({ simulate_s: Number(Math.min(first.s, again.s).toFixed(1)) }));
