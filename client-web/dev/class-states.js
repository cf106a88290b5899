// Every state of try-out, lobby and class that is photographed. `scene` is what dev/fake-class.js plays.

import { fakeClass } from './fake-class.js';

const CLASS = '/class/00000000-0000-4000-8000-000000000001';
const names = [
  'Zoé Martin', 'Noé Durand', 'Yanis Benali', 'Inès Lefèvre',
  'Marie-Amélie de La Rochefoucauld-Saint-Aubin', 'Tiago da Silva', 'Aïcha Diallo', 'Lou Petit',
  'Maëlys Roux', 'Ethan Nguyen', 'Sacha Lambert', 'Jeanne Moreau',
  'Mohamed El Amrani', 'Léna Girard', 'Gabriel Fontaine', 'Chloé Mercier',
  'Adam Kowalski', 'Rose Chevalier', 'Ilyès Haddad', 'Camille Robin',
  'Lina Meyer', 'Jules Perrin', 'Nour Bensaïd', 'Émile Marchand',
  'Anaïs Dupuis', 'Raphaël Colin', 'Salomé Guillot', 'Wassim Cherif',
];
const person = (n) => `00000000-0000-4000-9000-${String(n).padStart(12, '0')}`;
const NOTE = 'Bonjour à tous. Je vous fais entrer à 8 h 30 précises ; préparez votre manuel et de quoi écrire.';

const enter = async (page) => page.locator('.tryout-enter button').click();
const seated = async (page) => {
  await enter(page);
  await page.locator('.classroom').waitFor();
  await page.waitForTimeout(900);
};
const panel = (index) => async (page) => {
  await seated(page);
  if (!(await page.locator('.panel').isVisible())) await page.locator('.bar [data-panel]').first().click();
  await page.locator('.panel [role=tab]').nth(index).click();
};
const openSpare = async (page) => {
  await seated(page);
  await page.locator('.bar .menu > button').last().click();
  await page.locator('.bar .menu-item', { has: page.locator('svg') }).filter({ hasText: /Images et|Pictures and/u }).click();
  await page.locator('dialog[open]').waitFor();
};
const openDetails = async (page) => page.locator('.panel details summary').first().click();

function state(name, who, scene, act) {
  return {
    name: `class-${name}`,
    who,
    path: CLASS,
    prepare: (page) => page.addInitScript(fakeClass, { names, teacher: who === 'teacher', ...scene }),
    act,
  };
}

const teacher = (name, scene, act = seated) => state(name, 'teacher', scene, act);
const student = (name, scene, act = seated) => state(name, 'student', scene, act);
const lobby = (name, standing, more = {}) =>
  student(`lobby-${name}`, { standing, ...more }, async (page) => {
    await enter(page);
    await page.locator('.lobby').waitFor();
  });
const ending = (name, scene) =>
  student(`ending-${name}`, scene, async (page) => {
    await enter(page);
    await page.locator('.plain-do').waitFor();
  });
const at = (since, draw = 0) => ({ since: 1_617_688_800 + since, draw });
const placed = (before, from_s, to_s) => ({
  queued: { ticket: 'AQIDBAU', priority: 'students', place: at(100), class_sign: 77, before, wait: { from_s, to_s } },
});
const line = (before, more) => [
  { priority: 'students', waiting: 5_000, marks: [{ place: at(100), before }], per_minute: { slowest: 90, fastest: 140 }, closed: false, ...more },
];
/** Before the gate: `looks` is for how many looks at the line the photographer waits. */
const queue = (name, scene, looks = 0) =>
  student(`queue-${name}`, scene, async (page) => {
    await enter(page);
    await page.locator('.queue').waitFor();
    await page.waitForTimeout(looks * 5_000);
  });
const turnOn = async (page) => {
  await page.locator('.device-toggle').first().waitFor();
  for (const button of await page.locator('.device-toggle').all()) await button.click();
  await page.waitForTimeout(500);
};

export const classStates = [
  student('tryout', {}, async (page) => page.locator('.tryout-enter').waitFor()),
  teacher('tryout-on', {}, turnOn),
  student('tryout-denied', { denied: true }, turnOn),
  student('tryout-nothing', { noDevice: true }, turnOn),
  queue('first', { turned: placed(2, 5, 40), line: line(2) }),
  queue('far', { turned: placed(1_241, 530, 830), line: line(1_241) }),
  queue('unknown', { turned: placed(40, 60, 120), line: line(40, { per_minute: { slowest: 0, fastest: 0 } }) }, 2),
  queue('rose', { turned: placed(40, 60, 120), line: line(97) }, 2),
  queue('entering', { turned: placed(40, 60, 120), line: line(40, { served: at(100) }) }, 2),
  queue('kept-out', { turned: placed(40, 60, 120), line: line(40, { closed: true, closed_until: Date.now() + 3 * 3_600_000 }) }, 2),
  queue('closed', { turned: { closed: {} } }),
  queue('closed-until', { turned: { closed: { until: Date.now() + 5 * 3_600_000 } } }),
  queue('unavailable', { turned: { unavailable: { retry_after_ms: 60_000 } } }),
  queue('school-full', { turned: { school_full: { retry_after_ms: 60_000 } } }),
  queue('offline', { turned: placed(40, 60, 120), line: 'offline' }, 3),
  queue('unreadable', { turned: placed(40, 60, 120), line: 'garbled' }, 3),
  student('queue-devices', { turned: placed(12, 60, 120), line: line(12) }, async (page) => {
    await enter(page);
    await page.locator('.lobby-devices summary').click();
  }),
  student('busy', { refused: true }, async (page) => {
    await enter(page);
    await page.locator('.busy').waitFor();
  }),
  lobby('opening', { waiting_for: 'opening', position: 1 }),
  lobby('answer', { waiting_for: 'answer' }, { lobbyNote: NOTE }),
  lobby('shut', { waiting_for: 'shut' }),
  lobby('away', { waiting_for: 'teacher_away' }),
  lobby('seat', { waiting_for: 'seat', position: 12 }),
  lobby('device', { waiting_for: 'answer', other_device: true }),
  student('lobby-devices', { standing: { waiting_for: 'answer' } }, async (page) => {
    await enter(page);
    await page.locator('.lobby-devices summary').click();
  }),
  teacher('alone', { seated: 0, waiting: 0 }),
  teacher('door', { seated: 4, waiting: 24, speaking: [person(2)] }, panel(0)),
  teacher('door-roster', { seated: 24, waiting: 3, policy: 'roster', barred: true, note: NOTE }, async (page) => {
    await panel(0)(page);
    await openDetails(page);
  }),
  teacher('door-block', { seated: 4, waiting: 5 }, async (page) => {
    await panel(0)(page);
    await page.locator('.knock .icon-only').first().click();
  }),
  teacher('people', { seated: 24, waiting: 3, speaking: [person(4)] }, panel(1)),
  teacher('people-rights', { seated: 24, waiting: 0 }, async (page) => {
    await panel(1)(page);
    await openDetails(page);
  }),
  teacher('people-menu', { seated: 24, waiting: 0 }, async (page) => {
    await panel(1)(page);
    await page.locator('.person .menu > button').nth(1).click();
  }),
  teacher('people-remove', { seated: 24, waiting: 0 }, async (page) => {
    await panel(1)(page);
    await page.locator('.person .menu > button').nth(0).click();
    await page.locator('.menu-item.danger').click();
  }),
  teacher('people-links', { seated: 24, waiting: 0, links: true }, panel(1)),
  teacher('people-connection', { seated: 24, waiting: 0, links: true, shared: true }, async (page) => {
    await panel(1)(page);
    await page.locator('.person .menu > button').nth(1).click();
    await page.locator('.menu-item:not([role=menuitemcheckbox]):not(.danger)').last().click();
    await page.locator('.slots').waitFor();
  }),
  teacher('chat', { seated: 24, waiting: 3, chat: true }, panel(2)),
  teacher('grid', { seated: 27, waiting: 1, speaking: [person(4)], reactions: [{ person: person(1), reaction: 'clap' }] }, async (page) => {
    await seated(page);
    await page.locator('.bar .menu > button').last().click();
    await page.locator('.menu-item').nth(1).click();
    await page.waitForTimeout(300);
  }),
  teacher('more', { seated: 5, waiting: 0 }, async (page) => {
    await seated(page);
    await page.locator('.bar .menu > button').last().click();
  }),
  teacher('end', { seated: 5, waiting: 0 }, async (page) => {
    await seated(page);
    await page.locator('.bar .leave').click();
  }),
  student('stage', { seated: 24, speaking: [person(0), person(4)], chat: true, reactions: [{ person: person(1), reaction: 'heart' }] }),
  student('stage-on', { seated: 12, speaking: [person(0)] }, async (page) => {
    await seated(page);
    for (const button of await page.locator('.bar-button[aria-pressed]').all()) {
      if ((await button.getAttribute('aria-disabled')) === 'false') await button.click();
    }
    await page.waitForTimeout(400);
  }),
  student('screen', { seated: 24, speaking: [person(0)], shared: true }),
  student('closed', { seated: 24, rights: { speak: false, camera: false, screen: false, chat: false } }, async (page) => {
    await seated(page);
    await page.locator('.bar-button[aria-disabled=true]').first().click({ force: true });
    await page.locator('.bar [data-panel=chat]').click();
  }),
  student('chat', { seated: 24, chat: true }, async (page) => {
    await seated(page);
    await page.locator('.bar [data-panel=chat]').click();
  }),
  student('weak-smaller', { seated: 24, connection: { quality: 'fair', reduced: 'smaller' } }),
  student('weak-sound', { seated: 24, connection: { quality: 'poor', reduced: 'audio_only' } }),
  student('sparing', { seated: 24, pictures: 'none' }),
  student('spare', { seated: 5 }, openSpare),
  teacher('spare', { seated: 5, waiting: 0 }, openSpare),
  student('still-there', { seated: 24, stillThere: true }, async (page) => {
    await seated(page);
    await page.locator('dialog[open]').waitFor();
  }),
  student('reduced', { seated: 24, reduction: 'student_cameras_off', endsInMs: 40 * 60_000 }),
  teacher('reduced', { seated: 24, waiting: 0, reduction: 'text_only', endsInMs: 4 * 60_000 }),
  { ...student('observer', { seated: 24, observer: 2, chat: true }, panel(1)), who: 'observer' },
  teacher('people-observer', { seated: 6, waiting: 0, observer: 5 }, panel(1)),
  student('unattended', { seated: 24, unattended: true, chat: true }),
  student('lost', { seated: 24, lost: true }, async (page) => {
    await seated(page);
    await page.locator('.banners .notice').waitFor();
  }),
  ending('left', { gone: 'left' }),
  ending('removed', { gone: 'removed' }),
  ending('blocked', { gone: 'blocked' }),
  ending('expired', { gone: 'expired' }),
  ending('ended', { gone: 'ended' }),
  ending('away', { gone: 'lost' }),
  ending('idle', { gone: 'idle' }),
  ending('refused', { close: 4406 }),
  ending('replaced', { close: 4409 }),
  ending('not-allowed', { close: 4403 }),
  ending('not-authenticated', { close: 4401 }),
  ending('old', { close: 4400 }),
  ending('full', { close: 4503 }),
];
