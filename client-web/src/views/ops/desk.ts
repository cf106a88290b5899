// The operator's desk: a key, what the server says every two seconds, the last minutes of it, and what is done.

import { signal, type ReadonlySignal, type Signal } from '@preact/signals';

import { operate, operations } from '../../api/calls';
import type { Answer, Fault } from '../../api/http';
import type { Operations, OperatorAct } from '../../protocol/types';
import { withSample, type Sample } from './history';

const LOOK_EVERY_MS = 2_000;
/** Kept for the tab alone: an operator's machine is often somebody else's, too. */
const KEY = 'preau.operator';

/** Why there is no way in: not this key, or none at all on this server. */
export type Refused = 'wrong' | 'none';

export class Desk {
  readonly key: ReadonlySignal<string | null>;
  readonly seen: Signal<Operations | null> = signal(null);
  /** The last look failed: what is shown is of before. */
  readonly isStale = signal(false);
  readonly refused: Signal<Refused | null> = signal(null);
  readonly history: Signal<readonly Sample[]> = signal([]);
  private readonly ownKey: Signal<string | null> = signal(sessionStorage.getItem(KEY));
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.key = this.ownKey;
    if (this.key.peek() !== null) void this.look();
  }

  enter(key: string): Promise<void> {
    this.refused.value = null;
    this.ownKey.value = key;
    return this.look();
  }

  leave(): void {
    this.close();
    sessionStorage.removeItem(KEY);
    this.ownKey.value = null;
    this.seen.value = null;
    this.history.value = [];
  }

  async act(act: OperatorAct): Promise<Answer<Operations>> {
    const answer = await operate(this.ownKey.peek() ?? '', act);
    if (answer.ok) this.see(answer.value);
    return answer;
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private async look(): Promise<void> {
    this.close();
    const key = this.ownKey.peek() ?? '';
    const answer = await operations(key);
    if (this.ownKey.peek() !== key) return;
    if (answer.ok) {
      sessionStorage.setItem(KEY, key);
      this.see(answer.value);
    } else if (this.isRefusal(answer.fault)) {
      return this.leave();
    } else {
      this.isStale.value = true;
    }
    this.timer = setTimeout(() => void this.look(), LOOK_EVERY_MS);
  }

  private see(now: Operations): void {
    this.seen.value = now;
    this.isStale.value = false;
    this.history.value = withSample(this.history.peek(), now);
  }

  private isRefusal({ code }: Fault): boolean {
    if (code === 'not_authenticated' || code === 'not_allowed') this.refused.value = 'wrong';
    else if (code === 'not_found') this.refused.value = 'none';
    else return false;
    return true;
  }
}
