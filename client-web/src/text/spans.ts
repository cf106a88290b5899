// How long something may take, as people say it: « dans 3 à 5 minutes », "in 1 to 2 hours".

import type { Words } from './text';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Beyond this, minutes promise more than is known. */
const MINUTES_MAX = 90;
/** Beyond this, only every fifth minute is said. */
const EXACT_MINUTES_MAX = 10;

/** A range in ms from now, rounded outwards; `null` when nothing is known of its end or its beginning. */
export function saySpan(fromMs: number, toMs: number, { span }: Pick<Words, 'span'>): string | null {
  const from = Math.max(0, fromMs);
  const to = Math.max(from, toMs);
  if (!Number.isFinite(to)) {
    const least = Number.isFinite(from) ? down(from / MINUTE_MS) : 0;
    return least < 1 ? null : span.atLeast(least);
  }
  if (to > MINUTES_MAX * MINUTE_MS) return between(Math.floor(from / HOUR_MS), Math.ceil(to / HOUR_MS), span.hours);
  if (to <= MINUTE_MS) return span.underMinute;
  const late = to / MINUTE_MS > EXACT_MINUTES_MAX ? Math.ceil(to / MINUTE_MS / 5) * 5 : Math.ceil(to / MINUTE_MS);
  return between(down(from / MINUTE_MS), late, span.minutes);
}

function down(minutes: number): number {
  return minutes > EXACT_MINUTES_MAX ? Math.floor(minutes / 5) * 5 : Math.floor(minutes);
}

function between(from: number, to: number, unit: Words['span']['minutes']): string {
  if (from < 1) return unit.within(to);
  return from === to ? unit.about(to) : unit.between(from, to);
}
