// Where a place stands in its line, and how long that may take: computed from the document that everybody reads.

import { WAIT_S_MAX, type Line, type Pace, type Place, type Wait } from '../protocol/types';

/** Draws are whole numbers of 32 bits. */
const DRAWS = 2 ** 32;
const MINUTE_MS = 60_000;

/** Below 0 when `a` is sooner than `b`, in seconds and parts of one. */
export function compare(a: Place, b: Place): number {
  return a.since - b.since + (a.draw - b.draw) / DRAWS;
}

/** May somebody with this place come in now? */
export function isServed(place: Place, line: Line): boolean {
  return line.served !== undefined && compare(place, line.served) <= 0;
}

/** How many stand before this place. Between two marks it is in proportion; beyond the last, everybody else who waits. */
export function ahead(place: Place, { marks, waiting }: Line): number {
  const next = marks.findIndex((mark) => compare(place, mark.place) <= 0);
  const [below, above] = [marks[next - 1], marks[next]];
  if (above === undefined) return Math.max(0, waiting - 1);
  // Nobody knows how the ones before the first mark lie; they are no more than it says.
  if (below === undefined) return above.before;
  const part = compare(place, below.place) / compare(above.place, below.place);
  return Math.round(below.before + part * (above.before - below.before));
}

/** From when until when one's turn may come, in ms from now. `to` is infinite when the slowest minute let nobody in. */
export interface Span {
  from: number;
  to: number;
}

export function span(before: number, { slowest, fastest }: Pace): Span {
  return { from: minutesMs(before, fastest), to: minutesMs(before + 1, slowest) };
}

/** What the server says itself. Beyond what it tells, nothing is known. */
export function spanOf({ from_s: fromS, to_s: toS }: Wait): Span {
  return { from: secondsMs(fromS), to: secondsMs(toS) };
}

function secondsMs(seconds: number): number {
  return seconds < WAIT_S_MAX ? seconds * 1_000 : Infinity;
}

function minutesMs(people: number, perMinute: number): number {
  if (people === 0) return 0;
  return perMinute === 0 ? Infinity : (people / perMinute) * MINUTE_MS;
}
