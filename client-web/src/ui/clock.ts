// The time for what is shown in words: fresh enough for "in 12 minutes".

import { signal } from '@preact/signals';

const TICK_MS = 20_000;

const tick = signal(Date.now());
setInterval(() => (tick.value = Date.now()), TICK_MS);

/** Milliseconds since 1970. A component that asks is drawn again as time goes by. */
export function now(): number {
  return tick.value;
}
