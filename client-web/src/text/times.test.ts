import { expect, test } from 'vitest';

import { en } from './en';
import { fr } from './fr';
import { sayDate, sayMoment, sayWhen } from './times';

/** Tuesday 24 November 2026, 8:12 in the morning, where this test runs. */
const NOW = new Date(2026, 10, 24, 8, 12).getTime();
const at = (month: number, day: number, hour: number, minute = 0, year = 2026) =>
  new Date(year, month - 1, day, hour, minute).getTime();
const plain = (text: string) => text.replace(/\s/gu, ' ');
const french = (moment: number) => plain(sayWhen(moment, NOW, 'fr', fr));
const english = (moment: number) => plain(sayWhen(moment, NOW, 'en', en));

test('a class that begins soon is minutes away', () => {
  expect(french(at(11, 24, 8, 24))).toBe('Dans 12 minutes');
  expect(english(at(11, 24, 8, 24))).toBe('In 12 minutes');
  expect(french(at(11, 24, 8, 13))).toBe('Dans 1 minute');
});

test('a class that has just begun is now', () => {
  expect(french(at(11, 24, 8, 12))).toBe('C’est l’heure');
  expect(english(at(11, 24, 8, 5))).toBe('It is time');
});

test('a day near by has a name', () => {
  expect(french(at(11, 24, 14))).toBe('Aujourd’hui à 14 h');
  expect(french(at(11, 25, 8, 5))).toBe('Demain à 8 h 05');
  expect(english(at(11, 25, 8, 5))).toBe('Tomorrow at 8:05');
  expect(french(at(11, 23, 23, 59))).toBe('Hier à 23 h 59');
});

test('another day is said in full, with the year only when it is another one', () => {
  expect(french(at(12, 1, 10))).toBe('Mardi 1er décembre à 10 h');
  expect(french(at(12, 11, 10))).toBe('Vendredi 11 décembre à 10 h');
  expect(english(at(12, 1, 10))).toBe('Tuesday 1 December at 10:00');
  expect(french(at(1, 7, 9, 30, 2027))).toBe('Jeudi 7 janvier 2027 à 9 h 30');
});

test('midnight is the next day, though it is minutes away', () => {
  const late = new Date(2026, 10, 24, 22, 30).getTime();
  expect(plain(sayMoment(at(11, 25, 0), late, 'fr', fr))).toBe('Demain à 0 h');
});

test('on paper there is no today', () => {
  expect(plain(sayDate(at(11, 24, 8, 30), 'fr', fr))).toBe('Mardi 24 novembre à 8 h 30');
});
