import { describe, expect, it } from 'vitest';

import { Quality, trafficOf } from './quality';

describe('a connection', () => {
  it('is weak once much was lost twice in a row, and good again likewise', () => {
    const quality = new Quality();
    const looks = [
      { received: 0, lost: 0 },
      { received: 900, lost: 100 },
      { received: 1_800, lost: 200 },
      { received: 2_800, lost: 200 },
      { received: 3_800, lost: 200 },
    ];
    expect(looks.map((traffic) => quality.look(traffic))).toEqual([false, false, true, true, false]);
  });

  it('is not judged by a hiccup, by silence, or by another call', () => {
    const quality = new Quality();
    const looks = [
      { received: 1_000, lost: 0 },
      { received: 1_900, lost: 100 },
      { received: 2_900, lost: 100 },
      { received: 2_905, lost: 110 },
      { received: 10, lost: 10 },
    ];
    expect(looks.map((traffic) => quality.look(traffic))).toEqual([false, false, false, false, false]);
  });

  it('is read from what arrives, all slots together', () => {
    const stats = [
      { type: 'inbound-rtp', packetsReceived: 10, packetsLost: 2 },
      { type: 'inbound-rtp', packetsReceived: 5, packetsLost: -1 },
      { type: 'outbound-rtp', packetsReceived: 99 },
    ];
    expect(trafficOf(stats)).toEqual({ received: 15, lost: 2 });
  });
});
