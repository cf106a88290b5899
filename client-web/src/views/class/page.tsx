// The class: pictures in the middle, the bar below, and beside them the door, the people, the chat.

import { useEffect } from 'preact/hooks';

import { headcount } from '../../state/facts';
import { words } from '../../text/text';
import { sayClock } from '../../text/times';
import { Title } from '../../ui/page';
import { useAttendance } from './attendance';
import { Banners } from './banners';
import { Bar } from './bar';
import { ClassPanel } from './panel';
import { Pictures, SpeakingLine } from './pictures';
import { followKeys } from './shortcuts';
import { Sounds } from './sounds';

export function ClassPage() {
  const attendance = useAttendance();
  const { state, invitation, panel } = attendance;
  const t = words().class;
  useEffect(() => followKeys(attendance), [attendance]);
  return (
    <div class={panel.value === null ? 'classroom' : 'classroom with-panel'} data-place="seated">
      <header class="class-head" data-theme="dark">
        <Title text={invitation.class.title} class="class-title" />
        <span class="second tabular">{t.here(headcount(state))}</span>
        {state.endsAt !== null && <span class="second tabular">{t.ends.until(sayClock(state.endsAt, words()))}</span>}
        <SpeakingLine />
      </header>
      <main id="main" class="class-main" data-theme="dark" aria-label={t.pictures} tabIndex={-1}>
        <Banners />
        <Pictures />
        <Sounds />
      </main>
      <Bar />
      {panel.value !== null && <ClassPanel panel={panel.value} />}
    </div>
  );
}
