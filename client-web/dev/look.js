// Photographs every page and state of the built client, small and large, light and dark, in both languages, and lets
// axe look for barriers. `npm run build && npm run look -- [folder] [part of a state's name]`.
// Fails when axe finds something, when a page logs an error, or when the content security policy stops something.

import { createRequire } from 'node:module';
import { mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';
import { preview } from 'vite';

import { classStates } from './class-states.js';
import { states } from './states.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const folder = process.argv[2] ?? join(tmpdir(), 'preau-look');
const only = process.argv[3] ?? '';
const WIDTHS = (process.env.WIDTHS ?? '360,1440').split(',').map(Number);
const THEMES = (process.env.THEMES ?? 'light,dark').split(',');
const LANGUAGES = (process.env.LANGUAGES ?? 'fr,en').split(',');
const HEIGHT = 900;

mkdirSync(folder, { recursive: true });
const server = await preview({ preview: { port: 0, host: '127.0.0.1' }, logLevel: 'error' });
const origin = `http://127.0.0.1:${server.httpServer.address().port}`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});

const findings = [];
let pictures = 0;
for (const state of [...states, ...classStates].filter(({ name }) => name.includes(only))) {
  for (const width of WIDTHS) {
    for (const colorScheme of THEMES) {
      for (const locale of LANGUAGES) {
        await look(state, { width, colorScheme, locale });
        pictures += 1;
      }
    }
  }
}
await browser.close();
await server.close();
for (const finding of findings) console.log(finding);
console.log(`${pictures} pictures in ${folder}, ${findings.length} findings`);
process.exit(findings.length > 0 ? 1 : 0);

async function look(state, { width, colorScheme, locale }) {
  const name = `${state.name}-${width}-${colorScheme}-${locale}`;
  const context = await browser.newContext({
    viewport: { width, height: HEIGHT },
    colorScheme,
    locale,
    reducedMotion: 'reduce',
    bypassCSP: false,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  await context.addCookies([{ name: 'fake', value: state.who, url: origin }]);
  const page = await context.newPage();
  // A refused request is logged by the browser; everything else that it logs is ours to mend.
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      findings.push(`${name}: ${message.text()}`);
    }
  });
  page.on('pageerror', (error) => findings.push(`${name}: ${error.message}`));
  try {
    await state.prepare?.(page);
    await page.goto(origin + state.path);
    await page.evaluate(() => document.fonts.ready);
    await state.act(page);
    // Behind a dialog the page does not scroll.
    const fullPage = (await page.locator('dialog[open]').count()) === 0;
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage });
    await audit(page, name);
  } catch (error) {
    findings.push(`${name}: ${error.message.split('\n').slice(0, 6).join(' ')}`);
  }
  await context.close();
}

async function audit(page, name) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  if (wide) findings.push(`${name}: the page scrolls sideways`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  for (const { id, nodes } of violations) findings.push(`${name}: ${id} at ${nodes.map((node) => node.target).join(', ')}`);
}
