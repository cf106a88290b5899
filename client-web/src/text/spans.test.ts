import { expect, test } from 'vitest';

import { en } from './en';
import { fr } from './fr';
import { saySpan } from './spans';

const MINUTE = 60_000;
const say = (from: number, to: number) => [saySpan(from * MINUTE, to * MINUTE, fr), saySpan(from * MINUTE, to * MINUTE, en)];

test.each([
  [0, 0.5, 'dans moins d’une minute', 'in less than a minute'],
  [-3, 0.5, 'dans moins d’une minute', 'in less than a minute'],
  [0.4, 3.2, 'dans moins de 4 minutes', 'within 4 minutes'],
  [3.1, 4.9, 'dans 3 à 5 minutes', 'in 3 to 5 minutes'],
  [5, 5, 'dans environ 5 minutes', 'in about 5 minutes'],
  [13, 22, 'dans 10 à 25 minutes', 'in 10 to 25 minutes'],
  [12, 100, 'dans moins de 2 heures', 'within 2 hours'],
  [70, 130, 'dans 1 à 3 heures', 'in 1 to 3 hours'],
  [5, Infinity, 'dans plus de 5 minutes', 'in more than 5 minutes'],
  [0, Infinity, null, null],
  [Infinity, Infinity, null, null],
])('from %d to %d minutes', (from, to, french, english) => {
  expect(say(from, to)).toEqual([french, english]);
});
