// What the relay costs, beside relays on other people's stacks: the same light peers, the same minute, the same machine.
//
// Every server is pinned to core 0 and every client to core 1, except for the lecture, whose server has two shards and
// shares both cores with its clients; CPU is what the server's process says of itself. What is
// compared is measured in turns, and each figure is the median of its rounds.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { Server } from '../browser/server.mjs';
import { median } from './median.mjs';
import { OPERATOR, openWide } from './operator.mjs';
import { environment } from './unit.mjs';

const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../../target', import.meta.url));
const loadtest = process.env.PREAU_LOADTEST ?? join(target, 'release/preau-loadtest');
const peers = join(target, 'peers/release');
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const FLAGS = ['--udp-bind', '127.0.0.1', '--operator-token', OPERATOR, '--gate-accepts-per-s-max', '100000', '--shards'];

const cameras = ['--people', '200', '--packets-per-s', '300'];
/** The smallest picture that is still one: so many people are there for their memory, not for the packets. */
const seated = ['--people', '450', '--packets-per-s', '30', '--speakers', '3', '--steady-s', '4', '--idle-s', '21'];
/** One class over two shards, at a rate of which the clients leave the server enough. */
const lecture = ['--people', '2000', '--packets-per-s', '15', '--even', '--steady-s', '6'];
/** As many people in small classes and in large ones: the server has the same to do, and only what belongs to a class's size differs. */
const alike = ['--people', '1000', '--packets-per-s', '150', '--even', '--steady-s', '6'];
/** A school of classes of thirty. */
const school = ['--people', '900', '--class-of', '30', '--steady-s', '6'];

/** What is measured: of which relay, with which words, in how many rounds. */
const runs = [
  ['video_200', 'ours', [...cameras, '--saturate'], ROUNDS],
  ['str0m', 'on-str0m', [...cameras, '--saturate'], ROUNDS],
  ['feedback', 'ours', [...cameras, '--feedback', '--loss-per-mille', '10'], ROUNDS],
  ['audio_30', 'ours', [...school, '--packets-per-s', '0', '--speakers', '3'], ROUNDS],
  ['video_30', 'ours', [...school, '--packets-per-s', '150'], ROUNDS],
  ['webrtc', 'on-webrtc', [...cameras, '--saturate'], 1],
  // It does not bear the cameras' rate: what it costs at a tenth is what it costs.
  ['sfu', 'on-sfu', ['--people', '200', '--packets-per-s', '30', '--saturate'], 1],
  ['seated', 'ours', seated, 1],
  ['spread_50', 'ours', [...alike, '--class-of', '50'], 2],
  ['spread_200', 'ours', [...alike, '--class-of', '200'], 2],
  ['spread_1000', 'ours', [...alike, '--class-of', '1000'], 2],
  ['allocations', 'ours', [...cameras, '--steady-s', '6'], 1],
  ['lecture', 'ours', lecture, 1],
  ['allocations_calm', 'ours', ['--people', '200', '--packets-per-s', '30', '--steady-s', '6'], 1],
];

const only = process.env.ONLY?.split(',');
const found = {};
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, relay, words, rounds] of runs) {
    if (round >= rounds || (only && !only.includes(name))) continue;
    try {
      const findings = await measure(name, relay, words);
      (found[name] ??= []).push(findings);
      tell(name, findings);
    } catch (error) {
      // What another relay does not bear is told, and has no figure; ours has no excuse.
      if (relay === 'ours') throw error;
      console.log(`${name}: NOT MEASURED: ${error.message}`);
    }
  }
}
console.log(JSON.stringify(figures()));

function figures() {
  const of = (name, pick, digits = 2) => {
    const values = (found[name] ?? []).filter(isWhole).map(pick).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : Number(median(values).toFixed(digits));
  };
  const cost = (name) => of(name, (one) => one.steady.forward_us, 3);
  const spread = ['spread_50', 'spread_200', 'spread_1000'].map(cost).filter((value) => value !== undefined);
  const pairs = (found.str0m ?? []).map((theirs, n) => [theirs, found.video_200?.[n]]);
  const ratios = pairs.filter((pair) => pair.every((one) => one && isWhole(one))).map(([theirs, own]) => theirs.steady.forward_us / own.steady.forward_us);
  const peersOf = Object.fromEntries(
    ['webrtc', 'str0m', 'sfu'].flatMap((peer) => Object.entries(measured(peer, of)).map(([key, value]) => [`peer_${peer}_${key}`, value])),
  );
  return {
    ...measured('video_200', of),
    forward_ratio_str0m: ratios.length === 0 ? undefined : Number(median(ratios).toFixed(2)),
    forward_us_video_200_feedback: of('feedback', (one) => one.steady.forward_us),
    forward_us_video_30: of('video_30', (one) => one.steady.forward_us),
    forward_us_audio_30: of('audio_30', (one) => one.steady.forward_us),
    forward_spread: spread.length < 2 ? undefined : Number((Math.max(...spread) / Math.min(...spread)).toFixed(2)),
    entry_cpu_ms: of('video_200', (one) => one.entry_cpu_ms),
    seat_kb: of('seated', (one) => one.seat_kb, 1),
    idle_seat_us_per_s: of('seated', (one) => one.idle_seat_us_per_s, 1),
    lecture_listeners: of('lecture', (one) => one.people, 0),
    lecture_delivered: of('lecture', (one) => one.steady.delivered, 4),
    forward_allocs: allocationsOfOne(),
    ...peersOf,
  };
}

/**
 * What one more packet allocates: ten times the packets in the same time, on the same seats, so that what seats cost
 * whether anything is forwarded or not (checks of consent, reports, signs of life) is not counted as the packets'.
 */
function allocationsOfOne() {
  const [many, few] = ['allocations', 'allocations_calm'].map((name) => found[name]?.[0]?.steady);
  if (!many || !few) return undefined;
  const each_s = ({ allocations, packets_per_s }) => allocations * packets_per_s;
  return Number(Math.max(0, (each_s(many) - each_s(few)) / (many.packets_per_s - few.packets_per_s)).toFixed(4));
}

/** A round in which a twentieth of the packets did not come says nothing of what one costs: it is told, and not counted. */
function isWhole({ steady }) {
  return steady === undefined || steady.delivered >= 0.95;
}

/** What is measured alike of every relay. */
function measured(name, of) {
  return {
    forward_us_video_200: of(name, (one) => one.steady.forward_us),
    forward_user_us: of(name, (one) => one.steady.forward_user_us),
    forwards_per_s_core: of(name, (one) => one.most?.forwards_per_s, 0),
    join_cpu_ms: of(name, (one) => one.join_cpu_ms),
    connect_ms: of(name, (one) => one.connect_ms, 1),
    seat_kb: of(name, (one) => one.seat_kb, 1),
  };
}

async function measure(name, relay, words) {
  const counted = name.startsWith('allocations') ? countedBy() : undefined;
  const shards = name === 'lecture' ? 2 : 1;
  const server = relay === 'ours' ? await ours(shards, counted) : await theirs(relay);
  const [core, clients] = shards === 1 ? ['0', '1'] : ['0,1', '0,1'];
  execFileSync('taskset', ['-a', '-c', '-p', core, String(server.pid)], { stdio: 'ignore' });
  try {
    const more = counted ? ['--allocations', counted.file] : [];
    const line = ['-c', clients, loadtest, 'relay', '--link', server.link, '--pid', String(server.pid), ...words, ...more];
    const said = await new Promise((resolve, reject) => {
      const child = spawn('taskset', line, { stdio: ['ignore', 'pipe', 'inherit'] });
      let out = '';
      child.stdout.on('data', (bytes) => (out += bytes));
      child.on('exit', (code) => (out === '' ? reject(new Error(`${name}: the clients ended with ${code}`)) : resolve(out)));
    });
    return JSON.parse(said);
  } finally {
    await server.stop();
  }
}

async function ours(shards, counted) {
  const server = await Server.start({ profile: 'release', flags: [...FLAGS, String(shards)], env: { ...environment, ...counted?.env } });
  await openWide(server);
  return { pid: server.pid, link: server.welcome, stop: () => server.stop() };
}

/** The library that counts, and the file that it counts in. */
function countedBy() {
  const library = join(peers, 'liballocations.so');
  if (!existsSync(library)) throw new Error(`${library} is not there: make bench builds it`);
  const file = join(target, 'allocations.count');
  writeFileSync(file, Buffer.alloc(8));
  return { file, env: { LD_PRELOAD: library, ALLOCATIONS: file } };
}

async function theirs(name) {
  const child = spawn(join(peers, name), [], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ready = await new Promise((resolve, reject) => {
    child.once('error', reject);
    createInterface({ input: child.stdout }).on('line', (line) => resolve(JSON.parse(line).ready));
  });
  return { pid: child.pid, link: ready.url, stop: () => child.kill('SIGKILL') };
}

function tell(name, { people, join_cpu_ms, connect_ms, steady, most, seat_kb, idle_seat_us_per_s, failures }) {
  const parts = [`${name}: ${people} people, ${join_cpu_ms.toFixed(2)} ms a join, connected in ${connect_ms} ms`];
  if (idle_seat_us_per_s !== undefined) parts.push(`${idle_seat_us_per_s.toFixed(1)} µs/s idle`);
  if (steady) {
    const { forward_us, forward_user_us, packets_per_s, delivered, relay_busy, clients_busy, unopened, allocations } = steady;
    parts.push(`${forward_us.toFixed(2)} µs a packet (${forward_user_us.toFixed(2)} user) at ${Math.round(packets_per_s)}/s`);
    parts.push(`${(delivered * 100).toFixed(2)} % delivered, relay ${percent(relay_busy)}, clients ${percent(clients_busy)}`);
    if (unopened > 0) parts.push(`${unopened} DID NOT OPEN`);
    if (allocations !== undefined) parts.push(`${allocations.toFixed(4)} allocations a packet`);
  }
  if (seat_kb !== undefined) parts.push(`${seat_kb.toFixed(1)} kB a seat`);
  if (most) parts.push(`at most ${Math.round(most.forwards_per_s)}/s${most.clients_were_the_limit ? ' (the clients were the limit)' : ''}`);
  if (!isWhole({ steady })) parts.push('NOT COUNTED: too little was delivered');
  console.log([...parts, ...failures.slice(0, 3)].join(' · '));
}

function percent(share) {
  return `${Math.round(share * 100)} %`;
}
