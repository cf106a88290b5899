// The fixture's reading of a roster: enough of the server's to show every mark of the preview.

import type { Invitation, RosterBadLine, RosterLine, RosterPreview } from '../src/protocol/types.ts';

export function fakePreview(body: Buffer, there: Invitation[]): RosterPreview {
  const { text, charset } = decode(body);
  const known = new Set(there.map((one) => one.name));
  const people: RosterLine[] = [];
  const bad: RosterBadLine[] = [];
  text.split(/\r?\n/u).forEach((raw, index) => {
    if (raw.trim() === '' || (index === 0 && /^nom|^name/iu.test(raw))) return;
    const line = index + 1;
    const [name = '', group = '', role = ''] = raw.split(/[;,\t]/u).map((cell) => cell.trim());
    if (name === '') bad.push({ line, text: raw.slice(0, 200), why: 'no_name' });
    else if (name.length > 64) bad.push({ line, text: raw.slice(0, 200), why: 'name_too_long' });
    else if (!/^(|enseignante?|prof|teacher|élève|student)$/iu.test(role)) bad.push({ line, text: raw, why: 'unknown_role' });
    else people.push(read(line, name, group, role, known));
  });
  return { people, bad, charset };
}

function read(line: number, name: string, group: string, role: string, known: Set<string>): RosterLine {
  const clean = name.replace(/[\u200b-\u200f]/gu, '');
  const doubt = known.has(clean) ? 'twice' : clean !== name ? 'cleaned' : clean.includes(' ') ? undefined : 'one_word';
  known.add(clean);
  return {
    line,
    name: clean,
    role: /^(ens|prof|teach)/iu.test(role) ? 'teacher' : 'student',
    ...(group ? { group } : {}),
    ...(doubt ? { doubt } : {}),
  };
}

function decode(body: Buffer): { text: string; charset: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(body), charset: 'utf-8' };
  } catch {
    return { text: new TextDecoder('windows-1252').decode(body), charset: 'windows-1252' };
  }
}
