// The last minutes of a server, as far as this page has seen them.

import type { Operations, UnixMs } from '../../protocol/types';

export const HISTORY_MS = 10 * 60_000;

export interface Sample {
  at: UnixMs;
  people: number;
  queued: number;
  /** Of the scarcest thing, how much of its limit is used: 1 is all of it. */
  load: number;
}

export function withSample(history: readonly Sample[], { status, used, limits }: Operations): readonly Sample[] {
  const { at, people, queued } = status;
  const parts = Object.entries(used).map(([name, value]) => value / Math.max(1, limits[name as keyof typeof limits]));
  const sample = { at, people, queued, load: Math.max(...parts) };
  // An act is answered with a document of the same moment as the look before it.
  const before = history.filter((one) => one.at < at && one.at > at - HISTORY_MS);
  return [...before, sample];
}

/** A line through a box of this size, the latest at the right edge: points for `<polyline>`. */
export function points(history: readonly Sample[], of: (sample: Sample) => number, width: number, height: number): string {
  const last = history.at(-1)?.at ?? 0;
  const first = history[0]?.at ?? last;
  const highest = Math.max(1, ...history.map(of));
  const spanMs = Math.max(1, last - first);
  return history
    .map((sample) => `${round(width - ((last - sample.at) / spanMs) * width)},${round(height - (of(sample) / highest) * height)}`)
    .join(' ');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
