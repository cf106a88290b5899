// Looks at what people see and hear, twice a second, and says how it was.

/** How often one looks. */
const EVERY_MS = 500;

/** Run in the page: what its connections have received so far, and how large the picture is. */
async function look() {
  const now = {
    bytes: 0, packets: 0, lost: 0, frames: 0, height: 0, freezes: 0, frozen_s: 0, nacks: 0, plis: 0, keyframes: 0,
    samples: 0, concealed: 0, gaps: 0, calls: window.kept.peers.length, connected: 0, sent_bytes: 0, sent_frames: 0,
  };
  for (const peer of window.kept.peers) {
    now.connected += peer.connectionState === 'connected' ? 1 : 0;
    for (const stat of (await peer.getStats()).values()) {
      if (stat.type === 'outbound-rtp') now.sent_bytes += stat.bytesSent ?? 0;
      // The layer that most was sent of: others are paused now and then.
      if (stat.type === 'outbound-rtp') now.sent_frames = Math.max(now.sent_frames, stat.framesEncoded ?? 0);
      if (stat.type !== 'inbound-rtp') continue;
      now.bytes += (stat.bytesReceived ?? 0) + (stat.headerBytesReceived ?? 0);
      now.packets += stat.packetsReceived ?? 0;
      now.lost += stat.packetsLost ?? 0;
      if (stat.kind === 'audio') {
        now.samples += stat.totalSamplesReceived ?? 0;
        now.concealed += (stat.concealedSamples ?? 0) - (stat.silentConcealedSamples ?? 0);
        now.gaps += stat.concealmentEvents ?? 0;
      } else if ((stat.framesDecoded ?? 0) > 0) {
        now.frames += stat.framesDecoded;
        now.height = Math.max(now.height, stat.frameHeight ?? 0);
        now.freezes += stat.freezeCount ?? 0;
        now.frozen_s += stat.totalFreezesDuration ?? 0;
        now.nacks += stat.nackCount ?? 0;
        now.plis += stat.pliCount ?? 0;
        now.keyframes += stat.keyFramesDecoded ?? 0;
      }
    }
  }
  return now;
}

/** What several people saw and heard, moment by moment. */
export class Watch {
  /** `people` by name, and their ids; `shaper` tells what their ways carried. Ada is the teacher. */
  constructor(people, persons, shaper) {
    Object.assign(this, { people, persons, shaper, began: performance.now(), moments: [], marks: [] });
  }

  /** From now on something else holds: a line in the graph. */
  mark(what) {
    this.marks.push({ at_s: this.now_s(), what });
  }

  now_s() {
    return (performance.now() - this.began) / 1000;
  }

  /** Looks on for so long. Returns how it was: see `Span`. */
  async during(seconds) {
    if (this.moments.length === 0) await this.#look();
    const first = this.moments.length - 1;
    for (let next = EVERY_MS; next <= seconds * 1000; next += EVERY_MS) {
      const due = this.began + this.moments[first].at_s * 1000 + next;
      await new Promise((tick) => setTimeout(tick, Math.max(0, due - performance.now())));
      await this.#look();
    }
    return Object.fromEntries(Object.keys(this.people).map((name) => [name, new Span(this.moments.slice(first), name)]));
  }

  async #look() {
    const names = Object.keys(this.people);
    const at_s = this.now_s();
    const links = () => window.kept.links ?? {};
    const about = [this.shaper.report(), this.people.Ada.tab.evaluate(links)];
    const [ways, told, ...looks] = await Promise.all([...about, ...names.map((name) => this.people[name].tab.evaluate(look))]);
    const seen = Object.fromEntries(names.map((name, i) => [name, { ...looks[i], way: ways[name], link: told[this.persons[name]] }]));
    this.moments.push({ at_s, seen });
  }
}

/** How it was for one person between two moments. */
export class Span {
  constructor(moments, name) {
    this.moments = moments.map(({ at_s, seen }) => ({ at_s, ...seen[name] }));
    const [first, last] = [this.moments[0], this.moments[this.moments.length - 1]];
    this.seconds = last.at_s - first.at_s;
    const grew = (key) => last[key] - first[key];
    this.frames_per_s = grew('frames') / this.seconds;
    this.sent_frames_per_s = grew('sent_frames') / this.seconds;
    this.freezes = grew('freezes');
    this.frozen_share = grew('frozen_s') / this.seconds;
    this.kbit_per_s = (grew('bytes') * 8) / 1000 / this.seconds;
    this.concealed_share = grew('concealed') / Math.max(1, grew('samples'));
    this.keyframes = grew('keyframes');
    this.nacks = grew('nacks');
    this.plis = grew('plis');
    this.new_calls = grew('calls');
    this.isConnected = this.moments.every(({ connected }) => connected > 0);
    this.heights = this.moments.map(({ height }) => height);
    /** How often the picture changed its size. */
    this.switches = this.heights.filter((height, i) => i > 0 && height !== this.heights[i - 1]).length;
    /** What the teacher was told last. */
    this.told = last.link ? `${last.link.quality}, ${last.link.reduced}, ${last.link.down_kbps} kbit/s` : 'nothing';
    if (first.way && last.way) {
      const { down: before } = first.way;
      const { down: after } = last.way;
      this.lost_share = (after.lost + after.overflowed - before.lost - before.overflowed) / Math.max(1, after.offered - before.offered);
    }
  }

  /** The height that was seen most. */
  get height() {
    const count = new Map();
    for (const height of this.heights) count.set(height, (count.get(height) ?? 0) + 1);
    return [...count].sort(([, a], [, b]) => b - a)[0][0];
  }

  toString() {
    const { moments, heights, ...figures } = this;
    const rounded = Object.entries(figures).map(([key, value]) => [key, typeof value === 'number' ? Math.round(value * 1000) / 1000 : value]);
    return JSON.stringify({ ...Object.fromEntries(rounded), height: this.height });
  }
}
