// One person's visit to one class: the conversation with the server, and what is known so far, as a signal.

import { signal, type ReadonlySignal, type Signal } from '@preact/signals';

import type { LineRead } from '../protocol/line';
import { Conversation, type Answered, type Surroundings } from '../protocol/socket';
import type { Ask, ClassId, Event, Turned, UnixMs, Welcome } from '../protocol/types';
import { EMPTY, reduce, type ClassState, type Input } from './class';
import { LineWatch } from './line-watch';
import { noticesOf, type Notice } from './notices';
import type { Queue } from './queue';
import { newsOf, UNTOLD } from './queue-news';

/** How long a reaction is shown. */
const REACTION_MS = 4_000;

export interface Hearer {
  /** Worth a word or a sound. */
  notice(notice: Notice): void;
  welcome(welcome: Welcome): void;
  event(event: Event, after: ClassState): void;
}

/** Where the ticket of the line is kept. */
export interface TicketBox {
  get(): string | null;
  keep(ticket: string): void;
  drop(): void;
}

export interface Outside extends Surroundings {
  readLine(): Promise<LineRead>;
  /** Milliseconds since 1970. */
  now(): UnixMs;
  tickets: TicketBox;
}

export class Visit {
  readonly state: ReadonlySignal<ClassState>;
  private readonly now: Signal<ClassState> = signal(EMPTY);
  private readonly conversation: Conversation;
  private readonly watch: LineWatch;
  private readonly around: Outside;
  private readonly hearer: Hearer;
  private told = UNTOLD;

  constructor(around: Outside, hearer: Hearer, who: { class: ClassId; token?: string }) {
    this.around = around;
    this.hearer = hearer;
    this.state = this.now;
    this.conversation = new Conversation(
      around,
      {
        link: (link) => this.take({ link }),
        welcome: (welcome) => {
          this.watch.stop();
          this.around.tickets.drop();
          this.take({ welcome });
          this.hearer.welcome(welcome);
        },
        event: (event) => this.happened(event),
        turned: (turned) => this.turned(turned),
        closed: (closed, requestId) => {
          this.watch.stop();
          this.take({ closed, requestId });
        },
      },
      who,
    );
    this.watch = new LineWatch(around, {
      changed: (queue) => this.queued(queue),
      knock: () => this.conversation.start(this.around.tickets.get()),
    });
  }

  /** Goes to the door; again after a refusal, or to have the class here instead of elsewhere. */
  knock(): void {
    this.take({ again: true });
    this.conversation.start(this.around.tickets.get());
  }

  ask(ask: Ask): Promise<Answered> {
    return this.conversation.ask(ask);
  }

  networkChanged(): void {
    this.conversation.hurry();
    this.watch.hurry();
  }

  /** Yes, somebody is there. A lost answer was lost with its connection, and coming back is an answer too. */
  stayHere(): void {
    void this.ask({ session: { here: {} } });
    this.take({ here: true });
  }

  /** Says goodbye; the server then closes, and the page shows that one has left. */
  async leave(): Promise<void> {
    if (this.now.peek().place.at === 'queued') this.stopWaiting();
    await this.ask({ session: { leave: {} } });
    if (this.now.peek().place.at === 'gone') return;
    this.conversation.stop();
    this.take({ event: { session: { gone: { why: 'left' } } } });
  }

  /** The page goes elsewhere. The seat is kept. */
  close(): void {
    this.watch.stop();
    this.conversation.stop();
  }

  /** Nobody is told: in the line, nobody holds anything that would have to be given back. */
  private stopWaiting(): void {
    this.watch.stop();
    this.around.tickets.drop();
  }

  private turned(word: Turned): void {
    if ('queued' in word) this.around.tickets.keep(word.queued.ticket);
    this.watch.turned(word);
  }

  private queued(queue: Queue): void {
    const [told, news] = newsOf(this.now.peek().place.at === 'queued' ? this.told : UNTOLD, queue, this.around.now());
    this.told = told;
    this.take({ queue });
    if (news !== null) this.hearer.notice({ queue: { news, queue } });
  }

  private happened(event: Event): void {
    const before = this.now.peek();
    this.take({ event });
    const after = this.now.peek();
    for (const notice of noticesOf(before, event, after)) this.hearer.notice(notice);
    if (after.reactions !== before.reactions && after.lastSerial > before.lastSerial) {
      this.around.clock.after(REACTION_MS, () => this.take({ faded: after.lastSerial }));
    }
    this.hearer.event(event, after);
  }

  private take(input: Input): void {
    this.now.value = reduce(this.now.peek(), input);
  }
}
