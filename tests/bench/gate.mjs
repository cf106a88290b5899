// The door under load: lobbies, the line, a rush, intruders, many classes, a crash. One alone: ONLY=rush node tests/bench/gate.mjs
//
// Server and tester are processes of their own on one machine and share its cores. Students come with tokens of a portal that both
// know; every report stays in target/rehearsals. SIZE=0.25 plays everything with a quarter of the people; what the file
// descriptors do not allow is left out, and said.

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { Server } from '../browser/server.mjs';
import { OPERATOR, openWide } from './operator.mjs';
import { environment } from './unit.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../../target', import.meta.url));
const profile = process.env.PROFILE ?? 'release';
const loadtest = process.env.PREAU_LOADTEST ?? join(target, profile, 'preau-loadtest');
const SIZE = Number(process.env.SIZE ?? 1);
const SECRET = 'a secret of 32 bytes for the bench';
const ISSUER = 'https://bench.example';
/** Descriptors that a process needs for itself. */
const DESCRIPTORS_OWN = 300;
const descriptors = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' })) || Infinity;

/** Limits that nobody in these runs should meet, unless the run is about meeting them. */
const WIDE = ['--gate-people-max', '60000', '--gate-connections-max', '60000', '--gate-accepts-per-s-max', '5000', '--gate-memory-mb-max', '4000'];

const parts = { lobby, hellos, queue, rush, refusals, attack, classes, crash };
const only = process.env.ONLY?.split(',');
const folder = mkdtempSync(join(tmpdir(), 'preau-gate-'));
writeFileSync(join(folder, 'key'), SECRET);
const config = join(folder, 'preau.toml');
writeFileSync(
  config,
  `operator_token = "${OPERATOR}"\n[[portal]]\nname = "Bench"\nissuer = "${ISSUER}"\naudience = "preau"\nsecret = "${SECRET}"\non_roster = true\n`,
);

const figures = {};
try {
  for (const [name, part] of Object.entries(parts)) {
    if (only && !only.includes(name)) continue;
    Object.assign(figures, await part());
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(JSON.stringify(figures));

/** How many wait on one node, and what memory each takes. */
async function lobby() {
  const report = await play('lobby', { flags: WIDE });
  return {
    lobby_people: Math.max(...report.seconds.map((second) => second.waiting)),
    lobby_kb_each: value(report, 'server_kb_each', 1),
  };
}

/** What a hello costs: more than a thousand a second, past a gate that stands open. */
async function hellos() {
  const report = await play('hellos', { flags: WIDE, open: true });
  if (value(report, 'queued') > 0) throw new Error('some stood in a line, and came twice');
  const hello_us = helloOf(report);
  return { hello_per_s_core: hello_us === undefined ? undefined : Math.round(1e6 / hello_us) };
}

/** Memory of a place in the line: how the server's grows with their number, once the first tenth has come. */
async function queue() {
  const flags = ['--gate-people-max', '10', '--gate-connections-max', '60000', '--gate-accepts-per-s-max', '5000'];
  const report = await play('queue', { flags });
  const people = report.people;
  const settled = report.seconds.filter((second) => second.queued > people / 10 && second.server_mb !== null);
  return { queue_bytes_each: Math.max(0, Math.round(slope(settled.map((second) => [second.queued, second.server_mb * 2 ** 20])))) };
}

/** How long a hello waits for its answer when everybody comes at once, and whether the line was kept. */
async function rush() {
  const flags = ['--gate-people-max', String(Math.round(10_000 * SIZE)), '--gate-connections-max', '60000'];
  const report = await play('rush', { flags });
  const bad = ['other_refusals', 'unanswered', 'failures'].filter((name) => value(report, name) > 0);
  if (bad.length > 0) console.log(`rush: NOT ONLY INTENDED 503s: ${bad.map((name) => `${value(report, name)} ${name}`).join(', ')}`);
  return { rush_gate_ms_p99: value(report, 'verdict_ms_p99', 1), rush_inversions: value(report, 'overtaken') };
}

/** What a refused attempt costs beside a good join: from the invitation to the first picture. */
async function refusals() {
  const join_us = 1_000 * (await entry());
  const knocks = await play('knocks', { flags: WIDE });
  const refused_us = value(knocks, 'refused_cpu_us');
  console.log(`refusals: ${join_us.toFixed(0)} µs a join, ${refused_us} µs a refused attempt`);
  return { refusal_cpu_us: refused_us, refusal_cost_ratio: Number((refused_us / join_us).toFixed(3)) };
}

/** CPU of one good join in ms, of two hundred. */
async function entry() {
  const server = await Server.start({ profile, flags: ['--udp-bind', '127.0.0.1', ...WIDE], env: environment });
  try {
    const words = ['relay', '--link', server.welcome, '--pid', String(server.pid), '--people', '200', '--steady-s', '0'];
    return JSON.parse(execFileSync(loadtest, words, { encoding: 'utf8' })).entry_cpu_ms;
  } finally {
    await server.stop();
  }
}

/** What a running class notices of 50,000 intruders. */
async function attack() {
  const report = await play('attack', { flags: WIDE, apart: true });
  const { seated, leaked_bytes, transit_ms_p99_rest, transit_ms_p99_attack } = report.intruders;
  console.log(`attack: ${seated} seated, ${leaked_bytes} bytes leaked, ${transit_ms_p99_rest} ms at rest, ${transit_ms_p99_attack} ms attacked`);
  return { attack_media_p99_ratio: value(report, 'attack_transit_ratio', 2) };
}

/** Many classes with media; also a half and a quarter of them, since the tester has a share of the same cores. */
async function classes() {
  const found = {};
  for (const [part, name] of [[1 / 4, '_quarter'], [1 / 2, '_half'], [1, '']]) {
    const count = Math.max(1, Math.round(number('classes', 'count') * SIZE * part));
    const report = await play('classes', { flags: WIDE, words: ['--set', `classes.count=${count}`] });
    found[`classes_loss${name}`] = Number((value(report, 'loss_per_mille') / 1_000).toFixed(5));
    found[`classes_latency_ms_p99${name}`] = value(report, 'transit_ms_p99', 1);
    console.log(`classes: ${count} of them: ${value(report, 'transit_ms_p99', 1)} ms in one of a hundred`);
  }
  return found;
}

/** Everybody is in class, the server is killed and started again. */
async function crash() {
  let crashed_s;
  let limit;
  const during = async (server, began) => {
    const wanted = 0.99 * people('crash') * SIZE;
    await until(async () => (await get(server, '/status.json')).people >= wanted);
    // The heartbeat that says how to come back goes out every 20 s.
    await after(22_000);
    limit = (await get(server, '/api/ops', { authorization: `Bearer ${OPERATOR}` })).accepts_per_s_max;
    crashed_s = (Date.now() - began) / 1_000;
    await server.crash();
    await server.restart();
  };
  // The tester counts from when its classes are made: the crash is found where connections were lost.
  const report = await play('crash', { flags: ['--gate-people-max', '60000', '--gate-connections-max', '60000'], during });
  const lost = report.seconds.findIndex((second, at) => at > 0 && second.seated < 0.5 * report.seconds[at - 1].seated);
  const peak = Math.max(0, ...report.seconds.slice(Math.max(lost, 0)).map((second) => second.welcomes_per_s));
  console.log(`crash: after ${crashed_s?.toFixed(0)} s, ${report.not_back} not back, at most ${peak.toFixed(0)} accepted a second where ${limit} are allowed`);
  return {
    crash_reseated_s_p95: Number((report.returns_ms.p95 / 1_000).toFixed(2)),
    crash_accept_peak_ratio: limit ? Number((peak / limit).toFixed(2)) : undefined,
  };
}

/** Plays one scenario against a fresh server. `apart`: each on a core of its own. `open`: its operator has opened the gate. */
async function play(name, { flags, words = [], during, apart = false, open = false }) {
  const server = await Server.start({ profile, flags: ['--udp-bind', '127.0.0.1', '--config', config, ...flags], env: environment });
  try {
    if (open) await openWide(server);
    if (apart) execFileSync('taskset', ['-a', '-c', '-p', '0', String(server.pid)], { stdio: 'ignore' });
    const portal = ['--portal-key', join(folder, 'key'), '--portal-issuer', ISSUER, '--portal-audience', 'preau'];
    const line = ['run', file(name), '--link', server.welcome, '--pid', String(server.pid), '--json', ...portal, ...sized(name), ...words];
    const [command, before] = apart ? ['taskset', ['-c', '1', loadtest]] : [loadtest, []];
    const began = Date.now();
    const child = spawn(command, [...before, ...line], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (bytes) => (out += bytes));
    const ended = new Promise((resolve) => child.on('exit', resolve));
    if (during) await Promise.race([during(server, began), ended.then((code) => Promise.reject(new Error(`${name} ended with ${code} too early`)))]);
    const code = await ended;
    if (out === '') throw new Error(`${name}: the tester ended with ${code}`);
    mkdirSync(join(target, 'rehearsals'), { recursive: true });
    writeFileSync(join(target, 'rehearsals', `${name}.json`), out);
    const report = JSON.parse(out);
    tell(name, report);
    return report;
  } finally {
    await server.stop();
  }
}

function file(name) {
  return join(here, 'scenarios', `${name}.toml`);
}

function number(name, key) {
  return Number(new RegExp(`^${key} = (\\d+)`, 'm').exec(readFileSync(file(name), 'utf8'))[1]);
}

function people(name) {
  return number(name, 'count') * number(name, 'students');
}

/** Fewer classes where the size, or the descriptors of one process, do not allow all. Whoever stands in a line has no socket. */
function sized(name) {
  const all = number(name, 'count');
  const fit = name === 'queue' || name === 'rush' ? all : Math.floor((descriptors - DESCRIPTORS_OWN) / number(name, 'students'));
  const count = Math.max(1, Math.min(Math.round(all * SIZE), fit));
  if (count < all) console.log(`${name}: ${count} of ${all} classes (SIZE ${SIZE}, ${descriptors} descriptors)`);
  return ['--set', `classes.count=${count}`];
}

/**
 * CPU of one way from the connection to the lobby, in µs. What it takes to keep those who are there already (beats, pings) is
 * known from the seconds after the last came, and is taken off.
 */
function helloOf({ seconds, people }) {
  const all = seconds.filter((second) => second.waiting + second.seated >= 0.999 * people).slice(2);
  const keeping = all.reduce((sum, second) => sum + second.server_cores, 0) / Math.max(all.length, 1) / people;
  let [used, welcomed] = [0, 0];
  for (const [n, second] of seconds.slice(1).entries()) {
    const lasted = second.at_s - seconds[n].at_s;
    if (second.welcomes_per_s === 0) continue;
    used += (second.server_cores - keeping * (second.waiting + second.seated)) * lasted;
    welcomed += second.welcomes_per_s * lasted;
  }
  return welcomed > 0 ? (used * 1e6) / welcomed : undefined;
}

function value(report, name, digits) {
  const figure = report.figures[name]?.value;
  return figure === undefined || digits === undefined ? figure : Number(figure.toFixed(digits));
}

/** Of a line through points, by least squares. */
function slope(points) {
  const mean = (pick) => points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const [x, y] = [mean(([at]) => at), mean(([, of]) => of)];
  const across = mean(([at, of]) => (at - x) * (of - y));
  const along = mean(([at]) => (at - x) ** 2);
  return along === 0 ? 0 : across / along;
}

function tell(name, report) {
  const said = [`${name}: ${report.people} people`, `came ${report.seconds.at(-1)?.came}`, `ended ${JSON.stringify(report.ended)}`];
  for (const limit of report.honesty.limits) said.push(`THE TESTER WAS THE LIMIT: ${limit}`);
  if (report.failures.length > 0) said.push(`went wrong ${report.failures_in_all} times: ${report.failures[0]}`);
  console.log(said.join(' · '));
}

async function get(server, path, headers = {}) {
  const response = await fetch(server.origin + path, { headers });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

async function until(test) {
  while (!(await test().catch(() => false))) await after(500);
}
