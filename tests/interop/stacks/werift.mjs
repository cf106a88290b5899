// werift: WebRTC in TypeScript, from ICE to RTP. It has no encoder: it sends the reel, and frames are compared with it.

import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, RtpPacket, useAbsSendTime, useOPUS, useSdesMid, useVP8 } from 'werift';

import { Receipt, packets, pictures, play, sounds } from '../reel.mjs';
import { SECTIONS, isSent, isVideo, named, talk } from './talk.mjs';

const rtx = new RTCRtpCodecParameters({ mimeType: 'video/rtx', clockRate: 90_000, payloadType: 97, parameters: 'apt=96' });
const connection = new RTCPeerConnection({
  bundlePolicy: 'max-bundle',
  codecs: { audio: [useOPUS({ payloadType: 111 })], video: [useVP8({ payloadType: 96 }), rtx] },
  headerExtensions: { audio: [useSdesMid()], video: [useSdesMid(), useAbsSendTime()] },
});
const reels = { audio: sounds(), video: pictures() };
const receipts = { audio: new Receipt(), video: new Receipt() };
const sections = new Map();
const asked = { nacks: 0, plis: 0 };
const sent = { frames: 0, nacks: 0, plis: 0 };
let face = null;

await talk({
  async offer() {
    for (const section of SECTIONS) {
      const kind = isVideo(section) ? 'video' : 'audio';
      const direction = isSent(section) ? 'sendonly' : 'recvonly';
      const transceiver = connection.addTransceiver(isSent(section) ? new MediaStreamTrack({ kind }) : kind, { direction });
      sections.set(section, transceiver);
      if (!isSent(section)) listen(transceiver, kind);
    }
    sections.get('camera').sender.onGenericNack.subscribe(() => (sent.nacks += 1));
    sections.get('camera').sender.onPictureLossIndication.subscribe(() => (sent.plis += 1));
    await connection.setLocalDescription(await connection.createOffer());
    return { sdp: connection.localDescription.sdp, ...named(connection.getTransceivers().map(({ mid }) => mid)) };
  },

  answer({ sdp }) {
    return connection.setRemoteDescription({ type: 'answer', sdp });
  },

  publish() {
    for (const [section, kind] of [['microphone', 'audio'], ['camera', 'video']]) {
      const { sender } = sections.get(section);
      const rtp = { ssrc: sender.ssrc, payloadType: kind === 'video' ? 96 : 111, isVideo: kind === 'video' };
      const tally = kind === 'video' ? sent : {};
      play(reels[kind], packets(reels[kind], rtp), tally, (packet) => sender.sendRtp(RtpPacket.deSerialize(packet)));
    }
  },

  keyframe() {
    return face?.receiver.sendRtcpPLI(receipts.video.ssrcs[0]);
  },

  report: () => ({ ...receipts, asked, sent }),
});

function listen(transceiver, kind) {
  transceiver.receiver.onPacketLost.subscribe(() => (asked.nacks += 1));
  transceiver.onTrack.subscribe((track) => {
    if (kind === 'video') face = transceiver;
    track.onReceiveRtp.subscribe(({ header, payload }) => {
      const { ssrc, timestamp, sequenceNumber: sequence, marker } = header;
      receipts[kind][kind]({ payload, ssrc, timestamp, sequence, marker });
    });
  });
}
