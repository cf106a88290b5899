// At the door, in both browsers: knocking, coming in, being turned away.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { School, say, words } from '../school.mjs';

let school;
before(async () => (school = await School.open()));
after(() => school.close());
afterEach(() => school.goHome());

const door = words.class.door;

test('a teacher and two students, one of them at Firefox: knock, admit, see and hear', async () => {
  const lesson = await school.makeClass(['Noé', 'Zoé']);
  const ada = await school.teacher(lesson);
  const noe = await school.knock(lesson, 'Noé');
  const zoe = await school.knock(lesson, 'Zoé', { at: 'firefox' });
  await noe.tab.isAt('waiting');
  await zoe.tab.isAt('waiting');
  await noe.tab.sees(say(words.lobby.reason.answer.title));

  await ada.tab.sees('Zoé');
  await ada.press(door.admitRoster(2));
  await noe.tab.isAt('seated');
  await zoe.tab.isAt('seated');
  assert.equal(await noe.tab.pressed('button', words.class.bar.camera), false, 'cameras are off on entry');
  assert.equal(await noe.tab.pressed('button', words.class.bar.microphone), false, 'microphones too');

  await ada.toggle('camera');
  await ada.toggle('microphone');
  for (const student of [noe, zoe]) {
    await student.sees();
    await student.hears();
  }
  await zoe.toggle('camera');
  await zoe.toggle('microphone');
  await ada.sees();
  await ada.hears();
  for (const person of [ada, noe, zoe]) await person.assertNoInjection();
});

test('whoever is refused is told so', async () => {
  const lesson = await school.makeClass(['Noé']);
  const ada = await school.teacher(lesson);
  const noe = await school.knock(lesson, 'Noé', { at: 'firefox' });
  await noe.tab.isAt('waiting');
  await ada.tab.sees('Noé');
  await ada.press(door.refuseNamed('Noé'));
  await noe.tab.sees(say(words.ending.refused.title));
  await ada.tab.seesNo(words.class.door.refuseNamed('Noé'));
});

test('the roster walks in once the teacher has opened the door', async () => {
  const lesson = await school.makeClass(['Noé', 'Zoé'], { policy: 'roster' });
  const noe = await school.knock(lesson, 'Noé');
  await noe.tab.isAt('waiting');
  await noe.tab.sees(say(words.lobby.reason.opening.title));
  const ada = await school.teacher(lesson);
  await noe.tab.sees(say(words.lobby.reason.answer.title));
  await ada.press(door.open);
  await noe.tab.isAt('seated');
  const zoe = await school.knock(lesson, 'Zoé', { at: 'firefox' });
  await zoe.tab.isAt('seated');
});

test('whoever is removed stays out, by reload and by link', async () => {
  const lesson = await school.makeClass(['Noé']);
  const ada = await school.teacher(lesson);
  const noe = await school.knock(lesson, 'Noé');
  await ada.press(door.admitNamed('Noé'));
  await noe.tab.isAt('seated');
  await ada.toggle('camera');
  await noe.sees();

  await ada.panel('people');
  await ada.press(words.class.people.actions('Noé'));
  await ada.tab.click('menuitem', words.class.people.remove);
  await ada.press(words.class.people.removeDo);
  await noe.tab.sees(say(words.ending.removed.title));
  await noe.stops('framesDecoded');
  await noe.tab.reload();
  await noe.enter();
  await noe.tab.sees(say(words.ending.removed.title));
  const phone = await school.knock(lesson, 'Noé', { at: 'firefox' });
  await phone.tab.sees(say(words.ending.removed.title));
});

test('a second tab takes the seat over, and the first is told', async () => {
  const lesson = await school.makeClass(['Noé']);
  const ada = await school.teacher(lesson);
  const noe = await school.knock(lesson, 'Noé');
  await ada.press(door.admitNamed('Noé'));
  await noe.tab.isAt('seated');
  const first = noe.tab;
  await noe.open(`${school.server.origin}/class/${lesson.id}`);
  await noe.enter();
  await noe.tab.isAt('seated');
  await first.sees(say(words.ending.replaced.title));
});

test('on a second device the teacher is asked first', async () => {
  const lesson = await school.makeClass(['Noé']);
  const ada = await school.teacher(lesson);
  const laptop = await school.knock(lesson, 'Noé');
  await ada.press(door.admitNamed('Noé'));
  await laptop.tab.isAt('seated');
  const phone = await school.knock(lesson, 'Noé', { at: 'firefox' });
  await phone.tab.isAt('waiting');
  await phone.tab.sees(say(words.lobby.otherDevice));
  await ada.tab.sees(door.otherDevice);
  await ada.press(door.admitNamed('Noé'));
  await phone.tab.isAt('seated');
  await laptop.tab.sees(say(words.ending.replaced.title));
});

test('whoever has no invitation sees a plain page and nothing of the class', async () => {
  const lesson = await school.makeClass(['Noé'], { title: 'Secret lesson' });
  const stranger = await school.person('nobody');
  await stranger.open(`${school.server.origin}/class/${lesson.id}`);
  await stranger.tab.sees(words.plain.invitationNeeded);
  assert.doesNotMatch(await stranger.tab.evaluate(() => document.documentElement.outerHTML), /Secret lesson|Noé|Professeur/);
  assert.equal(await stranger.tab.evaluate(() => window.kept.sockets.length), 0, 'not even a socket');
  await stranger.open(`${school.server.origin}/#in=nonsense`);
  await stranger.tab.sees(words.plain.linkRefused);
});
