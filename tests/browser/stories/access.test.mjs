// For everyone: with a keyboard alone, and without a fault that axe-core knows, on every page and in every state.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { assertAccessible } from '../axe.mjs';
import { School, say, words } from '../school.mjs';
import { Api, Server } from '../server.mjs';

let school;
before(async () => (school = await School.open()));
after(() => school.close());
afterEach(() => school.goHome());

test('axe-core finds nothing, from the first link to the end of a class', async () => {
  const lesson = await school.makeClass(['Noé', 'Zoé', 'Max']);
  const noe = await school.person('Noé', { width: 360, height: 740, colorScheme: 'dark' });
  await noe.open(school.server.origin);
  await noe.tab.sees(words.plain.invitationNeeded);
  await assertAccessible(noe.tab, 'no invitation');
  await noe.open(lesson.links['Noé']);
  await noe.tab.sees(words.tryout.enter);
  await assertAccessible(noe.tab, 'try-out');
  await noe.enter();
  await noe.tab.isAt('waiting');
  await assertAccessible(noe.tab, 'lobby');

  const ada = await school.teacher(lesson);
  await ada.tab.sees('Noé');
  await assertAccessible(ada.tab, 'door');
  await ada.press(words.class.door.admitNamed('Noé'));
  await noe.tab.isAt('seated');
  await assertAccessible(noe.tab, 'class on a phone');
  await ada.toggle('camera');
  await noe.sees(1);
  for (const panel of ['people', 'chat', 'door']) {
    await ada.panel(panel);
    await assertAccessible(ada.tab, panel);
  }
  await ada.press(words.class.bar.end);
  await ada.tab.sees(words.class.end.title);
  await assertAccessible(ada.tab, 'dialog');
  await ada.press(words.class.end.forAll);
  await noe.tab.sees(say(words.ending.ended.title));
  await assertAccessible(noe.tab, 'ended');
});

test('a teacher’s first morning: link, class, roster, invitations; two clicks to a running class', async () => {
  const fresh = await Server.start();
  try {
    const teacher = await school.person('Ada');
    await teacher.open(fresh.welcome);
    await teacher.tab.sees(words.home.emptyTitle);
    assert.equal(new URL(await teacher.tab.evaluate(() => location.href)).hash, '', 'the secret is gone from the address');
    await assertAccessible(teacher.tab, 'empty home');
    await teacher.press(words.home.emptyDo);
    await teacher.tab.fill(words.draft.classTitle, 'Maths 5e B');
    await assertAccessible(teacher.tab, 'new class');
    await teacher.press(words.draft.submitCreate);
    await teacher.tab.sees(words.roster.title);
    await teacher.tab.fill(words.roster.paste, 'Zoé Martin\nNoé Durand');
    await teacher.press(words.roster.add(2));
    await teacher.tab.sees('Noé Durand');
    await assertAccessible(teacher.tab, 'set-up');
    await teacher.open(fresh.origin);
    await teacher.tab.sees('Maths 5e B');
    await assertAccessible(teacher.tab, 'home');
    await teacher.tab.click('link', words.home.openNamed('Maths 5e B'));
    await teacher.enter();
    await teacher.tab.isAt('seated');
  } finally {
    await fresh.stop();
  }
});

test('a teacher sees where they are signed in, and signs a lost phone out, which is out of the class at once', async () => {
  const fresh = await Server.start();
  try {
    const ada = await school.person('Ada', { width: 360, height: 740, colorScheme: 'dark' });
    await ada.open(fresh.welcome);
    await ada.tab.sees(words.home.emptyTitle);
    const laptop = new Api(fresh.origin);
    await laptop.claim(fresh.teacherLink());
    const lesson = await laptop.makeClass([], { teachers: [] });
    const phone = await school.person('Ada’s phone', { at: 'firefox' });
    await phone.open(fresh.teacherLink());
    await phone.tab.sees(lesson.title);
    await phone.open(`${fresh.origin}/class/${lesson.id}`);
    await phone.enter();
    await phone.tab.isAt('seated');

    const { account } = words;
    await ada.press(account.of('Professeur'));
    await ada.tab.click('menuitem', account.browsers);
    const firefox = account.browserOn('Firefox', 'Linux');
    await ada.tab.sees(firefox);
    await ada.tab.sees(account.browserHere);
    await assertAccessible(ada.tab, 'where one is signed in');
    await ada.press(account.browserOutOf(firefox));
    await ada.tab.sees(account.browserOutTitle(firefox));
    await assertAccessible(ada.tab, 'signing a browser out');
    await ada.press(account.browserOut);
    await phone.tab.sees(say(words.ending.not_authenticated.title));
    await ada.tab.sees(account.browserIsOut(firefox));
    await phone.open(fresh.origin);
    await phone.tab.sees(words.plain.invitationNeeded);

    await ada.press(account.browserOutOf(account.browserOther));
    await ada.press(account.browserOut);
    await ada.tab.sees(account.onlyHere);
    await assert.rejects(laptop.call('GET', '/api/classes'), /401/);
  } finally {
    await fresh.stop();
  }
});

test('with a keyboard alone a student gets in and raises a hand', async () => {
  const lesson = await school.makeClass(['Noé']);
  const ada = await school.teacher(lesson);
  const noe = await school.person('Noé');
  await noe.open(lesson.links['Noé']);
  await noe.tab.sees(words.tryout.enter);
  await tabTo(noe.tab, words.tryout.enter);
  await noe.tab.press('Enter');
  await noe.tab.isAt('waiting');
  await tabTo(ada.tab, words.class.door.admitNamed('Noé'));
  await ada.tab.press('Enter');
  await noe.tab.isAt('seated');
  await tabTo(noe.tab, words.class.bar.hand);
  await noe.tab.press('Space');
  await ada.panel('people');
  await ada.tab.sees(words.class.people.hand(1));
});

/** Presses Tab until what has the focus is called `name`. */
async function tabTo(tab, name) {
  const called = () => {
    const focus = document.activeElement;
    return (focus?.ariaLabel ?? focus?.innerText ?? '').trim();
  };
  for (let n = 0; n < 80; n += 1) {
    if ((await tab.evaluate(called)) === name) return;
    await tab.press('Tab');
  }
  throw new Error(`no way to “${name}” by keyboard; the focus is on “${await tab.evaluate(called)}”`);
}
