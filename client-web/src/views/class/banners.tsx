// Lines above the pictures: what does not work just now, and what becomes of it.

import { useEffect, useRef } from 'preact/hooks';

import { words } from '../../text/text';
import { sayClock } from '../../text/times';
import { announce } from '../../ui/announcer';
import { Button } from '../../ui/button';
import { Icon } from '../../ui/icon';
import type { IconName } from '../../ui/icons';
import { useNow } from '../tryout/now';
import { useAttendance } from './attendance';
import { connectionWords } from './connection-words';

const MINUTE_MS = 60_000;
/** Nearer to its end than this, a lesson says so. */
const ENDS_SOON_MS = 5 * MINUTE_MS;

export function Banners() {
  const { state, media, familiar, teaches } = useAttendance();
  const t = words().class;
  const isLost = state.link !== 'open';
  const hindrance = media.hindrance.value;
  useLinkNews(isLost);
  return (
    <div class="banners">
      {isLost && <Banner icon="weak-signal" text={t.banner.lost(familiar)} />}
      {!isLost && media.health.value === 'broken' && <Banner icon="weak-signal" text={t.banner.media} />}
      {!isLost && media.health.value === 'good' && <ConnectionBanner />}
      {!isLost && state.reduction !== 'nothing' && <Banner icon="info" text={t.reduction[state.reduction]} />}
      <EndsBanner />
      <SparingBanner />
      {state.phase === 'unattended' && !teaches && <Banner icon="clock" text={t.banner.unattended} />}
      {state.refreshDueMs !== null && (
        <Banner icon="clock" text={t.banner.refresh(Math.ceil(state.refreshDueMs / MINUTE_MS))(familiar)} />
      )}
      {hindrance !== null && (
        <Banner
          icon="warning"
          text={
            'refused' in hindrance
              ? t.refusals[hindrance.refused]
              : hindrance.screen === 'denied'
                ? t.hindrance.screenDenied
                : t.hindrance.screenFailed
          }
        />
      )}
      <DeviceBanner kind="microphone" />
      <DeviceBanner kind="camera" />
    </div>
  );
}

/** The last minutes of a lesson whose end is set. */
function EndsBanner() {
  const { state } = useAttendance();
  const now = useNow();
  const all = words();
  const left = state.endsAt === null ? Infinity : state.endsAt - now;
  const isNear = left <= ENDS_SOON_MS;
  const minutes = Math.max(1, Math.ceil(left / MINUTE_MS));
  const text = isNear ? all.class.ends.soon(minutes, sayClock(state.endsAt ?? 0, all)) : null;
  useEffect(() => {
    if (text !== null) announce(text);
  }, [isNear]);
  return text === null ? null : <Banner icon="clock" text={text} />;
}

/** What is left out because the connection does not bear it. Gone when it is over. */
function ConnectionBanner() {
  const { state, pictures, familiar } = useAttendance();
  const text = connectionWords(state.connection, pictures.value);
  return text === null ? null : <Banner icon="weak-signal" text={text(familiar)} />;
}

/** What is left out by one's own choice, perhaps of another day; and the way back. */
function SparingBanner() {
  const attendance = useAttendance();
  const { pictures, familiar } = attendance;
  const t = words().class.spare;
  if (pictures.value === 'all') return null;
  return (
    <div class="notice sparing">
      <Icon name="info" />
      <p class="grow">{t.chosen[pictures.value](familiar)}</p>
      <Button kind="quiet" onClick={() => attendance.choosePictures('all')}>
        {t.showAll}
      </Button>
    </div>
  );
}

function DeviceBanner({ kind }: { kind: 'microphone' | 'camera' }) {
  const { devices, familiar } = useAttendance();
  const capture = devices[kind].capture.value;
  if (capture.is !== 'faulty') return null;
  return <Banner icon={`${kind}-off`} text={words().tryout.faults[kind][capture.fault](familiar)} />;
}

function Banner({ icon, text }: { icon: IconName; text: string }) {
  return (
    <div class="notice attention">
      <Icon name={icon} />
      <p>{text}</p>
    </div>
  );
}

/** Says once that the connection is gone, and once that it is back. */
function useLinkNews(isLost: boolean): void {
  const was = useRef(isLost);
  useEffect(() => {
    if (was.current === isLost) return;
    was.current = isLost;
    const { notice } = words().class;
    announce(isLost ? notice.linkLost : notice.linkBack);
  }, [isLost]);
}
