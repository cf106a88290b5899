// Puts the licences of what the build contains beside it, as those licences ask: `licences.txt`.

import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

/** Code and typeface by others that end up in the build. */
const PACKAGES = [
  'preact',
  '@preact/signals',
  '@preact/signals-core',
  'uqr',
  '@fontsource-variable/atkinson-hyperlegible-next',
];

export function licences(): Plugin {
  return {
    name: 'licences',
    apply: 'build',
    generateBundle() {
      const texts = PACKAGES.map((name) => `${name}\n\n${licenceOf(name)}`);
      this.emitFile({ type: 'asset', fileName: 'licences.txt', source: texts.join('\n\n---\n\n') });
    },
  };
}

function licenceOf(name: string): string {
  return readFileSync(new URL(`../node_modules/${name}/LICENSE`, import.meta.url), 'utf8').trim();
}
