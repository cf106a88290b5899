import { expect, test } from 'vitest';

import { check, formOf, newForm } from './draft';

const form = { ...newForm(new Date(2026, 10, 24, 8, 12).getTime()), title: 'Maths' };

test('a new class begins at the next full hour that leaves time to prepare', () => {
  expect(form).toMatchObject({ day: '2026-11-24', clock: '09:00', policy: 'ask' });
  expect(newForm(new Date(2026, 11, 31, 23, 55).getTime())).toMatchObject({ day: '2027-01-01', clock: '01:00' });
});

test('what is written becomes a draft, in the time of this browser', () => {
  expect(check({ ...form, title: '  Maths 5e B ' })).toEqual({
    draft: { title: 'Maths 5e B', starts_at: new Date(2026, 10, 24, 9).getTime(), policy: 'ask', familiar: false },
  });
});

test('every field says what is wrong with it', () => {
  expect(check({ ...form, title: ' ', day: '', clock: '' })).toEqual({
    faults: { title: 'empty', day: 'empty', clock: 'empty' },
  });
  expect(check({ ...form, title: 'é'.repeat(121) })).toEqual({ faults: { title: 'long' } });
  expect(check({ ...form, title: '📐'.repeat(120) })).toHaveProperty('draft');
});

test('a class that is opened to be changed and saved stays as it is', () => {
  const card = {
    class: 'c',
    title: 'Maths',
    starts_at: new Date(2026, 10, 24, 8, 30).getTime(),
    policy: 'roster' as const,
    familiar: true,
    teacher: 'Ada',
    students: 0,
    phase: 'scheduled' as const,
    mine: true,
  };
  const { title, starts_at, policy, familiar } = card;
  expect(check(formOf(card))).toEqual({ draft: { title, starts_at, policy, familiar } });
});
