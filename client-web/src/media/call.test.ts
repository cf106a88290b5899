import { describe, expect, it } from 'vitest';

import { FakeClock } from '../protocol/fake-wire';
import type { Answered } from '../protocol/socket';
import { SDP_BYTES_MAX, type MediaAsk, type ReceiveMids } from '../protocol/types';
import { Call, type Health } from './call';
import { offered, sound } from './codecs';
import { Gaze, looksOf } from './looks';
import { choicesOf } from './devices';
import { levelOf } from './sound';

/** As much of a peer connection as the call needs, without a browser. */
class FakePeer {
  connectionState: RTCPeerConnectionState = 'new';
  onconnectionstatechange: (() => void) | null = null;
  readonly transceivers: FakeTransceiver[] = [];
  readonly offers: (RTCOfferOptions | undefined)[] = [];
  remote: string | null = null;
  configuration: RTCConfiguration = { bundlePolicy: 'max-bundle', iceServers: [] };

  addTransceiver(kind: string, init: RTCRtpTransceiverInit): FakeTransceiver {
    const transceiver = new FakeTransceiver(kind, init);
    this.transceivers.push(transceiver);
    return transceiver;
  }

  createOffer(options?: RTCOfferOptions): Promise<RTCSessionDescriptionInit> {
    this.offers.push(options);
    const perSection = this.transceivers[1]?.codecs === 2 ? 1_000 : 100;
    return Promise.resolve({ type: 'offer', sdp: 'x'.repeat(perSection * this.transceivers.length) });
  }

  setLocalDescription(): Promise<void> {
    this.transceivers.forEach((transceiver, index) => (transceiver.mid = String(index)));
    return Promise.resolve();
  }

  setRemoteDescription(answer: { sdp: string }): Promise<void> {
    this.remote = answer.sdp;
    return Promise.resolve();
  }

  getConfiguration(): RTCConfiguration {
    return this.configuration;
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
  }

  close(): void {
    this.connectionState = 'closed';
  }

  becomes(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

class FakeTransceiver {
  mid: string | null = null;
  codecs = 0;
  track: MediaStreamTrack | null = null;
  readonly kind: string;
  readonly init: RTCRtpTransceiverInit;
  readonly receiver = { track: null };
  encodings: RTCRtpEncodingParameters[];
  readonly sender = {
    track: null,
    getParameters: () => ({ encodings: this.encodings.map((encoding) => ({ ...encoding })) }),
    setParameters: ({ encodings }: RTCRtpSendParameters): Promise<void> => {
      this.encodings = encodings;
      return Promise.resolve();
    },
    replaceTrack: (track: MediaStreamTrack | null): Promise<void> => {
      this.track = track;
      return Promise.resolve();
    },
  };

  constructor(kind: string, init: RTCRtpTransceiverInit) {
    this.kind = kind;
    this.init = init;
    this.encodings = init.sendEncodings ?? [];
  }

  setCodecPreferences(codecs: unknown[]): void {
    this.codecs = codecs.length;
  }
}

const VIDEO = [
  { mimeType: 'video/AV1' },
  { mimeType: 'video/H264', sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f' },
  { mimeType: 'video/VP8' },
];

interface World {
  call: Call;
  clock: FakeClock;
  peers: FakePeer[];
  asks: Extract<MediaAsk, { offer: unknown }>['offer'][];
  health: Health[];
  slots: ReceiveMids[];
  answers: Answered[];
  settle(): Promise<void>;
}

function world(videoSlots = 6): World {
  const clock = new FakeClock();
  const peers: FakePeer[] = [];
  const asks: World['asks'] = [];
  const health: Health[] = [];
  const slots: ReceiveMids[] = [];
  const answers: Answered[] = [];
  const call = new Call(
    {
      connect: () => {
        const peer = new FakePeer();
        peers.push(peer);
        return peer as unknown as RTCPeerConnection;
      },
      capabilities: () => ({ audio: [{ mimeType: 'audio/opus' }], video: VIDEO }),
      clock,
      now: () => clock.nowMs,
      ask: (ask) => {
        if ('offer' in ask) asks.push(ask.offer);
        return Promise.resolve(answers.shift() ?? { answer: { sdp: 'answer' } });
      },
      videoSlots,
    },
    { health: (now) => health.push(now), slots: (receive) => slots.push(receive) },
  );
  // Lets every promise that is ready be kept; nothing here waits for time.
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 30; turn += 1) {
      clock.pass(0);
      await Promise.resolve();
    }
  };
  globalThis.MediaStream ??= class {} as unknown as typeof MediaStream;
  return { call, clock, peers, asks, health, slots, answers, settle };
}

async function connected(videoSlots = 6): Promise<World> {
  const w = world(videoSlots);
  w.call.start();
  await w.settle();
  w.peers.at(-1)?.becomes('connected');
  return w;
}

describe('a call', () => {
  it('offers its sections in the one order and names them', async () => {
    const { peers, asks, slots, health } = await connected();
    const shape = peers[0]?.transceivers.map(({ kind, init }) => `${kind} ${init.direction ?? ''}`);
    expect(shape?.slice(0, 4)).toEqual(['audio sendonly', 'video sendonly', 'video sendonly', 'audio sendonly']);
    expect(shape?.slice(4)).toEqual([...Array(4).fill('audio recvonly'), ...Array(7).fill('video recvonly')]);
    expect(asks[0]?.send).toEqual({ microphone: '0', camera: '1', screen: '2', screen_audio: '3' });
    const receive = { audio: ['4', '5', '6'], screen_audio: '7', screen: '8', video: ['9', '10', '11', '12', '13', '14'] };
    expect(asks[0]?.receive).toEqual(receive);
    expect(slots).toEqual([receive]);
    expect(health).toEqual(['connecting', 'good']);
    expect(peers[0]?.transceivers[1]?.init.sendEncodings?.map((e) => e.rid)).toEqual(['h', 'm', 'l']);
  });

  it('sends the layers that are wanted, also over another connection', async () => {
    const { call, peers, settle, clock } = await connected();
    const active = (peer = peers.at(-1)): unknown[] => peer?.transceivers[1]?.encodings.map((e) => e.active) ?? [];
    call.shape('camera', { heightPx: 180 });
    await settle();
    expect(active()).toEqual([false, false, true]);
    call.shape('camera', { heightPx: 0 });
    call.shape('screen', { heightPx: 0, maxFramerate: 30 });
    await settle();
    expect(active()).toEqual([false, false, false]);
    expect(peers[0]?.transceivers[2]?.encodings[0]).toMatchObject({ active: false, maxFramerate: 30 });
    clock.pass(10_000);
    call.start();
    await settle();
    expect([peers.length, active()]).toEqual([2, [false, false, false]]);
  });

  it('drafts its offer while one waits, and sends it once let in', async () => {
    const w = world();
    w.call.prepare();
    await w.settle();
    expect([w.peers.length, w.asks.length]).toEqual([1, 0]);
    w.call.start();
    await w.settle();
    expect([w.peers.length, w.asks.length, w.peers[0]?.remote]).toEqual([1, 1, 'answer']);
  });

  it('drafts anew when the network changes while one waits', async () => {
    const w = world();
    w.call.prepare();
    await w.settle();
    w.call.restart();
    await w.settle();
    expect([w.peers.map((peer) => peer.connectionState), w.asks.length]).toEqual([['closed', 'new'], 0]);
    w.call.start();
    await w.settle();
    expect([w.peers.length, w.asks.length, w.peers[1]?.remote]).toEqual([2, 1, 'answer']);
  });

  it('turns things on and off without a new offer, also before there is a connection', async () => {
    const w = world();
    const track = { id: 'voice' } as MediaStreamTrack;
    w.call.send('microphone', track);
    w.call.start();
    await w.settle();
    expect(w.peers[0]?.transceivers[0]?.track).toBe(track);
    w.call.send('microphone', null);
    expect([w.peers[0]?.transceivers[0]?.track, w.asks.length]).toEqual([null, 1]);
  });

  it('makes the offer thinner until it may be sent', async () => {
    const { asks, peers } = await connected(24);
    expect(peers).toHaveLength(2);
    expect(asks).toHaveLength(1);
    expect(asks[0]?.sdp.length).toBeLessThan(SDP_BYTES_MAX);
    expect(asks[0]?.receive.video).toHaveLength(24);
  });

  it('looks for a new path two seconds after it went quiet, and at once when it failed', async () => {
    const { peers, clock, settle, asks, health } = await connected();
    clock.pass(10_000);
    peers[0]?.becomes('disconnected');
    clock.pass(1_999);
    await settle();
    expect(asks).toHaveLength(1);
    clock.pass(1);
    await settle();
    expect(peers[0]?.offers.at(-1)).toEqual({ iceRestart: true });
    expect([asks.length, peers.length, health.at(-1)]).toEqual([2, 1, 'broken']);
    peers[0]?.becomes('connected');
    expect(health.at(-1)).toBe('good');
  });

  it('does not restart for a hiccup', async () => {
    const { peers, clock, settle, asks } = await connected();
    clock.pass(10_000);
    peers[0]?.becomes('disconnected');
    clock.pass(1_000);
    peers[0]?.becomes('connected');
    clock.pass(20_000);
    await settle();
    expect(asks).toHaveLength(1);
  });

  it('never offers faster than the server allows', async () => {
    const { call, clock, settle, asks } = await connected();
    for (let restart = 0; restart < 5; restart += 1) call.restart();
    await settle();
    expect(asks).toHaveLength(1);
    clock.pass(2_100);
    await settle();
    expect(asks).toHaveLength(2);
  });

  it('starts from nothing when a restart finds no path, or the server lost the call', async () => {
    const { call, peers, clock, settle } = await connected();
    clock.pass(10_000);
    peers[0]?.becomes('failed');
    await settle();
    clock.pass(10_000);
    await settle();
    expect([peers.length, peers[0]?.connectionState]).toEqual([2, 'closed']);
    call.start();
    clock.pass(2_100);
    await settle();
    expect(peers).toHaveLength(3);
  });

  it('keeps its connection when the session goes on, and begins anew when it never stood', async () => {
    const w = await connected();
    w.clock.pass(10_000);
    w.call.restart();
    w.call.again();
    await w.settle();
    expect([w.peers.length, w.peers[0]?.offers.at(-1)]).toEqual([1, { iceRestart: true }]);
    const young = world();
    young.call.start();
    await young.settle();
    young.clock.pass(2_100);
    young.call.again();
    await young.settle();
    expect([young.peers.length, young.asks.length]).toEqual([2, 2]);
  });

  it('asks for relayed ways only where nothing gets through directly, and anew for each attempt', async () => {
    const servers = [{ urls: ['turns:class.example.org:443'], username: 'u', credential: 'c' }];
    const ways: Answered = { ways: { servers, ttl_s: 600 } };
    const w = world();
    w.answers.push({ answer: { sdp: 'answer' } }, ways);
    w.call.start();
    await w.settle();
    expect(w.peers[0]?.configuration.iceServers).toEqual([]);
    w.clock.pass(2_000);
    await w.settle();
    w.clock.pass(100);
    await w.settle();
    expect(w.peers[1]?.configuration).toEqual({ bundlePolicy: 'max-bundle', iceServers: servers });
    expect([w.peers.length, w.asks.length, w.peers[0]?.connectionState]).toEqual([2, 2, 'closed']);
    // Not even that helps: the next connection has them from the start.
    w.clock.pass(2_000);
    await w.settle();
    w.clock.pass(8_000);
    await w.settle();
    expect([w.peers.length, w.peers[2]?.configuration.iceServers]).toEqual([3, servers]);
    // Another network, much later: what was given may have ended.
    w.peers[2]?.becomes('connected');
    w.clock.pass(400_000);
    const later = [{ ...(servers[0] ?? { urls: [] }), username: 'v', credential: 'd' }];
    w.answers.push({ ways: { servers: later, ttl_s: 600 } });
    w.call.restart();
    await w.settle();
    expect([w.peers.length, w.peers[2]?.configuration.iceServers]).toEqual([3, later]);
  });

  it('tries again after a refusal, with pauses that grow', async () => {
    const w = world();
    const no: Answered = { refused: { code: 'bad_offer', message: '' } };
    w.answers.push(no, no);
    w.call.start();
    await w.settle();
    w.clock.pass(2_500);
    await w.settle();
    expect(w.asks).toHaveLength(2);
    w.clock.pass(4_999);
    await w.settle();
    expect(w.asks).toHaveLength(2);
    w.clock.pass(1);
    await w.settle();
    expect([w.asks.length, w.peers.at(-1)?.remote]).toEqual([3, 'answer']);
  });

  it('is silent once closed', async () => {
    const { call, peers, clock, settle, asks, health } = await connected();
    call.close();
    peers[0]?.becomes('failed');
    clock.pass(60_000);
    await settle();
    expect([asks.length, health.at(-1)]).toEqual([1, 'idle']);
  });
});

describe('codecs', () => {
  it('come with VP8 first, one profile of each, and retransmission', () => {
    const rtx = { mimeType: 'video/rtx' };
    expect(offered([rtx, ...VIDEO], 'all').map((c) => c.mimeType)).toEqual(['video/VP8', 'video/H264', 'video/rtx']);
    expect(offered([rtx, ...VIDEO], 'first').map((c) => c.mimeType)).toEqual(['video/VP8', 'video/rtx']);
    expect(offered([{ mimeType: 'video/AV1' }], 'all')).toHaveLength(1);
  });
});

describe('sound', () => {
  it('is offered repeated before plain, and plain where a browser has no more', () => {
    const [opus, red, other] = [{ mimeType: 'audio/opus' }, { mimeType: 'audio/red' }, { mimeType: 'audio/PCMU' }];
    expect(sound([opus, other, red])).toEqual([red, opus]);
    expect(sound([other, opus])).toEqual([opus]);
  });
});

describe('what one looks at', () => {
  it('is said largest first, each person once, within the slots', () => {
    const tiles = [
      { person: 'a', heightPx: 120 },
      { person: 'b', heightPx: 700 },
      { person: 'a', heightPx: 300 },
      { person: 'c', heightPx: 3 },
      { person: 'd', heightPx: 100 },
    ];
    expect(looksOf(tiles, 2)).toEqual([
      { person: 'b', height_px: 704 },
      { person: 'a', height_px: 304 },
    ]);
  });

  it('is said at once at first, then once the layout rests, and only when it has changed', () => {
    const clock = new FakeClock();
    const said: MediaAsk[] = [];
    const gaze = new Gaze(clock, 6, (ask) => {
      said.push(ask);
      return Promise.resolve({ done: {} });
    });
    const look = (height_px: number): MediaAsk => ({ view: { looks: [{ person: 'a', height_px }] } });
    gaze.see([]);
    gaze.see([{ person: 'a', heightPx: 96 }]);
    expect(said).toEqual([look(96)]);
    gaze.see([{ person: 'a', heightPx: 200 }]);
    clock.pass(100);
    gaze.see([{ person: 'a', heightPx: 400 }]);
    clock.pass(119);
    expect(said).toHaveLength(1);
    clock.pass(1);
    gaze.see([{ person: 'a', heightPx: 401 }]);
    clock.pass(1_000);
    expect(said).toEqual([look(96), look(400)]);
    gaze.again();
    expect(said).toEqual([look(96), look(400), look(400)]);
    gaze.rest();
    clock.pass(1_000);
    expect(said).toHaveLength(3);
  });
});

describe('devices and sound', () => {
  it('offer a choice only of what has a name', () => {
    const info = (kind: MediaDeviceKind, label: string): MediaDeviceInfo =>
      ({ kind, label, deviceId: `id ${label}`, groupId: '', toJSON: () => ({}) }) as MediaDeviceInfo;
    const choices = choicesOf([info('audioinput', 'Micro'), info('videoinput', ''), info('audiooutput', 'Casque')]);
    expect(choices).toEqual({
      microphones: [{ id: 'id Micro', label: 'Micro' }],
      cameras: [],
      speakers: [{ id: 'id Casque', label: 'Casque' }],
    });
  });

  it('measure silence as 0, a loud voice as 1, and something between', () => {
    expect(levelOf(new Float32Array(512))).toBe(0);
    expect(levelOf(new Float32Array(512).fill(0.9))).toBe(1);
    expect(levelOf(new Float32Array(512).fill(0.03))).toBeCloseTo(0.55, 1);
  });
});
