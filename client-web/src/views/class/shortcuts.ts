// Single-letter shortcuts, for whoever wants them (WCAG 2.2, 2.1.4: they can be turned off): M, V, H.

import { me, myRights } from '../../state/facts';
import type { Attendance } from './attendance';
import { raiseHand } from './hand';

/** Where letters are text. */
const TYPING = 'input, textarea, select, [contenteditable], [role="menu"], dialog';

export function followKeys(attendance: Attendance): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (!attendance.shortcuts.peek() || event.altKey || event.ctrlKey || event.metaKey || event.repeat) return;
    if (event.target instanceof Element && event.target.closest(TYPING) !== null) return;
    const act = actOf(attendance, event.key.toLowerCase());
    if (act === null) return;
    event.preventDefault();
    act();
  };
  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}

function actOf(attendance: Attendance, key: string): (() => void) | null {
  const { media, visit, teaches, observes } = attendance;
  const state = visit.state.peek();
  const rights = myRights(state);
  switch (key) {
    case 'm':
      return rights.speak ? () => void media.toggle('microphone') : null;
    case 'v':
      return rights.camera ? () => void media.toggle('camera') : null;
    case 'h':
      return teaches || observes ? null : () => raiseHand(attendance, me(state)?.hand === undefined);
    default:
      return null;
  }
}
