// Which codecs are offered, and in which order: VP8 first, because every browser of a school has it.

/** The subset of `RTCRtpCodec` by which we choose. */
export interface Codec {
  mimeType: string;
  sdpFmtpLine?: string;
}

/** In this order. One profile of each: an offer with twenty sections must stay below 32 KiB. */
const WANTED: readonly { mime: string; fits: (parameters: string) => boolean }[] = [
  { mime: 'video/vp8', fits: () => true },
  { mime: 'video/h264', fits: (p) => p.includes('profile-level-id=42e01f') && p.includes('packetization-mode=1') },
];

/** A shared screen may be sent in one of them, in several sizes at once, if the server asks for it by its answer. */
const LAYERED: typeof WANTED = [
  { mime: 'video/vp9', fits: (p) => !p.includes('profile-id=') || p.includes('profile-id=0') },
  { mime: 'video/av1', fits: (p) => !p.includes('profile=') || p.includes('profile=0') },
];

/** Those of `available` that are offered, best first, with retransmission (`rtx`) behind them. */
export function offered<C extends Codec>(available: readonly C[], which: 'all' | 'first', what: 'camera' | 'screen' = 'camera'): C[] {
  const chosen: C[] = [];
  for (const { mime, fits } of what === 'screen' ? [...WANTED, ...LAYERED] : WANTED) {
    const codec = available.find((c) => c.mimeType.toLowerCase() === mime && fits(c.sdpFmtpLine ?? ''));
    if (codec !== undefined) chosen.push(codec);
  }
  if (chosen.length === 0) return [...available];
  const rtx = available.filter((codec) => codec.mimeType.toLowerCase() === 'video/rtx');
  return [...chosen.slice(0, which === 'first' ? 1 : chosen.length), ...rtx];
}

/** Opus, and before it Opus that repeats itself (RFC 2198), where the browser has it: two lost packets of three are heard. */
export function sound<C extends Codec>(available: readonly C[]): C[] {
  return ['audio/red', 'audio/opus'].flatMap((mime) => available.filter((codec) => codec.mimeType.toLowerCase() === mime));
}
