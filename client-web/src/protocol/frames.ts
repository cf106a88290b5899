// The frames of a conversation: text from the server becomes a `ServerFrame`, an ask becomes text.

import type { Ask, Hello, ServerFrame } from './types';

/**
 * Reads one text message of the server; `null` when it is none of ours.
 *
 * The server is of our own origin and of the same version, so what lies deeper has the shape that the generated types
 * promise; the golden samples hold both sides to it.
 */
export function decode(text: string): ServerFrame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  const [kind, ...others] = Object.keys(value);
  if (kind === undefined || others.length > 0) return null;
  const body = value[kind];
  if (!isRecord(body)) return null;
  return isServerFrame(kind, body) ? (value as ServerFrame) : null;
}

function isServerFrame(kind: string, body: Record<string, unknown>): boolean {
  switch (kind) {
    case 'welcome':
      return typeof body['session'] === 'string' && typeof body['person'] === 'string' && isRecord(body['class']);
    case 'turned':
      return ['queued', 'closed', 'unavailable', 'school_full'].some((kind) => isRecord(body[kind]));
    case 'reply':
      return typeof body['id'] === 'number' && isRecord(body['outcome']);
    case 'event':
      return typeof body['seq'] === 'number' && isRecord(body['on']);
    case 'beat':
      return typeof body['return_within_ms'] === 'number';
    default:
      return false;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function helloText(hello: Hello): string {
  return JSON.stringify({ hello });
}

export function requestText(id: number, ask: Ask): string {
  return JSON.stringify({ id, ask });
}
