// The menu for what is needed seldom; on a small screen also for what found no place in the bar.

import { myRights } from '../../state/facts';
import { chooseLanguage, language, words } from '../../text/text';
import { Menu, type MenuItem, type MenuSection } from '../../ui/menu';
import { chooseTheme, theme, type Theme } from '../../ui/theme';
import { useAttendance, type Attendance } from './attendance';
import { reactions } from './bar';

const THEMES: Theme[] = ['system', 'light', 'dark'];

interface Dialogs {
  onDevices: () => void;
  onSpare: () => void;
}

export function MoreMenu(dialogs: Dialogs) {
  const attendance = useAttendance();
  const t = words();
  const sections: MenuSection[] = [
    { title: t.class.layout, items: layouts(attendance) },
    ...(attendance.isSmall.value ? smallOnly(attendance) : []),
    { items: settings(attendance, dialogs) },
    {
      title: t.preferences.language,
      items: (['fr', 'en'] as const).map((one) => ({
        label: t.preferences.languages[one],
        checked: language() === one,
        onSelect: () => void chooseLanguage(one),
      })),
    },
    {
      title: t.preferences.theme,
      items: THEMES.map((one) => ({
        label: t.preferences.themes[one],
        checked: theme.value === one,
        onSelect: () => chooseTheme(one),
      })),
    },
  ];
  return (
    <Menu label={t.class.bar.more} icon="more" class="bar-button" above sections={sections}>
      <span class="bar-label">{t.class.bar.more}</span>
    </Menu>
  );
}

function layouts({ layout }: Attendance): MenuItem[] {
  const t = words().class;
  return (['stage', 'grid'] as const).map((one) => ({
    label: t[one],
    icon: one,
    checked: layout.value === one,
    onSelect: () => (layout.value = one),
  }));
}

function smallOnly(attendance: Attendance): MenuSection[] {
  const { media, teaches, observes, state } = attendance;
  const t = words().class.bar;
  const items: MenuItem[] = [{ label: t.people, icon: 'people', onSelect: () => attendance.show('people') }];
  if (media.canShareScreen && myRights(state).screen) {
    items.push({ label: t.screen, icon: 'screen', onSelect: () => void media.toggleScreen() });
  }
  return teaches || observes ? [{ items }] : [{ items }, reactions(attendance)];
}

function settings(attendance: Attendance, { onDevices, onSpare }: Dialogs): MenuItem[] {
  const t = words().class.bar;
  const items: MenuItem[] = [
    { label: t.devices, icon: 'settings', onSelect: onDevices },
    { label: t.spare, icon: 'weak-signal', onSelect: onSpare },
  ];
  if (attendance.teaches) {
    const on = attendance.knockSound.value;
    items.push({ label: t.knockSound, checked: on, toggle: true, onSelect: () => attendance.chooseKnockSound(!on) });
  }
  if (attendance.observes) return items;
  const on = attendance.shortcuts.value;
  items.push({ label: t.shortcuts, checked: on, toggle: true, onSelect: () => attendance.chooseShortcuts(!on) });
  return items;
}
