// What the systemd unit gives the server's process: benches start it alike.

import { readFileSync } from 'node:fs';

const unit = readFileSync(new URL('../../deploy/preau.service', import.meta.url), 'utf8');

export const environment = Object.fromEntries(
  [...unit.matchAll(/^Environment=(\S+)$/gm)].map(([, pair]) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
);
