// The time of day, for sentences such as « dans 12 minutes ».

import { useEffect, useState } from 'preact/hooks';

/** Sentences speak of minutes. */
const EVERY_MS = 15_000;

export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
