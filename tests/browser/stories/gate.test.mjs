// Before the gate, at a server with room for four: the line, without a script too, and the operator who makes room.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { assertAccessible } from '../axe.mjs';
import { School, say, words } from '../school.mjs';
import { Api } from '../server.mjs';
import { opsWords } from '../words.mjs';

const OPERATOR = 'a-key-of-the-operators';
/** Of five people at most, the gate lets in four. */
const FLAGS = ['--gate-people-max', '5', '--operator-token', OPERATOR];

/** A page without a script has no other way to come again; it has a link that stops it (WCAG 2.2.1). */
const COMES_AGAIN = ['meta-refresh'];

/** Each story has a server of its own: places that are kept for a class's pupils outlast the story. */
let school;
beforeEach(async () => (school = await School.open({ flags: FLAGS })));
afterEach(async () => {
  await school.goHome();
  await school.close();
});

/** A teacher in one class, with two places kept for a roster of one; a pupil in another, whose teacher is not there. */
async function fullHouse() {
  const maths = await school.makeClass(['Noé'], { title: 'Maths' });
  const french = await school.makeClass(['Zoé', 'Max', 'Eva'], { title: 'French' });
  const ada = await school.teacher(maths);
  const zoe = await school.knock(french, 'Zoé');
  await zoe.tab.isAt('waiting');
  return { maths, french, ada, zoe };
}

const status = () => new Api(school.server.origin).call('GET', '/status.json');

/** Asks the server, which has no event for it, until it is so. */
async function until(what, isSo) {
  const end = Date.now() + 10_000;
  while (!(await isSo())) {
    assert.ok(Date.now() < end, `waited for ${what}: ${JSON.stringify(await status())}`);
    await new Promise((tick) => setTimeout(tick, 200));
  }
}

test('whoever finds no room sees their place, keeps it over a reload, and goes in by itself; a pupil of a seated teacher does not wait', async () => {
  const { maths, french, zoe } = await fullHouse();
  const max = await school.knock(french, 'Max', { width: 360, height: 740, colorScheme: 'dark' });
  await max.tab.isAt('queued');
  await max.tab.sees(say(words.queue.title));
  await max.tab.sees(words.queue.place(1));
  assert.equal(await max.tab.evaluate(() => document.title), `${words.queue.tab(1)} · French · Préau`);
  await assertAccessible(max.tab, 'line');
  await max.tab.reload();
  await max.tab.isAt('queued');
  await max.tab.sees(words.queue.place(1));
  assert.equal(await max.tab.evaluate(() => window.kept.sent.filter(({ text }) => text.includes('"ticket"')).length), 1, 'with its ticket');

  const noe = await school.knock(maths, 'Noé');
  await noe.tab.isAt('waiting');
  await zoe.profile.close();
  await max.tab.isAt('waiting');
  await max.assertNoInjection();
});

test('an operator lets more in: the line moves, on a page without a script too', async () => {
  const { french } = await fullHouse();
  const max = await school.knock(french, 'Max');
  await max.tab.isAt('queued');
  const api = new Api(school.server.origin);
  await api.claim(french.links['Eva']);
  const [name, value] = api.cookie.split('=');
  // As if over TLS: to the browser, localhost is as good.
  const cookie = { name, value, url: school.server.origin.replace('http:', 'https:'), secure: true };
  const eva = await school.person('Eva', { scripts: false, cookie });
  await eva.open(`${school.server.origin}/class/${french.id}`);
  await eva.tab.click('link', 'See the waiting line');
  await eva.tab.shows('You are in line');
  await eva.tab.shows(/^[12](st|nd) in line$/);
  await until('two in the line', async () => (await status()).queued === 2);

  const operator = await school.person('Operator', { width: 1440, height: 900 });
  await operator.open(`${school.server.origin}/ops`);
  await operator.tab.fill(opsWords.signIn.key, 'not-the-key-of-theirs');
  await operator.press(opsWords.signIn.enter);
  await operator.tab.sees(opsWords.signIn.wrong);
  await assertAccessible(operator.tab, 'operator: sign in');
  await operator.tab.fill(opsWords.signIn.key, OPERATOR);
  await operator.press(opsWords.signIn.enter);
  await operator.tab.sees(opsWords.state.queueing.title);
  await operator.tab.sees(opsWords.lines.waiting(2));
  await assertAccessible(operator.tab, 'operator');
  for (let n = 0; n < 10; n += 1) await operator.press(opsWords.load.raise(opsWords.load.name.people));
  await operator.tab.sees(opsWords.state.open.title);
  await max.tab.isAt('waiting');
  await eva.tab.shows('It is your turn');

  await operator.tab.fill(opsWords.say.text, '<b>All is well again.</b>');
  await operator.press(opsWords.say.send);
  await operator.tab.sees(opsWords.say.sent);
  await until('the message on the status page', async () => (await status()).incidents.length === 1);
  await operator.open(`${school.server.origin}/status`);
  await operator.tab.sees('Everything works');
  await operator.tab.sees('<b>All is well again.</b>');
  await assertAccessible(operator.tab, 'status', COMES_AGAIN);
  await operator.open(`${school.server.origin}/class/${french.id}/line`);
  await assertAccessible(operator.tab, 'line without a script', COMES_AGAIN);
  await operator.tab.click('link', 'Stop refreshing');
  await operator.tab.sees('Refresh by itself');
  assert.equal(await operator.tab.evaluate(() => document.querySelector('meta[http-equiv]')), null);
  await assertAccessible(operator.tab, 'line that stands still');
});

test('a page that reaches no server says so, keeps trying, and comes in by itself', async () => {
  const lesson = await school.makeClass(['Noé']);
  const noe = await school.person('Noé');
  await noe.open(lesson.links['Noé']);
  await noe.tab.sees(words.tryout.enter);
  await school.server.crash();
  await noe.enter();
  await noe.tab.sees(say(words.queue.busy.body));
  await assertAccessible(noe.tab, 'busy');
  await school.server.restart();
  await noe.tab.isAt('waiting');
});
