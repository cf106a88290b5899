// The client's own English words, so that a story says what is on the button, whatever that is today.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const client = new URL('../../client-web/', import.meta.url);
const vite = await import(createRequire(new URL('package.json', client)).resolve('vite'));

/** A module of the client that imports nothing but types. */
async function load(path) {
  const source = new URL(path, client);
  const { code } = await vite.transformWithOxc(readFileSync(source, 'utf8'), source.pathname);
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}

export const words = (await load('src/text/en.ts')).en;
/** Those of the operator's page. */
export const opsWords = (await load('src/text/ops-en.ts')).opsEn;

/** A word as it is said to an adult, whether or not another language has two ways to say it. */
export const say = (word) => (typeof word === 'function' ? word(false) : word);
