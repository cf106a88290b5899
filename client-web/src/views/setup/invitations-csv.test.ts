import { expect, test } from 'vitest';

import type { Invitation } from '../../protocol/types';
import { en } from '../../text/en';
import { fr } from '../../text/fr';
import { fileName, toCsv, toLines } from './invitations-csv';

const invitation = (name: string, more: Partial<Invitation> = {}): Invitation => ({
  person: name,
  name,
  role: 'student',
  link: `https://preau.example/#in=${name.length}`,
  used: false,
  ...more,
});

test('a spreadsheet in French opens it: byte order mark, semicolons, line ends of its own', () => {
  expect(toCsv([invitation('Zoé', { group: '5e B' }), invitation('Karim', { role: 'teacher' })], fr)).toBe(
    '\u{feff}Nom;Groupe;Rôle;Lien\r\n' +
      'Zoé;5e B;élève;https://preau.example/#in=3\r\n' +
      'Karim;;enseignant;https://preau.example/#in=5\r\n',
  );
});

test('in English it has commas', () => {
  expect(toCsv([invitation('Zoé', { group: '5e B' })], en)).toContain('Zoé,5e B,student,https');
});

test('separators, quotation marks and formulas in a name stay a name', () => {
  const cells = (name: string) => toCsv([invitation(name)], fr).split('\r\n')[1]?.split(';https')[0];
  expect(cells('Martin; Zoé')).toBe('"Martin; Zoé";;élève');
  expect(cells('Zoé "Zozo" Martin')).toBe('"Zoé ""Zozo"" Martin";;élève');
  expect(cells('=HYPERLINK(A1)')).toBe("'=HYPERLINK(A1);;élève");
  expect(cells('-Noé')).toBe("'-Noé;;élève");
});

test('somebody whose link is switched off is in the file without one, and not among the copied lines', () => {
  const off = invitation('Lou');
  delete off.link;
  expect(toCsv([off], fr)).toContain('Lou;;élève;\r\n');
  expect(toLines([off, invitation('Zoé')])).toBe('Zoé\thttps://preau.example/#in=3');
});

test('the file has a name that every system accepts', () => {
  expect(fileName('Maths 5e B: a/b "x"?', fr)).toBe('invitations Maths 5e B a b x.csv');
});
