// Two browsers behind one small interface: Chromium by Playwright, Firefox by Puppeteer over WebDriver BiDi.

import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';

import { onlyRelayed, preload } from './preload.mjs';

/** What a person does in a moment may take this long on a busy machine. */
export const PATIENCE_MS = 20_000;

const CHROMIUM_FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
  '--allow-loopback-in-peer-connection', '--autoplay-policy=no-user-gesture-required',
  '--auto-select-desktop-capture-source=Entire screen', '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding', '--disable-backgrounding-occluded-windows',
];
const FIREFOX_PREFS = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  'intl.accept_languages': 'en',
  'intl.locale.requested': 'en',
};

/**
 * A Chromium; each `person` has a profile (cookies, storage) of their own, and perhaps a `script` for its pages. `scripts: false`:
 * their browser runs none.
 */
export async function openChromium({ flags = [] } = {}) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: [...CHROMIUM_FLAGS, ...flags] });
  return {
    name: 'chromium',
    async person({ width = 1280, height = 800, locale = 'en', colorScheme = 'light', forcedTouch = false, relayedBy = null, script = null, scripts = true, cookie = null } = {}) {
      const context = await browser.newContext({
        viewport: { width, height }, locale, colorScheme, hasTouch: forcedTouch, javaScriptEnabled: scripts,
      });
      if (cookie) await context.addCookies([cookie]);
      await context.addInitScript(preload);
      if (relayedBy) await context.addInitScript(onlyRelayed, relayedBy);
      if (script) await context.addInitScript(script.run, script.given);
      return {
        tab: async () => new ChromiumTab(await context.newPage()),
        close: () => context.close(),
      };
    },
    close: () => browser.close(),
  };
}

/** A Firefox; the same. */
export async function openFirefox() {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
    extraPrefsFirefox: FIREFOX_PREFS,
  });
  return {
    name: 'firefox',
    async person({ width = 1280, height = 800, relayedBy = null } = {}) {
      const context = await browser.createBrowserContext();
      return {
        async tab() {
          const page = await context.newPage();
          await page.setViewport({ width, height });
          await page.evaluateOnNewDocument(preload);
          if (relayedBy) await page.evaluateOnNewDocument(onlyRelayed, relayedBy);
          return new FirefoxTab(page);
        },
        close: () => context.close(),
      };
    },
    close: () => browser.close(),
  };
}

/** What both tabs do the same way. */
class Tab {
  constructor(page) {
    this.page = page;
    this.problems = [];
    page.on('pageerror', (error) => this.problems.push(`error: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(`console: ${message.text()}`);
    });
  }

  goto(url) {
    return this.page.goto(url);
  }

  reload() {
    return this.page.reload();
  }

  close() {
    return this.page.close();
  }

  evaluate(run, argument) {
    return this.page.evaluate(run, argument);
  }

  text() {
    return this.page.evaluate(() => document.body.innerText);
  }

  /** Waits until `check`, run in the page with `argument`, is truthy. Checked on every animation frame. */
  async until(check, argument, what = String(check), patience = PATIENCE_MS) {
    try {
      await this.waitFor(check, argument, patience);
    } catch (error) {
      throw new Error(`waited ${patience} ms for ${what}; the page says:\n${await this.text()}\n${this.problems.join('\n')}`, {
        cause: error,
      });
    }
  }

  /** Waits until these words are on the page. */
  sees(text, patience) {
    return this.until((wanted) => document.body?.innerText.includes(wanted), text, `“${text}”`, patience);
  }

  /** Waits until these words are not. */
  seesNo(text, patience) {
    return this.until((unwanted) => !document.body.innerText.includes(unwanted), text, `“${text}” to go`, patience);
  }

  /** Waits until the app says where one is: `connecting`, `waiting`, `seated` or `over`. */
  isAt(place, patience) {
    return this.until((wanted) => document.querySelector(`[data-place="${wanted}"]`) !== null, place, `being ${place}`, patience);
  }
}

class ChromiumTab extends Tab {
  waitFor(check, argument, timeout) {
    return this.page.waitForFunction(check, argument, { timeout });
  }

  /** Waits until these words are on a page that runs no script. */
  shows(text) {
    return this.page.getByText(text).first().waitFor({ timeout: PATIENCE_MS });
  }

  /** Clicks what has this accessible role and name. */
  click(role, name) {
    return this.page.getByRole(role, { name, exact: true }).first().click({ timeout: PATIENCE_MS });
  }

  fill(label, text) {
    return this.page.getByLabel(label, { exact: true }).first().fill(text, { timeout: PATIENCE_MS });
  }

  press(key) {
    return this.page.keyboard.press(key);
  }

  type(text) {
    return this.page.keyboard.type(text);
  }

  /** Whether what has this role and name is pressed, checked or expanded; null when it is not there. */
  async pressed(role, name) {
    const found = this.page.getByRole(role, { name, exact: true }).first();
    return (await found.count()) === 0 ? null : (await found.getAttribute('aria-pressed')) === 'true';
  }

  async has(role, name) {
    return (await this.page.getByRole(role, { name, exact: true }).count()) > 0;
  }

  /** The socket and everything else is cut off, as in a tunnel. */
  offline(off) {
    return this.page.context().setOffline(off);
  }

  shot(path) {
    return this.page.screenshot({ path });
  }
}

class FirefoxTab extends Tab {
  waitFor(check, argument, timeout) {
    return this.page.waitForFunction(check, { timeout, polling: 100 }, argument);
  }

  async find(role, name) {
    return this.page.locator(`::-p-aria([name="${name.replaceAll('"', '\\"')}"][role="${role}"])`).setTimeout(PATIENCE_MS);
  }

  async click(role, name) {
    await (await this.find(role, name)).click();
  }

  async fill(label, text) {
    await (await this.find('textbox', label)).fill(text);
  }

  press(key) {
    return this.page.keyboard.press(key);
  }

  type(text) {
    return this.page.keyboard.type(text);
  }

  async pressed(role, name) {
    const found = await this.page.$(`::-p-aria([name="${name}"][role="${role}"])`);
    return found ? found.evaluate((element) => element.getAttribute('aria-pressed') === 'true') : null;
  }

  async has(role, name) {
    return (await this.page.$(`::-p-aria([name="${name}"][role="${role}"])`)) !== null;
  }

  shot(path) {
    return this.page.screenshot({ path });
  }
}
