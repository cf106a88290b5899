// Light or dark: the system's, unless the person chose.

import { signal } from '@preact/signals';

import { store, stored } from './stored';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'theme';
const systemDark = matchMedia('(prefers-color-scheme: dark)');

export const theme = signal<Theme>(parse(stored(KEY)));

export function chooseTheme(choice: Theme): void {
  theme.value = choice;
  store(KEY, choice === 'system' ? undefined : choice);
  show();
}

/** Puts the theme on the page, and follows the system from then on. */
export function startTheme(): void {
  systemDark.addEventListener('change', show);
  show();
}

function show(): void {
  const dark = theme.value === 'dark' || (theme.value === 'system' && systemDark.matches);
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
}

function parse(text: string | undefined): Theme {
  return text === 'light' || text === 'dark' ? text : 'system';
}
