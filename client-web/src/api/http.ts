// One request to the server: typed on both ends, and every way in which it may fail is a value.

import type { Problem, ProblemCode } from '../protocol/types';

/** The server's own codes, and two for when no answer of its came back. */
export type FaultCode = ProblemCode | 'offline' | 'garbled';

export interface Fault {
  code: FaultCode;
  /** For support: where to look in the server's log. */
  requestId?: string;
  /** The server names when to try again. */
  retryAfterMs?: number;
}

export type Answer<Value> = { ok: true; value: Value } | { ok: false; fault: Fault };

/** A server that has not answered by then is as good as gone; the person can try again. */
const ANSWER_MS_MAX = 15_000;

const CODES: Record<ProblemCode, true> = {
  malformed: true,
  token_in_url: true,
  not_authenticated: true,
  not_allowed: true,
  not_found: true,
  bad_origin: true,
  too_large: true,
  too_many: true,
  limit: true,
  unavailable: true,
  internal: true,
};

/** `key`: of somebody who is known by one, and not by the browser's cookie. */
export function get<Value>(path: string, key?: string): Promise<Answer<Value>> {
  return request(path, { method: 'GET', headers: keyed(key) });
}

type Sends = 'POST' | 'PUT' | 'DELETE';

export function send<Value>(method: Sends, path: string, body: unknown = {}, key?: string): Promise<Answer<Value>> {
  return request(path, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...keyed(key) } });
}

/** A file as text, as it is. */
export function getText(path: string, key?: string): Promise<Answer<string>> {
  return answered(path, { method: 'GET', headers: keyed(key) }, (text) => text);
}

/** Posts bytes as they are, such as a file of unknown character set. */
export function sendBytes<Value>(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<Answer<Value>> {
  return request(path, { method: 'POST', body: bytes, headers: { 'content-type': 'application/octet-stream' } });
}

function keyed(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}

function request<Value>(path: string, init: RequestInit): Promise<Answer<Value>> {
  // Nothing to say is an answer too (204, or an empty 200).
  return answered(path, init, (text) => (text === '' ? undefined : parse(text)) as Value);
}

async function answered<Value>(path: string, init: RequestInit, read: (text: string) => Value): Promise<Answer<Value>> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, { ...init, credentials: 'same-origin', signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    text = await response.text();
  } catch {
    return { ok: false, fault: { code: 'offline' } };
  }
  if (!response.ok) return { ok: false, fault: faultOf(response.status, parse(text)) };
  const value = read(text);
  if (value === undefined && text !== '') return { ok: false, fault: { code: 'garbled' } };
  return { ok: true, value };
}

/** What went wrong, from a problem document or, where a proxy answered in the server's place, from the status alone. */
export function faultOf(status: number, body: unknown): Fault {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Partial<Problem>;
  const code = typeof problem.code === 'string' && problem.code in CODES ? problem.code : codeOf(status);
  return {
    code,
    ...(typeof problem.request_id === 'string' ? { requestId: problem.request_id } : {}),
    ...(typeof problem.retry_after_ms === 'number' ? { retryAfterMs: problem.retry_after_ms } : {}),
  };
}

function codeOf(status: number): FaultCode {
  switch (status) {
    case 401:
      return 'not_authenticated';
    case 403:
      return 'not_allowed';
    case 404:
      return 'not_found';
    case 413:
      return 'too_large';
    case 429:
      return 'too_many';
    case 502:
    case 503:
    case 504:
      return 'unavailable';
    default:
      return status >= 500 ? 'internal' : 'malformed';
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
