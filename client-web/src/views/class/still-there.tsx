// Asks whether anybody is there, before the seat is given to somebody who waits. Any way out of the dialog is an answer.

import { useEffect, useState } from 'preact/hooks';

import { words } from '../../text/text';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { useAttendance } from './attendance';

const SECOND_MS = 1_000;

export function StillThere() {
  const { stillThere } = useAttendance().state;
  return stillThere === null ? null : <Question key={stillThere.serial} withinMs={stillThere.withinMs} />;
}

function Question({ withinMs }: { withinMs: number }) {
  const { visit, familiar } = useAttendance();
  const left = useSecondsLeft(withinMs);
  const t = words().class.stillThere;
  const yes = (): void => visit.stayHere();
  const foot = (
    <Button kind="primary" large autoFocus onClick={yes}>
      {t.yes(familiar)}
    </Button>
  );
  return (
    <Dialog title={t.title(familiar)} onClose={yes} foot={foot}>
      <p>{t.body(familiar)}</p>
      {/* A number that changes every second is for the eye; what it means is said once, above. */}
      <p class="still-there-left tabular" role="timer" aria-live="off">
        {t.left(left)}
      </p>
    </Dialog>
  );
}

/** By the clock and not by counting: a browser lets the timers of a hidden page wait. */
function useSecondsLeft(withinMs: number): number {
  const [until] = useState(() => performance.now() + withinMs);
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), SECOND_MS);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, Math.ceil((until - now) / SECOND_MS));
}
