// When to come back after a loss: a whole school must return as a drizzle, not as a wave (GATE: reconnects are spread).

/** A first wait without any word from the server. */
export const RETURN_WITHIN_MS_DEFAULT = 1_000;
/** The first back-off, doubled from there. */
const BACKOFF_MS_MIN = 500;
/** Nobody waits longer than this for the next try. */
const BACKOFF_MS_MAX = 30_000;
/** Asked to make room: nobody comes back sooner than this. */
const SLOW_MS_MIN = 10_000;

/**
 * Milliseconds until try number `attempt` (0 is the first after the loss). The first falls anywhere into the window
 * that the server announced; the later ones anywhere below a ceiling that doubles from 0.5 s to 30 s (full jitter).
 * `random` is in [0, 1).
 */
export function returnAfterMs(attempt: number, windowMs: number, random: number): number {
  if (attempt === 0) return Math.floor(random * windowMs);
  const ceiling = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(attempt - 1, 16));
  return Math.floor(random * ceiling);
}

/** The same for a server that has no room now: between 10 and 30 s, whatever the attempt. */
export function returnSlowlyAfterMs(random: number): number {
  return Math.floor(SLOW_MS_MIN + random * (BACKOFF_MS_MAX - SLOW_MS_MIN));
}
