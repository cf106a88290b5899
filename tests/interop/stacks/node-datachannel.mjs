// libdatachannel, by node-datachannel: RTP packets in and out, no codecs. It sends the reel, and frames are compared with it.

import datachannel from 'node-datachannel';

import { Receipt, packets, parse, pictures, play, sounds } from '../reel.mjs';
import { SECTIONS, isSent, isVideo, named, talk } from './talk.mjs';

const { Audio, PeerConnection, RtcpNackResponder, RtcpReceivingSession, Video } = datachannel;
const [OPUS, VP8, RTX] = [111, 96, 97];

const connection = new PeerConnection('stack', { iceServers: [], disableAutoNegotiation: true });
const reels = { audio: sounds(), video: pictures() };
const receipts = { audio: new Receipt(), video: new Receipt() };
/** All of them are held on to: what the garbage collector takes hears nothing more. */
const tracks = [];
const trackOf = (section) => tracks[SECTIONS.indexOf(section)];
const sent = { frames: 0 };

await talk({
  offer() {
    SECTIONS.forEach((section, i) => tracks.push(make(section, i)));
    const described = new Promise((done) => {
      connection.onGatheringStateChange((state) => {
        if (state === 'complete') done(connection.localDescription().sdp);
      });
    });
    connection.setLocalDescription('offer');
    return described.then((sdp) => ({ sdp, ...named(SECTIONS.map((_, i) => String(i))) }));
  },

  answer({ sdp }) {
    connection.setRemoteDescription(sdp, 'answer');
  },

  publish() {
    for (const [section, kind] of [['microphone', 'audio'], ['camera', 'video']]) {
      const track = trackOf(section);
      const rtp = { ssrc: ssrcOf(section), payloadType: kind === 'video' ? VP8 : OPUS, isVideo: kind === 'video' };
      const tally = kind === 'video' ? sent : {};
      play(reels[kind], packets(reels[kind], rtp), tally, (packet) => track.isOpen() && track.sendMessageBinary(packet));
    }
  },

  keyframe() {
    trackOf('face').requestKeyframe();
  },

  report: () => ({ ...receipts, sent }),
});

function ssrcOf(section) {
  return 0x1000 + SECTIONS.indexOf(section);
}

function make(section, i) {
  const direction = isSent(section) ? 'SendOnly' : 'RecvOnly';
  const media = isVideo(section) ? new Video(String(i), direction) : new Audio(String(i), direction);
  if (isVideo(section)) {
    media.addVP8Codec(VP8);
    media.addRTXCodec(RTX, VP8, 90_000);
  } else {
    media.addOpusCodec(OPUS);
  }
  if (isSent(section)) media.addSSRC(ssrcOf(section), section, section, section);
  const track = connection.addTrack(media);
  if (isSent(section)) {
    track.setMediaHandler(new RtcpNackResponder());
    return track;
  }
  track.setMediaHandler(new RtcpReceivingSession());
  const kind = isVideo(section) ? 'video' : 'audio';
  track.onMessage((packet) => {
    const rtp = parse(packet);
    if (rtp.payloadType === (kind === 'video' ? VP8 : OPUS)) receipts[kind][kind](rtp);
  });
  return track;
}
