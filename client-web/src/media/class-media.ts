// Picture and sound of one class: what this person sends, what arrives in which slot, and the call that carries both.

import { batch, effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';

import type { Answered, Clock } from '../protocol/socket';
import { FELT_EVERY_MS, type Ask, type PersonId, type Pictures, type ReceiveMids, type Refusal, type Sending, type Slot } from '../protocol/types';
import { Call, type CallAround, type Health } from './call';
import type { Devices } from './devices';
import { Feeling } from './felt';
import { Demand, UNKNOWN_PX } from './layers';
import { Gaze } from './looks';
import { SCREEN_STYLES, type ScreenStyle } from './sections';

/** What of a person fills a slot. */
export type SlotKind = 'video' | 'screen';

/** Why something could not be turned on, beyond what the device itself says. */
export type Hindrance = { refused: Refusal } | { screen: 'denied' | 'failed' };

export interface ClassMediaAround {
  call: Omit<CallAround, 'ask' | 'clock'>;
  clock: Clock;
  ask(ask: Ask): Promise<Answered>;
  devices: Devices;
  teaches: boolean;
  /** Who is in which slot, as the server last said. */
  slots(): readonly Slot[];
  /** `null` where a browser can't share its screen: most phones. */
  display: Pick<MediaDevices, 'getDisplayMedia'> | null;
}

/** A teacher's smallest picture is always on its way: whoever is let in sees it at once. */
const LEAST_PX = 1;
/** Whoever spares their connection sends a smaller picture, too. */
const CAMERA_PX: Record<Pictures, number> = { all: UNKNOWN_PX, few: 360, none: 180 };

const SILENT: Sending = { microphone: false, camera: false, screen: false };

export class ClassMedia {
  readonly canShareScreen: boolean;
  readonly health: ReadonlySignal<Health>;
  /** What this person sends, as the server was told. */
  readonly sending: ReadonlySignal<Sending>;
  readonly hindrance: Signal<Hindrance | null> = signal(null);
  /** One's own screen, to see that it is shared. */
  readonly ownScreen: ReadonlySignal<MediaStream | null>;
  readonly gaze: Gaze;
  private readonly around: ClassMediaAround;
  private readonly call: Call;
  private readonly nowHealth: Signal<Health> = signal('idle');
  private readonly nowSending: Signal<Sending> = signal(SILENT);
  private readonly nowScreen: Signal<MediaStream | null> = signal(null);
  private readonly demand: Demand;
  private pictures: Pictures = 'all';
  private screenStyle: ScreenStyle = 'detail';
  private feeling = new Feeling();
  private stopFeeling: () => void = () => undefined;
  private readonly mids: Signal<ReceiveMids | null> = signal(null);
  private readonly streams: Signal<ReadonlyMap<string, MediaStream>> = signal(new Map());
  private readonly stopWatching: () => void;
  /** In the class: connected, or connecting. */
  private seated = false;

  constructor(around: ClassMediaAround) {
    this.around = around;
    this.canShareScreen = around.display !== null;
    this.health = this.nowHealth;
    this.sending = this.nowSending;
    this.ownScreen = this.nowScreen;
    const ask = (media: Extract<Ask, { media: unknown }>['media']): Promise<Answered> => around.ask({ media });
    this.gaze = new Gaze(around.clock, around.call.videoSlots, ask);
    this.call = new Call(
      { ...around.call, clock: around.clock, ask },
      {
        health: (health) => (this.nowHealth.value = health),
        slots: (receive, streams) => {
          this.mids.value = receive;
          this.streams.value = streams;
          this.gaze.again();
        },
      },
    );
    this.demand = new Demand(around.teaches ? LEAST_PX : 0, (heightPx) => this.call.shape('camera', { heightPx }));
    this.stopWatching = effect(() => this.followDevices());
  }

  get isSeated(): boolean {
    return this.seated;
  }

  /** While waiting: everything that needs no server. */
  prepare(): void {
    this.call.prepare();
  }

  /** Seated, or seated anew: connects, and says again what is sent. */
  start(): void {
    this.seated = true;
    this.call.start();
    this.feelAgain();
    void this.tell(this.nowSending.peek());
    // In a new session the server takes it for granted that all are wanted.
    if (this.pictures !== 'all') this.tellPictures();
  }

  /** The same session goes on after a break. What was under way when it broke is done again. */
  resumed(): void {
    if (!this.seated) return;
    if (this.nowHealth.peek() !== 'good') this.call.again();
    void this.tell(this.nowSending.peek());
    this.tellPictures();
    this.gaze.again();
  }

  /** The server no longer knows this call. */
  lost(): void {
    if (this.seated) this.call.start();
  }

  /** How large anybody looks at this camera: what nobody looks at is not sent. */
  wanted(heightPx: number): void {
    this.demand.want(heightPx);
  }

  /** Which pictures one wants at all. Whoever wants fewer also sends less. */
  receive(pictures: Pictures): void {
    this.pictures = pictures;
    this.demand.allow(CAMERA_PX[pictures]);
    if (this.seated) this.tellPictures();
  }

  /** What the screen is shared for, now and next time. */
  shareFor(style: ScreenStyle): void {
    this.screenStyle = style;
    const [picture] = this.nowScreen.peek()?.getVideoTracks() ?? [];
    if (picture !== undefined) void this.style(picture);
    // The call has the last word: what it sends in layers is styled otherwise.
    this.call.shape('screen', SCREEN_STYLES[style]);
  }

  networkChanged(): void {
    this.call.restart();
  }

  /** Whoever waited comes in quietly: what was tried out at the door is let go. */
  quiet(): void {
    batch(() => this.letGo(SILENT));
  }

  /** A teacher took the microphone, camera or screen away: the device is let go as well. */
  silenced(left: Sending): void {
    batch(() => {
      this.letGo(left);
      // The server knows already: there is nothing to tell.
      this.nowSending.value = this.actual();
    });
  }

  async toggle(what: 'microphone' | 'camera'): Promise<void> {
    this.hindrance.value = null;
    const device = this.around.devices[what];
    if (device.isOn) {
      device.turnOff();
      return;
    }
    await device.turnOn();
    void this.around.devices.list();
  }

  async toggleScreen(): Promise<void> {
    this.hindrance.value = null;
    const { display } = this.around;
    if (this.nowScreen.peek() !== null) return this.dropScreen();
    if (display === null) return;
    try {
      const { maxFramerate } = SCREEN_STYLES[this.screenStyle];
      // A film's sound is no voice: nothing is to be filtered out of it.
      const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      const stream = await display.getDisplayMedia({ video: { frameRate: { max: maxFramerate } }, audio });
      this.shareScreen(stream);
    } catch (error) {
      const denied = error instanceof DOMException && error.name === 'NotAllowedError';
      this.hindrance.value = { screen: denied ? 'denied' : 'failed' };
    }
  }

  /** The picture that arrives of this person, if any does. */
  streamOf(person: PersonId, kind: SlotKind, slots: readonly Slot[]): MediaStream | null {
    const mids = this.mids.value;
    if (mids === null) return null;
    const fitting = kind === 'screen' ? [mids.screen] : mids.video;
    const slot = slots.find((one) => one.person === person && fitting.includes(one.mid));
    return slot === undefined ? null : (this.streams.value.get(slot.mid) ?? null);
  }

  /** Everything to be heard: three voices and the sound of the screen. */
  get sounds(): MediaStream[] {
    const mids = this.mids.value;
    if (mids === null) return [];
    return [...mids.audio, mids.screen_audio].flatMap((mid) => this.streams.value.get(mid) ?? []);
  }

  /** Out of the class: nothing is sent or received any more, and every device is let go. */
  end(): void {
    this.seated = false;
    batch(() => this.letGo(SILENT));
    this.call.close();
    this.stopFeeling();
    this.feeling = new Feeling();
    this.demand.reset();
    this.gaze.rest();
    this.mids.value = null;
    this.streams.value = new Map();
  }

  close(): void {
    this.end();
    this.stopWatching();
  }

  private feelAgain(): void {
    this.stopFeeling();
    this.stopFeeling = this.around.clock.after(FELT_EVERY_MS, () => void this.feel());
  }

  /** Tells what went wrong on this screen: the server sees only what it sent. */
  private async feel(): Promise<void> {
    const { feeling } = this;
    const stats = await this.call.stats();
    if (!this.seated || feeling !== this.feeling) return;
    const felt = feeling.look(stats, this.around.slots());
    if (this.nowHealth.peek() === 'good') void this.around.ask({ media: { felt: { felt } } });
    this.feelAgain();
  }

  private tellPictures(): void {
    void this.around.ask({ media: { receive: { pictures: this.pictures } } });
  }

  private shareScreen(stream: MediaStream): void {
    const [picture] = stream.getVideoTracks();
    if (picture === undefined) return;
    void this.style(picture);
    picture.addEventListener('ended', () => this.dropScreen());
    this.nowScreen.value = stream;
  }

  /** Letters before movement, or movement before letters. */
  private async style(picture: MediaStreamTrack): Promise<void> {
    picture.contentHint = this.screenStyle === 'detail' ? 'detail' : 'motion';
    // A browser that knows no other rate keeps its own; the sender is told as well.
    await picture.applyConstraints({ frameRate: { max: SCREEN_STYLES[this.screenStyle].maxFramerate } }).catch(() => undefined);
  }

  private dropScreen(): void {
    for (const track of this.nowScreen.peek()?.getTracks() ?? []) track.stop();
    this.nowScreen.value = null;
  }

  /** Whatever a device does, on its own or because somebody pressed a button, the call and the class follow. */
  private followDevices(): void {
    const { microphone, camera } = this.around.devices;
    const voice = microphone.capture.value;
    const picture = camera.capture.value;
    const screen = this.nowScreen.value;
    this.call.send('microphone', voice.is === 'on' ? voice.track : null);
    this.call.send('camera', picture.is === 'on' ? picture.track : null);
    this.call.send('screen', screen?.getVideoTracks()[0] ?? null);
    this.call.send('screenAudio', screen?.getAudioTracks()[0] ?? null);
    const is = this.actual();
    const was = this.nowSending.peek();
    if (is.microphone === was.microphone && is.camera === was.camera && is.screen === was.screen) return;
    this.nowSending.value = is;
    void this.tell(is);
  }

  private actual(): Sending {
    const { microphone, camera } = this.around.devices;
    return {
      microphone: microphone.capture.peek().is === 'on',
      camera: camera.capture.peek().is === 'on',
      screen: this.nowScreen.peek() !== null,
    };
  }

  private letGo(left: Sending): void {
    const { devices } = this.around;
    if (!left.microphone) devices.microphone.turnOff();
    if (!left.camera) devices.camera.turnOff();
    if (!left.screen) this.dropScreen();
  }

  /** Whoever only waits says nothing about devices: there is nobody yet to whom anything could be sent. */
  private async tell(sending: Sending): Promise<void> {
    if (!this.seated) return;
    const answered = await this.around.ask({ class: { sending: { sending } } });
    if (!('refused' in answered)) return;
    // Refused as a whole: nothing is sent, and the person is told why.
    if (!sending.microphone && !sending.camera && !sending.screen) return;
    this.hindrance.value = { refused: answered.refused.code };
    batch(() => this.letGo(SILENT));
  }
}
