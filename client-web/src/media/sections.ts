// The media sections of the one offer: what is sent, which slots receive, in a fixed order, within the size allowed.

import { AUDIO_SLOTS_MAX, type ReceiveMids, type SendMids } from '../protocol/types';
import { offered, sound, type Codec } from './codecs';

/** The layers of a camera's picture, largest first: full, half and quarter size. */
const CAMERA_LAYERS: readonly RTCRtpEncodingParameters[] = [
  { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 1_200_000 },
  { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 400_000 },
  { rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 120_000 },
];
/** What a shared screen is for: text must stay legible and moves little; a film must move. A class can carry both. */
export type ScreenStyle = 'detail' | 'smooth';
export const SCREEN_STYLES: Record<ScreenStyle, { maxBitrate: number; maxFramerate: number }> = {
  detail: { maxBitrate: 1_800_000, maxFramerate: 15 },
  smooth: { maxBitrate: 2_500_000, maxFramerate: 30 },
};

/** The only header extensions that the relay reads; the others would make the offer a third longer. */
const EXTENSIONS = [
  'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
];

/** And, of a screen, by which it tells AV1's layers apart. */
const LAYERS_EXTENSION = 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension';

/** How much one may ask of the offer: a thinner one is tried when the browser's is too long to send. */
export interface Thickness {
  video: number;
  codecs: 'all' | 'first';
}

/** What the browser says it can do; an argument, so that tests need no browser. */
export interface Capabilities {
  audio: readonly Codec[];
  video: readonly Codec[];
}

export interface Sections {
  microphone: RTCRtpTransceiver;
  camera: RTCRtpTransceiver;
  screen: RTCRtpTransceiver;
  screenAudio: RTCRtpTransceiver;
  audioSlots: RTCRtpTransceiver[];
  screenAudioSlot: RTCRtpTransceiver;
  screenSlot: RTCRtpTransceiver;
  videoSlots: RTCRtpTransceiver[];
}

export function addSections(pc: RTCPeerConnection, can: Capabilities, thickness: Thickness): Sections {
  const videoCodecs = offered(can.video, thickness.codecs);
  const screenCodecs = offered(can.video, thickness.codecs, 'screen');
  const opus = sound(can.audio);
  const add = (kind: 'audio' | 'video', init: RTCRtpTransceiverInit, codecs = kind === 'video' ? videoCodecs : opus): RTCRtpTransceiver => {
    const transceiver = pc.addTransceiver(kind, init);
    prefer(transceiver, codecs);
    keepExtensions(transceiver, codecs === screenCodecs ? [...EXTENSIONS, LAYERS_EXTENSION] : EXTENSIONS);
    return transceiver;
  };
  const slot = (kind: 'audio' | 'video'): RTCRtpTransceiver => add(kind, { direction: 'recvonly' });
  const several = (count: number, kind: 'audio' | 'video'): RTCRtpTransceiver[] =>
    Array.from({ length: count }, () => slot(kind));
  return {
    microphone: add('audio', { direction: 'sendonly' }),
    camera: add('video', { direction: 'sendonly', sendEncodings: CAMERA_LAYERS.map((layer) => ({ ...layer })) }),
    screen: add('video', { direction: 'sendonly', sendEncodings: [{ ...SCREEN_STYLES.detail }] }, screenCodecs),
    screenAudio: add('audio', { direction: 'sendonly' }),
    audioSlots: several(AUDIO_SLOTS_MAX, 'audio'),
    screenAudioSlot: slot('audio'),
    screenSlot: add('video', { direction: 'recvonly' }, screenCodecs),
    videoSlots: several(thickness.video, 'video'),
  };
}

/** The names of the sections; they exist once the offer has been set. */
export function midsOf(sections: Sections): { send: SendMids; receive: ReceiveMids } {
  const mid = (transceiver: RTCRtpTransceiver): string => transceiver.mid ?? '';
  return {
    send: {
      microphone: mid(sections.microphone),
      camera: mid(sections.camera),
      screen: mid(sections.screen),
      screen_audio: mid(sections.screenAudio),
    },
    receive: {
      audio: sections.audioSlots.map(mid),
      screen: mid(sections.screenSlot),
      screen_audio: mid(sections.screenAudioSlot),
      video: sections.videoSlots.map(mid),
    },
  };
}

/** What each slot receives, by MID. The tracks are there from the start and stay the same all lesson. */
export function streamsOf(sections: Sections): Map<string, MediaStream> {
  const slots = [...sections.audioSlots, sections.screenAudioSlot, sections.screenSlot, ...sections.videoSlots];
  return new Map(slots.map((slot) => [slot.mid ?? '', new MediaStream([slot.receiver.track])]));
}

function prefer(transceiver: RTCRtpTransceiver, codecs: readonly Codec[]): void {
  if (codecs.length === 0 || typeof transceiver.setCodecPreferences !== 'function') return;
  try {
    transceiver.setCodecPreferences(codecs as RTCRtpCodec[]);
  } catch {
    // A browser that knows better keeps its own order; the answer decides anyway.
  }
}

/** Not every browser has this yet, and TypeScript does not know it: https://w3c.github.io/webrtc-extensions/ §5.2. */
interface WithExtensions {
  getHeaderExtensionsToNegotiate(): { uri: string; direction: string }[];
  setHeaderExtensionsToNegotiate(extensions: { uri: string; direction: string }[]): void;
}

function keepExtensions(transceiver: RTCRtpTransceiver, kept: readonly string[]): void {
  if (!('setHeaderExtensionsToNegotiate' in transceiver)) return;
  const able = transceiver as unknown as WithExtensions;
  const extensions = able.getHeaderExtensionsToNegotiate();
  able.setHeaderExtensionsToNegotiate(
    extensions.map((one) => ({ ...one, direction: kept.includes(one.uri) ? 'sendrecv' : 'stopped' })),
  );
}
