// Waits in the line for one person: looks at its document now and then, and says when to knock. Nobody holds a socket here.

import type { LineRead } from '../protocol/line';
import type { Clock } from '../protocol/socket';
import type { Turned, UnixMs } from '../protocol/types';
import { looked, turned, UNWATCHED, type Queue, type Watched } from './queue';

/** Until a document has said how often to look. */
const AGAIN_MS_DEFAULT = 5_000;
/** A document that asks to be read faster than this, or slower, is not taken at its word. */
const AGAIN_MS_MIN = 1_000;
const AGAIN_MS_MAX = 60_000;
/** Looks that fail are repeated more and more rarely, up to this many times the interval. */
const SLOWER_MAX = 6;
/** Whoever has no place knocks within this time after something has opened: many wait for the same moment. */
export const OUTSIDE_WITHIN_MS = 60_000;
/** Nobody tries a server that can't decide more often than this. */
const RETRY_MS_MIN = 1_000;

export interface Around {
  readLine(): Promise<LineRead>;
  clock: Clock;
  /** Milliseconds since 1970. */
  now(): UnixMs;
  /** In [0, 1). */
  random(): number;
}

export interface Watcher {
  changed(queue: Queue): void;
  /** Say hello once more, with the ticket. */
  knock(): void;
}

export class LineWatch {
  private watched: Watched = UNWATCHED;
  private againMs = AGAIN_MS_DEFAULT;
  private cancelTimer: () => void = () => undefined;
  /** Counts up when what is under way is no longer wanted. */
  private errand = 0;
  private isLooking = false;
  private readonly around: Around;
  private readonly watcher: Watcher;

  constructor(around: Around, watcher: Watcher) {
    this.around = around;
    this.watcher = watcher;
  }

  /** A hello was answered by this: waits from here on. */
  turned(word: Turned): void {
    this.become(turned(this.watched, word, this.around.now()));
    const retryMs = retryMsOf(word);
    if (retryMs === null) return this.lookAgain();
    const after = Math.max(RETRY_MS_MIN, retryMs);
    this.knockAfter(after + this.around.random() * after);
  }

  /** There is a network again: what failed is tried at once. */
  hurry(): void {
    if (this.isLooking) void this.look();
  }

  /** Through the gate, or gone elsewhere: nothing is looked at any more, and the place is forgotten. */
  stop(): void {
    this.pause();
    this.watched = UNWATCHED;
  }

  private async look(): Promise<void> {
    this.pause();
    const errand = this.errand;
    this.isLooking = true;
    const read = await this.around.readLine();
    if (errand !== this.errand) return;
    if (typeof read !== 'string') this.againMs = Math.min(AGAIN_MS_MAX, Math.max(AGAIN_MS_MIN, read.again_in_ms));
    const [watched, wish] = looked(this.watched, read, this.around.now());
    this.become(watched);
    switch (wish) {
      case 'look':
        return this.lookAgain();
      case 'knock':
        return this.knockAfter(0);
      case 'knock_within':
        return this.knockAfter(this.around.random() * (watched.queue.spot === null ? OUTSIDE_WITHIN_MS : this.againMs));
    }
  }

  /** After the interval, give or take a third: those who came together do not ask together. */
  private lookAgain(): void {
    this.pause();
    this.isLooking = true;
    const slower = Math.min(SLOWER_MAX, Math.max(1, this.watched.misses));
    const ms = this.againMs * slower * (2 / 3 + (this.around.random() * 2) / 3);
    this.cancelTimer = this.around.clock.after(ms, () => void this.look());
  }

  private knockAfter(ms: number): void {
    this.pause();
    this.cancelTimer = this.around.clock.after(ms, () => this.watcher.knock());
  }

  private pause(): void {
    this.cancelTimer();
    this.errand += 1;
    this.isLooking = false;
  }

  private become(watched: Watched): void {
    const { queue } = this.watched;
    this.watched = watched;
    if (watched.queue !== queue) this.watcher.changed(watched.queue);
  }
}

/** When to knock again, for somebody who was given no place in a line. */
function retryMsOf(word: Turned): number | null {
  if ('unavailable' in word) return word.unavailable.retry_after_ms;
  if ('school_full' in word) return word.school_full.retry_after_ms;
  return null;
}
