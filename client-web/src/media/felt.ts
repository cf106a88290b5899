// What went wrong on this screen, as the browser counts it: pictures that froze, sound that had to be made up.

import type { Felt, Slot } from '../protocol/types';

/** `u16` on the wire, and more than one look lasts. */
const MOST = 60_000;
/** What a browser takes for missing sound is counted in samples of this rate. */
const SAMPLES_PER_MS = 48;

/** The part of `RTCInboundRtpStreamStats` that is read. */
interface Inbound {
  type?: string;
  mid?: string;
  freezeCount?: number;
  totalFreezesDuration?: number;
  concealedSamples?: number;
  silentConcealedSamples?: number;
}

interface Counts {
  /** Who was in the slot. */
  person: string | null;
  freezes: number;
  frozenMs: number;
  concealedMs: number;
}

export class Feeling {
  private before = new Map<string, Counts>();

  /**
   * What went wrong since the last look. Only slots in which the same person has stayed count: where somebody comes or
   * goes, the browser takes the pause for a freeze.
   */
  look(stats: Iterable<unknown>, slots: readonly Slot[]): Felt {
    const felt: Felt = { freezes: 0, frozen_ms: 0, concealed_ms: 0 };
    const now = new Map<string, Counts>();
    for (const entry of stats) {
      const inbound = entry as Inbound;
      if (inbound.type !== 'inbound-rtp' || inbound.mid === undefined) continue;
      const counts = countsOf(inbound, slots.find((slot) => slot.mid === inbound.mid)?.person ?? null);
      now.set(inbound.mid, counts);
      const before = this.before.get(inbound.mid);
      if (before === undefined || counts.person === null || counts.person !== before.person) continue;
      felt.freezes += within(counts.freezes - before.freezes);
      felt.frozen_ms = Math.max(felt.frozen_ms, within(counts.frozenMs - before.frozenMs));
      felt.concealed_ms = Math.max(felt.concealed_ms, within(counts.concealedMs - before.concealedMs));
    }
    this.before = now;
    return { ...felt, freezes: within(felt.freezes) };
  }
}

function countsOf(inbound: Inbound, person: string | null): Counts {
  const { freezeCount = 0, totalFreezesDuration = 0, concealedSamples = 0, silentConcealedSamples = 0 } = inbound;
  return {
    person,
    freezes: freezeCount,
    frozenMs: totalFreezesDuration * 1_000,
    // Silence in place of silence is what saves bytes, and nobody hears it.
    concealedMs: (concealedSamples - silentConcealedSamples) / SAMPLES_PER_MS,
  };
}

function within(count: number): number {
  return Math.min(MOST, Math.max(0, Math.round(count)));
}
