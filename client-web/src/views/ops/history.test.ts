import { expect, test } from 'vitest';

import type { Amounts, Operations } from '../../protocol/types';
import { HISTORY_MS, points, withSample, type Sample } from './history';

const NONE: Amounts = { connections: 0, people: 0, packets_per_s: 0, egress_kbps: 0, memory_mb: 0, cpu_permille: 0 };

function seen(at: number, people: number, used: Partial<Amounts> = {}): Operations {
  return {
    status: { at, people, queued: 3 },
    used: { ...NONE, ...used },
    limits: { ...NONE, connections: 100, cpu_permille: 500 },
  } as unknown as Operations;
}

test('each moment is kept once, for ten minutes, with the load of what is scarcest', () => {
  let history = withSample([], seen(1_000, 5, { connections: 50, cpu_permille: 100 }));
  expect(history).toEqual([{ at: 1_000, people: 5, queued: 3, load: 0.5 }]);
  history = withSample(history, seen(1_000, 6));
  expect(history.map(({ people }) => people)).toEqual([6]);
  history = withSample(history, seen(1_000 + HISTORY_MS, 7));
  expect(history.map(({ people }) => people)).toEqual([7]);
});

test('a line fills its box, whatever its numbers', () => {
  const sample = (at: number, people: number): Sample => ({ at, people, queued: 0, load: 0 });
  expect(points([sample(0, 0), sample(50, 5), sample(100, 10)], (one) => one.people, 100, 20)).toBe('0,20 50,10 100,0');
  expect(points([sample(7, 0)], (one) => one.people, 100, 20)).toBe('100,20');
  expect(points([], (one) => one.people, 100, 20)).toBe('');
});
