// What runs in every page before its own scripts: it keeps hold of what stories ask about, and changes nothing.

/** Serialised and run in the page. Everything it keeps is under `window.kept`. */
export function preload() {
  const kept = { peers: [], violations: [], alerts: 0, sockets: [], firstFrames: [], sent: [], way: null };
  Object.defineProperty(window, 'kept', { value: kept });
  const now = () => performance.timeOrigin + performance.now();

  const { RTCPeerConnection, WebSocket } = window;
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...given) {
      super(...given);
      kept.peers.push(this);
    }
    setRemoteDescription(answer) {
      return super.setRemoteDescription(kept.way ? { ...answer, sdp: led(answer.sdp, kept.way) } : answer);
    }
  };
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      kept.sockets.push(this);
    }
    send(text) {
      kept.sent.push({ at: now(), text: String(text).slice(0, 200) });
      super.send(text);
    }
  };
  // Another way to the server than it offers itself: the first of its addresses becomes this one, the others go.
  // `tcp address:port` leads there by TCP.
  function led(sdp, way) {
    const [, tcp, address, port] = /^(tcp )?(.*):(\d+)$/.exec(way);
    const [, first] = (tcp ? /a=candidate:(.*? tcp .*?)\r\n/ : /a=candidate:(.*? udp .*?)\r\n/).exec(sdp) ?? [];
    const there = first.replace(/[^ ]+ \d+ typ/, `${address} ${port} typ`);
    return sdp.replace(/a=candidate:.*\r\n/g, (line) => (line.includes(first) ? `a=candidate:${there}\r\n` : ''));
  }

  document.addEventListener('securitypolicyviolation', (event) => {
    kept.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile ?? ''}`);
  });
  window.alert = () => (kept.alerts += 1);

  // When a picture's first frame is on the screen: asked of every video the moment it gets a stream.
  const media = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject');
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', {
    ...media,
    set(stream) {
      media.set.call(this, stream);
      if (stream && this.requestVideoFrameCallback) {
        this.requestVideoFrameCallback(() => {
          const tile = this.closest('[data-person]');
          kept.firstFrames.push({ at: now(), person: tile?.dataset.person ?? null, look: tile?.dataset.look ?? null });
        });
      }
    },
  });
}

/** Run in the page, after `preload`: of all ways only the one over this transport is left, as on a network that lets nothing else through. */
export function onlyRelayed(transport) {
  const { RTCPeerConnection } = window;
  const narrowed = (configuration) => ({
    ...configuration,
    iceTransportPolicy: 'relay',
    iceServers: (configuration?.iceServers ?? [])
      .map((server) => ({ ...server, urls: server.urls.filter((url) => url.startsWith('turn:') && url.endsWith(transport)) }))
      .filter((server) => server.urls.length > 0),
  });
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration) {
      super(narrowed(configuration));
    }
    setConfiguration(configuration) {
      super.setConfiguration(narrowed(configuration));
    }
  };
}

/** Run in the page: the way that is in use, as `host/tcp` or `relay/tls`. */
export async function way() {
  const peer = window.kept.peers.filter((one) => one.connectionState === 'connected').at(-1);
  if (!peer) return null;
  const stats = await peer.getStats();
  const transport = [...stats.values()].find((stat) => stat.type === 'transport');
  const inUse = (stat) => stat.type === 'candidate-pair' && stat.state === 'succeeded' && stat.nominated;
  const pair = stats.get(transport?.selectedCandidatePairId) ?? [...stats.values()].find((stat) => inUse(stat) && stat.selected !== false);
  const local = stats.get(pair?.localCandidateId);
  return local ? `${local.candidateType}/${local.relayProtocol ?? local.protocol}` : null;
}

/** Run in the page: what it has sent and received so far, stream by stream: `h`, `m` and `l` are a camera's layers; of pictures shown also how high. */
export async function streams() {
  const found = { sentFrames: {}, sentModes: [], heights: [], videoBytes: 0, sounds: 0, soundsAgain: 0 };
  for (const peer of window.kept.peers.filter((one) => one.connectionState !== 'closed')) {
    const stats = await peer.getStats();
    for (const stat of stats.values()) {
      const isSent = stat.type === 'outbound-rtp' && stat.kind === 'video';
      if (isSent && stat.rid) found.sentFrames[stat.rid] = (found.sentFrames[stat.rid] ?? 0) + (stat.framesSent ?? stat.framesEncoded ?? 0);
      if (isSent && stat.scalabilityMode) found.sentModes.push(stat.scalabilityMode);
      if (stat.type !== 'inbound-rtp') continue;
      if (stat.kind === 'video') found.videoBytes += stat.bytesReceived ?? 0;
      if (stat.frameHeight) found.heights.push(stat.frameHeight);
      if (stat.kind !== 'audio') continue;
      found.sounds += stat.packetsReceived ?? 0;
      // What came a second time within a later packet is not needed, and thrown away.
      found.soundsAgain += stat.packetsDiscarded ?? 0;
    }
  }
  return found;
}

/** Run in the page: what its peer connections have received and sent, added up. */
export async function media() {
  const sum = { framesDecoded: 0, audioEnergy: 0, packetsReceived: 0, framesEncoded: 0, audioPacketsSent: 0 };
  for (const peer of window.kept.peers.filter((one) => one.connectionState !== 'closed')) {
    for (const stat of (await peer.getStats()).values()) {
      if (stat.type === 'inbound-rtp') {
        sum.framesDecoded += stat.framesDecoded ?? 0;
        sum.audioEnergy += stat.totalAudioEnergy ?? 0;
        sum.packetsReceived += stat.packetsReceived ?? 0;
      }
      if (stat.type === 'outbound-rtp') {
        sum.framesEncoded += stat.framesEncoded ?? 0;
        if (stat.kind === 'audio') sum.audioPacketsSent += stat.packetsSent ?? 0;
      }
    }
  }
  return sum;
}
