// Somebody before the gate: where they stand and what they are told, changed by each word of the server; pure, replayable.

import type { LineRead } from '../protocol/line';
import type { LineDocument, Place, Priority, Queued, Turned, UnixMs } from '../protocol/types';
import { ahead, isServed, span, spanOf } from './rank';

/** A place is found between marks, and may be off by half a percent of the line in either direction. */
const RANK_SLACK = 0.01;
/** A promise that is missed by less than this part of what is left was kept… */
const SPAN_SLACK = 0.25;
/** … and by less than half a minute in any case. */
const SPAN_SLACK_MS_MIN = 30_000;

/** What got worse is told in a sentence for at least so long. */
export const ROSE_MS = 60_000;
/** Others who were called as well may be in front: the door is not tried again sooner than this. */
const REFUSED_MS = 10_000;
/** A first miss is a blip, and is not told. */
const MISSES_TOLD = 2;
/** After so many answers that were no line something on the way keeps it back: the door is tried without it. */
const MISSES_MAX = 8;

/** The earliest and the latest moment; infinite where it is not known. */
export interface Promised {
  from: UnixMs;
  to: UnixMs;
}

/** A place in the line, as it is told. */
export interface Spot {
  priority: Priority;
  place: Place;
  /** What the document calls their class, once its teacher has come in. */
  sign: number;
  /** How many come first. It falls; when it has to rise, `rose` says so. */
  ahead: number;
  /** When one's turn comes, at the earliest and at the latest. It only moves nearer, unless `rose` says so. */
  turn: Promised;
}

/** What got worse, and when it did. `was` is how many came first before that. */
export type Rose = { what: 'place'; was: number; at: UnixMs } | { what: 'turn'; at: UnixMs };

/** Why nothing is heard at the moment. */
export type Trouble = 'offline' | 'unreadable' | 'unavailable' | 'school_full';

export interface Queue {
  /** Absent for somebody who was turned away without a place. */
  spot: Spot | null;
  rose: Rose | null;
  /** This priority is kept out: until then, or (`null`) until further notice. */
  closed: { until: UnixMs | null } | null;
  trouble: Trouble | null;
  /** It is one's turn, and the door is being tried. */
  entering: boolean;
}

/** What to do next: look at the line again, knock now, or knock at some moment within the next interval. */
export type Wish = 'look' | 'knock' | 'knock_within';

export interface Watched {
  queue: Queue;
  /** The life of the line in which the place is known; `null` until a document was read. */
  life: string | null;
  /** When the last document was made: a cache may hand out an older one. */
  readAt: UnixMs;
  /** The closed priorities, so that it is seen when one opens: whoever has no place does not know their own. */
  shut: readonly Priority[] | null;
  /** How often in a row no document came. */
  misses: number;
  /** When the door was tried in vain although it was one's turn. */
  refusedAt: UnixMs | null;
}

export const NOWHERE: Queue = { spot: null, rose: null, closed: null, trouble: null, entering: false };
export const UNWATCHED: Watched = { queue: NOWHERE, life: null, readAt: 0, shut: null, misses: 0, refusedAt: null };

/** The answer to a hello: a place, or why there is none. Whoever has one keeps it through a "closed" and a "not now". */
export function turned(watched: Watched, word: Turned, now: UnixMs): Watched {
  const { queue } = watched;
  const kept: Queue = { ...queue, closed: null, trouble: null, entering: false };
  // A document of the new life follows; the old one must not send the same person to the door again.
  const refusedAt = queue.entering ? now : watched.refusedAt;
  const anew = { ...watched, life: null, shut: null, misses: 0, refusedAt };
  if ('queued' in word) return { ...anew, queue: placed(kept, word.queued, now) };
  if ('closed' in word) return { ...anew, queue: { ...kept, closed: { until: word.closed.until ?? null } } };
  return { ...anew, queue: { ...kept, trouble: 'school_full' in word ? 'school_full' : 'unavailable' } };
}

function placed(queue: Queue, { priority, place, class_sign: sign, before, wait }: Queued, now: UnixMs): Queue {
  const { from, to } = spanOf(wait);
  return told(queue, { priority, place, sign, ahead: before, turn: { from: now + from, to: now + to } }, now);
}

/** The line was asked for. */
export function looked(watched: Watched, read: LineRead, now: UnixMs): [Watched, Wish] {
  const { queue } = watched;
  if (typeof read === 'string') return missed(watched, read);
  if (read.at < watched.readAt) return [watched, 'look'];
  const rose = queue.rose !== null && queue.rose.at + ROSE_MS <= now ? null : queue.rose;
  const calm: Queue = { ...queue, trouble: null, rose };
  const next: Watched = { ...watched, queue: calm, life: read.life, readAt: read.at, shut: closedIn(read), misses: 0 };
  if (watched.life !== null && watched.life !== read.life) return [next, 'knock_within'];
  if (queue.spot === null) return [next, wishOutside(watched, read, now)];
  return inLine(next, queue.spot, read, now);
}

function missed(watched: Watched, why: 'offline' | 'unreadable'): [Watched, Wish] {
  const misses = watched.misses + 1;
  const trouble = misses < MISSES_TOLD ? watched.queue.trouble : why;
  const wish = why === 'unreadable' && misses % MISSES_MAX === 0 ? 'knock_within' : 'look';
  return [{ ...watched, misses, queue: { ...watched.queue, trouble } }, wish];
}

function inLine(watched: Watched, spot: Spot, document: LineDocument, now: UnixMs): [Watched, Wish] {
  const { queue } = watched;
  const line = document.lines.find(({ priority }) => priority === spot.priority);
  // Nobody stands there, so nobody is before this person.
  if (line === undefined) return [{ ...watched, queue: { ...queue, closed: null } }, 'knock_within'];
  const hasOpened = document.opened.includes(spot.sign);
  if (line.closed && !hasOpened) return [{ ...watched, queue: { ...queue, closed: { until: line.closed_until ?? null } } }, 'look'];
  const open: Queue = { ...queue, closed: null };
  // A teacher who is inside has kept places for the pupils, wherever they stand.
  if (hasOpened || isServed(spot.place, line)) {
    if (watched.refusedAt !== null && now < watched.refusedAt + REFUSED_MS) return [{ ...watched, queue: open }, 'look'];
    const first: Spot = { ...spot, ahead: 0, turn: { from: now, to: now } };
    return [{ ...watched, queue: { ...open, spot: first, rose: null, entering: true } }, 'knock'];
  }
  const before = ahead(spot.place, line);
  const { from, to } = span(before, line.per_minute);
  const found = { ...spot, ahead: before, turn: { from: now + from, to: now + to } };
  return [{ ...watched, queue: told(open, found, now) }, 'look'];
}

/** Whoever has no place knocks again when something opens that was closed, or when the time has come that was named. */
function wishOutside({ queue, shut }: Watched, document: LineDocument, now: UnixMs): Wish {
  if (queue.closed === null) return 'look';
  const { until } = queue.closed;
  const still = closedIn(document);
  const hasOpened = still.length === 0 || (shut?.some((priority) => !still.includes(priority)) ?? false);
  return hasOpened || (until !== null && until <= now) ? 'knock_within' : 'look';
}

function closedIn(document: LineDocument): Priority[] {
  return document.lines.filter(({ closed }) => closed).map(({ priority }) => priority);
}

/** What is found is told, but nothing gets worse without being said, and nothing is said of what is within the error. */
function told(queue: Queue, found: Spot, now: UnixMs): Queue {
  const was = queue.spot;
  if (was === null) return { ...queue, spot: found };
  const placeRose = found.ahead > was.ahead + Math.max(1, was.ahead * RANK_SLACK);
  const left = Math.max(0, was.turn.to - now);
  const turnRose = found.turn.to > was.turn.to + Math.max(SPAN_SLACK_MS_MIN, left * SPAN_SLACK);
  const spot: Spot = {
    ...found,
    ahead: placeRose ? found.ahead : Math.min(was.ahead, found.ahead),
    turn: placeRose || turnRose ? found.turn : nearer(was.turn, found.turn),
  };
  if (placeRose) return { ...queue, spot, rose: { what: 'place', was: was.ahead, at: now } };
  return { ...queue, spot, rose: turnRose ? { what: 'turn', at: now } : queue.rose };
}

function nearer(a: Promised, b: Promised): Promised {
  const to = Math.min(a.to, b.to);
  return { from: Math.min(a.from, b.from, to), to };
}
