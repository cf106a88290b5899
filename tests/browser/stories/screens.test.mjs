// Screens in spatial layers, in each codec in which Chromium sends them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Shaper } from '../../networks/shaper.mjs';
import { School, words } from '../school.mjs';

/** Less than a screen in full in VP9; AV1 needs hardly more. */
const TIGHT = { rate_bps: 300_000 };

/** Ada shows her screen in layers to Noé at Chromium, by the shaper's way, and to Zoé at Firefox; both see it in full. */
async function shown(context, codec) {
  const school = await School.open({ flags: ['--shards', '1', '--screen-layers', codec] });
  const shaper = new Shaper();
  context.after(async () => {
    shaper.end();
    await school.goHome().finally(() => school.close());
  });
  const lesson = await school.makeClass(['Noé', 'Zoé']);
  const ada = await school.teacher(lesson);
  const noe = await school.person('Noé');
  await noe.open(lesson.links['Noé']);
  await noe.goesBy(await shaper.open('tight', school.server.udp[0], 2));
  await noe.enter();
  const zoe = await school.knock(lesson, 'Zoé', { at: 'firefox' });
  for (const student of [noe, zoe]) {
    await ada.press(words.class.door.admitNamed(student.name));
    await student.tab.isAt('seated');
  }
  await ada.press(words.class.bar.screen);
  for (const student of [noe, zoe]) await student.showsHeight((px) => px > 400, 'the screen in full');
  assert.ok((await ada.streams()).sentModes.includes('L3T3_KEY'));
  return { shaper, noe, zoe };
}

test('a screen in layers of vp9 is seen small where the way is tight, and by the others in full', { timeout: 400_000 }, async (context) => {
  const { shaper, noe, zoe } = await shown(context, 'vp9');
  await shaper.set('tight', { down: TIGHT });
  await noe.showsHeight((px) => px < 400, 'it smaller');
  await noe.sees(3);
  await zoe.showsHeight((px) => px > 400, 'it in full still');
  await shaper.set('tight', {});
  await noe.showsHeight((px) => px > 400, 'it in full again');
  await zoe.sees(3);
});

test('a screen in layers of av1 is seen in full in both browsers', { timeout: 400_000 }, async (context) => {
  const { noe, zoe } = await shown(context, 'av1');
  for (const student of [noe, zoe]) await student.sees(10);
});
