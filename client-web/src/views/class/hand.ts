// Raising and lowering one's own hand.

import { words } from '../../text/text';
import { announce } from '../../ui/announcer';
import type { Attendance } from './attendance';

export function raiseHand(attendance: Attendance, up: boolean): void {
  void attendance.ask({ class: { hand: { up } } }).then((done) => {
    // That it went down is said when the class hears of it, whoever lowered it.
    if (done && up) announce(words().class.notice.ownHandRaised);
  });
}
