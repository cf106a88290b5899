// Keeps figures in target/figures.json beside those that are there, as `figures::keep` does for what is written in Rust.
// From a shell: node tests/figures.mjs NAME VALUE…

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../target', import.meta.url));
const file = join(target, 'figures.json');

/** Returns all that are kept now. */
export function keep(figures) {
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const all = { ...kept, ...figures };
  mkdirSync(target, { recursive: true });
  writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`);
  return all;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const words = process.argv.slice(2);
  const pairs = words.flatMap((word, at) => (at % 2 === 0 ? [[word, Number(words[at + 1])]] : []));
  keep(Object.fromEntries(pairs));
}
