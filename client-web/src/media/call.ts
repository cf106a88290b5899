// The one peer connection of a class: one offer with fixed slots, restarted when the path breaks, never renegotiated.

import type { Answered, Clock } from '../protocol/socket';
import { SDP_BYTES_MAX, type IceServer, type MediaAsk, type ReceiveMids } from '../protocol/types';
import { layeredIn, shape, UNKNOWN_PX, type Shape } from './layers';
import { addSections, midsOf, streamsOf, type Capabilities, type Sections, type Thickness } from './sections';

/** What one sends, by section. */
export type Sent = 'microphone' | 'camera' | 'screen' | 'screenAudio';

/** `idle`: not asked for. `broken`: tried, lost, being tried again. */
export type Health = 'idle' | 'connecting' | 'good' | 'broken';

/** Offers are never closer together than this; the server refuses faster ones. */
const OFFER_EVERY_MS = 2_100;
/** A path that has gone quiet often comes back by itself in this time. */
const DISCONNECTED_MS = 2_000;
/** Most networks let media through in a blink. Only where it is not through by now are relayed ways worth their cost. */
const DIRECT_MS = 2_000;
/** After an answer: a path that is not there by then won't come. The next try starts from nothing. */
const CONNECT_MS = 10_000;
/** An offer that got no answer, or a bad one, is tried again with this pause, doubled up to the maximum. */
const RETRY_MS_MIN = 2_500;
const RETRY_MS_MAX = 30_000;

export interface CallAround {
  connect(): RTCPeerConnection;
  capabilities(): Capabilities;
  clock: Clock;
  /** Milliseconds; only differences count. */
  now(): number;
  ask(ask: MediaAsk): Promise<Answered>;
  videoSlots: number;
}

export interface CallListener {
  health(health: Health): void;
  /** The slots of a new connection. */
  slots(receive: ReceiveMids, streams: ReadonlyMap<string, MediaStream>): void;
}

interface Draft {
  sections: Sections;
  offer: RTCSessionDescriptionInit;
}

/** What is tried, in order, until the offer is short enough to send: codecs go first, then slots. */
function thicknesses(video: number): Thickness[] {
  return [
    { video, codecs: 'all' },
    { video, codecs: 'first' },
    { video: Math.ceil(video / 2), codecs: 'first' },
  ];
}

const THINNEST: Thickness = { video: 1, codecs: 'first' };

export class Call {
  private readonly around: CallAround;
  private readonly listener: CallListener;
  private readonly tracks: Record<Sent, MediaStreamTrack | null> = {
    microphone: null,
    camera: null,
    screen: null,
    screenAudio: null,
  };
  private readonly shapes: Record<'camera' | 'screen', Shape> = {
    camera: { heightPx: UNKNOWN_PX },
    screen: { heightPx: UNKNOWN_PX },
  };
  /** Parameters of a sender are changed one after the other. */
  private shaping: Promise<void> = Promise.resolve();
  private pc: RTCPeerConnection | null = null;
  private sections: Sections | null = null;
  private draft: Promise<Draft> = Promise.reject(new Error('no connection'));
  /** Its offer has been sent, or is about to be. */
  private isUsed = false;
  /** How often the offer had to be made shorter. */
  private thin = 0;
  private offeredAt = Number.NEGATIVE_INFINITY;
  /** The present connection was there at least once. */
  private hasStood = false;
  /** Relayed ways, once this network has turned out to need them, and until when they may be given to a connection. */
  private relays: IceServer[] = [];
  private relaysUntil = Number.NEGATIVE_INFINITY;
  private failures = 0;
  private negotiating = false;
  private cancelTimer: () => void = () => undefined;

  constructor(around: CallAround, listener: CallListener) {
    this.around = around;
    this.draft.catch(() => undefined);
    this.listener = listener;
  }

  /** Drafts the offer while there is time, so that being let in costs only the answer. Nothing is sent. */
  prepare(): void {
    if (this.pc === null) this.build();
  }

  /** Connects: at the beginning, after `media.lost`, in a new session. */
  start(): void {
    this.failures = 0;
    // They belong to a seat, and this may be another.
    this.relaysUntil = Number.NEGATIVE_INFINITY;
    if (this.pc === null || this.isUsed) return this.renew('connecting');
    this.listener.health('connecting');
    this.soon(this.pc, false, 0);
  }

  /** The session goes on after a break: a connection that stood looks for a new path, and whatever was under way is done again. */
  again(): void {
    if (this.hasStood) this.restart();
    else this.start();
  }

  /** Looks for a new path for the same call: another network, or one that stopped answering. */
  restart(): void {
    if (this.pc === null) return;
    if (!this.isUsed) {
      // What was gathered for the draft belongs to the old network.
      this.discard();
      this.build();
      return;
    }
    if (this.pc.connectionState === 'closed') return this.renew('broken');
    this.listener.health('broken');
    this.soon(this.pc, true, 0);
  }

  /** Sends this track, or nothing, from now on. */
  send(what: Sent, track: MediaStreamTrack | null): void {
    if (this.tracks[what] === track) return;
    this.tracks[what] = track;
    if (this.sections === null) return;
    void put(this.sections[what], track);
    if (what === 'camera' || what === 'screen') this.reshape(what, this.sections);
  }

  /** Keeps a picture to this from now on. */
  shape(what: 'camera' | 'screen', wanted: Partial<Shape>): void {
    this.shapes[what] = { ...this.shapes[what], ...wanted };
    if (this.sections !== null) this.reshape(what, this.sections);
  }

  /** What the browser counts of this call, if there is one. */
  async stats(): Promise<unknown[]> {
    const report = await this.pc?.getStats().catch(() => undefined);
    return report === undefined ? [] : [...report.values()];
  }

  close(): void {
    this.cancelTimer();
    this.discard();
    this.listener.health('idle');
  }

  private renew(health: Health): void {
    this.discard();
    this.listener.health(health);
    this.soon(this.build(), false, 0);
  }

  private build(): RTCPeerConnection {
    const pc = this.around.connect();
    this.pc = pc;
    if (this.around.now() < this.relaysUntil) this.relay(pc);
    pc.onconnectionstatechange = () => {
      if (this.pc === pc) this.changed(pc);
    };
    this.draft = this.drafted(pc);
    // Whoever needs the draft hears of the failure; a draft that nobody needs may fail unheard.
    this.draft.catch(() => undefined);
    return pc;
  }

  private discard(): void {
    this.cancelTimer();
    this.negotiating = false;
    this.isUsed = false;
    this.hasStood = false;
    if (this.pc === null) return;
    this.pc.onconnectionstatechange = null;
    this.pc.close();
    this.pc = null;
    this.sections = null;
  }

  /** The next offer, not before `pauseMs` and not faster than the server allows. */
  private soon(pc: RTCPeerConnection, iceRestart: boolean, pauseMs: number): void {
    const gapMs = this.offeredAt + OFFER_EVERY_MS - this.around.now();
    const waitMs = Math.max(pauseMs, gapMs, 0);
    // Without a wait it goes before the page is painted anew: who is let in sees the teacher the sooner.
    if (waitMs === 0) void this.negotiate(pc, iceRestart);
    else this.after(waitMs, () => void this.negotiate(pc, iceRestart));
  }

  private async negotiate(pc: RTCPeerConnection, iceRestart: boolean): Promise<void> {
    if (this.pc !== pc || this.negotiating) return;
    this.negotiating = true;
    this.isUsed = true;
    this.offeredAt = this.around.now();
    const answered = await this.offer(pc, iceRestart).catch(() => null);
    if (this.pc !== pc) return;
    this.negotiating = false;
    if (answered === 'connected') {
      const untilMs = this.around.now() + CONNECT_MS;
      this.after(DIRECT_MS, () => void this.detour(pc, untilMs));
      // The state may have come before this line was reached.
      if (pc.connectionState === 'connected') this.changed(pc);
      return;
    }
    // Without a connection to the server there is nobody to ask: whoever owns this call restarts it after the welcome.
    if (answered === 'lost') return;
    this.failures += 1;
    const pauseMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(this.failures - 1, 8));
    this.after(pauseMs, () => this.renew('broken'));
  }

  /** Nothing gets through directly: relayed ways are tried beside the others. With none, or none that is new, one waits. */
  private async detour(pc: RTCPeerConnection, untilMs: number): Promise<void> {
    const isThrough = (): boolean => pc.connectionState === 'connected';
    if (isThrough()) return;
    const isNew = this.relays.length === 0 && (await this.equip(pc));
    if (this.pc !== pc || isThrough()) return;
    // From nothing, not by a restart: Firefox sends nothing on a connection that was restarted before it first stood.
    if (isNew) return this.renew('connecting');
    this.after(Math.max(0, untilMs - this.around.now()), () => {
      if (!isThrough()) this.renew('broken');
    });
  }

  /** Gives a connection relayed ways for its next gathering. False: there are none. */
  private async equip(pc: RTCPeerConnection): Promise<boolean> {
    if (this.around.now() >= this.relaysUntil) {
      const answered = await this.around.ask({ ways: {} });
      if (!('ways' in answered)) return false;
      this.relays = answered.ways.servers;
      // Half their life: they have to be good for a while after they were given.
      this.relaysUntil = this.around.now() + answered.ways.ttl_s * 500;
    }
    if (this.relays.length === 0 || this.pc !== pc) return false;
    this.relay(pc);
    return true;
  }

  private relay(pc: RTCPeerConnection): void {
    pc.setConfiguration({ ...pc.getConfiguration(), iceServers: this.relays });
  }

  /** One offer and its answer. */
  private async offer(pc: RTCPeerConnection, iceRestart: boolean): Promise<'connected' | 'lost' | 'refused'> {
    const { sections, offer } = await (iceRestart ? this.another(pc) : this.draft);
    if (this.pc !== pc) return 'lost';
    const sdp = offer.sdp ?? '';
    if (sdp.length > SDP_BYTES_MAX && this.thinner()) return 'lost';
    const { send, receive } = midsOf(sections);
    const answered = await this.around.ask({ offer: { sdp, send, receive } });
    if (this.pc !== pc || 'lost' in answered) return 'lost';
    if (!('answer' in answered)) return 'refused';
    await pc.setRemoteDescription({ type: 'answer', sdp: answered.answer.sdp });
    if (this.pc !== pc) return 'lost';
    // Only now is it known in which codec it is sent.
    this.reshape('screen', sections);
    this.listener.slots(receive, streamsOf(sections));
    return 'connected';
  }

  /** The first offer of a connection, set and with its own addresses gathered. Nobody hears of it until it is sent. */
  private async drafted(pc: RTCPeerConnection): Promise<Draft> {
    const thickness = thicknesses(this.around.videoSlots)[this.thin] ?? THINNEST;
    const sections = addSections(pc, this.around.capabilities(), thickness);
    this.sections = sections;
    for (const what of ['microphone', 'camera', 'screen', 'screenAudio'] as const) {
      void put(sections[what], this.tracks[what]);
    }
    this.reshape('camera', sections);
    this.reshape('screen', sections);
    return { sections, offer: await described(pc, {}) };
  }

  private reshape(what: 'camera' | 'screen', sections: Sections): void {
    const { screen } = this.tracks;
    // Chromium encodes VP9's spatial layers only of what is said to move: of letters it would send nothing.
    const layered = what === 'screen' ? layeredIn(sections.screen.sender.getParameters()) : undefined;
    if (screen !== null && layered === 'video/vp9') screen.contentHint = 'motion';
    this.shaping = this.shaping.then(() => shape(sections[what].sender, this.shapes[what]));
  }

  private async another(pc: RTCPeerConnection): Promise<Draft> {
    const { sections } = await this.draft;
    if (this.relays.length > 0) await this.equip(pc);
    return { sections, offer: await described(pc, { iceRestart: true }) };
  }

  /** Starts again with a shorter offer, if there is a shorter one. */
  private thinner(): boolean {
    if (this.thin >= thicknesses(this.around.videoSlots).length) return false;
    this.thin += 1;
    this.offeredAt = Number.NEGATIVE_INFINITY;
    this.renew('connecting');
    return true;
  }

  private changed(pc: RTCPeerConnection): void {
    switch (pc.connectionState) {
      case 'connected':
        this.failures = 0;
        this.hasStood = true;
        this.cancelTimer();
        this.listener.health('good');
        return;
      case 'disconnected':
        this.after(DISCONNECTED_MS, () => this.restart());
        return;
      case 'failed':
        if (this.hasStood) this.restart();
        else void this.detour(pc, this.around.now() + CONNECT_MS);
        return;
      case 'new':
      case 'connecting':
      case 'closed':
        return;
    }
  }

  private after(ms: number, then: () => void): void {
    this.cancelTimer();
    this.cancelTimer = this.around.clock.after(ms, then);
  }
}

async function described(pc: RTCPeerConnection, how: RTCOfferOptions): Promise<RTCSessionDescriptionInit> {
  const offer = await pc.createOffer(how);
  await pc.setLocalDescription(offer);
  return offer;
}

async function put(transceiver: RTCRtpTransceiver, track: MediaStreamTrack | null): Promise<void> {
  // It fails only on a connection that is closed, and then there is nothing to send to.
  await transceiver.sender.replaceTrack(track).catch(() => undefined);
}

/** Nothing but the server itself is ever asked for a path, and for relayed ones only when there is no other. */
export function browserConnection(): RTCPeerConnection {
  return new RTCPeerConnection({ iceServers: [], bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' });
}

export function browserCapabilities(): Capabilities {
  return {
    audio: RTCRtpReceiver.getCapabilities('audio')?.codecs ?? [],
    video: RTCRtpReceiver.getCapabilities('video')?.codecs ?? [],
  };
}
