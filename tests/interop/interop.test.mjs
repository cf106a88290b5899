// Stacks that nobody here wrote, in one class with each other: what one sends is what the other gets.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Api, Server } from '../browser/server.mjs';
import { Shaper } from '../networks/shaper.mjs';
import { Visitor } from './visitor.mjs';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const node = (stack) => [process.execPath, file(`stacks/${stack}.mjs`)];
const target = process.env.CARGO_TARGET_DIR ?? file('../../target');

/**
 * `encodes`: its camera is a real encoder's, 360 lines high; else it sends `loadtest/media/camera.ivf`, 180 lines high.
 * `layers`: the heights of its camera's layers. `asks`: it asks for packets that it misses.
 */
const STACKS = {
  libwebrtc: { command: node('libwebrtc'), encodes: true, layers: [180, 360], asks: true },
  aiortc: { command: [file('venv/bin/python'), file('stacks/aiortc_stack.py')], encodes: true, layers: [360], asks: true },
  werift: { command: node('werift'), encodes: false, layers: [180], asks: true },
  'node-datachannel': { command: node('node-datachannel'), encodes: false, layers: [180], asks: false },
  str0m: { command: [`${target}/debug/preau-str0m`], encodes: false, layers: [180, 360], asks: true },
};
const NAMES = ['Ada', 'Noé', 'Zoé', 'Léa', 'Tom'];

/** Five packets in a hundred. */
const LOSSY = { loss: 0.05 };
/** About two seconds of pictures, and of sound. */
const FRAMES = 30;
const SOUNDS = 100;

let server, teacher, shaper;
const visitors = [];

before(async () => {
  server = await Server.start({ flags: ['--shards', '1'] });
  shaper = new Shaper();
  teacher = new Api(server.origin);
  await teacher.claim(server.welcome);
});
after(async () => {
  shaper?.end();
  await server?.stop();
});
afterEach(() => visitors.splice(0).forEach((visitor) => visitor.leave()));

/** A class in session: Ada at the first of these stacks, the others let in by her; everyone sends and receives. */
async function inSession(stacks, ways = []) {
  const names = NAMES.slice(0, stacks.length);
  const lesson = await teacher.makeClass(names.slice(1));
  const people = [];
  for (const [i, name] of names.entries()) {
    const visitor = await Visitor.knock(server.origin, lesson, name, STACKS[stacks[i]].command);
    Object.assign(visitor, STACKS[stacks[i]]);
    visitors.push(visitor);
    if (i > 0) await people[0].admit([visitor.person]);
    await visitor.seated();
    await visitor.connect({ by: ways[i] });
    people.push(visitor);
  }
  for (const person of people) await person.publish();
  return people;
}

/** A way of that name to the server's one UDP port, for the next class. */
let ways = 0;
async function way(weather) {
  const name = `way ${(ways += 1)}`;
  const at = await shaper.open(name, server.udp[0], ways);
  await shaper.set(name, weather);
  return { name, at };
}

/** This person gets the other's moving picture and voice, as they were sent where that can be told. */
async function meets(person, sender) {
  const before = await person.stack.report();
  const height = Math.max(...sender.layers);
  const now = await person.until(`seeing ${height} lines of ${sender.name}, and hearing them`, ({ audio, video }) => {
    const isSeen = video.height === height && video.frames >= before.video.frames + FRAMES;
    return isSeen && audio.packets >= before.audio.packets + SOUNDS;
  });
  if (sender.encodes || person.encodes) return;
  assert.equal(now.video.exact, now.video.frames, `every frame is one that ${sender.name} sent`);
  const voices = visitors.filter((other) => other !== person && other.encodes);
  if (voices.length === 0) assert.equal(now.audio.exact, now.audio.frames, `every sound is one that ${sender.name} sent`);
}

/** Of what this person's camera sends from now on, so much must become frames at the other's, whatever is lost. */
async function loses(person, viewer) {
  const [sentBefore, seenBefore] = [await person.stack.report(), await viewer.stack.report()];
  const sent = await person.until('sending on', ({ sent }) => sent.frames >= sentBefore.sent.frames + 60);
  const wanted = seenBefore.video.frames + 0.9 * (sent.sent.frames - sentBefore.sent.frames);
  await viewer.until(`seeing what ${person.name} sends`, ({ video }) => video.frames >= wanted);
}

for (const stack of Object.keys(STACKS)) {
  test(`${stack} and libwebrtc see and hear each other`, async () => {
    const [ada, noe] = await inSession([stack, 'libwebrtc']);
    await ada.look(noe.person, 720);
    await noe.look(ada.person, 720);
    await meets(ada, noe);
    await meets(noe, ada);
  });

  if (STACKS[stack].asks) {
    test(`${stack} asks for what was lost on its way, and gets it`, async () => {
      const { name, at } = await way({ down: LOSSY });
      const [ada, noe] = await inSession([stack, 'werift'], [at]);
      await ada.look(noe.person, 720);
      await meets(ada, noe);
      await loses(noe, ada);
      const { asked } = await ada.stack.report();
      const { down } = (await shaper.report())[name];
      assert.ok(down.lost > 0 && asked.nacks > 0, `${down.lost} packets lost, asked ${asked.nacks} times`);
    });
  }

  test(`${stack} is asked for what was lost on its way, and sends it again`, async () => {
    const { name, at } = await way({ up: LOSSY });
    const [ada, noe] = await inSession([stack, 'libwebrtc'], [at]);
    await noe.look(ada.person, 720);
    await meets(noe, ada);
    await loses(ada, noe);
    const { up } = (await shaper.report())[name];
    assert.ok(up.lost > 0, `${up.lost} packets lost`);
  });

  if (stack !== 'libwebrtc') {
    test(`${stack} asks for a keyframe, and gets it`, async () => {
      const [ada, noe] = await inSession([stack, 'libwebrtc']);
      await ada.look(noe.person, 720);
      await meets(ada, noe);
      const before = await noe.stack.report();
      ada.stack.tell('keyframe');
      await noe.until('sending a keyframe', ({ sent }) => sent.keyframes > before.sent.keyframes);
    });
  }

  if (STACKS[stack].layers.length > 1) {
    test(`${stack} sends layers: each viewer gets the one that fits, without a seam`, async () => {
      const [ada, noe] = await inSession([stack, 'werift']);
      const [least, ...others] = STACKS[stack].layers;
      const most = others.pop();
      for (const [look, height] of [[720, most], [90, least], [720, most]]) {
        await noe.look(ada.person, look);
        const { video } = await noe.until(`seeing ${height} lines`, ({ video }) => video.height === height);
        await noe.until('seeing more', (now) => now.video.frames >= video.frames + 10);
      }
      const { video } = await noe.stack.report();
      assert.deepEqual({ streams: video.ssrcs.length, late: video.late }, { streams: 1, late: 0 });
    });
  }
}

test('frames and sounds arrive bit by bit as they were sent', async () => {
  const [ada, noe, zoe] = await inSession(['werift', 'node-datachannel', 'str0m']);
  for (const [person, sender] of [[ada, noe], [noe, zoe], [zoe, ada]]) {
    await person.look(sender.person, 720);
    await meets(person, sender);
  }
});

test('aiortc is asked for a keyframe, and sends it', async () => {
  const [ada, noe] = await inSession(['aiortc', 'werift']);
  await noe.look(ada.person, 720);
  await meets(noe, ada);
  const before = await noe.stack.report();
  noe.stack.tell('keyframe');
  await noe.until('seeing a keyframe', ({ video }) => video.keyframes > before.video.keyframes);
});

test('all of them in one class: everyone sees the next, and hears three', async () => {
  const people = await inSession(Object.keys(STACKS));
  const next = (i) => people[(i + 1) % people.length];
  for (const [i, person] of people.entries()) await person.look(next(i).person, 720);
  await Promise.all(people.map((person, i) => meets(person, next(i))));
});
