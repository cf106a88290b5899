// Media by a way of its own: what runs in a page before its own scripts, so that its calls go where the test says.

/** Serialised and run in the page: whatever the server answers, there is one candidate, `address:port`, and no other way. */
export function reroute(way) {
  const [host, port] = way.split(':');
  const { RTCPeerConnection } = window;
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration, ...others) {
      super({ ...configuration, iceServers: [] }, ...others);
    }
    setRemoteDescription({ type, sdp }) {
      let isTold = false;
      const lines = sdp.split('\r\n').flatMap((line) => {
        if (!line.startsWith('a=candidate:')) return [line];
        if (isTold) return [];
        isTold = true;
        return [`a=candidate:1 1 udp 2130706431 ${host} ${port} typ host`];
      });
      return super.setRemoteDescription({ type, sdp: lines.join('\r\n') });
    }
  };
}
