import { describe, expect, test } from 'vitest';

import { en } from './en';
import { fr } from './fr';
import { opsEn } from './ops-en';
import { opsFr } from './ops-fr';
import { preferredLanguage } from './text';

/** Every text of a table with its key; what is made for a number or a name, as it is for several. */
function texts(table: object, path = ''): [key: string, text: string][] {
  return Object.entries(table).flatMap(([key, value]): [string, string][] => {
    const at = path ? `${path}.${key}` : key;
    if (typeof value === 'string') return [[at, value]];
    if (typeof value === 'function') return samples(value).map((text) => [at, text]);
    if (typeof value === 'object' && value !== null) return texts(value, at);
    throw new Error(`${at} is neither text nor a table of texts`);
  });
}

type Make = (...values: unknown[]) => string | Make;

function samples(make: Make): string[] {
  const finished = (text: string | Make) => (typeof text === 'function' ? samples(text) : [String(text)]);
  try {
    return [0, 1, 2].flatMap((n) => finished(make(n, n, n)));
  } catch {
    // Made for words, or for a list of names.
    const list = Object.assign(['Zoé', 'Noé'], { replace: () => 'Zoé' });
    return finished(make(list, 'Zoé', 'Zoé'));
  }
}

const keys = (table: object) => [...new Set(texts(table).map(([key]) => key))];
const offending = (table: object, pattern: RegExp) => texts(table).filter(([, text]) => pattern.test(text));

describe('the words', () => {
  test('are there in both languages', () => {
    expect(keys(en)).toEqual(keys(fr));
    expect(keys(opsEn)).toEqual(keys(opsFr));
    expect(keys(fr).length).toBeGreaterThan(100);
  });

  test.each([
    ['fr', fr],
    ['en', en],
    ['fr for operators', opsFr],
    ['en for operators', opsEn],
  ])('in %s are never empty, loud, or meant for engineers', (_, table) => {
    expect(offending(table, /^\s*$/u)).toEqual([]);
    expect(offending(table, /!/u)).toEqual([]);
    expect(offending(table, /\b(?:WebRTC|ICE|SDP|token|jeton|cookie|JavaScript|WebSocket|SFU)\b/iu)).toEqual([]);
    expect(offending(table, /undefined|null|NaN|\[object/u)).toEqual([]);
  });

  test('are set as their language sets them', () => {
    // French: a space that does not break before ; : ? » and after «, and real apostrophes.
    expect(offending({ fr, opsFr }, / [;:?»]|« |\w'\w|\w[?;]/u)).toEqual([]);
    expect(offending({ en, opsEn }, /\w'\w| [;:?]/u)).toEqual([]);
  });
});

describe('the language', () => {
  test.each([
    [['fr-CA', 'en'], 'fr'],
    [['de', 'en-US', 'fr'], 'en'],
    [['ar', 'tr'], 'fr'],
    [[], 'fr'],
  ])('for a browser that reads %j is %s', (browser, expected) => {
    expect(preferredLanguage(browser)).toBe(expected);
  });
});
