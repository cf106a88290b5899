import { afterEach, expect, test, vi } from 'vitest';

import { route } from '../route';
import { claiming, openLink, secretOf } from './link';

const CLASS = '00000000-0000-4000-8000-000000000001';

afterEach(() => {
  vi.unstubAllGlobals();
  claiming.value = undefined;
});

test('the three kinds of link', () => {
  expect(secretOf('#welcome=abc')).toEqual({ account: { secret: 'abc' } });
  expect(secretOf('#in=a-b_c')).toEqual({ invitation: { secret: 'a-b_c' } });
  expect(secretOf('#token=e.y.J')).toEqual({ token: { token: 'e.y.J' } });
});

test.each(['', '#', '#main', '#in=', '#IN=abc', '#other=abc', 'in=abc'])('%j is no link', (fragment) => {
  expect(secretOf(fragment)).toBeUndefined();
});

test('the secret is out of the address bar before the server is asked, and the answer says where to go', async () => {
  const asked: { address: string; body: unknown }[] = [];
  vi.stubGlobal(
    'fetch',
    vi.fn(async (_path: string, init: RequestInit) => {
      asked.push({ address: location.href, body: JSON.parse(String(init.body)) });
      return Response.json({ class: { class: CLASS } });
    }),
  );
  const before = history.length;
  history.replaceState(null, '', '/#in=secret');
  openLink();
  expect(claiming.value).toEqual({ step: 'asking' });
  await vi.waitFor(() => expect(claiming.value).toBeUndefined());
  expect(asked).toEqual([{ address: expect.not.stringContaining('secret'), body: { invitation: { secret: 'secret' } } }]);
  expect(route.value).toEqual({ page: 'class', classId: CLASS });
  expect(location.href).not.toContain('secret');
  expect(history.length).toBe(before);
});

test('a link that could not be checked is tried again by the person, not lost', async () => {
  let tries = 0;
  vi.stubGlobal(
    'fetch',
    vi.fn(async () => {
      tries += 1;
      if (tries === 1) throw new TypeError('network');
      return Response.json({ home: {} });
    }),
  );
  history.replaceState(null, '', '/#welcome=secret');
  openLink();
  const failed = await vi.waitFor(() => {
    if (claiming.value?.step !== 'failed') throw new Error('not yet');
    return claiming.value;
  });
  expect(failed.fault).toEqual({ code: 'offline' });
  failed.again();
  await vi.waitFor(() => expect(claiming.value).toBeUndefined());
  expect(route.value).toEqual({ page: 'home' });
});
