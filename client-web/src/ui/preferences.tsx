// The menu for language and light or dark.

import { chooseLanguage, language, type Language, words } from '../text/text';
import { Menu } from './menu';
import { chooseTheme, theme, type Theme } from './theme';

const LANGUAGES: Language[] = ['fr', 'en'];
const THEMES: Theme[] = ['system', 'light', 'dark'];

export function Preferences({ above }: { above?: boolean }) {
  const t = words().preferences;
  return (
    <Menu
      label={t.title}
      icon="settings"
      {...(above ? { above } : {})}
      sections={[
        {
          title: t.language,
          items: LANGUAGES.map((one) => ({
            label: t.languages[one],
            checked: language() === one,
            onSelect: () => void chooseLanguage(one),
          })),
        },
        {
          title: t.theme,
          items: THEMES.map((one) => ({
            label: t.themes[one],
            checked: theme.value === one,
            onSelect: () => chooseTheme(one),
          })),
        },
      ]}
    />
  );
}
