// Which machine the figures are of: a figure without one says nothing.

import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

const first = (command, ...given) => {
  try {
    return execFileSync(command, given, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0].trim();
  } catch {
    return `no ${command}`;
  }
};

export function machine() {
  const cores = cpus();
  return [
    `${cores.length} × ${cores[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`,
    `${first('rustc', '--version')}, Node ${process.version}, ${first('chromium', '--version')}`,
  ].join('\n');
}
