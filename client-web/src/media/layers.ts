// Which layers of a picture are sent: those that somebody looks at, and the smaller ones. Nobody looks: none.

/** Nobody has said yet how large. */
export const UNKNOWN_PX = Number.POSITIVE_INFINITY;
/** A camera that does not tell its height is taken for the one that was asked for. */
const USUAL_HEIGHT_PX = 720;

/** Whether each layer is sent, given how much smaller than the picture each is. */
export function layersFor(scales: readonly number[], heightPx: number, wantedPx: number): boolean[] {
  if (wantedPx <= 0) return scales.map(() => false);
  // As the server chooses: a picture three quarters as high as its frame looks the same.
  const enough = wantedPx * 0.75;
  const heights = scales.map((scale) => heightPx / scale);
  const chosen = Math.min(...heights.filter((height) => height >= enough));
  // Smaller ones stay: who has a weak connection, or a small tile, is shown them.
  return heights.map((height) => height <= chosen);
}

/** How large one's own picture is wanted by the others, and allowed by oneself. The server says less only once it lasts. */
export class Demand {
  private readonly leastPx: number;
  private readonly apply: (heightPx: number) => void;
  private wantedPx = UNKNOWN_PX;
  private allowedPx = UNKNOWN_PX;

  /** `leastPx`: sent also while nobody looks. */
  constructor(leastPx: number, apply: (heightPx: number) => void) {
    this.leastPx = leastPx;
    this.apply = apply;
  }

  want(heightPx: number): void {
    this.wantedPx = heightPx;
    this.settle();
  }

  /** One's own choice. */
  allow(heightPx: number): void {
    this.allowedPx = heightPx;
    this.settle();
  }

  /** Out of the class: whoever looks next has not said how large. */
  reset(): void {
    this.want(UNKNOWN_PX);
  }

  private settle(): void {
    this.apply(Math.max(this.leastPx, Math.min(this.wantedPx, this.allowedPx)));
  }
}

/** What a sender is to keep to. */
export interface Shape {
  heightPx: number;
  maxBitrate?: number;
  maxFramerate?: number;
}

/** Three sizes in one stream, each from the one below only in a keyframe (https://w3c.github.io/webrtc-svc/). */
const SPATIAL_LAYERS = 'L3T3_KEY';

/** The codecs in which browsers can send them. */
const LAYERED = ['video/vp9', 'video/av1'] as const;

/** In which of them the server asked for a picture, by putting it first in its answer. */
export function layeredIn({ encodings, codecs }: RTCRtpSendParameters): (typeof LAYERED)[number] | undefined {
  return LAYERED.find((mime) => encodings.length === 1 && codecs?.[0]?.mimeType.toLowerCase() === mime);
}

/** Gives a sender its shape; nothing is negotiated anew. One in a layered codec is sent in layers by browsers that can. */
export async function shape(sender: RTCRtpSender, { heightPx, maxBitrate, maxFramerate }: Shape): Promise<void> {
  const parameters = sender.getParameters();
  const scales = parameters.encodings.map((encoding) => encoding.scaleResolutionDownBy ?? 1);
  const active = layersFor(scales, sender.track?.getSettings().height ?? USUAL_HEIGHT_PX, heightPx);
  const layers = layeredIn(parameters) ? { scalabilityMode: SPATIAL_LAYERS } : {};
  const encodings = parameters.encodings.map((encoding, index) => ({
    ...encoding,
    ...layers,
    active: active[index] ?? true,
    ...(maxBitrate === undefined ? {} : { maxBitrate }),
    ...(maxFramerate === undefined ? {} : { maxFramerate }),
  }));
  if (JSON.stringify(encodings) === JSON.stringify(parameters.encodings)) return;
  // It fails only on a connection that is closed, or where a browser has fixed its layers: then all are sent.
  await sender.setParameters({ ...parameters, encodings }).catch(() => undefined);
}
