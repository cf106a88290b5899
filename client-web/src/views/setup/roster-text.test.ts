import { expect, test } from 'vitest';

import type { RosterPreview } from '../../protocol/types';
import { leftover, spanOfLine } from './roster-text';

const person = (line: number) => ({ line, name: `Person ${line}`, role: 'student' as const });
const bad = (line: number) => ({ line, text: '…', why: 'no_name' as const });
const preview = (people: number[], wrong: number[]): RosterPreview => ({
  people: people.map(person),
  bad: wrong.map(bad),
  charset: 'utf-8',
});

test('nothing is left when every line was understood', () => {
  expect(leftover('Zoé\nNoé\n', preview([1, 2], []))).toBe('');
});

test('lines to correct stay as they were written', () => {
  expect(leftover('Zoé\n;5e B\nNoé\n"Lou', preview([1, 3], [2, 4]))).toBe(';5e B\n"Lou');
});

test('the heading stays with them, because it says what their columns mean', () => {
  expect(leftover('Groupe;Nom\n5e B;\n5e B;Noé', preview([3], [2]))).toBe('Groupe;Nom\n5e B;');
  expect(leftover('\nGroupe;Nom\r\n5e B;', preview([], [3]))).toBe('Groupe;Nom\n5e B;');
});

test('a line is found in the box', () => {
  const text = 'Zoé\n\nNoé Durand\nLou';
  const { start, end } = spanOfLine(text, 3);
  expect(text.slice(start, end)).toBe('Noé Durand');
});
