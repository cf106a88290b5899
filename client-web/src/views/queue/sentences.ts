// The line in sentences: where one stands, how long it may take, and what is said aloud when it changes.

import type { Queue, Spot } from '../../state/queue';
import type { News } from '../../state/queue-news';
import { language, words } from '../../text/text';
import { saySpan } from '../../text/spans';
import { sayMoment } from '../../text/times';

/** A place further back is found between two marks, and is not said as if it had been counted. */
const COUNTED_MAX = 200;
const TENS_MAX = 2_000;

/** « 12e place », « vers la 1 240e place ». */
export function placeWords(ahead: number): string {
  const t = words().queue;
  return ahead < COUNTED_MAX ? t.place(ahead + 1) : t.about(rounded(ahead));
}

/** The same for the browser's tab, as short as can be. */
export function placeInTab(ahead: number): string {
  return words().queue.tab(ahead < COUNTED_MAX ? ahead + 1 : rounded(ahead));
}

function rounded(ahead: number): number {
  const step = ahead < TENS_MAX ? 10 : 100;
  return Math.round(ahead / step) * step;
}

export function turnWords({ turn }: Spot, now: number, familiar: boolean): string {
  const t = words();
  const span = saySpan(turn.from - now, turn.to - now, t);
  return span === null ? t.queue.turnUnknown(familiar) : t.queue.turn(span)(familiar);
}

export function roseWords(queue: Queue, familiar: boolean): string | null {
  const t = words().queue;
  if (queue.rose === null) return null;
  if (queue.rose.what === 'turn') return t.rose.turn(familiar);
  const { was } = queue.rose;
  return t.rose.place(was < COUNTED_MAX ? t.at(was + 1) : t.about(rounded(was)))(familiar);
}

/** Until when it is closed, and that the place is kept. */
export function closedWords(queue: Queue, now: number, familiar: boolean): string {
  const all = words();
  const t = all.queue.closed;
  const until = queue.closed?.until ?? null;
  const when = until === null ? t.open : t.until(sayMoment(until, now, language(), all));
  return queue.spot === null ? when : `${when} ${t.kept(familiar)}`;
}

/** Why there is not even a place. */
export function outsideWords({ trouble }: Queue): { title: (familiar: boolean) => string; body: (familiar: boolean) => string } {
  const t = words().queue;
  return trouble === 'school_full' ? t.schoolFull : t.unavailable;
}

export function queueNews(news: News, queue: Queue, familiar: boolean): string {
  const t = words().queue;
  const now = Date.now();
  const standing = queue.spot === null ? '' : `${placeWords(queue.spot.ahead)}. ${turnWords(queue.spot, now, familiar)}`;
  switch (news) {
    case 'placed':
      return `${t.title(familiar)}. ${standing}`;
    case 'nearer':
      return standing;
    case 'turn':
      return `${t.entering.title(familiar)}. ${t.entering.body(familiar)}`;
    case 'rose':
      return `${roseWords(queue, familiar) ?? ''} ${standing}`;
    case 'closed':
      return `${t.closed.title(familiar)}. ${closedWords(queue, now, familiar)}`;
    case 'reopened':
      return `${t.reopened} ${standing}`;
    case 'back':
      return `${t.back} ${standing}`;
    case 'offline':
    case 'unreadable':
    case 'unavailable':
    case 'school_full':
      return queue.spot === null ? outsideWords(queue).body(familiar) : t.trouble[news](familiar);
  }
}
