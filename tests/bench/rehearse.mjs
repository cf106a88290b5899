// `make rehearse`: a scenario with real media against a fresh server. Writes the page, ends with the verdict's status.

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { Server } from '../browser/server.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const loadtest = process.env.PREAU_LOADTEST ?? `${process.env.CARGO_TARGET_DIR ?? `${root}target`}/release/preau-loadtest`;
const [scenario = 'class', ...rest] = process.argv.slice(2);

const server = await Server.start({ profile: 'release', flags: ['--udp-bind', '127.0.0.1'] });
mkdirSync(`${root}target`, { recursive: true });
const words = ['run', scenario, '--link', server.welcome, '--pid', String(server.pid), '--report', `${root}target/rehearsal.html`, ...rest];
const code = await new Promise((resolve) => spawn(loadtest, words, { stdio: 'inherit' }).on('exit', resolve));
await server.stop();
process.exit(code ?? 1);
