// The page of somebody who is outside: what happened, what it means, what they can do.

import { useEffect, useState } from 'preact/hooks';

import type { Ending } from '../../state/class';
import { paths } from '../../route';
import { words } from '../../text/text';
import { Button, classes } from '../../ui/button';
import { Link } from '../../ui/link';
import { PlainPage } from '../plain/pages';
import { useAttendance } from './attendance';

/** The server lets nobody knock sooner after a refusal. */
const KNOCK_AGAIN_S = 10;

type Why = Extract<Ending, { gone: unknown }>['gone'] | Extract<Ending, { close: unknown }>['close'];

export function EndingPage({ ending, requestId }: { ending: Ending; requestId: string | null }) {
  const { familiar } = useAttendance();
  const why: Why = 'gone' in ending ? ending.gone : ending.close;
  const t = words();
  const { title, body } = t.ending[why];
  return (
    <div data-place={`gone ${why}`}>
      <PlainPage title={title(familiar)} key={why}>
        <p class="plain-do">{body(familiar)}</p>
        <WayOn why={why} />
        {requestId !== null && <p class="hint">{t.common.support(requestId)}</p>}
      </PlainPage>
    </div>
  );
}

function WayOn({ why }: { why: Why }) {
  const { visit, teaches } = useAttendance();
  const t = words().ending;
  switch (why) {
    case 'left':
    case 'lost':
    case 'idle':
      return (
        <Button kind="primary" onClick={() => visit.knock()}>
          {t.back}
        </Button>
      );
    case 'refused':
      return <KnockAgain />;
    case 'replaced':
      return (
        <Button kind="primary" onClick={() => visit.knock()}>
          {t.useHere}
        </Button>
      );
    case 'malformed':
      return (
        <Button kind="primary" icon="reload" onClick={() => location.reload()}>
          {words().common.reload}
        </Button>
      );
    case 'ended':
      return teaches ? (
        <Link class={classes(undefined)} href={paths.home}>
          {t.toHome}
        </Link>
      ) : null;
    case 'removed':
    case 'blocked':
    case 'expired':
    case 'not_authenticated':
    case 'not_allowed':
    case 'full':
      return null;
  }
}

function KnockAgain() {
  const { visit } = useAttendance();
  const [left, setLeft] = useState(KNOCK_AGAIN_S);
  const t = words().ending;
  useEffect(() => {
    if (left === 0) return;
    const timer = setTimeout(() => setLeft(left - 1), 1_000);
    return () => clearTimeout(timer);
  }, [left]);
  return (
    <Button kind="primary" icon="door" busy={left > 0} onClick={() => visit.knock()}>
      {left > 0 ? t.knockIn(left) : t.knock}
    </Button>
  );
}
