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
  useFocusOnOpen(root, attendance.isSmall.value);
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
        if (event.key === 'Escape' && attendance.isSmall.value) attendance.panel.value = null;
      }}
    >
      <Tabs label={t.panel} tabs={tabs} chosen={panel} onChoose={(name) => (attendance.panel.value = name)} class="panel-tabs">
        {panel === 'door' ? <DoorPanel /> : panel === 'people' ? <PeoplePanel /> : <ChatPanel />}
      </Tabs>
      <IconButton
        icon="cross"
        label={words().common.close}
        class="panel-close"
        onClick={() => (attendance.panel.value = null)}
      />
    </aside>
  );
}

/** A sheet covers what was there: the focus goes into it, and back to where it came from when it closes. */
function useFocusOnOpen(root: { current: HTMLElement | null }, isSheet: boolean): void {
  useEffect(() => {
    const opener = document.activeElement;
    if (isSheet) root.current?.focus();
    return () => {
      if (isSheet && opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, [isSheet]);
}
