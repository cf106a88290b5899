// The panel beside the pictures, a sheet over them on a small screen: door, people, chat.

import { useEffect, useRef } from 'preact/hooks';

import { words } from '../../text/text';
import { IconButton } from '../../ui/button';
import { Tabs, type Tab } from '../../ui/tabs';
import { useAttendance, type Panel } from './attendance';
import { panelBadge } from './bar';
import { ChatPanel } from './chat';
import { DoorPanel } from './door';
import { PeoplePanel } from './people';

export function ClassPanel({ panel }: { panel: Panel }) {
  const attendance = useAttendance();
  const root = useRef<HTMLElement>(null);
  const t = words().class;
  useEffect(() => {
    // A sheet covers what was there, so the focus goes into it.
    if (attendance.isSmall.peek()) root.current?.focus();
  }, []);
  const close = (): void => {
    attendance.panel.value = null;
    focusOpener(panel);
  };
  const tabs: Tab<Panel>[] = [
    ...(attendance.teaches
      ? [{ name: 'door' as const, label: t.bar.door, badge: panelBadge(attendance, 'door') }]
      : []),
    { name: 'people', label: t.bar.people, badge: panelBadge(attendance, 'people') },
    { name: 'chat', label: t.bar.chat, badge: panelBadge(attendance, 'chat') },
  ];
  return (
    <aside
      ref={root}
      class="panel"
      aria-label={t.panel}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && attendance.isSmall.value) close();
      }}
    >
      <Tabs label={t.panel} tabs={tabs} chosen={panel} onChoose={(name) => (attendance.panel.value = name)} class="panel-tabs">
        {panel === 'door' ? <DoorPanel /> : panel === 'people' ? <PeoplePanel /> : <ChatPanel />}
      </Tabs>
      <IconButton
        icon="cross"
        label={words().common.close}
        class="panel-close"
        onClick={close}
      />
    </aside>
  );
}

/** Back to the button in the bar that opens this panel, or to the menu that does. */
function focusOpener(panel: Panel): void {
  const bar = document.querySelector('.bar');
  const opener = bar?.querySelector<HTMLElement>(`[data-panel='${panel}']`) ?? bar?.querySelector<HTMLElement>('[aria-haspopup]');
  opener?.focus();
}
