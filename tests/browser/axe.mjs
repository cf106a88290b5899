// What axe-core, the accessibility checker, finds on a page.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * Asserts that axe-core finds nothing on the page as it is, once what comes and goes has come: half faded in, every word is too
 * faint. `but`: rules that the page keeps in another way than axe-core knows.
 */
export async function assertAccessible(tab, state, but = []) {
  await tab.evaluate(axe);
  const found = await tab.evaluate(async (except) => {
    const ends = (one) => one.effect?.getComputedTiming().endTime !== Infinity;
    await Promise.allSettled(document.getAnimations().filter(ends).map((one) => one.finished));
    const rules = Object.fromEntries(except.map((rule) => [rule, { enabled: false }]));
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'], rules });
    return violations.map((one) => `${one.id}: ${one.help} (${one.nodes.map((node) => node.target.join(' ')).join('; ')})`);
  }, but);
  assert.deepEqual(found, [], state);
}
