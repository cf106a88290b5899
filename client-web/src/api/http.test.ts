import { afterEach, expect, test, vi } from 'vitest';

import { faultOf, get, send } from './http';

afterEach(() => vi.unstubAllGlobals());

const serverAnswers = (make: () => Response | Promise<Response>) => vi.stubGlobal('fetch', vi.fn(async () => make()));
const problem = { type: 'about:blank', title: 'Not allowed', status: 403, code: 'not_allowed', request_id: 'r-7' };

test('an answer is its value', async () => {
  serverAnswers(() => Response.json({ invited: [] }));
  expect(await get('/api/me')).toEqual({ ok: true, value: { invited: [] } });
});

test('an empty answer is an answer', async () => {
  serverAnswers(() => new Response(null, { status: 204 }));
  expect(await send('POST', '/api/signout')).toEqual({ ok: true, value: undefined });
});

test('a refusal keeps its code, and its id for support', async () => {
  serverAnswers(() => Response.json(problem, { status: 403 }));
  expect(await get('/api/classes')).toEqual({ ok: false, fault: { code: 'not_allowed', requestId: 'r-7' } });
});

test('no answer is offline', async () => {
  serverAnswers(() => Promise.reject(new TypeError('network')));
  expect(await get('/api/me')).toEqual({ ok: false, fault: { code: 'offline' } });
});

test('a page in place of an answer is garbled', async () => {
  serverAnswers(() => new Response('<html>Welcome to the hotel network</html>'));
  expect(await get('/api/me')).toEqual({ ok: false, fault: { code: 'garbled' } });
});

test('an answer of a proxy is understood by its status', () => {
  expect(faultOf(502, undefined)).toEqual({ code: 'unavailable' });
  expect(faultOf(413, { code: 'REQUEST_TOO_BIG' })).toEqual({ code: 'too_large' });
  expect(faultOf(418, 'tea')).toEqual({ code: 'malformed' });
  expect(faultOf(500, null)).toEqual({ code: 'internal' });
});
