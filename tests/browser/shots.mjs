// `make shots`: pictures of the real thing, server and media included, for looking at: target/shots.
//
// Every state that needs no server is photographed by the client's own `npm run look`; these are the others.

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { School, words } from './school.mjs';

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
