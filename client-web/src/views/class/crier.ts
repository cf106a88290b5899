// Puts notices into words and sounds: at once for what concerns this person, gathered for what concerns many.

import { playAdmitted, playKnock, playTurn } from '../../media/sound';
import { COALESCE_MS, gather, NOTHING_GATHERED, type Gathered, type Notice } from '../../state/notices';
import { words } from '../../text/text';
import { sayClock } from '../../text/times';
import { announce, toast } from '../../ui/announcer';
import type { Pictures, Reduction } from '../../protocol/types';
import type { Connection } from '../../state/class';
import { queueNews } from '../queue/sentences';
import { connectionWords } from './connection-words';

/** Names said one by one; more are counted. */
const NAMES_MAX = 3;

export interface Audience {
  readonly familiar: boolean;
  readonly knockSound: { peek(): boolean };
  readonly pictures: { peek(): Pictures };
}

export class Crier {
  private readonly audience: Audience;
  private gathered: Gathered = NOTHING_GATHERED;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(audience: Audience) {
    this.audience = audience;
  }

  hear(notice: Notice): void {
    const gathered = gather(this.gathered, notice);
    if (gathered === null) return this.say(notice);
    // The first knock of a crowd is heard at once; the others are only counted.
    if ('knock' in notice && this.gathered.knocks.length === 0 && this.audience.knockSound.peek()) playKnock();
    this.gathered = gathered;
    this.timer ??= setTimeout(() => this.sayGathered(), COALESCE_MS);
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private sayGathered(): void {
    const { knocks, joined, left, hands } = this.gathered;
    const t = words().class.notice;
    this.gathered = NOTHING_GATHERED;
    this.timer = null;
    if (knocks.length > 0) announce(t.knock(named(knocks)));
    if (hands.length > 0) announce(t.hand(named(hands)));
    if (joined.length > 0) announce(t.joined(named(joined)));
    if (left.length > 0) announce(t.leftClass(named(left)));
  }

  private say(notice: Notice): void {
    const { familiar } = this.audience;
    const t = words();
    const n = t.class.notice;
    if ('admitted' in notice) {
      playAdmitted();
      announce(n.admitted(familiar));
    } else if ('stillThere' in notice) {
      // The dialog itself is read out: it takes the focus.
      playTurn();
    } else if ('queue' in notice) {
      if (notice.queue.news === 'turn') playTurn();
      announce(queueNews(notice.queue.news, notice.queue.queue, familiar));
    } else if ('backToLobby' in notice) announce(n.backToLobby(familiar));
    else if ('position' in notice) announce(t.lobby.position(notice.position)(familiar));
    else if ('note' in notice) announce(n.note(notice.note));
    else if ('ownHandLowered' in notice) announce(n.ownHandLowered);
    else if ('reacted' in notice) announce(n.reacted(notice.reacted.name, t.class.reactions[notice.reacted.reaction]));
    else if ('said' in notice) announce(n.said(notice.said.name, notice.said.text));
    else if ('unattended' in notice) announce(t.class.banner.unattended);
    else if ('attended' in notice) toast(n.attended, 'check');
    else if ('reduced' in notice) this.sayReduced(notice.reduced);
    else if ('endsAt' in notice) toast(t.class.ends.at(sayClock(notice.endsAt, t)), 'clock');
    else if ('silenced' in notice) this.saySilenced(notice.silenced.microphone);
    else if ('spotlight' in notice && notice.spotlight.name !== null) announce(n.spotlight(notice.spotlight.name));
    else if ('screen' in notice) announce(n.screen(notice.screen.name));
    else if ('connection' in notice) this.sayConnection(notice.connection.was, notice.connection.is);
  }

  /** What the banner says, when it says something else than before; and that it is over. */
  private sayConnection(was: Connection, is: Connection): void {
    const { familiar, pictures } = this.audience;
    const before = connectionWords(was, pictures.peek());
    const now = connectionWords(is, pictures.peek());
    if (before !== now) announce(now?.(familiar) ?? words().class.notice.connectionGood);
  }

  private sayReduced(reduction: Reduction): void {
    const text = words().class.reduction[reduction];
    // While it lasts it stands in a banner, which is not read out by itself.
    if (reduction === 'nothing') toast(text, 'check');
    else announce(text);
  }

  private saySilenced(microphoneLeft: boolean): void {
    const n = words().class.notice;
    const { familiar } = this.audience;
    toast(microphoneLeft ? n.cut(familiar) : n.muted(familiar), microphoneLeft ? 'camera-off' : 'microphone-off');
  }
}

function named(names: readonly string[]): string {
  return names.length > NAMES_MAX ? words().class.notice.many(names.length) : names.join(', ');
}
