import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { Answer } from './http';
import { keepAsking } from './keep-asking';

const busy: Answer<string> = { ok: false, fault: { code: 'unavailable' } };
const here: Answer<string> = { ok: true, value: 'here' };

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.999);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Answers in turn, the last one again and again; and when each was asked for. */
function asking(...answers: Answer<string>[]) {
  const began = Date.now();
  const at: number[] = [];
  const told: Answer<string>[] = [];
  const ask = () => {
    at.push(Date.now() - began);
    return Promise.resolve(answers[Math.min(at.length, answers.length) - 1] ?? busy);
  };
  const stop = keepAsking(ask, (answer) => told.push(answer));
  return { at, told, stop };
}

test('a busy server is asked again, more and more rarely, until it answers', async () => {
  const { at, told } = asking(busy, busy, busy, busy, here);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(told).toEqual([busy, busy, busy, busy, here]);
  expect(at).toEqual([0, 999, 1_498, 2_497, 4_495]);
});

test('what a server says of when to come again is kept to, at moments of one’s own', async () => {
  const { at } = asking({ ok: false, fault: { code: 'unavailable', retryAfterMs: 8_000 } }, here);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(at).toEqual([0, 15_992]);
});

test('a refusal is an answer', async () => {
  const refused: Answer<string> = { ok: false, fault: { code: 'not_allowed' } };
  const { told } = asking(refused);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toEqual([refused]);
});

test('with a network again nobody waits out the pause, and whoever has left hears nothing', async () => {
  const { at, told, stop } = asking({ ok: false, fault: { code: 'offline' } });
  await vi.advanceTimersByTimeAsync(200);
  dispatchEvent(new Event('online'));
  expect(at).toEqual([0, 200]);
  stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toHaveLength(1);
});
