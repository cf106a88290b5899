// The page before the door: try what you like, or nothing, and enter.

import { useNow } from './now';
import { language, words } from '../../text/text';
import { sayWhen } from '../../text/times';
import { Button } from '../../ui/button';
import { Page } from '../../ui/page';
import { useAttendance } from '../class/attendance';
import { DeviceTryout } from './devices';

export function TryoutPage() {
  const attendance = useAttendance();
  const { invitation, familiar, teaches } = attendance;
  const now = useNow();
  const all = words();
  const t = all.tryout;
  const when = sayWhen(invitation.class.starts_at, now, language(), all);
  return (
    <Page ruled title={invitation.class.title} class="tryout">
      <div class="tryout-facts second">
        <p>
          {teaches ? when : `${t.with(invitation.class.teacher)} · ${when}`}
        </p>
        <p>
          {t.as(familiar)} <strong>{invitation.name}</strong>
        </p>
      </div>
      <section class="card tryout-card" aria-label={t.devices}>
        <p>{t.intro(familiar)}</p>
        <DeviceTryout />
      </section>
      <div class="tryout-enter">
        <Button kind="primary" large onClick={() => attendance.enter()}>
          {t.enter}
        </Button>
        <p class="hint">{teaches ? t.keptAfter : t.offAfter(familiar)}</p>
      </div>
    </Page>
  );
}
