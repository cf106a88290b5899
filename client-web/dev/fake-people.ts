// Invented people and classes for the fixture.

import type { BrowserCard, ClassCard, RosterEntry } from '../src/protocol/types.ts';

const NAMES = `Zoé Martin
Noé Durand
Yanis Benali
Inès Lefèvre
Marie-Amélie de La Rochefoucauld-Saint-Aubin
Tiago da Silva
Aïcha Diallo
Lou Petit
Maëlys Roux
Ethan Nguyen
Sacha Lambert
Jeanne Moreau
Mohamed El Amrani
Léna Girard
Gabriel Fontaine
Chloé Mercier
Adam Kowalski
Rose Chevalier
Ilyès Haddad
Camille Robin
Lina Meyer
Jules Perrin
Nour Bensaïd
Émile Marchand
Anaïs Dupuis
Raphaël Colin
Salomé Guillot
Wassim Cherif`.split('\n');

export function fakePeople(): RosterEntry[] {
  const teacher: RosterEntry = { name: 'Karim Belkacem', role: 'teacher' };
  const students = NAMES.map((name, index): RosterEntry => ({ name, role: 'student', group: index % 2 ? '5e B, groupe 2' : '5e B' }));
  return [teacher, ...students];
}

export function fakeBrowsers(): BrowserCard[] {
  const [hour, day, now] = [3_600_000, 86_400_000, Date.now()];
  return [
    { id: uuid(), browser: 'firefox', system: 'linux', signed_in_at: now - 40 * day, seen_at: now, here: true },
    { id: uuid(), browser: 'safari', system: 'ios', signed_in_at: now - 12 * day, seen_at: now - 3 * hour, here: false },
    { id: uuid(), browser: 'other', system: 'other', signed_in_at: now - 90 * day, seen_at: now - 61 * day, here: false },
  ];
}

export function fakeClasses(now: number): ClassCard[] {
  const hour = 3_600_000;
  const at = (days: number, clock: number) => new Date(now).setHours(clock, clock % 2 ? 30 : 0, 0, 0) + days * 24 * hour;
  const mine = { familiar: true, teacher: 'Hélène Garnier', mine: true } as const;
  return [
    { ...mine, class: id(1), title: 'Maths 5e B', starts_at: now + 12 * 60_000, policy: 'ask', students: 28, phase: 'scheduled' },
    { ...mine, class: id(2), title: 'Soutien scolaire', starts_at: now - hour / 2, policy: 'roster', students: 6, phase: 'open' },
    { ...mine, class: id(3), title: 'Géométrie dans l’espace, préparation au contrôle commun du mois de décembre', starts_at: at(1, 9), policy: 'ask', students: 31, phase: 'scheduled' },
    { class: id(4), title: 'Projet sciences', starts_at: at(3, 14), policy: 'roster', familiar: false, teacher: 'Karim Belkacem', students: 54, phase: 'scheduled', mine: false },
    { ...mine, class: id(5), title: 'Maths 4e A', starts_at: at(8, 10), policy: 'shut', students: 0, phase: 'scheduled' },
    { ...mine, class: id(6), title: 'Réunion de rentrée', starts_at: at(-20, 17), policy: 'ask', students: 26, phase: 'ended' },
  ];
}

function id(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

export function uuid(): string {
  return crypto.randomUUID();
}
