// The frames that stacks without an encoder send, packed and unpacked: VP8 (RFC 7741) and Opus (RFC 7587) in RTP.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const media = new URL('../../loadtest/media/', import.meta.url);
/** Payload bytes of one packet: with its headers it fits into every path's MTU. */
const PAYLOAD_BYTES = 1_100;

/** Frames of an IVF file: a 32-byte file header, then a length and a timestamp before each frame. */
export function pictures(name = 'camera.ivf') {
  const file = readFileSync(new URL(name, media));
  const frames = [];
  for (let at = 32; at < file.length; ) {
    const length = file.readUInt32LE(at);
    frames.push(file.subarray(at + 12, at + 12 + length));
    at += 12 + length;
  }
  return { frames, everyMs: 1000 / 15, ticks: 6_000 };
}

/** Packets of `voice.ogg`: one on each page, behind two pages of headers. */
export function sounds() {
  const file = readFileSync(new URL('voice.ogg', media));
  const frames = [];
  for (let at = 0, page = 0; at < file.length; page += 1) {
    const segments = file[at + 26];
    const length = file.subarray(at + 27, at + 27 + segments).reduce((sum, one) => sum + one, 0);
    const body = at + 27 + segments;
    if (page >= 2 && length > 0) frames.push(file.subarray(body, body + length));
    at = body + length;
  }
  return { frames, everyMs: 20, ticks: 960 };
}

/** The RTP packets of a reel, frame after frame, over and over: each item is one frame's packets. */
export function* packets(reel, { ssrc, payloadType, isVideo, extension = null }) {
  let sequence = Math.floor(Math.random() * 0x8000);
  let timestamp = Math.floor(Math.random() * 0x7fffffff);
  for (let n = 0; ; n += 1) {
    const payloads = isVideo ? vp8(reel.frames[n % reel.frames.length], n & 0x7fff) : [reel.frames[n % reel.frames.length]];
    yield payloads.map((payload, i) => {
      const marker = isVideo && i === payloads.length - 1;
      const header = Buffer.alloc(12);
      header[0] = extension ? 0x90 : 0x80;
      header[1] = (marker ? 0x80 : 0) | payloadType;
      header.writeUInt16BE(sequence, 2);
      header.writeUInt32BE(timestamp, 4);
      header.writeUInt32BE(ssrc, 8);
      sequence = (sequence + 1) & 0xffff;
      return Buffer.concat([header, ...(extension ? [extension] : []), payload]);
    });
    timestamp = (timestamp + reel.ticks) >>> 0;
  }
}

/** A frame cut into payloads, each behind a descriptor with a picture id of 15 bits. */
function vp8(frame, pictureId) {
  const cuts = [];
  for (let at = 0; at < frame.length; at += PAYLOAD_BYTES) {
    const descriptor = Buffer.from([at === 0 ? 0x90 : 0x80, 0x80, 0x80 | (pictureId >> 8), pictureId & 0xff]);
    cuts.push(Buffer.concat([descriptor, frame.subarray(at, at + PAYLOAD_BYTES)]));
  }
  return cuts;
}

const fingerprint = (frame) => createHash('sha256').update(frame).digest('base64');

/** Every frame that a stack without an encoder may send: str0m's larger layer is `camera-360.ivf`. */
const KNOWN = new Set([pictures(), pictures('camera-360.ivf'), sounds()].flatMap(({ frames }) => frames.map(fingerprint)));

/** What arrived of one kind, packet by packet. Frames are put together again and compared with the known ones. */
export class Receipt {
  #frames = new Map();
  #last = null;

  constructor() {
    Object.assign(this, { packets: 0, bytes: 0, frames: 0, exact: 0, keyframes: 0, height: 0, late: 0, ssrcs: [] });
  }

  audio({ payload, ssrc }) {
    this.#count(payload, ssrc);
    if (payload.length === 0) return;
    this.frames += 1;
    if (KNOWN.has(fingerprint(payload))) this.exact += 1;
  }

  video({ payload, ssrc, timestamp, sequence, marker }) {
    this.#count(payload, ssrc);
    if (this.#last !== null && ((sequence - this.#last) & 0xffff) > 0x8000) this.late += 1;
    else this.#last = sequence;
    const cut = unpack(payload);
    if (cut === null) return;
    const frame = this.#frames.get(timestamp) ?? { cuts: new Map(), first: null, last: null };
    this.#frames.set(timestamp, frame);
    frame.cuts.set(sequence, cut.bytes);
    if (cut.begins) frame.first = sequence;
    if (marker) frame.last = sequence;
    this.#complete(timestamp, frame);
  }

  /** A frame is whole when its first cut, its last and all between are here. */
  #complete(timestamp, { cuts, first, last }) {
    if (this.#frames.size > 64) this.#frames.delete(this.#frames.keys().next().value);
    if (first === null || last === null || cuts.size !== ((last - first) & 0xffff) + 1) return;
    const inOrder = Array.from(cuts, ([sequence, bytes]) => [(sequence - first) & 0xffff, bytes]).sort(([a], [b]) => a - b);
    const bytes = Buffer.concat(inOrder.map(([, cut]) => cut));
    this.#frames.delete(timestamp);
    this.frames += 1;
    if (KNOWN.has(fingerprint(bytes))) this.exact += 1;
    // RFC 6386 §9.1: a keyframe says how large it is.
    if ((bytes[0] & 1) === 0 && bytes.length > 10) {
      this.keyframes += 1;
      this.height = bytes.readUInt16LE(8) & 0x3fff;
    }
  }

  #count(payload, ssrc) {
    this.packets += 1;
    this.bytes += payload.length;
    if (!this.ssrcs.includes(ssrc)) this.ssrcs.push(ssrc);
  }
}

/** The payload behind its VP8 descriptor (RFC 7741 §4.2). */
function unpack(payload) {
  if (payload.length < 2) return null;
  let at = 1;
  if (payload[0] & 0x80) {
    const extension = payload[at++];
    if (extension & 0x80) at += payload[at] & 0x80 ? 2 : 1;
    if (extension & 0x40) at += 1;
    if (extension & 0x30) at += 1;
  }
  return { begins: (payload[0] & 0x17) === 0x10, bytes: payload.subarray(at) };
}

/** Plain RTP as it left the stack. */
export function parse(packet) {
  let at = 12 + 4 * (packet[0] & 0x0f);
  if (packet[0] & 0x10) at += 4 + 4 * packet.readUInt16BE(at + 2);
  const end = packet[0] & 0x20 ? packet.length - packet[packet.length - 1] : packet.length;
  return {
    payloadType: packet[1] & 0x7f,
    marker: (packet[1] & 0x80) !== 0,
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    ssrc: packet.readUInt32BE(8),
    payload: packet.subarray(at, end),
  };
}

/** Sends a reel in its time, and counts its frames in `tally`. */
export function play(reel, frames, tally, send) {
  const began = performance.now();
  tally.frames = 0;
  setInterval(() => {
    // Timers are late now and then: what is due is sent.
    for (; tally.frames * reel.everyMs <= performance.now() - began; tally.frames += 1) frames.next().value.forEach(send);
  }, Math.min(reel.everyMs, 20));
}
