// Asks again while the server is too busy to answer: nobody has to reload a page, and nobody asks together.

import { returnAfterMs, RETURN_WITHIN_MS_DEFAULT } from '../protocol/return';
import type { Answer, Fault } from './http';

/** Neither an answer nor a refusal: the server, or the way to it, has no room at this moment. */
export function isBusy({ code }: Fault): boolean {
  return code === 'unavailable' || code === 'offline' || code === 'too_many';
}

/** Tells every answer, and asks again, more and more rarely, as long as the server is busy. The answer of this ends it. */
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
      timer = setTimeout(again, returnAfterMs(attempt, RETURN_WITHIN_MS_DEFAULT, Math.random()));
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
