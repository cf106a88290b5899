// In class: what a teacher rules is so, and what breaks comes back by itself.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { School, say, words } from '../school.mjs';

let school;
before(async () => (school = await School.open()));
after(() => school.close());
afterEach(() => school.goHome());

/** The grace after which a class is unattended, and as long again. */
const PAST_GRACE_MS = 40_000;

/** A class with everyone in it. */
async function inSession(names, options = {}) {
  const lesson = await school.makeClass(names, options);
  const ada = await school.teacher(lesson);
  const students = [];
  for (const [index, name] of names.entries()) {
    const student = await school.knock(lesson, name, { at: index === 1 ? 'firefox' : 'chromium' });
    await ada.press(words.class.door.admitNamed(name));
    await student.tab.isAt('seated');
    students.push(student);
  }
  return { lesson, ada, students };
}

test('a teacher reloads: nobody is readmitted, and the picture comes back', async () => {
  const { ada, students: [noe] } = await inSession(['Noé']);
  await ada.toggle('camera');
  await noe.sees();
  await ada.tab.reload();
  await ada.enter();
  await ada.tab.isAt('seated');
  await noe.tab.isAt('seated');
  await ada.toggle('camera');
  await noe.sees();
});

test('a socket is cut: the page resumes, and nothing that was said is missing', async () => {
  const { ada, students: [noe, zoe] } = await inSession(['Noé', 'Zoé']);
  await ada.toggle('camera');
  for (const student of [noe, zoe]) {
    await student.sees();
    await student.cutSocket();
  }
  await ada.panel('chat');
  await ada.tab.fill(words.class.chat.write, 'Said while you were away');
  await ada.press(words.class.chat.send);
  for (const student of [noe, zoe]) {
    await student.panel('chat');
    await student.tab.sees('Said while you were away');
    await student.tab.isAt('seated');
    await student.sees();
  }
});

test('muting and rights hold, whatever the pages would like', async () => {
  const { ada, students: [noe, zoe] } = await inSession(['Noé', 'Zoé']);
  await noe.toggle('microphone');
  await noe.toggle('camera');
  await zoe.hears();
  await ada.hears();
  await ada.panel('people');
  await ada.press(words.class.people.muteAll);
  await noe.tab.sees(say(words.class.notice.muted));
  await zoe.stops('audioEnergy');
  assert.equal(await noe.tab.pressed('button', words.class.bar.microphone), false, 'the button says so');
  await zoe.sees();
  await ada.tab.click('checkbox', words.class.people.right.camera).catch(async () => {
    await ada.tab.evaluate(() => document.querySelector('.panel-more').setAttribute('open', ''));
    await ada.tab.click('checkbox', words.class.people.right.camera);
  });
  await zoe.stops('framesDecoded');
  await noe.toggle('microphone');
  await zoe.hears();
});

test('a screen is shared: students see it', async () => {
  const { ada, students: [noe, zoe] } = await inSession(['Noé', 'Zoé']);
  await ada.press(words.class.bar.screen);
  for (const student of [noe, zoe]) {
    await student.tab.sees(words.class.screenOf('Ada'));
    await student.sees(3);
  }
});

test('without a teacher the class pauses, and goes on when they are back', async () => {
  const { lesson, ada, students: [noe, zoe] } = await inSession(['Noé', 'Zoé']);
  await noe.toggle('camera');
  await noe.toggle('microphone');
  await zoe.sees();
  await zoe.hears();
  await ada.tab.close();
  ada.tabs.pop();
  await zoe.tab.sees(say(words.class.banner.unattended), PAST_GRACE_MS);
  await zoe.stops('framesDecoded');
  await zoe.stops('audioEnergy');
  await ada.open(`${school.server.origin}/class/${lesson.id}`);
  await ada.enter();
  await ada.tab.isAt('seated');
  await zoe.tab.seesNo(say(words.class.banner.unattended));
  await zoe.sees();
  await zoe.hears();
});

test('the server is killed in mid-class: everyone is back in their seats, with pictures', async () => {
  const { ada, students: [noe, zoe] } = await inSession(['Noé', 'Zoé']);
  await ada.toggle('camera');
  for (const student of [noe, zoe]) await student.sees();
  await noe.panel('chat');
  await noe.tab.fill(words.class.chat.write, 'Before the crash');
  await noe.press(words.class.chat.send);
  await zoe.panel('chat');
  await zoe.tab.sees('Before the crash');
  await school.server.crash();
  await school.server.restart();
  for (const student of [noe, zoe]) {
    await student.sees();
    await student.tab.isAt('seated');
    await student.tab.sees('Before the crash');
  }
  await ada.tab.isAt('seated');
  assert.equal(await ada.tab.has('button', words.class.door.admitNamed('Noé')), false, 'nobody knocks again');
});

test('the class ends for everyone', async () => {
  const { ada, students: [noe] } = await inSession(['Noé']);
  await ada.press(words.class.bar.end);
  await ada.press(words.class.end.forAll);
  await noe.tab.sees(say(words.ending.ended.title));
  await ada.tab.sees(say(words.ending.ended.title));
});

test('a script in a name, a title, a note or the chat is text', async () => {
  const script = '<img src=x onerror=alert(1)><script>alert(2)</script>';
  const name = '<img src=x onerror=alert(3)>';
  const { ada, students: [noe, zoe] } = await inSession([name, 'Zoé'], { title: `${script} Maths` });
  await ada.panel('chat');
  await noe.panel('chat');
  await noe.tab.fill(words.class.chat.write, `${script} [x](javascript:alert(4))`);
  await noe.press(words.class.chat.send);
  for (const person of [ada, zoe]) {
    await person.panel('chat');
    await person.tab.sees('javascript:alert(4)');
  }
  for (const person of [ada, noe, zoe]) {
    await person.panel('people');
    await person.tab.sees(name);
    await person.assertNoInjection();
  }
});
