// What of the line is worth saying aloud: changes, and how far one has come now and then; not every look at it.

import type { UnixMs } from '../protocol/types';
import type { Queue, Trouble } from './queue';

/** One's place is said again after this long, if it is a better one. */
const SAY_EVERY_MS = 60_000;

export type News = 'placed' | 'nearer' | 'turn' | 'rose' | 'closed' | 'reopened' | 'back' | Trouble;

/** What was said last. */
export interface Told {
  queue: Queue | null;
  /** How many came first, when that was said, and when it was. */
  ahead: number;
  at: UnixMs;
  /** When it was said that it is one's turn. */
  turnAt: UnixMs;
}

export const UNTOLD: Told = { queue: null, ahead: Infinity, at: 0, turnAt: -Infinity };

/** What to say of this word, if anything. */
export function newsOf(told: Told, queue: Queue, now: UnixMs): [Told, News | null] {
  const news = newsBetween(told, queue, now);
  if (news === null || queue.spot === null) return [{ ...told, queue }, news];
  return [{ queue, ahead: queue.spot.ahead, at: now, turnAt: news === 'turn' ? now : told.turnAt }, news];
}

function newsBetween({ queue: was, ahead, at, turnAt }: Told, is: Queue, now: UnixMs): News | null {
  // A door that has to be tried several times rings once.
  if (is.entering) return was?.entering === true || now < turnAt + SAY_EVERY_MS ? null : 'turn';
  if ((is.closed === null) !== ((was?.closed ?? null) === null)) return is.closed === null ? 'reopened' : 'closed';
  if (is.trouble !== (was?.trouble ?? null)) return is.trouble ?? 'back';
  if (is.rose !== null && is.rose !== was?.rose) return 'rose';
  if (is.spot === null || is.closed !== null) return null;
  if ((was?.spot ?? null) === null) return 'placed';
  const isNearer = is.spot.ahead <= ahead / 2 || (is.spot.ahead < ahead && at + SAY_EVERY_MS <= now);
  return isNearer && is.spot.ahead < ahead ? 'nearer' : null;
}
