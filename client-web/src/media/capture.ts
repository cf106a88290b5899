// One microphone or camera of this browser: off until somebody turns it on, and every failure with its own name.

import { signal, type ReadonlySignal, type Signal } from '@preact/signals';

export type Kind = 'microphone' | 'camera';

/** Why a device gives nothing. Each has its own words on the page, and says what still works. */
export type Fault =
  /** The browser, or the person in it, said no. */
  | 'denied'
  /** There is no such device, or it was unplugged. */
  | 'missing'
  /** Another program holds it. */
  | 'busy'
  /** This browser, or a page without a certificate, offers no devices at all. */
  | 'unsupported'
  | 'failed';

export type Capture =
  | { is: 'off' }
  | { is: 'starting' }
  | { is: 'on'; track: MediaStreamTrack }
  | { is: 'faulty'; fault: Fault };

/** What a capture needs of `navigator.mediaDevices`. */
export type Source = Pick<MediaDevices, 'getUserMedia'> | null;

export class Device {
  readonly kind: Kind;
  readonly capture: ReadonlySignal<Capture>;
  private readonly now: Signal<Capture> = signal({ is: 'off' });
  private readonly source: Source;
  private deviceId: string | null = null;
  /** Counts the times it was turned on or off: what an overtaken request brings is let go. */
  private turn = 0;

  constructor(kind: Kind, source: Source) {
    this.kind = kind;
    this.source = source;
    this.capture = this.now;
  }

  get isOn(): boolean {
    return this.now.value.is === 'on';
  }

  /** The track, once it is there; `null` when it can't be had or was turned off meanwhile. */
  async turnOn(): Promise<MediaStreamTrack | null> {
    const now = this.now.peek();
    if (now.is === 'on') return now.track;
    if (this.source === null) {
      this.now.value = { is: 'faulty', fault: 'unsupported' };
      return null;
    }
    this.turn += 1;
    const turn = this.turn;
    this.now.value = { is: 'starting' };
    try {
      const stream = await this.source.getUserMedia(constraints(this.kind, this.deviceId));
      return this.arrived(turn, stream);
    } catch (error) {
      if (turn === this.turn) this.now.value = { is: 'faulty', fault: faultOf(error) };
      return null;
    }
  }

  /** Lets go of the device: its lamp goes out. */
  turnOff(): void {
    this.turn += 1;
    const now = this.now.peek();
    if (now.is === 'on') now.track.stop();
    this.now.value = { is: 'off' };
  }

  /** Another device of the same kind; `null` for the browser's own choice. */
  async choose(deviceId: string | null): Promise<void> {
    this.deviceId = deviceId;
    if (!this.isOn) return;
    this.turnOff();
    await this.turnOn();
  }

  private arrived(turn: number, stream: MediaStream): MediaStreamTrack | null {
    const track = stream.getTracks()[0];
    if (track === undefined) throw new DOMException('no track', 'NotFoundError');
    if (turn !== this.turn) {
      track.stop();
      return null;
    }
    if (this.kind === 'camera') track.contentHint = 'motion';
    track.addEventListener('ended', () => {
      if (turn === this.turn) this.now.value = { is: 'faulty', fault: 'missing' };
    });
    this.now.value = { is: 'on', track };
    return track;
  }
}

function constraints(kind: Kind, deviceId: string | null): MediaStreamConstraints {
  const chosen = deviceId === null ? {} : { deviceId: { exact: deviceId } };
  if (kind === 'microphone') {
    return { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...chosen } };
  }
  return { video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 24, max: 30 }, ...chosen } };
}

function faultOf(error: unknown): Fault {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    case 'TypeError':
    case 'NotSupportedError':
      return 'unsupported';
    default:
      return 'failed';
  }
}
