// The client's own English words, so that a story says what is on the button, whatever that is today.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const client = new URL('../../client-web/', import.meta.url);
const vite = await import(createRequire(new URL('package.json', client)).resolve('vite'));
const source = new URL('src/text/en.ts', client);
const { code } = await vite.transformWithOxc(readFileSync(source, 'utf8'), source.pathname);
const table = await import(`data:text/javascript,${encodeURIComponent(code)}`);

export const words = table.en;

/** A word as it is said to an adult, whether or not another language has two ways to say it. */
export const say = (word) => (typeof word === 'function' ? word(false) : word);
