// The devices of this browser: the microphone and camera in use, those one could choose, and the speaker.

import { signal, type ReadonlySignal, type Signal } from '@preact/signals';

import { Device } from './capture';

export interface Choice {
  id: string;
  label: string;
}

export interface Choices {
  microphones: Choice[];
  cameras: Choice[];
  speakers: Choice[];
}

const NO_CHOICES: Choices = { microphones: [], cameras: [], speakers: [] };

export class Devices {
  readonly microphone: Device;
  readonly camera: Device;
  /** Named devices: browsers tell names only once one has been allowed. */
  readonly choices: ReadonlySignal<Choices>;
  readonly speaker: Signal<string | null> = signal(null);
  private readonly listed: Signal<Choices> = signal(NO_CHOICES);
  private readonly source: MediaDevices | null;
  private readonly relist = (): void => void this.list();

  constructor(source: MediaDevices | null) {
    this.source = source;
    this.microphone = new Device('microphone', source);
    this.camera = new Device('camera', source);
    this.choices = this.listed;
    source?.addEventListener('devicechange', this.relist);
  }

  async list(): Promise<void> {
    if (this.source === null) return;
    try {
      this.listed.value = choicesOf(await this.source.enumerateDevices());
    } catch {
      this.listed.value = NO_CHOICES;
    }
  }

  /** Everything off, nothing heard of any more. */
  close(): void {
    this.source?.removeEventListener('devicechange', this.relist);
    this.microphone.turnOff();
    this.camera.turnOff();
  }
}

/** Only what has a name: a nameless entry offers nothing to choose by. */
export function choicesOf(infos: readonly MediaDeviceInfo[]): Choices {
  const ofKind = (kind: MediaDeviceKind): Choice[] =>
    infos
      .filter((info) => info.kind === kind && info.label !== '' && info.deviceId !== '')
      .map((info) => ({ id: info.deviceId, label: info.label }));
  return { microphones: ofKind('audioinput'), cameras: ofKind('videoinput'), speakers: ofKind('audiooutput') };
}

/** `null` where the browser has no devices to offer: very old, or a page without a certificate. */
export function browserDevices(): Devices {
  const media = navigator.mediaDevices as MediaDevices | undefined;
  return new Devices(media ?? null);
}
