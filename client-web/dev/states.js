// Every page and state that is photographed: who looks, where, and what they do there first.

const CLASS = '/class/00000000-0000-4000-8000-000000000001';
const SETUP = `${CLASS}/setup`;
const NEW_SETUP = '/class/00000000-0000-4000-8000-000000000005/setup';

const PASTE = `Nom;Groupe;Rôle
Zoé Martin;5e B
Noé Durand;5e B
Marie-Amélie de La Rochefoucauld-Saint-Aubin;5e B, groupe 2
;5e B
Zoé Martin;5e B
Karim Belkacem;;enseignant
Lou
Aïcha Diallo;5e B;déléguée
Tiago da\u200b Silva;5e B
Inès Lefèvre;5e B`;

const heading = (page) => page.locator('h1').first().waitFor();

const operator = async (page, key) => {
  await page.locator('input[type=password]').fill(key);
  await page.locator('button[type=submit]').first().click();
  await page.locator(key === 'good' ? '.ops-board' : '.fault').waitFor();
};

export const states = [
  { name: 'home', who: 'teacher', path: '/', act: heading },
  {
    name: 'home-browsers',
    who: 'teacher',
    path: '/',
    act: async (page) => {
      await page.locator('.account').click();
      await page.locator('[role=menuitem]').nth(1).click();
      await page.locator('.browser').first().waitFor();
    },
  },
  { name: 'home-empty', who: 'newcomer', path: '/', act: heading },
  { name: 'home-student', who: 'student', path: '/', act: heading },
  { name: 'home-nobody', who: 'nobody', path: '/', act: heading },
  { name: 'home-down', who: 'broken', path: '/', act: heading },
  { name: 'link-refused', who: 'nobody', path: '/#in=bad', act: heading },
  { name: 'link-trouble', who: 'nobody', path: '/#in=busy', act: heading },
  { name: 'ops-sign-in', who: 'nobody', path: '/ops', act: (page) => page.locator('form').waitFor() },
  { name: 'ops-wrong', who: 'nobody', path: '/ops', act: (page) => operator(page, 'bad') },
  {
    name: 'ops',
    who: 'nobody',
    path: '/ops',
    act: async (page) => {
      await operator(page, 'good');
      await page.locator('.ops-spark').first().waitFor();
    },
  },
  {
    name: 'ops-limits',
    who: 'nobody',
    path: '/ops',
    act: async (page) => {
      await operator(page, 'good');
      await page.locator('.ops-limits summary').click();
      await page.locator('.ops-limits input').first().fill('0');
      await page.locator('.ops-limits button').click();
    },
  },
  {
    name: 'ops-drain',
    who: 'nobody',
    path: '/ops',
    act: async (page) => {
      await operator(page, 'good');
      await page.locator('.button.danger').click();
    },
  },
  { name: 'unknown', who: 'nobody', path: '/elsewhere', act: heading },
  {
    name: 'home-menu',
    who: 'teacher',
    path: '/',
    act: async (page) => {
      await heading(page);
      await page.locator('.page-head .menu > button').last().click();
    },
  },
  {
    name: 'home-signout',
    who: 'teacher',
    path: '/',
    act: async (page) => {
      await heading(page);
      await page.locator('.account').click();
      await page.locator('.menu-item').last().click();
    },
  },
  {
    name: 'home-rename',
    who: 'newcomer',
    path: '/',
    act: async (page) => {
      await heading(page);
      await page.locator('.text-button').click();
    },
  },
  {
    name: 'home-draft',
    who: 'teacher',
    path: '/',
    act: async (page) => {
      await heading(page);
      await page.locator('.home-head .button').click();
      await page.locator('dialog button[type=submit]').click();
    },
  },
  { name: 'setup', who: 'teacher', path: SETUP, act: heading },
  { name: 'setup-empty', who: 'teacher', path: NEW_SETUP, act: heading },
  {
    name: 'setup-paste',
    who: 'teacher',
    path: NEW_SETUP,
    act: async (page) => {
      await heading(page);
      await page.locator('textarea').fill(PASTE);
      await page.locator('.preview').waitFor();
    },
  },
  {
    name: 'setup-more-people',
    who: 'teacher',
    path: SETUP,
    act: async (page) => {
      await heading(page);
      await page.locator('.invitations-head .button').click();
      await page.locator('textarea').fill('Zoé Martin; 5e B\nLéo Bernard; 5e B');
      await page.locator('.preview').waitFor();
    },
  },
  {
    name: 'setup-row-menu',
    who: 'teacher',
    path: SETUP,
    act: async (page) => {
      await heading(page);
      await page.locator('.invitation-row .menu > button').nth(2).click();
    },
  },
  {
    name: 'setup-revoke',
    who: 'teacher',
    path: SETUP,
    act: async (page) => {
      await heading(page);
      await page.locator('.invitation-row .menu > button').nth(2).click();
      await page.locator('.menu-item').nth(1).click();
    },
  },
  {
    name: 'setup-copied',
    who: 'teacher',
    path: SETUP,
    act: async (page) => {
      await heading(page);
      await page.locator('.invitations-buttons .button').first().click();
      await page.locator('.toast').waitFor();
    },
  },
  {
    name: 'setup-change',
    who: 'teacher',
    path: SETUP,
    act: async (page) => {
      await heading(page);
      await page.locator('.setup-change .button').first().click();
    },
  },
  {
    name: 'setup-sheet',
    who: 'teacher',
    path: SETUP,
    act: async (page) => {
      await heading(page);
      await page.locator('.invitations-buttons .button').nth(1).click();
      await page.locator('.sheet').waitFor();
    },
  },
];
