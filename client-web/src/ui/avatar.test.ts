import { expect, test } from 'vitest';

import { initials, tint } from './avatar';

test.each([
  ['Zoé Martin', 'ZM'],
  ['Marie-Amélie de La Rochefoucauld', 'MR'],
  ['Émile', 'É'],
  ['Jean-Luc', 'JL'],
  ['🦊 Renard', '🦊R'],
])('the initials of %s are %s', (name, expected) => {
  expect(initials(name)).toBe(expected);
});

test('a person keeps their tint', () => {
  const id = '0b8f6c52-9f2a-4c1e-8a55-0c5d7c9a1e11';
  expect(tint(id)).toBe(tint(id));
  const tints = new Set(Array.from({ length: 50 }, (_, index) => tint(`${id}${index}`)));
  expect([...tints].sort()).toEqual([0, 1, 2, 3, 4]);
});
