import { expect, test } from 'vitest';

import { parseRoute, paths } from './route';

const CLASS = '0b8f6c52-9f2a-4c1e-8a55-0c5d7c9a1e11';

test('our own paths lead to their pages', () => {
  expect(parseRoute('/ops')).toEqual({ page: 'ops' });
  expect(parseRoute(paths.home)).toEqual({ page: 'home' });
  expect(parseRoute(paths.class(CLASS))).toEqual({ page: 'class', classId: CLASS });
  expect(parseRoute(paths.setup(CLASS))).toEqual({ page: 'setup', classId: CLASS });
});

test.each(['/class', '/class/1', `/class/${CLASS}/else`, `/x/class/${CLASS}`, '/admin'])('%s leads nowhere', (path) => {
  expect(parseRoute(path)).toEqual({ page: 'unknown' });
});
