// How a conversation ends: the WebSocket close codes of protocol/src/close.rs, and what the client makes of each.

import { CLOSE_WORDS, type Close } from './types';

/** The word for a close code, or `null` for one that only says that the connection is gone (1006, 1001, …). */
export function closeOf(code: number): Close | null {
  return CLOSE_WORDS[code] ?? null;
}

/** What follows from a close: come back soon, come back slowly because the server asks for room, or stay away. */
export type Sequel = 'return' | 'return_slowly' | 'stay_away';

export function sequelOf(close: Close | null): Sequel {
  switch (close) {
    case null:
    case 'draining':
    case 'slow':
    case 'hello_too_late':
      return 'return';
    case 'too_fast':
    case 'full':
      return 'return_slowly';
    case 'done':
    case 'malformed':
    case 'not_authenticated':
    case 'not_allowed':
    case 'refused':
    case 'replaced':
    case 'removed':
      return 'stay_away';
  }
}

/** The reason in a close frame is `<word> <request id>`: the id is for support. */
export function requestIdOf(reason: string): string | null {
  const [, id] = reason.split(' ');
  return id === undefined || id === '' ? null : id;
}
