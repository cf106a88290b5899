// The bar under the pictures: what one does all the time, at the thumb on a small screen.

import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';

import type { Reaction } from '../../protocol/types';
import { chatOpen, me, myRights } from '../../state/facts';
import { words } from '../../text/text';
import { Count } from '../../ui/count';
import { Icon } from '../../ui/icon';
import type { IconName } from '../../ui/icons';
import { Menu, type MenuSection } from '../../ui/menu';
import { toast } from '../../ui/announcer';
import { useAttendance, type Attendance, type Panel } from './attendance';
import { DevicesDialog, EndDialog } from './dialogs';
import { raiseHand } from './hand';
import { MoreMenu } from './more';
import { SpareDialog } from './spare';
import { REACTION_ICONS } from './tile';

const REACTIONS: Reaction[] = ['yes', 'no', 'clap', 'heart', 'smile', 'lost'];

export function Bar() {
  const attendance = useAttendance();
  const { teaches, observes, isSmall } = attendance;
  const [dialog, setDialog] = useState<'devices' | 'spare' | 'end' | null>(null);
  const t = words().class;
  return (
    <>
      <nav class="bar" data-theme="dark" aria-label={t.controls}>
        <div class="bar-group">
          {observes ? <p class="bar-observes">{t.observer.what}</p> : <OwnButtons />}
        </div>
        <div class="bar-group">
          {teaches && <PanelButton panel="door" icon="door" />}
          {!isSmall.value && <PanelButton panel="people" icon="people" />}
          <PanelButton panel="chat" icon="chat" />
          <MoreMenu onDevices={() => setDialog('devices')} onSpare={() => setDialog('spare')} />
          {teaches ? (
            <BarButton icon="leave" label={t.bar.end} class="leave" onClick={() => setDialog('end')} />
          ) : (
            <BarButton icon="leave" label={t.bar.leave} class="leave" onClick={() => void attendance.visit.leave()} />
          )}
        </div>
      </nav>
      {dialog === 'devices' && <DevicesDialog onClose={() => setDialog(null)} />}
      {dialog === 'spare' && <SpareDialog onClose={() => setDialog(null)} />}
      {dialog === 'end' && <EndDialog onClose={() => setDialog(null)} />}
    </>
  );
}

/** What one shows and says oneself. */
function OwnButtons() {
  const { teaches, isSmall, media } = useAttendance();
  return (
    <>
      <DeviceButton kind="microphone" />
      <DeviceButton kind="camera" />
      {media.canShareScreen && !isSmall.value && <ScreenButton />}
      {!teaches && <HandButton />}
      {!teaches && !isSmall.value && <ReactMenu />}
    </>
  );
}

interface BarButtonProps {
  icon: IconName;
  label: string;
  pressed?: boolean | undefined;
  expanded?: boolean | undefined;
  /** Why this can't be done now. The button stays, and says so. */
  closed?: string | null;
  class?: string;
  shortcut?: string | undefined;
  /** Which panel it opens; the focus comes back here when that closes. */
  panel?: Panel;
  badge?: ComponentChildren;
  onClick: () => void;
}

export function BarButton(props: BarButtonProps) {
  const { icon, label, pressed, expanded, closed = null, class: extra, shortcut, panel, badge, onClick } = props;
  const id = useId();
  return (
    <button
      type="button"
      class={extra ? `bar-button ${extra}` : 'bar-button'}
      aria-pressed={pressed}
      aria-expanded={expanded}
      aria-disabled={closed !== null}
      aria-keyshortcuts={shortcut}
      aria-describedby={closed !== null ? id : undefined}
      title={closed ?? label}
      data-panel={panel}
      onClick={() => (closed === null ? onClick() : toast(closed, 'lock'))}
    >
      <Icon name={icon} />
      <span class="bar-label">{label}</span>
      {closed !== null && <Icon name="lock" class="bar-lock" />}
      {badge && <span class="bar-badge">{badge}</span>}
      {closed !== null && (
        <span id={id} hidden>
          {closed}
        </span>
      )}
    </button>
  );
}

function DeviceButton({ kind }: { kind: 'microphone' | 'camera' }) {
  const { devices, media, shortcuts, state } = useAttendance();
  const t = words().class;
  const right = kind === 'microphone' ? ('speak' as const) : ('camera' as const);
  const isOn = devices[kind].capture.value.is === 'on';
  const closed = !myRights(state)[right] && !isOn ? t.closed[right] : null;
  return (
    <BarButton
      icon={isOn ? kind : `${kind}-off`}
      label={t.bar[kind]}
      pressed={isOn}
      closed={closed}
      class={isOn ? 'on' : 'off'}
      shortcut={shortcuts.value ? (kind === 'microphone' ? 'M' : 'V') : undefined}
      onClick={() => void media.toggle(kind)}
    />
  );
}

function ScreenButton() {
  const { media, state } = useAttendance();
  const t = words().class;
  const isOn = media.ownScreen.value !== null;
  return (
    <BarButton
      icon={isOn ? 'screen-off' : 'screen'}
      label={t.bar.screen}
      pressed={isOn}
      closed={!myRights(state).screen && !isOn ? t.closed.screen : null}
      class={isOn ? 'on' : ''}
      onClick={() => void media.toggleScreen()}
    />
  );
}

function HandButton() {
  const attendance = useAttendance();
  const isUp = me(attendance.state)?.hand !== undefined;
  return (
    <BarButton
      icon="hand"
      label={words().class.bar.hand}
      pressed={isUp}
      class={isUp ? 'hand-up' : ''}
      shortcut={attendance.shortcuts.value ? 'H' : undefined}
      onClick={() => raiseHand(attendance, !isUp)}
    />
  );
}

function ReactMenu() {
  const attendance = useAttendance();
  const label = words().class.bar.react;
  return (
    <Menu label={label} icon="smile" class="bar-button" above sections={[reactions(attendance)]}>
      <span class="bar-label">{label}</span>
    </Menu>
  );
}

export function reactions(attendance: Attendance): MenuSection {
  const t = words().class;
  return {
    title: t.bar.react,
    items: REACTIONS.map((reaction) => ({
      label: t.reactions[reaction],
      icon: REACTION_ICONS[reaction],
      onSelect: () => void attendance.ask({ class: { react: { reaction } } }),
    })),
  };
}

function PanelButton({ panel, icon }: { panel: Panel; icon: IconName }) {
  const attendance = useAttendance();
  const t = words().class;
  return (
    <BarButton
      icon={icon}
      label={t.bar[panel]}
      expanded={attendance.panel.value === panel}
      class={attendance.panel.value === panel ? 'shown' : ''}
      panel={panel}
      badge={panelBadge(attendance, panel)}
      onClick={() => attendance.show(panel)}
    />
  );
}

/** How many wait, have their hand up, or wrote something unread. */
export function panelBadge(attendance: Attendance, panel: Panel): ComponentChildren {
  const { state } = attendance;
  const t = words().class;
  switch (panel) {
    case 'door': {
      const waiting = state.door?.waiting.length ?? 0;
      return waiting > 0 && <Count value={waiting} label={t.bar.waiting(waiting)} attention />;
    }
    case 'people': {
      const hands = state.people.filter((person) => person.hand !== undefined).length;
      return hands > 0 && <Count value={hands} label={t.people.hands(hands)} attention />;
    }
    case 'chat': {
      const unread = attendance.panel.value === 'chat' ? 0 : unreadIn(attendance);
      return unread > 0 && chatOpen(state) && <Count value={unread} label={t.bar.unread(unread)} />;
    }
  }
}

function unreadIn({ state, readUpTo }: Attendance): number {
  return state.chat.filter((message) => message.id > readUpTo.value && message.person !== state.self?.person).length;
}
