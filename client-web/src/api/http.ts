// One request to the server: typed on both ends, and every way in which it may fail is a value.

import type { Problem, ProblemCode } from '../protocol/types';

/** The server's own codes, and two for when no answer of its came back. */
export type FaultCode = ProblemCode | 'offline' | 'garbled';

export interface Fault {
  code: FaultCode;
  /** For support: where to look in the server's log. */
  requestId?: string;
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

export function get<Value>(path: string): Promise<Answer<Value>> {
  return request(path, { method: 'GET' });
}

export function send<Value>(method: 'POST' | 'PUT' | 'DELETE', path: string, body: unknown = {}): Promise<Answer<Value>> {
  return request(path, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
}

/** Posts bytes as they are, such as a file of unknown character set. */
export function sendBytes<Value>(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<Answer<Value>> {
  return request(path, { method: 'POST', body: bytes, headers: { 'content-type': 'application/octet-stream' } });
}

async function request<Value>(path: string, init: RequestInit): Promise<Answer<Value>> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, { ...init, credentials: 'same-origin', signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    text = await response.text();
  } catch {
    return { ok: false, fault: { code: 'offline' } };
  }
  const body = parse(text);
  if (response.ok) {
    // Nothing to say is an answer too (204, or an empty 200).
    if (body === undefined && text !== '') return { ok: false, fault: { code: 'garbled' } };
    return { ok: true, value: body as Value };
  }
  return { ok: false, fault: faultOf(response.status, body) };
}

/** What went wrong, from a problem document or, where a proxy answered in the server's place, from the status alone. */
export function faultOf(status: number, body: unknown): Fault {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Partial<Problem>;
  const code = typeof problem.code === 'string' && problem.code in CODES ? problem.code : codeOf(status);
  return typeof problem.request_id === 'string' ? { code, requestId: problem.request_id } : { code };
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
