// The driver of the stories: a server, browsers that stay open between stories, and people at them.

import assert from 'node:assert/strict';

import { openChromium, openFirefox, PATIENCE_MS } from './browsers.mjs';
import { media, streams, way } from './preload.mjs';
import { Api, Server } from './server.mjs';
import { say, words } from './words.mjs';

export { say, words };

/** The stage of one file of stories. Browsers are opened when first needed. */
export class School {
  static async open(options) {
    const school = new School();
    school.chromium = options?.chromium;
    school.server = await Server.start(options);
    school.api = new Api(school.server.origin);
    await school.api.claim(school.server.welcome);
    school.browsers = new Map();
    school.guests = [];
    return school;
  }

  async close() {
    await Promise.allSettled([...this.browsers.values()].map(async (browser) => (await browser).close()));
    await this.server.stop();
  }

  browser(name) {
    if (!this.browsers.has(name)) this.browsers.set(name, name === 'firefox' ? openFirefox() : openChromium(this.chromium));
    return this.browsers.get(name);
  }

  makeClass(students, options) {
    return this.api.makeClass(students, options);
  }

  /** Somebody at a browser of their own. */
  async person(name, { at = 'chromium', ...look } = {}) {
    const profile = await (await this.browser(at)).person(look);
    const person = new Person(this, name, at, profile);
    this.guests.push(person);
    return person;
  }

  /** Everyone closes their browser. */
  async goHome() {
    const guests = this.guests.splice(0);
    await Promise.allSettled(guests.map((guest) => guest.profile.close()));
    for (const guest of guests) guest.assertUnharmed();
  }

  /** The class's teacher, inside. */
  async teacher(lesson, options) {
    const person = await this.knock(lesson, 'Ada', options);
    await person.tab.isAt('seated');
    return person;
  }

  /** Somebody opens their link and knocks. */
  async knock(lesson, name, options) {
    const person = await this.person(name, options);
    await person.open(lesson.links[name]);
    await person.enter();
    return person;
  }
}

/** One person at one browser. */
export class Person {
  constructor(school, name, at, profile) {
    Object.assign(this, { school, name, at, profile, tabs: [] });
  }

  /** The tab that was opened last. */
  get tab() {
    return this.tabs[this.tabs.length - 1];
  }

  async open(url) {
    this.tabs.push(await this.profile.tab());
    await this.tab.goto(url);
  }

  /** Past the try-out page: into the lobby, or the class. */
  enter() {
    return this.tab.click('button', words.tryout.enter);
  }

  press(name) {
    return this.tab.click('button', name);
  }

  /** Turns one's microphone or camera on or off, by its button in the bar. */
  toggle(kind) {
    return this.press(words.class.bar[kind]);
  }

  /** Shows the panel of that name, if it is not shown. Its button's whole name has a count in it, now and then. */
  async panel(name) {
    const show = (label) => {
      const words = [...document.querySelectorAll('.bar-label')].find((one) => one.textContent === label);
      const button = words?.closest('button');
      if (button && button.getAttribute('aria-expanded') !== 'true') button.click();
      return button !== undefined;
    };
    await this.tab.until(show, words.class.bar[name], `the button “${words.class.bar[name]}”`);
  }

  /** Waits until this many more frames were decoded. */
  async sees(frames = 10) {
    await this.grows('framesDecoded', frames);
  }

  /** Waits until more sound was heard: energy is zero for silence. */
  async hears(energy = 0.0005) {
    await this.grows('audioEnergy', energy);
  }

  async grows(what, by) {
    const before = (await this.tab.evaluate(media))[what];
    let now = before;
    await poll(`${this.name}'s ${what} to grow by ${by}`, async () => {
      now = (await this.tab.evaluate(media))[what];
      return now >= before + by;
    }, async () => `${before} → ${now}\n${await this.tab.text()}\n${this.tab.problems.join('\n')}`);
  }

  /** Waits until this figure stands still. */
  async stops(what) {
    let before = -1;
    let still = 0;
    await poll(`${this.name}'s ${what} to stop`, async () => {
      const now = (await this.tab.evaluate(media))[what];
      still = now - before <= (what === 'audioEnergy' ? 1e-7 : 0) ? still + 1 : 0;
      before = now;
      return still >= 5;
    }, async () => `${before}\n${await this.tab.text()}`);
  }

  /** By which way media comes: `host/tcp`, `relay/tls`. */
  way() {
    return this.tab.evaluate(way);
  }

  /** What is sent and received, stream by stream. */
  streams() {
    return this.tab.evaluate(streams);
  }

  /** Waits until a picture is shown whose height is right: a larger one has to be asked of the way first, and again where the machine stood still. */
  async showsHeight(isRight, what) {
    let heights = [];
    await poll(`${this.name} to be shown ${what}`, async () => {
      heights = (await this.streams()).heights;
      return heights.some(isRight);
    }, () => heights.join(), { patienceMs: 3 * PATIENCE_MS });
  }

  /** From the next call on, this person's media goes by `way` (`address:port`). */
  goesBy(way) {
    return this.tab.evaluate((there) => void (window.kept.way = there), way);
  }

  /** Waits until of one's camera exactly these layers are sent: frames of these grow, of the others none do. */
  async sendsLayers(...wanted) {
    let before = await this.streams();
    let right = 0;
    await poll(`${this.name} to send ${wanted.join(', ') || 'nothing'} of their camera`, async () => {
      const now = await this.streams();
      const grown = ['h', 'm', 'l'].filter((rid) => (now.sentFrames[rid] ?? 0) > (before.sentFrames[rid] ?? 0));
      const hasTime = grown.length > 0 || wanted.length === 0;
      right = grown.join() === wanted.join() ? right + 1 : hasTime ? 0 : right;
      before = now;
      return right >= 4;
    }, async () => JSON.stringify(before.sentFrames), { everyMs: 400 });
  }

  /** Chooses which pictures to receive: `all`, `few` or `none`. */
  async choosePictures(pictures) {
    await this.press(words.class.bar.more);
    await this.tab.click('menuitem', words.class.bar.spare);
    const { title, hint } = words.class.spare.pictures[pictures];
    await this.tab.click('radio', `${title} ${hint}`);
    await this.press(words.common.close);
  }

  /** The socket breaks, as when a network drops; the page is to notice and come back. */
  cutSocket() {
    return this.tab.evaluate(() => window.kept.sockets.forEach((socket) => socket.close(4000)));
  }

  /** No script of ours failed, and nothing broke the content security policy. A lost connection is no fault of theirs. */
  assertUnharmed() {
    const ours = this.tabs.flatMap((tab) => tab.problems).filter((problem) => !/connection to the server|ws:\/\/|ICE failed/i.test(problem));
    for (const problem of ours) assert.doesNotMatch(problem, /Content Security Policy|^error:/i, `${this.name} at ${this.at}`);
  }

  async assertNoInjection() {
    const { alerts, violations } = await this.tab.evaluate(() => ({ alerts: window.kept.alerts, violations: window.kept.violations }));
    assert.deepEqual({ alerts, violations }, { alerts: 0, violations: [] }, `${this.name} at ${this.at}`);
  }
}

/** Asks again and again until it is so; statistics of a connection have no event to wait for. */
async function poll(what, isSo, describe, { everyMs = 100, patienceMs = PATIENCE_MS } = {}) {
  const until = Date.now() + patienceMs;
  while (!(await isSo())) {
    if (Date.now() > until) throw new Error(`waited ${patienceMs} ms for ${what}: ${await describe()}`);
    await new Promise((tick) => setTimeout(tick, everyMs));
  }
}
