import { expect, test } from 'vitest';

import type { ClassCard, Phase } from '../../protocol/types';
import { order } from './order';

const HOUR = 3_600_000;
const NOW = 1_000 * HOUR;
const card = (title: string, inHours: number, phase: Phase = 'scheduled'): ClassCard => ({
  class: title,
  title,
  starts_at: NOW + inHours * HOUR,
  policy: 'ask',
  familiar: false,
  teacher: 'Ada',
  students: 0,
  phase,
  mine: true,
});

test('what runs comes first, then what comes next; what is over goes below, the latest first', () => {
  const classes = [
    card('last month', -700, 'ended'),
    card('tomorrow', 24),
    card('begun, nobody came', -1),
    card('runs since yesterday', -24, 'open'),
    card('soon', 0.2),
    card('last week', -170),
  ];
  const { next, past } = order(classes, NOW);
  expect(next.map((one) => one.title)).toEqual(['runs since yesterday', 'begun, nobody came', 'soon', 'tomorrow']);
  expect(past.map((one) => one.title)).toEqual(['last week', 'last month']);
});
