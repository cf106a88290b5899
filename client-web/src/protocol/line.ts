// The document of the line, as it comes over a network: read strictly, since a filter's page or a proxy may be in its place.

import type { Line, LineDocument, Mark, Place } from './types';

export const LINE_PATH = '/line.json';
/** A line that has not answered by then is asked again later. */
const ANSWER_MS_MAX = 10_000;

/** What became of asking: the document, no network, or an answer that is not a line. */
export type LineRead = LineDocument | 'offline' | 'unreadable';

/** Asks once. It never fails: what went wrong is an answer too. */
export async function readLine(): Promise<LineRead> {
  let response: Response;
  try {
    response = await fetch(LINE_PATH, { credentials: 'omit', signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  } catch {
    return 'offline';
  }
  if (!response.ok) return 'unreadable';
  try {
    return parseLine(await response.json()) ?? 'unreadable';
  } catch {
    return 'unreadable';
  }
}

/** The document, if it is one. Fields of a later server that are not known here are left aside. */
export function parseLine(value: unknown): LineDocument | null {
  if (!isRecord(value)) return null;
  const { life, at, again_in_ms: again, lines, opened } = value;
  if (typeof life !== 'string' || !isCount(at) || !isCount(again)) return null;
  if (!Array.isArray(lines) || !lines.every(isLine) || !Array.isArray(opened) || !opened.every(isCount)) return null;
  return { life, at, again_in_ms: again, lines, opened };
}

function isLine(value: unknown): value is Line {
  if (!isRecord(value)) return false;
  const { priority, waiting, served, marks, per_minute: pace, closed, closed_until: until } = value;
  return (
    typeof priority === 'string' &&
    isCount(waiting) &&
    (served === undefined || isPlace(served)) &&
    Array.isArray(marks) &&
    marks.every(isMark) &&
    isRecord(pace) &&
    isCount(pace['slowest']) &&
    isCount(pace['fastest']) &&
    typeof closed === 'boolean' &&
    (until === undefined || isCount(until))
  );
}

function isMark(value: unknown): value is Mark {
  return isRecord(value) && isPlace(value['place']) && isCount(value['before']);
}

function isPlace(value: unknown): value is Place {
  return isRecord(value) && isCount(value['since']) && isCount(value['draw']);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
