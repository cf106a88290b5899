// Asks again while the server is too busy to answer: nobody has to reload a page, and nobody asks together.

import { returnAfterMs, RETURN_WITHIN_MS_DEFAULT } from '../protocol/return';
import type { Answer, Fault } from './http';

/** Neither an answer nor a refusal: the server, or the way to it, has no room at this moment. */
export function isBusy({ code }: Fault): boolean {
  return code === 'unavailable' || code === 'offline' || code === 'too_many';
}

/**
 * Tells every answer, and asks again as long as the server is busy: when it says, or else more and more rarely. The answer of this
 * ends it.
 */
export function keepAsking<Value>(ask: () => Promise<Answer<Value>>, tell: (answer: Answer<Value>) => void): () => void {
  let isWanted = true;
  let attempt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const again = (): void => {
    clearTimeout(timer);
    timer = undefined;
    void ask().then((answer) => {
      if (!isWanted) return;
      tell(answer);
      if (answer.ok || !isBusy(answer.fault)) return;
      const random = Math.random();
      const { retryAfterMs } = answer.fault;
      const after = retryAfterMs === undefined ? returnAfterMs(attempt, RETURN_WITHIN_MS_DEFAULT, random) : retryAfterMs * (1 + random);
      timer = setTimeout(again, after);
      attempt += 1;
    });
  };
  const online = (): void => {
    // One that is under way is not asked twice.
    if (timer !== undefined) again();
  };
  addEventListener('online', online);
  again();
  return () => {
    isWanted = false;
    clearTimeout(timer);
    removeEventListener('online', online);
  };
}
