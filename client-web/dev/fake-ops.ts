// What an operator would see of a server at eight o'clock, for the development server; acts change it.

import type { Operations, OperatorAct } from '../src/protocol/types.ts';
import { uuid } from './fake-people.ts';

export const OPERATOR_KEY = 'good';

const at = (since: number) => ({ since, draw: 0 });

export function fakeOperations(): Operations {
  const now = Date.now();
  const pace = { slowest: 84, fastest: 132 };
  return {
    status: {
      at: now,
      state: 'queueing',
      classes: 148,
      people: 4_012,
      queued: 1_268,
      wait: { from_s: 540, to_s: 900 },
      reduction: 'student_cameras_off',
      incidents: [{ at: now - 1_200_000, text: 'Beaucoup de monde ce matin : l’entrée prend une dizaine de minutes.' }],
    },
    line: {
      life: 'a',
      at: now,
      again_in_ms: 3_000,
      opened: [],
      lines: [
        { priority: 'students', waiting: 1_240, served: at(1), marks: [], per_minute: pace, closed: false },
        { priority: 'out_of_hour', waiting: 28, marks: [], per_minute: { slowest: 0, fastest: 3 }, closed: true },
        { priority: 'observers', waiting: 0, marks: [], per_minute: { slowest: 0, fastest: 0 }, closed: true, closed_until: now + 7_200_000 },
      ],
    },
    used: { connections: 4_208, people: 4_012, packets_per_s: 61_200, egress_kbps: 412_000, memory_mb: 612, cpu_permille: 847 },
    limits: { connections: 16_000, people: 8_000, packets_per_s: 120_000, egress_kbps: 900_000, memory_mb: 3_000, cpu_permille: 1_000 },
    configured: { connections: 16_000, people: 12_000, packets_per_s: 120_000, egress_kbps: 900_000, memory_mb: 3_000, cpu_permille: 1_000 },
    by_hand: [{ priority: 'out_of_hour', closed: true }],
    kept: true,
    let_in_until_permille: 800,
    scarce: 'cpu',
    reserved: 392,
    accepts_per_s_max: 400,
    accepts_per_s: 38,
    let_in: 5_210,
    queued: 2_904,
    turned_away: 61,
    attacks: [
      { kind: 'bad_token', total: 1_204, lately: 12 },
      { kind: 'flood', total: 88_120, lately: 4_010 },
      { kind: 'datagrams', total: 15_002, lately: 0 },
      { kind: 'silent', total: 0, lately: 0 },
    ],
    classes: Array.from({ length: 24 }, (_, n) => ({ class: uuid(), teachers: 1, students: 31 - n, queued: n % 3, reserved: n % 5 })),
    draining: false,
    shards_silent: 0,
  };
}

export function operate(now: Operations, act: OperatorAct): Operations {
  if ('limits' in act) return { ...now, limits: act.limits.limits };
  if ('drain' in act) {
    return { ...now, draining: act.drain.on, status: { ...now.status, state: act.drain.on ? 'draining' : 'queueing' } };
  }
  if ('unsay' in act) {
    const incidents = now.status.incidents.filter(({ at }) => at !== act.unsay.at);
    return { ...now, status: { ...now.status, incidents } };
  }
  if ('say' in act) {
    const incidents = [{ at: Date.now(), text: act.say.text }, ...now.status.incidents];
    return { ...now, status: { ...now.status, incidents } };
  }
  const { priority, closed } = act.close;
  const lines = now.line.lines.map((line) => (line.priority === priority ? { ...line, closed } : line));
  return { ...now, line: { ...now.line, lines } };
}
