// The real server as a process, with data of its own; and the HTTP calls with which stories set their scene.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The bar for a cold start is a second; a busy machine gets more. */
const READY_WITHIN_MS = 20_000;

const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../../target', import.meta.url));
const built = (profile) => join(target, profile, 'preau');

export class Server {
  /** Starts a server that nobody has used before. `profile` is the build: `debug` or `release`. */
  static async start({ profile = 'debug', flags = [], env = {} } = {}) {
    const server = new Server();
    server.binary = process.env.PREAU_BIN ?? built(profile);
    server.flags = flags;
    server.env = env;
    server.folder = mkdtempSync(join(tmpdir(), 'preau-'));
    server.log = join(server.folder, 'log.txt');
    const ready = await server.#spawn('127.0.0.1:0');
    server.origin = ready.url.replace(/\/$/, '');
    server.welcome = ready.welcome;
    server.udp = ready.udp;
    return server;
  }

  get pid() {
    return this.child.pid;
  }

  /** The process is gone from one instruction to the next. */
  async crash() {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }

  /** Starts again on the same data and the same port. */
  async restart() {
    await this.#spawn(`127.0.0.1:${new URL(this.origin).port}`);
  }

  /** What `preau teacher-link` prints beside the running server, as a link to it. */
  teacherLink() {
    const printed = execFileSync(this.binary, ['teacher-link', '--data', join(this.folder, 'data')], { encoding: 'utf8', env: this.env });
    return this.origin + '/' + new URL(printed.trim()).hash;
  }

  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.crash();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(listen) {
    const errors = openSync(this.log, 'a');
    const flags = ['--listen', listen, '--data', join(this.folder, 'data'), '--metrics-listen', 'off', '--log-format', 'json', ...this.flags];
    this.child = spawn(this.binary, flags, { stdio: ['ignore', 'pipe', errors], env: this.env });
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`not ready within ${READY_WITHIN_MS} ms, see ${this.log}`)), READY_WITHIN_MS);
      this.child.once('exit', (code) => reject(new Error(`the server ended with ${code}, see ${this.log}`)));
      this.child.once('error', reject);
      createInterface({ input: this.child.stdout }).on('line', (line) => {
        if (!line.startsWith('{')) return;
        const { ready } = JSON.parse(line);
        if (!ready) return;
        clearTimeout(late);
        resolve(ready);
      });
    });
  }
}

/** A browser's cookie and HTTP calls, without the browser. */
export class Api {
  constructor(origin) {
    this.origin = origin;
  }

  async call(method, path, body) {
    const headers = { origin: this.origin, ...(this.cookie && { cookie: this.cookie }) };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(this.origin + path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
    const cookie = response.headers.getSetCookie().find((one) => one.startsWith('__Host-preau='));
    if (cookie) this.cookie = cookie.split(';')[0];
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  }

  /** Opens a teacher's link. */
  claim(link) {
    const [kind, secret] = new URL(link).hash.slice(1).split('=');
    return this.call('POST', '/api/claim', kind === 'welcome' ? { account: { secret } } : { invitation: { secret } });
  }

  /** Makes a class with these students, and returns its id and their links by name. */
  async makeClass(students, { title = 'Maths 5e B', policy = 'ask', teachers = ['Ada'] } = {}) {
    const draft = { title, starts_at: Date.now(), policy, familiar: false };
    const card = await this.call('POST', '/api/classes', draft);
    const people = [
      ...students.map((name) => ({ name, role: 'student' })),
      ...teachers.map((name) => ({ name, role: 'teacher' })),
    ];
    const all = people.length === 0 ? [] : await this.call('POST', `/api/classes/${card.class}/roster`, { people });
    const links = Object.fromEntries(all.map((one) => [one.name, one.link]));
    const persons = Object.fromEntries(all.map((one) => [one.name, one.person]));
    return { id: card.class, title, links, persons };
  }
}
