// `make shots`: pictures of the real thing, server and media included, for looking at: target/shots.
//
// Every state that needs no server is photographed by the client's own `npm run look`; these are the others.

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { School, words } from './school.mjs';
import { opsWords } from './words.mjs';

const folder = fileURLToPath(new URL('../../target/shots/', import.meta.url));
const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1440, height: 900 };
/** Words of one language are looked up in another only for these looks: stories are told in English. */
const LOOKS = [
  { name: '1440-light', at: 'chromium', ...DESKTOP },
  { name: '1440-dark', at: 'chromium', ...DESKTOP, colorScheme: 'dark' },
  { name: '360-light', at: 'chromium', ...PHONE },
  { name: '360-dark', at: 'chromium', ...PHONE, colorScheme: 'dark' },
  { name: '1440-firefox', at: 'firefox', ...DESKTOP },
  { name: '360-firefox', at: 'firefox', ...PHONE },
];

mkdirSync(folder, { recursive: true });
const school = await School.open();
for (const look of LOOKS) await photograph(look);
await school.close();
await photographGate();
console.log(`pictures in ${folder}`);

/** One class, from the link to its end, as a student and as a teacher with this screen see it. */
async function photograph(look) {
  const shot = (person, state) => person.tab.shot(`${folder}${state}-${look.name}.png`);
  const lesson = await school.makeClass(['Noé Durand', 'Zoé Martin', 'Max Petit', 'Léa Benali']);
  const noe = await school.person('Noé Durand', look);
  await noe.open(lesson.links['Noé Durand']);
  await noe.tab.sees(words.tryout.enter);
  await shot(noe, 'student-tryout');
  await noe.enter();
  await noe.tab.isAt('waiting');
  await shot(noe, 'student-lobby');

  const ada = await school.teacher(lesson, look);
  const others = [];
  for (const name of ['Zoé Martin', 'Max Petit']) others.push(await school.knock(lesson, name));
  if (look.width === PHONE.width) await ada.panel('door');
  await ada.tab.sees('Max Petit');
  await shot(ada, 'teacher-door');
  await ada.press(words.class.door.admitRoster(3));
  await noe.tab.isAt('seated');
  if (look.width === PHONE.width) await ada.tab.press('Escape');
  await ada.toggle('camera');
  for (const other of others) {
    await other.tab.isAt('seated');
    await other.toggle('camera');
  }
  await noe.sees();
  await shot(noe, 'student-class');
  await ada.sees();
  await shot(ada, 'teacher-class');
  await ada.panel('people');
  await shot(ada, 'teacher-people');
  await school.api.call('DELETE', `/api/classes/${lesson.id}`);
  await noe.tab.until(() => document.querySelector('[data-place^="gone"]') !== null);
  await shot(noe, 'student-gone');
  await school.goHome();
}

/** A server with room for four: its line, what anybody may know, and what an operator sees. */
async function photographGate() {
  const key = 'a-key-of-the-operators';
  const small = await School.open({ flags: ['--gate-people-max', '5', '--operator-token', key] });
  const { origin } = small.server;
  const maths = await small.makeClass(['Noé Durand'], { title: 'Maths 5e B' });
  const french = await small.makeClass(['Zoé Martin', 'Max Petit', 'Léa Benali'], { title: 'Français 5e B' });
  await small.teacher(maths);
  await small.knock(french, 'Zoé Martin');
  await small.knock(french, 'Max Petit');
  for (const look of LOOKS.filter(({ at }) => at === 'chromium')) {
    const shot = (person, state) => person.tab.shot(`${folder}${state}-${look.name}.png`);
    const lea = await small.knock(french, 'Léa Benali', look);
    await lea.tab.isAt('queued');
    await shot(lea, 'student-queue');
    await lea.open(`${origin}/class/${french.id}/line`);
    await lea.tab.sees('in line');
    await shot(lea, 'plain-line');
    await lea.open(`${origin}/status`);
    await lea.tab.sees('There is a line');
    await shot(lea, 'plain-status');
    const operator = await small.person('Operator', look);
    await operator.open(`${origin}/ops`);
    await operator.tab.fill(opsWords.signIn.key, key);
    await operator.press(opsWords.signIn.enter);
    await operator.tab.until(() => document.querySelector('.ops-spark') !== null);
    await shot(operator, 'operator');
    for (const one of [lea, operator]) await one.profile.close();
  }
  await small.goHome();
  await small.close();
}
