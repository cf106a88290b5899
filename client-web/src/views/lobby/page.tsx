// The lobby of a class: whose class, why one waits, where one stands, the teacher's word; and devices to try meanwhile.

import type { Standing } from '../../state/class';
import { language, words } from '../../text/text';
import { sayWhen } from '../../text/times';
import { Button } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Page } from '../../ui/page';
import { useAttendance } from '../class/attendance';
import { DeviceTryout } from '../tryout/devices';
import { useNow } from '../tryout/now';

export function LobbyPage({ standing }: { standing: Standing }) {
  const { state, invitation, familiar, visit } = useAttendance();
  const now = useNow();
  const all = words();
  const t = all.lobby;
  const reason = t.reason[standing.waitingFor];
  const { title, teacher, starts_at: startsAt } = invitation.class;
  return (
    <div data-place="waiting">
      <Page ruled title={reason.title(familiar)} class="lobby">
        <p class="lobby-class second">
          {title} · {all.tryout.with(teacher)} · {sayWhen(startsAt, now, language(), all)}
        </p>
        <p class="lobby-body">{reason.body(familiar)}</p>
        <p class="lobby-position tabular">{t.position(standing.position)(familiar)}</p>
        {state.link !== 'open' && <Notice icon="weak-signal" text={t.lost(familiar)} />}
        {standing.otherDevice && <Notice icon="info" text={t.otherDevice(familiar)} />}
        {state.lobbyNote !== '' && (
          <figure class="lobby-note">
            <figcaption class="second">{t.note}</figcaption>
            <blockquote>{state.lobbyNote}</blockquote>
          </figure>
        )}
        <details class="card lobby-devices">
          <summary>
            <Icon name="camera" />
            {t.tryOut(familiar)}
          </summary>
          <DeviceTryout />
          <p class="hint">{all.tryout.offAfter(familiar)}</p>
        </details>
        <Button kind="quiet" icon="leave" class="lobby-leave" onClick={() => void visit.leave()}>
          {t.leave}
        </Button>
      </Page>
    </div>
  );
}

function Notice({ icon, text }: { icon: 'info' | 'weak-signal'; text: string }) {
  return (
    <div class="notice attention">
      <Icon name={icon} />
      <p>{text}</p>
    </div>
  );
}
