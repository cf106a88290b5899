import { describe, expect, it } from 'vitest';

import type { LineRead } from '../protocol/line';
import { FakeClock } from '../protocol/fake-wire';
import type { LineDocument, Place, Turned } from '../protocol/types';
import { LineWatch, OUTSIDE_WITHIN_MS } from './line-watch';
import type { Queue } from './queue';

const T0 = 1_617_688_800_000;
const PLACE: Place = { since: 100, draw: 5 };
const QUEUED: Turned = {
  queued: { ticket: 't', priority: 'students', place: PLACE, class_sign: 77, before: 50, wait: { from_s: 60, to_s: 120 } },
};

function document(served?: Place): LineDocument {
  const marks = [{ place: PLACE, before: 50 }];
  const line = { priority: 'students' as const, waiting: 80, marks, per_minute: { slowest: 20, fastest: 40 }, closed: false };
  return { life: 'a', at: T0, again_in_ms: 3_000, lines: [served ? { ...line, served } : line], opened: [] };
}

class World {
  readonly clock = new FakeClock();
  dice = 0.5;
  answer: LineRead = document();
  readonly looks: number[] = [];
  readonly knocks: number[] = [];
  queue: Queue | null = null;
  readonly watch = new LineWatch(
    {
      readLine: () => {
        this.looks.push(this.clock.nowMs);
        return Promise.resolve(this.answer);
      },
      clock: this.clock,
      now: () => T0 + this.clock.nowMs,
      random: () => this.dice,
    },
    {
      changed: (queue) => (this.queue = queue),
      knock: () => this.knocks.push(this.clock.nowMs),
    },
  );

  /** Time goes by, a little at a time, so that answers come between. */
  async pass(ms: number): Promise<void> {
    for (let gone = 0; gone < ms; gone += 100) {
      this.clock.pass(100);
      await Promise.resolve();
      await Promise.resolve();
    }
  }
}

describe('the watch of the line', () => {
  it.each([
    [0, 2_000],
    [0.5, 3_000],
    [0.999, 4_000],
  ])('looks at the interval that is asked for, give or take a third (dice %f)', async (dice, every) => {
    const world = new World();
    world.dice = dice;
    world.watch.turned(QUEUED);
    await world.pass(30_000);
    const gaps = world.looks.slice(1).map((at, index) => at - (world.looks[index] ?? 0));
    expect(gaps.length).toBeGreaterThanOrEqual(5);
    for (const gap of gaps) expect(Math.abs(gap - every)).toBeLessThanOrEqual(100);
    expect(world.knocks).toEqual([]);
  });

  it('knocks by itself, once, as soon as it is their turn, and then leaves the line alone', async () => {
    const world = new World();
    world.watch.turned(QUEUED);
    await world.pass(10_000);
    world.answer = document(PLACE);
    await world.pass(60_000);
    expect(world.knocks).toHaveLength(1);
    expect(world.queue?.entering).toBe(true);
    const looks = world.looks.length;
    await world.pass(60_000);
    expect(world.looks).toHaveLength(looks);
  });

  it('knocks within the interval when the line has a new life, at a moment of its own', async () => {
    const when = async (dice: number): Promise<number> => {
      const world = new World();
      world.dice = dice;
      world.watch.turned(QUEUED);
      await world.pass(10_000);
      world.answer = { ...document(), life: 'b' };
      await world.pass(20_000);
      expect(world.knocks).toHaveLength(1);
      return (world.knocks[0] ?? 0) - (world.looks.at(-1) ?? 0);
    };
    expect(await when(0)).toBeLessThanOrEqual(100);
    expect(await when(0.5)).toBeCloseTo(1_500, -2);
    expect(await when(0.999)).toBeLessThanOrEqual(3_000);
  });

  it('asks more rarely while nothing comes, and at once when there is a network again', async () => {
    const world = new World();
    world.answer = 'offline';
    world.watch.turned(QUEUED);
    await world.pass(120_000);
    const gaps = world.looks.slice(1).map((at, index) => at - (world.looks[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30_100);
    expect(gaps.at(-1)).toBeGreaterThan(gaps[0] ?? Infinity);
    expect(world.queue?.trouble).toBe('offline');
    const looks = world.looks.length;
    world.answer = document();
    world.watch.hurry();
    expect(world.looks).toHaveLength(looks + 1);
    await world.pass(100);
    expect(world.queue?.trouble).toBeNull();
  });

  it('tries again after the time that the server names, up to twice as much', async () => {
    for (const [dice, expected] of [[0, 5_000], [0.999, 10_000]] as const) {
      const world = new World();
      world.dice = dice;
      world.watch.turned({ unavailable: { retry_after_ms: 5_000 } });
      await world.pass(20_000);
      expect(world.knocks).toHaveLength(1);
      expect(Math.abs((world.knocks[0] ?? 0) - expected)).toBeLessThanOrEqual(100);
      expect(world.looks).toEqual([]);
    }
  });

  it('waits outside until something opens, then knocks at a moment within a minute', async () => {
    const world = new World();
    const closed = document();
    world.answer = { ...closed, lines: closed.lines.map((line) => ({ ...line, closed: true })) };
    world.watch.turned({ closed: {} });
    await world.pass(120_000);
    expect(world.knocks).toEqual([]);
    world.answer = document();
    await world.pass(10_000 + OUTSIDE_WITHIN_MS);
    expect(world.knocks).toHaveLength(1);
  });

  it('forgets an answer that comes after it was stopped', async () => {
    const world = new World();
    world.watch.turned(QUEUED);
    world.clock.pass(5_000);
    expect(world.looks).toHaveLength(1);
    world.watch.stop();
    const { queue } = world;
    await world.pass(60_000);
    expect([world.queue, world.looks.length]).toEqual([queue, 1]);
  });
});
