// What runs in a page before its own scripts: media goes by a way of its own, and what teachers are told is kept.

/** Serialised and run in the page, after `preload`. `way`: `address:port`, with `tcp ` before it by TCP, or null for the server's own. */
export function arrange(way) {
  window.kept.way = way;
  const { WebSocket } = window;
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => {
        for (const link of JSON.parse(data).event?.on.media?.links?.people ?? []) (window.kept.links ??= {})[link.person] = link;
      });
    }
  };
}
