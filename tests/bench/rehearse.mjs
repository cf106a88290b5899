// `make rehearse`: one class of virtual people with real media against a fresh server. Prints the report.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { Server } from '../browser/server.mjs';

const loadtest = process.env.PREAU_LOADTEST ?? fileURLToPath(new URL('../../target/release/preau-loadtest', import.meta.url));
const students = process.argv[2] ?? '28';

const server = await Server.start({ profile: 'release', flags: ['--udp-bind', '127.0.0.1'] });
const words = ['class', '--link', server.welcome, '--students', students, '--watch-pid', String(server.pid)];
const code = await new Promise((resolve) => spawn(loadtest, words, { stdio: 'inherit' }).on('exit', resolve));
await server.stop();
process.exit(code ?? 1);
