// One person's visit to one class: the conversation with the server, and what is known so far, as a signal.

import { signal, type ReadonlySignal, type Signal } from '@preact/signals';

import { Conversation, type Answered, type Surroundings } from '../protocol/socket';
import type { Ask, ClassId, Event, Welcome } from '../protocol/types';
import { EMPTY, reduce, type ClassState, type Input } from './class';
import { noticesOf, type Notice } from './notices';

/** How long a reaction is shown. */
const REACTION_MS = 4_000;

export interface Hearer {
  /** Worth a word or a sound. */
  notice(notice: Notice): void;
  welcome(welcome: Welcome): void;
  event(event: Event, after: ClassState): void;
}

export class Visit {
  readonly state: ReadonlySignal<ClassState>;
  private readonly now: Signal<ClassState> = signal(EMPTY);
  private readonly conversation: Conversation;
  private readonly around: Surroundings;
  private readonly hearer: Hearer;

  constructor(around: Surroundings, hearer: Hearer, who: { class: ClassId; token?: string }) {
    this.around = around;
    this.hearer = hearer;
    this.state = this.now;
    this.conversation = new Conversation(
      around,
      {
        link: (link) => this.take({ link }),
        welcome: (welcome) => {
          this.take({ welcome });
          this.hearer.welcome(welcome);
        },
        event: (event) => this.happened(event),
        closed: (closed, requestId) => this.take({ closed, requestId }),
      },
      who,
    );
  }

  /** Goes to the door; again after a refusal, or to have the class here instead of elsewhere. */
  knock(): void {
    this.take({ again: true });
    this.conversation.start();
  }

  ask(ask: Ask): Promise<Answered> {
    return this.conversation.ask(ask);
  }

  networkChanged(): void {
    this.conversation.hurry();
  }

  /** Says goodbye; the server then closes, and the page shows that one has left. */
  async leave(): Promise<void> {
    await this.ask({ session: { leave: {} } });
    if (this.now.peek().place.at === 'gone') return;
    this.conversation.stop();
    this.take({ event: { session: { gone: { why: 'left' } } } });
  }

  /** The page goes elsewhere. The seat is kept. */
  close(): void {
    this.conversation.stop();
  }

  private happened(event: Event): void {
    const before = this.now.peek();
    this.take({ event });
    const after = this.now.peek();
    for (const notice of noticesOf(before, event, after)) this.hearer.notice(notice);
    if (after.lastSerial > before.lastSerial) {
      this.around.clock.after(REACTION_MS, () => this.take({ faded: after.lastSerial }));
    }
    this.hearer.event(event, after);
  }

  private take(input: Input): void {
    this.now.value = reduce(this.now.peek(), input);
  }
}
