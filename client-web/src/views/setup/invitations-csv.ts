// Invitations as text for other programs: a CSV file for a spreadsheet, lines to paste into a message.

import type { Invitation } from '../../protocol/types';
import type { Words } from '../../text/text';

/** So that spreadsheet programs read UTF-8 as UTF-8. */
const BOM = '\u{feff}';

/** The list with everyone's link, as a spreadsheet in this language opens it: BOM, CRLF, and `;` in French. */
export function toCsv(people: readonly Invitation[], { csv }: Pick<Words, 'csv'>): string {
  const rows = people.map(({ name, group, role, link }) => [name, group ?? '', csv.roles[role], link ?? '']);
  const lines = [csv.headings, ...rows].map((row) => row.map((cell) => quote(cell, csv.separator)).join(csv.separator));
  return BOM + lines.map((line) => `${line}\r\n`).join('');
}

/** One line a person: name, tab, link. Whoever has no link is left out. */
export function toLines(people: readonly Invitation[]): string {
  return people.flatMap(({ name, link }) => (link ? [`${name}\t${link}`] : [])).join('\n');
}

/** A name for the file that every system accepts. */
export function fileName(title: string, { csv }: Pick<Words, 'csv'>): string {
  const safe = title.replace(/[\p{Cc}\\/:*?"<>|]+/gu, ' ').replace(/\s+/gu, ' ').trim();
  return csv.file(safe);
}

/** RFC 4180 §2, and no cell that a spreadsheet would take for a formula. */
function quote(cell: string, separator: string): string {
  const safe = /^[=+\-@\t\r]/u.test(cell) ? `'${cell}` : cell;
  const needsQuotes = safe.includes(separator) || /["\r\n]/u.test(safe);
  return needsQuotes ? `"${safe.replaceAll('"', '""')}"` : safe;
}
