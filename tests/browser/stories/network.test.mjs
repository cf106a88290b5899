// On networks as they are: what nobody looks at is not sent, what somebody does not want does not come.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { Shaper } from '../../networks/shaper.mjs';
import { School, say, words } from '../school.mjs';

let school;
let shaper;
before(async () => {
  school = await School.open({ flags: ['--shards', '1'] });
  shaper = new Shaper();
});
after(() => {
  shaper.end();
  return school.close();
});
afterEach(() => school.goHome());

async function inSession(names, options = {}) {
  const lesson = await school.makeClass(names);
  const ada = await school.teacher(lesson);
  const students = [];
  for (const [index, name] of names.entries()) {
    const student = await school.knock(lesson, name, { at: index === 1 ? 'firefox' : 'chromium', ...options });
    await ada.press(words.class.door.admitNamed(name));
    await student.tab.isAt('seated');
    students.push(student);
  }
  return { lesson, ada, students };
}

test('sound is repeated for whoever knows what to do with it, and plain for the others', async () => {
  const { ada, students: [noe, zoe] } = await inSession(['Noé', 'Zoé']);
  await ada.toggle('microphone');
  for (const student of [noe, zoe]) await student.hears();
  const [told, plain] = [await noe.streams(), await zoe.streams()];
  assert.ok(told.soundsAgain > told.sounds / 2, `earlier packets come again: ${JSON.stringify(told)}`);
  assert.ok(plain.soundsAgain < plain.sounds / 4, `and are left out: ${JSON.stringify(plain)}`);
  await zoe.toggle('microphone');
  await ada.toggle('microphone');
  await noe.hears();
});

test('whoever wants sound only gets no picture, and sends a small one', async () => {
  const { ada, students: [noe] } = await inSession(['Noé']);
  await ada.toggle('camera');
  await ada.toggle('microphone');
  await noe.toggle('camera');
  await noe.sees();
  await ada.sendsLayers('h', 'm', 'l');
  await noe.choosePictures('none');
  await noe.tab.sees(say(words.class.spare.chosen.none));
  await noe.stops('framesDecoded');
  const { videoBytes } = await noe.streams();
  await noe.hears();
  await ada.sendsLayers('l');
  await noe.sendsLayers('l');
  assert.equal((await noe.streams()).videoBytes, videoBytes, 'not a byte of video');
  await noe.tab.reload();
  await noe.enter();
  await noe.tab.isAt('seated');
  await noe.tab.sees(say(words.class.spare.chosen.none));
  await noe.hears();
  assert.equal((await noe.streams()).videoBytes, 0, 'the choice is kept on this device');
  await noe.press(words.class.spare.showAll);
  await noe.sees();
  await ada.sendsLayers('h', 'm', 'l');
  await noe.toggle('camera');
  await ada.sees();
  await ada.choosePictures('none');
  await noe.sendsLayers();
  await ada.press(words.class.spare.showAll);
  await ada.sees();
});

test('a screen is seen also when nobody had looked at one before', async () => {
  const { ada, students: [noe] } = await inSession(['Noé']);
  await ada.toggle('camera');
  await noe.sees(90);
  await ada.toggle('camera');
  await noe.stops('framesDecoded');
  await ada.press(words.class.bar.screen);
  await noe.tab.sees(words.class.screenOf('Ada'));
  await noe.sees(3);
});

test('a large picture is not sent to be looked at small', async () => {
  const { ada, students: [noe] } = await inSession(['Noé'], { width: 360, height: 640 });
  await ada.toggle('camera');
  await noe.sees();
  await ada.sendsLayers('m', 'l');
  assert.deepEqual(noe.tab.problems, []);
});

/** Less than one small picture and a voice. */
const NARROW = { rate_bps: 110_000 };

test('on a narrow way pictures make room for the voice, everyone concerned is told, and it passes', { timeout: 180_000 }, async () => {
  const lesson = await school.makeClass(['Noé', 'Tom']);
  const ada = await school.teacher(lesson);
  const noe = await school.person('Noé');
  await noe.open(lesson.links['Noé']);
  await noe.goesBy(await shaper.open('narrow', school.server.udp[0], 1));
  await noe.enter();
  const tom = await school.knock(lesson, 'Tom');
  for (const student of [noe, tom]) {
    await ada.press(words.class.door.admitNamed(student.name));
    await student.tab.isAt('seated');
  }
  await ada.toggle('camera');
  await ada.toggle('microphone');
  for (const student of [noe, tom]) await student.sees();
  await shaper.set('narrow', { down: NARROW });
  await noe.tab.sees(say(words.class.banner.reduced.audio_only), 60_000);
  await noe.hears();
  await tom.sees();
  await ada.sendsLayers('h', 'm', 'l');
  await ada.panel('people');
  await ada.tab.sees(words.class.connection.reduced.audio_only);
  await shaper.set('narrow', {});
  await noe.tab.seesNo(say(words.class.banner.reduced.audio_only), 60_000);
  await noe.sees();
});

test('a teacher looks closer at a connection', async () => {
  const { ada } = await inSession(['Noé']);
  await ada.toggle('camera');
  await ada.toggle('microphone');
  await ada.panel('people');
  await ada.press(words.class.people.actions('Noé'));
  await ada.tab.click('menuitem', words.class.connection.item);
  await ada.tab.sees(words.class.connection.source.camera('Ada'));
  await ada.tab.sees(words.class.connection.source.microphone('Ada'));
  await ada.tab.sees(words.class.connection.rtt);
});
