// Seats and those who have them for a while: whoever does nothing gives theirs back, a class ends in time, observers look on.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { assertAccessible } from '../axe.mjs';
import { School, say, words } from '../school.mjs';

const OPERATOR = 'a-key-of-the-operators';
const ISSUER = 'https://ent.example';
const SECRET = 'a shared secret of 32 bytes or so';

/** Each story has a server of its own, and waits more than it does: they are told beside each other. */
async function open(t, flags) {
  const school = await School.open({ flags });
  t.after(async () => {
    await school.goHome();
    await school.close();
  });
  return school;
}

/** A student comes in. */
async function seat(ada, lesson, name) {
  const student = await ada.school.knock(lesson, name);
  await ada.press(words.class.door.admitNamed(name));
  await student.tab.isAt('seated');
  return student;
}

/** What a portal says of a parent. */
function parentOf(lesson) {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { iss: ISSUER, aud: 'preau', sub: 'parent', iat: now, nbf: now, exp: now + 300, class: lesson.id, role: 'parent', name: 'Mme Petit' };
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}

describe('seats', { concurrency: true }, () => {
  test('while others wait, whoever does nothing is asked: one says they are here, the other gives the seat back and comes in again', async (t) => {
    // Of five people, four come in: the teacher, and places for a roster of two and one more.
    const school = await open(t, ['--gate-people-max', '5', '--gate-idle-after', '3 s', '--gate-idle-answer-within', '5 s']);
    const lesson = await school.makeClass(['Noé', 'Zoé']);
    const other = await school.makeClass(['Max']);
    const ada = await school.teacher(lesson);
    const noe = await seat(ada, lesson, 'Noé');
    const zoe = await seat(ada, lesson, 'Zoé');
    const max = await school.knock(other, 'Max');
    await max.tab.isAt('queued');

    const { stillThere } = words.class;
    await zoe.tab.sees(say(stillThere.title));
    await noe.tab.sees(say(stillThere.title));
    await assertAccessible(noe.tab, 'still there');
    await noe.press(say(stillThere.yes));
    await noe.tab.seesNo(say(stillThere.title));
    await zoe.tab.isAt('gone idle');
    await zoe.tab.sees(say(words.ending.idle.title));
    await noe.tab.isAt('seated');
    await zoe.press(words.ending.back);
    await zoe.tab.isAt('seated');
  });

  test('a class that may last so long says until when, and is over then for everybody', async (t) => {
    const school = await open(t, ['--gate-class-length-max', '6 s']);
    const lesson = await school.makeClass(['Noé']);
    const noe = await school.knock(lesson, 'Noé');
    await noe.tab.isAt('waiting');
    const ada = await school.teacher(lesson);
    await ada.press(words.class.door.admitNamed('Noé'));
    await noe.tab.isAt('seated');
    for (const { tab } of [ada, noe]) {
      await tab.sees(words.class.ends.soon(1, '').split(',')[0]);
      await tab.isAt('gone ended');
      await tab.sees(say(words.ending.ended.title));
    }
    await ada.tab.sees(words.ending.toHome);
  });

  test('an observer is kept out at the hours that are set, is let in by an operator and the teacher, and does nothing but look on', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'preau-'));
    const config = join(folder, 'preau.toml');
    const portal = `[[portal]]\nname = "ENT"\nissuer = "${ISSUER}"\naudience = "preau"\nsecret = "${SECRET}"\n`;
    writeFileSync(config, `operator_token = "${OPERATOR}"\n[gate]\nclosed = ["observers 00:00-12:00", "observers 12:00-00:00"]\n${portal}`);
    const school = await open(t, ['--config', config]);
    rmSync(folder, { recursive: true });
    const lesson = await school.makeClass(['Noé']);
    const ada = await school.teacher(lesson);
    const noe = await seat(ada, lesson, 'Noé');

    const parent = await school.person('Mme Petit');
    await parent.open(`${school.server.origin}/#token=${parentOf(lesson)}`);
    await parent.enter();
    await parent.tab.isAt('queued');
    await parent.tab.sees(say(words.queue.closed.title));
    await assertAccessible(parent.tab, 'closed');
    const headers = { authorization: `Bearer ${OPERATOR}`, 'content-type': 'application/json' };
    const reopen = JSON.stringify({ close: { priority: 'observers', closed: false } });
    const answer = await fetch(`${school.server.origin}/api/ops`, { method: 'POST', headers, body: reopen });
    assert.equal(answer.status, 200);
    // The page would try within a minute, at random, so that not everybody comes at once.
    await parent.tab.reload();
    await parent.enter();
    await parent.tab.isAt('waiting');

    await ada.tab.sees(words.class.observer.tag);
    await ada.press(words.class.door.admitNamed('Mme Petit'));
    await parent.tab.isAt('seated');
    await parent.tab.sees(words.class.observer.what);
    const own = (names) => [...document.querySelectorAll('.bar-label')].filter((one) => names.includes(one.textContent)).length;
    const { microphone, camera, screen, hand } = words.class.bar;
    assert.equal(await parent.tab.evaluate(own, [microphone, camera, screen, hand]), 0, 'nothing of their own to turn on');
    await assertAccessible(parent.tab, 'observer');
    for (const person of [ada, noe]) {
      await person.panel('people');
      await person.tab.sees(words.class.observer.many);
      await person.tab.sees('Mme Petit');
    }
    await parent.assertNoInjection();
  });
});
