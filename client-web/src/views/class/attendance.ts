// One person's attendance at one class: visit, media, devices, and what is open on the screen; shared by all its views.

import { effect, signal, type Signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

import { browserCapabilities, browserConnection } from '../../media/call';
import { ClassMedia } from '../../media/class-media';
import { browserDevices, type Devices } from '../../media/devices';
import { readLine } from '../../protocol/line';
import { browserSurroundings, type Answered } from '../../protocol/socket';
import type { ScreenStyle } from '../../media/sections';
import type { Ask, ClassId, Event, MediaEvent, MyInvitation, Pictures } from '../../protocol/types';
import type { ClassState, Place } from '../../state/class';
import { Visit, type Outside } from '../../state/visit';
import { words } from '../../text/text';
import { stored, store } from '../../ui/stored';
import { toast } from '../../ui/announcer';
import { Tickets } from '../queue/tickets';
import { Crier } from './crier';

export type Panel = 'door' | 'people' | 'chat';
export type Layout = 'stage' | 'grid';

/** Cameras looked at together: a phone shows fewer, and decodes fewer. */
const VIDEO_SLOTS = { small: 6, large: 12 };
const SMALL_SCREEN = '(max-width: 47.99rem)';

export class Attendance {
  readonly invitation: MyInvitation;
  readonly visit: Visit;
  readonly media: ClassMedia;
  readonly devices: Devices;
  readonly panel: Signal<Panel | null>;
  readonly layout: Signal<Layout> = signal('stage');
  /** The last chat message that has been on the screen. */
  readonly readUpTo = signal(0);
  readonly knockSound = signal(stored('knock-sound') !== 'off');
  readonly shortcuts = signal(stored('shortcuts') !== 'off');
  /** Which pictures one wants at all: a choice that belongs to this device's connection. */
  readonly pictures: Signal<Pictures> = signal(storedAs('pictures', ['few', 'none']) ?? 'all');
  readonly screenStyle: Signal<ScreenStyle> = signal(storedAs('screen-style', ['smooth']) ?? 'detail');
  readonly entered = signal(false);
  readonly isSmall: Signal<boolean>;
  readonly slots: number;
  private readonly crier: Crier;
  private readonly ends: (() => void)[] = [];
  private place: Place['at'] = 'connecting';
  /** A new session has been welcomed, and its seat not yet been confirmed. */
  private sessionIsNew = false;

  constructor(classId: ClassId, invitation: MyInvitation, around: Outside = browserOutside(classId, invitation)) {
    this.invitation = invitation;
    this.devices = browserDevices();
    const small = matchMedia(SMALL_SCREEN);
    this.isSmall = signal(small.matches);
    this.slots = small.matches ? VIDEO_SLOTS.small : VIDEO_SLOTS.large;
    this.panel = signal(invitation.role === 'teacher' && !small.matches ? 'door' : null);
    this.crier = new Crier(this);
    this.visit = new Visit(
      around,
      {
        notice: (notice) => this.crier.hear(notice),
        welcome: ({ resumed }) => {
          this.sessionIsNew = !resumed;
          if (resumed && this.visit.state.peek().place.at === 'seated') this.media.resumed();
        },
        event: (event, after) => this.heard(event, after),
      },
      { class: classId },
    );
    this.media = new ClassMedia({
      call: {
        connect: browserConnection,
        capabilities: browserCapabilities,
        now: () => performance.now(),
        videoSlots: this.slots,
      },
      clock: around.clock,
      ask: (ask) => this.visit.ask(ask),
      devices: this.devices,
      teaches: this.teaches,
      slots: () => this.visit.state.peek().slots,
      display: displaySource(),
    });
    this.media.receive(this.pictures.peek());
    this.media.shareFor(this.screenStyle.peek());
    this.listen(small, 'change', () => (this.isSmall.value = small.matches));
    this.listen(window, 'online', () => this.networkChanged());
    this.followNetwork();
    this.listen(window, 'pagehide', () => this.devices.close());
    this.ends.push(
      effect(() => this.markRead()),
      effect(() => this.followPlace(this.visit.state.value.place.at)),
    );
    // Whoever has a place in the line is at the door already: a reload asks nothing again.
    if (around.tickets.get() !== null) this.enter();
  }

  get familiar(): boolean {
    return this.invitation.class.familiar && this.invitation.role === 'student';
  }

  get teaches(): boolean {
    return this.invitation.role === 'teacher';
  }

  /** Somebody who listens and watches, and has nothing to turn on. */
  get observes(): boolean {
    return this.invitation.role === 'observer';
  }

  get state(): ClassState {
    return this.visit.state.value;
  }

  /** From the try-out to the door. A teacher takes along what is on; whoever may have to wait does not. */
  enter(): void {
    this.entered.value = true;
    this.media.prepare();
    this.visit.knock();
  }

  /** Asks, and says so when it was not done. */
  async ask(ask: Ask): Promise<boolean> {
    const answered: Answered = await this.visit.ask(ask);
    if ('done' in answered || 'answer' in answered) return true;
    const t = words().class;
    toast('refused' in answered ? t.refusals[answered.refused.code] : t.notSent, 'warning');
    return false;
  }

  show(panel: Panel): void {
    this.panel.value = this.panel.peek() === panel ? null : panel;
  }

  chooseKnockSound(on: boolean): void {
    this.knockSound.value = on;
    store('knock-sound', on ? undefined : 'off');
  }

  chooseShortcuts(on: boolean): void {
    this.shortcuts.value = on;
    store('shortcuts', on ? undefined : 'off');
  }

  choosePictures(pictures: Pictures): void {
    this.pictures.value = pictures;
    store('pictures', pictures === 'all' ? undefined : pictures);
    this.media.receive(pictures);
  }

  chooseScreenStyle(style: ScreenStyle): void {
    this.screenStyle.value = style;
    store('screen-style', style === 'detail' ? undefined : style);
    this.media.shareFor(style);
  }

  close(): void {
    for (const end of this.ends) end();
    this.crier.close();
    this.visit.close();
    this.media.close();
    this.devices.close();
  }

  private heard(event: Event, after: ClassState): void {
    if ('media' in event) return this.heardOfMedia(event.media);
    if (!('class' in event)) return;
    if ('silenced' in event.class) this.media.silenced(event.class.silenced.sending);
    if ('snapshot' in event.class && after.place.at === 'seated') {
      if (this.sessionIsNew || !this.media.isSeated) this.media.start();
      this.sessionIsNew = false;
    }
  }

  private heardOfMedia(event: MediaEvent): void {
    if ('lost' in event) return this.media.lost();
    if (!('wanted' in event)) return;
    const { source, height_px: heightPx } = event.wanted;
    // A screen goes out as long as it is shared: the server learns that there is one from its pictures.
    if (source === 'camera') this.media.wanted(heightPx);
  }

  private followPlace(at: Place['at']): void {
    const was = this.place;
    this.place = at;
    if (was === at) return;
    if (at === 'gone') this.media.end();
    if (at === 'waiting' || at === 'queued') {
      if (was === 'seated') this.media.end();
      this.media.prepare();
    }
    if (at === 'seated' && !this.teaches) this.media.quiet();
  }

  private networkChanged(): void {
    this.visit.networkChanged();
    this.media.networkChanged();
  }

  /** Wi-Fi to mobile, where a browser tells. Its `change` also speaks of speed, which is no other network. */
  private followNetwork(): void {
    const { connection } = navigator as Navigator & { connection?: EventTarget & { type?: string } };
    if (connection === undefined) return;
    let { type } = connection;
    this.listen(connection, 'change', () => {
      if (connection.type === type) return;
      type = connection.type;
      this.networkChanged();
    });
  }

  private markRead(): void {
    const last = this.visit.state.value.chat.at(-1)?.id ?? 0;
    if (this.panel.value === 'chat') this.readUpTo.value = last;
  }

  private listen(target: EventTarget, name: string, then: () => void): void {
    target.addEventListener(name, then);
    this.ends.push(() => target.removeEventListener(name, then));
  }
}

function browserOutside(classId: ClassId, invitation: MyInvitation): Outside {
  const now = (): number => Date.now();
  return { ...browserSurroundings(), readLine, now, tickets: new Tickets(classId, invitation, now) };
}

/** A choice kept in this browser, if it is one of these. */
function storedAs<T extends string>(key: string, choices: readonly T[]): T | undefined {
  return choices.find((choice) => choice === stored(key));
}

function displaySource(): Pick<MediaDevices, 'getDisplayMedia'> | null {
  const media = navigator.mediaDevices as MediaDevices | undefined;
  return media !== undefined && 'getDisplayMedia' in media ? media : null;
}

export const AttendanceContext = createContext<Attendance | null>(null);

export function useAttendance(): Attendance {
  const attendance = useContext(AttendanceContext);
  if (attendance === null) throw new Error('outside of a class');
  return attendance;
}
