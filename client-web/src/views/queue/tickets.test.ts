import { afterEach, expect, test } from 'vitest';

import { Tickets } from './tickets';

const CLASS = '00000000-0000-4000-8000-000000000001';
const HOUR_MS = 60 * 60_000;
let now = 0;
const of = (name: string) => new Tickets(CLASS, { name, role: 'student' }, () => now);

afterEach(() => {
  localStorage.clear();
  of('Noé').drop();
});

test('a ticket outlives the page, and goes once it was used', () => {
  of('Noé').keep('abc');
  expect(of('Noé').get()).toBe('abc');
  of('Noé').drop();
  expect(of('Noé').get()).toBeNull();
});

test('at a shared computer nobody comes with the ticket of another, and no name is kept', () => {
  of('Noé').keep('abc');
  expect(JSON.stringify({ ...localStorage })).not.toContain('Noé');
  expect(of('Zoé').get()).toBeNull();
  expect(of('Noé').get()).toBeNull();
});

test('a ticket of yesterday, or something else in its place, is none', () => {
  of('Noé').keep('abc');
  now += 13 * HOUR_MS;
  expect(of('Noé').get()).toBeNull();
  for (const text of ['{', '7', '{"ticket":1}', 'null']) {
    localStorage.setItem(`preau.ticket.${CLASS}`, text);
    expect(of('Noé').get(), text).toBeNull();
  }
});
