// Somebody with an invitation, at a stack instead of a browser: knocks, is let in, and negotiates media.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import WebSocket from 'ws';

import { Api } from '../browser/server.mjs';

/** What happens at once may take this long on a busy machine; some stacks need seconds to connect. */
export const PATIENCE_MS = 20_000;

/** One WebSocket conversation: asks and replies, and events for those who wait. */
class Conversation {
  #replies = new Map();
  #events = [];
  #waiting = new Set();
  #asked = 0;

  static async open(api, lesson) {
    const conversation = new Conversation();
    const headers = { cookie: api.cookie };
    conversation.socket = new WebSocket(api.origin.replace('http', 'ws') + '/ws', { origin: api.origin, headers });
    await once(conversation.socket, 'open');
    conversation.socket.on('message', (text) => conversation.#take(JSON.parse(text)));
    conversation.socket.send(JSON.stringify({ hello: { version: 1, class: lesson } }));
    conversation.welcome = await conversation.#event((frame) => frame.welcome, 'a welcome');
    return conversation;
  }

  async ask(ask) {
    const id = (this.#asked += 1);
    const outcome = within(new Promise((answer) => this.#replies.set(id, answer)), `a reply to ${JSON.stringify(ask).slice(0, 80)}`);
    this.socket.send(JSON.stringify({ id, ask }));
    const got = await outcome;
    if (got.refused) throw new Error(`refused: ${JSON.stringify(got.refused)}`);
    return got;
  }

  /** The first event that `pick` makes something of, whether it has come already or not. */
  event(pick, what) {
    return this.#event((frame) => frame.event && pick(frame.event.on), what);
  }

  #event(pick, what) {
    for (const frame of this.#events) {
      const found = pick(frame);
      if (found) return Promise.resolve(found);
    }
    return within(new Promise((found) => this.#waiting.add({ pick, found })), what);
  }

  #take(frame) {
    if (frame.reply) return this.#replies.get(frame.reply.id)?.(frame.reply.outcome);
    this.#events.push(frame);
    for (const one of this.#waiting) {
      const found = one.pick(frame);
      if (!found) continue;
      this.#waiting.delete(one);
      one.found(found);
    }
  }
}

/** A process that speaks as `stacks/talk.mjs` says. */
class Stack {
  #lines;

  constructor(command, words) {
    this.child = spawn(command, words, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.errors = '';
    this.child.stderr.on('data', (text) => (this.errors = (this.errors + text).slice(-4_000)));
    this.child.stdin.on('error', () => undefined);
    this.#lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  tell(what, given = {}) {
    this.child.stdin.write(`${JSON.stringify({ [what]: given })}\n`);
  }

  /** The next line with this word. */
  async said(word) {
    for (;;) {
      const { value, done } = await within(this.#lines.next(), `“${word}” of ${this.child.spawnargs.join(' ')}: ${this.errors}`);
      if (done) throw new Error(`${this.child.spawnargs.join(' ')} ended: ${this.errors}`);
      // Libraries print now and then.
      if (!value.startsWith('{')) continue;
      const said = JSON.parse(value);
      if (said[word]) return said[word];
    }
  }

  async report() {
    this.tell('report');
    return this.said('report');
  }

  end() {
    this.child.kill('SIGKILL');
  }
}

export class Visitor {
  /** Opens a link at a stack, and knocks. */
  static async knock(origin, lesson, name, [command, ...words]) {
    const visitor = new Visitor();
    const api = new Api(origin);
    await api.claim(lesson.links[name]);
    visitor.name = name;
    visitor.stack = new Stack(command, words);
    visitor.offer = visitor.stack.said('offer');
    // Whoever needs the offer hears of the failure.
    visitor.offer.catch(() => undefined);
    visitor.conversation = await Conversation.open(api, lesson.id);
    visitor.person = visitor.conversation.welcome.person;
    return visitor;
  }

  /** Waits for the seat. */
  seated() {
    return this.conversation.event((on) => on.class?.snapshot, `${this.name}'s seat`);
  }

  admit(people) {
    return this.conversation.ask({ door: { admit: { people } } });
  }

  /** The one offer and its answer. `by`: the way that media takes, instead of the server's own address. */
  async connect({ by = null } = {}) {
    const offer = await this.offer;
    const { answer } = await this.conversation.ask({ media: { offer } });
    this.stack.tell('answer', { sdp: by === null ? answer.sdp : redirected(answer.sdp, by) });
  }

  async publish() {
    await this.conversation.ask({ class: { sending: { sending: { microphone: true, camera: true, screen: false } } } });
    this.stack.tell('publish');
  }

  look(person, height_px) {
    return this.conversation.ask({ media: { view: { looks: [{ person, height_px }] } } });
  }

  /** Asks the stack for its figures until they are as they should be. */
  async until(what, isSo) {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const report = await this.stack.report();
      if (isSo(report)) return report;
      if (Date.now() > end) {
        throw new Error(`${this.name}: not ${what} within ${PATIENCE_MS} ms but ${JSON.stringify(report)}; ${this.stack.errors}`);
      }
      await new Promise((tick) => setTimeout(tick, 100));
    }
  }

  leave() {
    this.conversation?.socket.terminate();
    this.stack.end();
  }
}

/** The answer with one candidate: this address. */
export function redirected(sdp, address) {
  const [host, port] = address.split(':');
  let isTold = false;
  const lines = sdp.split('\r\n').flatMap((line) => {
    if (!line.startsWith('a=candidate:')) return [line];
    if (isTold) return [];
    isTold = true;
    return [`a=candidate:1 1 udp 2130706431 ${host} ${port} typ host`];
  });
  return lines.join('\r\n');
}

function once(emitter, event) {
  return within(new Promise((resolve, reject) => emitter.once(event, resolve).once('error', reject)), event);
}

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${PATIENCE_MS} ms for ${what}`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
