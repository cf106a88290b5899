// Is the connection weak? Judged by what got lost on the way here, over a few seconds.

/** How often one looks. */
export const LOOK_EVERY_MS = 4_000;
/** More than this lost, and pictures freeze in spite of what is sent again. */
const LOST_SHARE_MAX = 0.08;
/** Fewer packets than this in one look say nothing. */
const PACKETS_MIN = 40;
/** So many looks in a row decide, for better or worse: a banner must not flicker. */
const LOOKS_TO_DECIDE = 2;

/** Packets since the call began. */
export interface Traffic {
  received: number;
  lost: number;
}

/** The part of `RTCInboundRtpStreamStats` that is read. */
interface Inbound {
  type?: string;
  packetsReceived?: number;
  packetsLost?: number;
}

export function trafficOf(stats: Iterable<unknown>): Traffic {
  const sum: Traffic = { received: 0, lost: 0 };
  for (const entry of stats) {
    const { type, packetsReceived = 0, packetsLost = 0 } = entry as Inbound;
    if (type !== 'inbound-rtp') continue;
    sum.received += packetsReceived;
    // Negative where more arrived than was expected: sent twice, not lost.
    sum.lost += Math.max(0, packetsLost);
  }
  return sum;
}

export class Quality {
  isWeak = false;
  private last: Traffic | null = null;
  private looksAgainst = 0;

  /** Takes a look; the answer is what holds from now on. */
  look(traffic: Traffic): boolean {
    const before = this.last;
    this.last = traffic;
    // The first look, or another call than before.
    if (before === null || traffic.received < before.received) return this.isWeak;
    const received = traffic.received - before.received;
    const lost = Math.max(0, traffic.lost - before.lost);
    if (received + lost < PACKETS_MIN) return this.isWeak;
    const looksWeak = lost / (received + lost) > LOST_SHARE_MAX;
    this.looksAgainst = looksWeak === this.isWeak ? 0 : this.looksAgainst + 1;
    if (this.looksAgainst < LOOKS_TO_DECIDE) return this.isWeak;
    this.looksAgainst = 0;
    this.isWeak = looksWeak;
    return this.isWeak;
  }
}
