// One conversation with the server over WebSockets that come and go: hello, requests, events in order, resume.

import { closeOf, requestIdOf, sequelOf } from './close';
import { decode, helloText, requestText } from './frames';
import { RETURN_WITHIN_MS_DEFAULT, returnAfterMs, returnSlowlyAfterMs } from './return';
import {
  VERSION,
  type Ask,
  type ClassId,
  type Close,
  type Event,
  type Hello,
  type Outcome,
  type Reply,
  type Sequenced,
  type SessionId,
  type Turned,
  type Welcome,
} from './types';

/** The server beats every 20 s: two missed beats and a bit mean that it is gone. */
export const SILENCE_MS_MAX = 45_000;
/** From opening a socket to the welcome. */
export const WELCOME_MS_MAX = 10_000;
/** A server that is there says something within this long after an ask; otherwise the path to it is broken. */
export const REPLY_MS_MAX = 10_000;
/** Asks that wait for their reply. More than this, and something is wrong with the page, not with the network. */
const PENDING_MAX = 256;

/** What the conversation needs of a `WebSocket`; tests put a fake in its place. */
export interface Wire {
  onopen: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: ((close: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface Clock {
  /** Calls `then` once after `ms`; the answer takes it back. */
  after(ms: number, then: () => void): () => void;
}

export interface Surroundings {
  open(): Wire;
  clock: Clock;
  /** In [0, 1). */
  random(): number;
}

/** Is there a connection? `closed`: no, and none is being sought. */
export type Link = 'connecting' | 'open' | 'lost' | 'closed';

export interface Listener {
  link(link: Link): void;
  welcome(welcome: Welcome): void;
  event(event: Event): void;
  /** Not now: the gate's answer to a hello. No connection is held or sought until the next `start`. */
  turned(turned: Turned): void;
  /** The server closed with a word of its own. After `full` and the like the conversation comes back by itself. */
  closed(close: Close, requestId: string | null): void;
}

/** What becomes of an ask: the server's answer, or the connection was lost before one came. */
export type Answered = Outcome | { lost: true };

const LOST: Answered = { lost: true };

export class Conversation {
  private wire: Wire | null = null;
  private session: SessionId | null = null;
  private ticket: string | null = null;
  private lastSeq = 0;
  private lastId = 0;
  private attempt = 0;
  private windowMs = RETURN_WITHIN_MS_DEFAULT;
  private link: Link = 'closed';
  private readonly pending = new Map<number, (answered: Answered) => void>();
  private cancelTimer: () => void = () => undefined;
  private readonly around: Surroundings;
  private readonly listener: Listener;
  private readonly who: { class: ClassId; token?: string };

  constructor(around: Surroundings, listener: Listener, who: { class: ClassId; token?: string }) {
    this.around = around;
    this.listener = listener;
    this.who = who;
  }

  /** Knocks afresh, forgetting any earlier session: on entering, and on 'knock again' and 'use here'; with a ticket of the line. */
  start(ticket: string | null = null): void {
    this.drop();
    this.ticket = ticket;
    this.session = null;
    this.lastSeq = 0;
    this.attempt = 0;
    this.connect('connecting');
  }

  /** Sends an ask; the promise is always kept, with `lost` when the connection breaks first. */
  ask(ask: Ask): Promise<Answered> {
    if (this.wire === null || this.link !== 'open' || this.pending.size >= PENDING_MAX) return Promise.resolve(LOST);
    this.lastId += 1;
    const id = this.lastId;
    const answered = new Promise<Answered>((resolve) => this.pending.set(id, resolve));
    this.wire.send(requestText(id, ask));
    if (this.pending.size === 1) this.expectWithin(REPLY_MS_MAX);
    return answered;
  }

  /**
   * The browser says that there is a network again. A socket of the old network is dead, though nobody has told it,
   * and no back-off need be sat out: it was this person's network alone that was gone.
   */
  hurry(): void {
    if (this.link === 'closed' || this.link === 'connecting') return;
    this.drop();
    this.attempt = 1;
    this.connect('lost');
  }

  /** Ends it from this side; nothing is said to the listener any more. */
  stop(): void {
    this.drop();
    this.link = 'closed';
  }

  private connect(link: Link): void {
    this.setLink(link);
    const wire = this.around.open();
    this.wire = wire;
    wire.onopen = () => wire.send(helloText(this.hello()));
    wire.onmessage = (message) => {
      if (this.wire === wire) this.receive(message.data);
    };
    wire.onclose = (close) => {
      if (this.wire === wire) this.closed(close.code, close.reason);
    };
    this.expectWithin(WELCOME_MS_MAX);
  }

  private hello(): Hello {
    const hello: Hello = { version: VERSION, class: this.who.class };
    if (this.who.token !== undefined) hello.token = this.who.token;
    if (this.session !== null) hello.resume = { session: this.session, last_seq: this.lastSeq };
    if (this.ticket !== null) hello.ticket = this.ticket;
    return hello;
  }

  private receive(data: unknown): void {
    const frame = typeof data === 'string' ? decode(data) : null;
    // Something that is not ours speaks here, a filter's page perhaps: try anew rather than guess.
    if (frame === null) return this.abandon();
    if (this.link === 'open') this.expectWithin(SILENCE_MS_MAX);
    if ('welcome' in frame) this.welcomed(frame.welcome);
    else if ('turned' in frame) this.turnedAway(frame.turned);
    else if ('event' in frame) this.happened(frame.event);
    else if ('reply' in frame) this.replied(frame.reply);
    else if ('beat' in frame) this.windowMs = frame.beat.return_within_ms;
  }

  private welcomed(welcome: Welcome): void {
    if (!welcome.resumed) this.lastSeq = 0;
    this.session = welcome.session;
    // It was good for one time.
    this.ticket = null;
    this.attempt = 0;
    this.setLink('open');
    this.expectWithin(SILENCE_MS_MAX);
    this.listener.welcome(welcome);
  }

  private turnedAway(word: Turned): void {
    this.drop();
    this.session = null;
    this.setLink('closed');
    this.listener.turned(word);
  }

  private happened(event: Sequenced): void {
    if (event.seq <= this.lastSeq) return;
    // A gap can't be mended by going on: resume from the last event that was whole.
    if (event.seq > this.lastSeq + 1) return this.abandon();
    this.lastSeq = event.seq;
    this.listener.event(event.on);
  }

  private replied(reply: Reply): void {
    const resolve = this.pending.get(reply.id);
    this.pending.delete(reply.id);
    resolve?.(reply.outcome);
  }

  private closed(code: number, reason: string): void {
    const close = closeOf(code);
    this.drop();
    const sequel = sequelOf(close);
    if (sequel === 'return') return this.comeBack();
    if (sequel === 'return_slowly') {
      this.setLink('lost');
      this.comeBackAfter(returnSlowlyAfterMs(this.around.random()));
    } else {
      this.session = null;
      this.setLink('closed');
    }
    if (close !== null) this.listener.closed(close, requestIdOf(reason));
  }

  /** Gives up this socket, not the conversation. */
  private abandon(): void {
    this.drop();
    this.comeBack();
  }

  private comeBack(): void {
    this.setLink('lost');
    this.comeBackAfter(returnAfterMs(this.attempt, this.windowMs, this.around.random()));
    this.attempt += 1;
  }

  private comeBackAfter(ms: number): void {
    this.cancelTimer();
    this.cancelTimer = this.around.clock.after(ms, () => this.connect('lost'));
  }

  private expectWithin(ms: number): void {
    this.cancelTimer();
    this.cancelTimer = this.around.clock.after(ms, () => this.abandon());
  }

  private drop(): void {
    this.cancelTimer();
    const wire = this.wire;
    this.wire = null;
    if (wire !== null) {
      wire.onopen = wire.onmessage = wire.onclose = null;
      wire.close();
    }
    const unanswered = [...this.pending.values()];
    this.pending.clear();
    for (const resolve of unanswered) resolve(LOST);
  }

  private setLink(link: Link): void {
    if (this.link === link) return;
    this.link = link;
    this.listener.link(link);
  }
}

/** The page's own address decides where the socket goes; nothing else is ever contacted. */
export function browserSurroundings(): Surroundings {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return {
    open: () => browserWire(new WebSocket(`${scheme}//${location.host}/ws`)),
    clock: {
      after(ms, then) {
        const timer = setTimeout(then, ms);
        return () => clearTimeout(timer);
      },
    },
    random: () => Math.random(),
  };
}

function browserWire(socket: WebSocket): Wire {
  const wire: Wire = {
    onopen: null,
    onmessage: null,
    onclose: null,
    send: (text) => socket.send(text),
    close: (code) => socket.close(code),
  };
  socket.onopen = () => wire.onopen?.();
  socket.onmessage = (message) => wire.onmessage?.({ data: message.data as unknown });
  socket.onclose = (close) => wire.onclose?.({ code: close.code, reason: close.reason });
  return wire;
}
