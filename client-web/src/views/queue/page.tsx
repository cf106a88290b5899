// The line before the gate: whose class, where one stands, how long it may take, what happens next; large and quiet.

import type { ComponentChildren } from 'preact';

import type { Queue, Spot } from '../../state/queue';
import { language, words } from '../../text/text';
import { sayWhen } from '../../text/times';
import { Button } from '../../ui/button';
import { Icon } from '../../ui/icon';
import type { IconName } from '../../ui/icons';
import { Page } from '../../ui/page';
import { useAttendance } from '../class/attendance';
import { DeviceTryout } from '../tryout/devices';
import { useNow } from '../tryout/now';
import { closedWords, outsideWords, placeInTab, placeWords, roseWords, turnWords } from './sentences';

export function QueuePage({ queue }: { queue: Queue }) {
  const { state, invitation, familiar } = useAttendance();
  const now = useNow();
  const all = words();
  const t = all.queue;
  const { title, teacher, starts_at: startsAt } = invitation.class;
  const { spot } = queue;
  const rose = roseWords(queue, familiar);
  return (
    <div data-place="queued">
      <Page ruled title={headline(queue)(familiar)} tab={tab(queue, title)} class="lobby queue">
        <p class="lobby-class second">
          {title} · {all.tryout.with(teacher)} · {sayWhen(startsAt, now, language(), all)}
        </p>
        <Body queue={queue} now={now} familiar={familiar} isLost={state.link === 'lost'} />
        {rose !== null && <Line icon="info" text={rose} />}
        {spot !== null && queue.trouble !== null && <Line icon="weak-signal" text={t.trouble[queue.trouble](familiar)} />}
        <WhileWaiting />
      </Page>
    </div>
  );
}

function Body({ queue, now, familiar, isLost }: { queue: Queue; now: number; familiar: boolean; isLost: boolean }) {
  const t = words().queue;
  const { spot, closed } = queue;
  if (queue.entering) return <Said>{isLost ? t.busy.body(familiar) : t.entering.body(familiar)}</Said>;
  if (closed !== null) {
    return (
      <>
        <Said>{closedWords(queue, now, familiar)}</Said>
        <p class="second">{t.closed.why}</p>
      </>
    );
  }
  if (spot === null) return <Said>{outsideWords(queue).body(familiar)}</Said>;
  return (
    <>
      <Standing spot={spot} now={now} familiar={familiar} />
      <p>{t.body(familiar)}</p>
      <p class="second">{t.kept(familiar)}</p>
    </>
  );
}

function Standing({ spot, now, familiar }: { spot: Spot; now: number; familiar: boolean }) {
  return (
    <div class="queue-standing tabular">
      <p class="queue-place">{placeWords(spot.ahead)}</p>
      <p class="queue-turn">{turnWords(spot, now, familiar)}</p>
    </div>
  );
}

function Said({ children }: { children: ComponentChildren }) {
  return <p class="lobby-body">{children}</p>;
}

function Line({ icon, text }: { icon: IconName; text: string }) {
  return (
    <div class="notice attention">
      <Icon name={icon} />
      <p>{text}</p>
    </div>
  );
}

function WhileWaiting() {
  const { familiar, visit } = useAttendance();
  const all = words();
  return (
    <>
      <details class="card lobby-devices">
        <summary>
          <Icon name="camera" />
          {all.lobby.tryOut(familiar)}
        </summary>
        <DeviceTryout />
        <p class="hint">{all.tryout.offAfter(familiar)}</p>
      </details>
      <div class="row">
        <Button kind="quiet" icon="leave" class="lobby-leave" onClick={() => void visit.leave()}>
          {all.queue.leave}
        </Button>
        {/* In a tab of its own: this one keeps looking at the line. */}
        <a class="text-button" href="/status" target="_blank" rel="noopener">
          {all.queue.status}
        </a>
      </div>
    </>
  );
}

function headline(queue: Queue): (familiar: boolean) => string {
  const { entering, closed, spot } = queue;
  const t = words().queue;
  if (entering) return t.entering.title;
  if (closed !== null) return t.closed.title;
  return spot === null ? outsideWords(queue).title : t.title;
}

/** Somebody with many tabs sees their place without looking for it. */
function tab(queue: Queue, title: string): string {
  const { spot, closed, entering } = queue;
  if (spot === null || closed !== null || entering) return `${headline(queue)(false)} · ${title}`;
  return `${placeInTab(spot.ahead)} · ${title}`;
}
