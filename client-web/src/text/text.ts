// Which language is spoken, and its words. Only the language in use is loaded; French decides the shape of the table,
// so that a word missing in the other one does not compile.

import { signal } from '@preact/signals';

import { store, stored } from '../ui/stored';
import type { fr } from './fr';

export type Words = typeof fr;
export type Language = 'fr' | 'en';

const KEY = 'language';
const tables: Record<Language, () => Promise<Words>> = {
  fr: () => import('./fr').then((file) => file.fr),
  en: () => import('./en').then((file) => file.en),
};

const spoken = signal<{ language: Language; words: Words } | undefined>(undefined);

/** The words of the language in use. A component that asks is drawn again when the language changes. */
export function words(): Words {
  return now().words;
}

export function language(): Language {
  return now().language;
}

/** Loads a language and speaks it. To be awaited once before anything is drawn. */
export async function speak(choice: Language): Promise<void> {
  const table = await tables[choice]();
  spoken.value = { language: choice, words: table };
  document.documentElement.lang = choice;
}

/** Speaks a language that the person chose, now and in later visits. */
export async function chooseLanguage(choice: Language): Promise<void> {
  store(KEY, choice);
  await speak(choice);
}

/** The person's choice, else the first of the browser's languages that we speak, else French. */
export function preferredLanguage(browser: readonly string[] = navigator.languages): Language {
  const spoken = [stored(KEY), ...browser].map((tag) => tag?.slice(0, 2).toLowerCase());
  return spoken.find((tag): tag is Language => tag === 'fr' || tag === 'en') ?? 'fr';
}

function now() {
  if (!spoken.value) throw new Error('no language has been loaded');
  return spoken.value;
}
