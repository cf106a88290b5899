// libwebrtc without a browser around it (@roamhq/wrtc): real encoders, three layers of the camera.

import wrtc from '@roamhq/wrtc';

import { SECTIONS, isSent, isVideo, named, talk } from './talk.mjs';

const { RTCPeerConnection, nonstandard } = wrtc;
const [WIDTH, HEIGHT, FRAMES_PER_S] = [640, 360, 15];
const LAYERS = [
  { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 900_000 },
  { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 300_000 },
  { rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 100_000 },
];

const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
const picture = new nonstandard.RTCVideoSource();
const sound = new nonstandard.RTCAudioSource();
let shot = 0;
let beats = 0;
let phase = 0;

await talk({
  async offer() {
    const tracks = { microphone: sound.createTrack(), camera: picture.createTrack() };
    for (const section of SECTIONS) {
      const init = { direction: isSent(section) ? 'sendonly' : 'recvonly' };
      if (section === 'camera') init.sendEncodings = LAYERS;
      connection.addTransceiver(tracks[section] ?? (isVideo(section) ? 'video' : 'audio'), init);
    }
    await connection.setLocalDescription(await connection.createOffer());
    const { sdp } = connection.localDescription;
    return { sdp, ...named(connection.getTransceivers().map(({ mid }) => mid)) };
  },

  answer({ sdp }) {
    return connection.setRemoteDescription({ type: 'answer', sdp });
  },

  publish() {
    setInterval(shoot, 1000 / FRAMES_PER_S);
    setInterval(hum, 10);
  },

  /** libwebrtc asks when it needs one. */
  keyframe() {},

  async report() {
    const stats = [...(await connection.getStats()).values()];
    const of = (type, kind) => stats.filter((one) => one.type === type && one.kind === kind);
    const sum = (list, key) => list.reduce((total, one) => total + (one[key] ?? 0), 0);
    const [heard, seen, sent] = [of('inbound-rtp', 'audio'), of('inbound-rtp', 'video'), of('outbound-rtp', 'video')];
    return {
      audio: { packets: sum(heard, 'packetsReceived'), bytes: sum(heard, 'bytesReceived'), energy: sum(heard, 'totalAudioEnergy') },
      video: {
        packets: sum(seen, 'packetsReceived'),
        bytes: sum(seen, 'bytesReceived'),
        frames: sum(seen, 'framesDecoded'),
        keyframes: sum(seen, 'keyFramesDecoded'),
        height: Math.max(0, ...seen.map((one) => one.frameHeight ?? 0)),
      },
      asked: { nacks: sum(seen, 'nackCount'), plis: sum(seen, 'pliCount') },
      sent: {
        sounds: sum(of('outbound-rtp', 'audio'), 'packetsSent'),
        frames: Math.max(0, ...sent.map((one) => one.framesEncoded ?? 0)),
        keyframes: sum(sent, 'keyFramesEncoded'),
        repairs: sum(sent, 'retransmittedPacketsSent'),
        nacks: sum(sent, 'nackCount'),
        plis: sum(sent, 'pliCount'),
        heights: sent.filter((one) => one.framesEncoded > 0).map((one) => one.frameHeight).sort((a, b) => a - b),
      },
    };
  },
});

/** A bright bar that wanders over grey: something to encode in every frame. */
function shoot() {
  const data = new Uint8Array((WIDTH * HEIGHT * 3) / 2).fill(128);
  const left = (shot * 8) % (WIDTH - 64);
  for (let row = 0; row < HEIGHT; row += 1) {
    for (let column = 0; column < 64; column += 1) data[row * WIDTH + left + column] = (row * 3 + shot * 5 + column) & 0xff;
  }
  shot += 1;
  picture.onFrame({ width: WIDTH, height: HEIGHT, data });
}

/** Ten milliseconds of a voice that goes up and down: of an even tone the encoder would send next to nothing. */
function hum() {
  const samples = new Int16Array(480);
  const loud = 2_000 + 6_000 * Math.abs(Math.sin(beats / 12));
  const step = (2 * Math.PI * (300 + 200 * Math.sin(beats / 20))) / 48_000;
  for (let n = 0; n < 480; n += 1) samples[n] = loud * Math.sin((phase += step));
  beats += 1;
  sound.onData({ samples, sampleRate: 48_000, bitsPerSample: 16, channelCount: 1, numberOfFrames: 480 });
}
