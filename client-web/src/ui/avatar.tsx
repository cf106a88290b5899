// A person's initials on a tint of their own.

const TINTS = 5;

export function Avatar({ name, id, large }: { name: string; id: string; large?: boolean }) {
  return (
    <span class={`avatar tint-${tint(id)}${large ? ' large' : ''}`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

/** The first letters of the first and the last word. */
export function initials(name: string): string {
  const parts = name.split(/[\s-]+/u).filter(Boolean);
  const letters = [parts[0], parts.length > 1 ? parts.at(-1) : undefined];
  return letters.map((part) => (part ? (Array.from(part)[0] ?? '') : '')).join('').toLocaleUpperCase();
}

/** The same for the same person, everywhere. */
export function tint(id: string): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 9973;
  return sum % TINTS;
}
