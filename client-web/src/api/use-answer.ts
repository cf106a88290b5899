// What a page asked the server for when it was opened: on its way, here, or failed.

import { useEffect, useRef, useState } from 'preact/hooks';

import type { Answer, Fault } from './http';

export type Loaded<Value> =
  | { step: 'loading' }
  | { step: 'failed'; fault: Fault; again: () => void }
  | { step: 'here'; value: Value; set: (value: Value) => void };

/** Asks once, and again when `key` changes or the person tries again. */
export function useAnswer<Value>(key: string, ask: () => Promise<Answer<Value>>): Loaded<Value> {
  const [attempt, setAttempt] = useState(0);
  const [answer, setAnswer] = useState<Answer<Value> | undefined>();
  const asking = useRef(ask);
  asking.current = ask;
  useEffect(() => {
    let wanted = true;
    setAnswer(undefined);
    void asking.current().then((come) => {
      if (wanted) setAnswer(come);
    });
    return () => {
      wanted = false;
    };
  }, [key, attempt]);
  if (!answer) return { step: 'loading' };
  if (!answer.ok) return { step: 'failed', fault: answer.fault, again: () => setAttempt(attempt + 1) };
  return { step: 'here', value: answer.value, set: (value) => setAnswer({ ok: true, value }) };
}
