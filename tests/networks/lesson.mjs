// A class whose people come by links that are not perfect, each by one of their own.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { School, words } from '../browser/school.mjs';
import { graph, panels } from './graph.mjs';
import { arrange } from './arrange.mjs';
import { Shaper } from './shaper.mjs';
import { writeVoice } from './voice.mjs';
import { Watch } from './watch.mjs';

const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../../target', import.meta.url));
const graphs = join(target, 'networks');

export class Links {
  static async open(options = {}) {
    const links = new Links();
    links.folder = mkdtempSync(join(tmpdir(), 'preau-voice-'));
    const voice = join(links.folder, 'voice.wav');
    writeVoice(voice);
    const chromium = { flags: [`--use-file-for-fake-audio-capture=${voice}`, '--use-fake-device-for-media-stream=fps=24'] };
    links.school = await School.open({ flags: ['--shards', '1'], chromium, ...options });
    links.shaper = new Shaper();
    links.seed = 0;
    return links;
  }

  async close() {
    this.shaper.end();
    await this.school.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A class in session: Ada teaches with camera and microphone; everyone named in `weathers` is there, each by a link of their own. */
  async lesson(weathers) {
    const names = Object.keys(weathers).filter((name) => name !== 'Ada');
    const lesson = await this.school.makeClass(names);
    const people = { Ada: await this.#come(lesson, 'Ada', weathers.Ada) };
    await people.Ada.tab.isAt('seated');
    for (const name of names) {
      people[name] = await this.#come(lesson, name, weathers[name]);
      await people.Ada.press(words.class.door.admitNamed(name));
      await people[name].tab.isAt('seated');
    }
    await people.Ada.toggle('camera');
    await people.Ada.toggle('microphone');
    for (const name of names) {
      await people[name].sees(10);
      await people[name].hears();
    }
    this.people = people;
    return new Watch(people, lesson.persons, this.shaper);
  }

  /** From now on this person's link is so; both ways are named, or clear. */
  set(name, weather) {
    return this.shaper.set(name, weather);
  }

  /** Writes the graph of a watch. Returns its path. */
  write(name, title, watch) {
    mkdirSync(graphs, { recursive: true });
    const path = join(graphs, `${name}.svg`);
    writeFileSync(path, graph(title, panels(watch), watch.marks));
    return path;
  }

  async #come(lesson, name, weather) {
    const way = weather === undefined ? null : await this.#way(name, weather);
    return this.school.knock(lesson, name, { script: { run: arrange, given: way } });
  }

  async #way(name, weather) {
    this.seed += 1;
    const way = await this.shaper.open(name, this.school.server.udp[0], this.seed);
    await this.shaper.set(name, weather);
    return weather.by === 'tcp' ? `tcp ${way}` : way;
  }
}
