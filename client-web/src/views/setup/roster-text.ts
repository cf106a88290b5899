// The pasted list as text: what stays in the box after adding, and where a line is.

import type { RosterEntry, RosterLine, RosterPreview } from '../../protocol/types';

/** Whether a recognised line is added unless the teacher says otherwise. A name that is there already is not. */
export function isAddedByDefault(line: RosterLine): boolean {
  return line.doubt !== 'twice';
}

export function entryOf({ name, role, group }: RosterLine): RosterEntry {
  return { name, role, ...(group === undefined ? {} : { group }) };
}

/** What is left to do once the people of `added` lines are in the roster: the lines to correct, as they were written,
 * below the heading that explains their columns. Empty when nothing is left. */
export function leftover(text: string, preview: RosterPreview): string {
  if (preview.bad.length === 0) return '';
  const lines = text.split(/\r\n|\r|\n/u);
  const understood = new Set(preview.people.map((person) => person.line));
  const bad = new Set(preview.bad.map((line) => line.line));
  const heading = lines.findIndex((line) => line.trim() !== '') + 1;
  const keepsHeading = heading > 0 && !understood.has(heading) && !bad.has(heading);
  return lines.filter((_, index) => bad.has(index + 1) || (keepsHeading && index + 1 === heading)).join('\n');
}

/** Where line `number` (from 1) begins and ends in `text`. */
export function spanOfLine(text: string, number: number): { start: number; end: number } {
  const lines = text.split('\n');
  const start = lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
  return { start, end: start + (lines[number - 1]?.length ?? 0) };
}
