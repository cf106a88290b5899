// The golden samples of the protocol: every server sample passes decoder and reducer, every client sample is one we make.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { decode, helloText, requestText } from '../protocol/frames';
import type { Ask, Hello } from '../protocol/types';
import { EMPTY, reduce, type ClassState } from './class';
import { noticesOf } from './notices';

const SAMPLES = join(__dirname, '../../../protocol/samples');

function samples(side: 'client' | 'server'): [name: string, text: string][] {
  return readdirSync(join(SAMPLES, side))
    .filter((name) => name.endsWith('.json'))
    .map((name) => [name, readFileSync(join(SAMPLES, side, name), 'utf8')]);
}

/** A teacher's class as the samples know it: what a later event has something to change in. */
function seated(): ClassState {
  return ['welcome.json', 'event.class.snapshot.json'].reduce((state, name) => {
    const frame = decode(readFileSync(join(SAMPLES, 'server', name), 'utf8'));
    if (frame !== null && 'welcome' in frame) return reduce(state, { welcome: frame.welcome });
    if (frame !== null && 'event' in frame) return reduce(state, { event: frame.event.on });
    throw new Error(`${name} is neither a welcome nor an event`);
  }, EMPTY);
}

/** Events that this reducer leaves to others, or that say of the sampled class what already holds. */
const UNCHANGED = ['event.class.silenced.json', 'event.media.wanted.json'];

describe('server samples', () => {
  it.each(samples('server'))('%s is understood', (name, text) => {
    const frame = decode(text);
    expect(frame).not.toBeNull();
    if (frame === null || !('event' in frame)) return;
    expect(frame.event.seq).toBeGreaterThan(0);
    const before = seated();
    const after = reduce(before, { event: frame.event.on });
    expect(noticesOf(before, frame.event.on, after).length).toBeLessThan(3);
    // A reducer that knows an event returns a new state; one that does not would return the old one.
    expect(after === before).toBe(UNCHANGED.includes(name));
  });
});

describe('client samples', () => {
  it.each(samples('client'))('%s is what we send', (_, text) => {
    const value = JSON.parse(text) as { hello: Hello } | { id: number; ask: Ask };
    const ours = 'hello' in value ? helloText(value.hello) : requestText(value.id, value.ask);
    expect(JSON.parse(ours)).toEqual(value);
  });
});
