// On networks as they are: what nobody looks at is not sent, what somebody does not want does not come.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { School, words } from '../school.mjs';

let school;
before(async () => (school = await School.open()));
after(() => school.close());
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
