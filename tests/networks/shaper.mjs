// Ways to a server that are not perfect: the process `preau-shaper` (tests/src/shaping) and how it is told.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../../target', import.meta.url));
const binary = process.env.PREAU_SHAPER_BIN ?? `${target}/debug/preau-shaper`;

/** The first port of a way is on this address: the one that `netns.sh` gives. */
export const ADDRESS = '10.99.0.1';

/** Nothing lost, nothing late, no limit; a weather names what differs (tests/src/shaping/weather.rs). */
export const CLEAR = {};

export class Shaper {
  #lines;
  #turn = Promise.resolve();

  constructor() {
    this.child = spawn(binary, [], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** A way of that name to a UDP port of the server. Returns its own `address:port`. */
  async open(name, port, seed) {
    return (await this.#ask({ open: { name, to: `${ADDRESS}:${port}`, seed } })).opened.at;
  }

  /** From now on it is so on that way: from the participant, and to the participant. */
  set(name, { up = CLEAR, down = CLEAR }) {
    return this.#ask({ set: { name, up, down } });
  }

  /** What every way has carried, lost and dropped, each direction apart. */
  async report() {
    return (await this.#ask({ report: {} })).report;
  }

  end() {
    this.child.stdin.end();
  }

  /** One answer to each line, in order. */
  #ask(what) {
    const answer = this.#turn.then(async () => {
      this.child.stdin.write(`${JSON.stringify(what)}\n`);
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`${binary} ended`);
      const said = JSON.parse(value);
      if (said.error) throw new Error(said.error);
      return said;
    });
    this.#turn = answer.catch(() => undefined);
    return answer;
  }
}
