// Small choices kept in this browser. Where a browser keeps nothing (private windows, school policies), they last
// for the visit.

const visit = new Map<string, string>();

export function stored(key: string): string | undefined {
  try {
    return localStorage.getItem(`preau.${key}`) ?? visit.get(key);
  } catch {
    return visit.get(key);
  }
}

/** Keeps `value`; `undefined` forgets it. */
export function store(key: string, value: string | undefined): void {
  if (value === undefined) visit.delete(key);
  else visit.set(key, value);
  try {
    if (value === undefined) localStorage.removeItem(`preau.${key}`);
    else localStorage.setItem(`preau.${key}`, value);
  } catch {
    // Kept for the visit.
  }
}
