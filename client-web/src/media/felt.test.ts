import { describe, expect, it } from 'vitest';

import { Feeling } from './felt';

const inbound = (mid: string, counts: object): object => ({ type: 'inbound-rtp', mid, ...counts });
const NOTHING = { freezes: 0, frozen_ms: 0, concealed_ms: 0 };

describe('what is felt', () => {
  it('is what has happened since the last look, the worst slot for how long', () => {
    const feeling = new Feeling();
    const slots = ['4', '9', '10'].map((mid) => ({ mid, person: mid }));
    const look = (freezes: number): object[] => [
      inbound('9', { freezeCount: freezes, totalFreezesDuration: freezes * 0.4 }),
      inbound('10', { freezeCount: 1 + freezes, totalFreezesDuration: 9 + freezes * 0.1 }),
      inbound('4', { concealedSamples: 9_600 * freezes, silentConcealedSamples: 4_800 * freezes }),
      { type: 'outbound-rtp', mid: '1', freezeCount: 9 },
    ];
    expect(feeling.look(look(0), slots)).toEqual(NOTHING);
    expect(feeling.look(look(2), slots)).toEqual({ freezes: 4, frozen_ms: 800, concealed_ms: 200 });
    expect(feeling.look(look(2), slots)).toEqual(NOTHING);
  });

  it('is nothing where somebody came, went, or where the call began anew', () => {
    const feeling = new Feeling();
    const look = (person: string | null, freezes: number): object =>
      feeling.look([inbound('9', { freezeCount: freezes, totalFreezesDuration: freezes })], [{ mid: '9', person }]);
    look('ada', 0);
    expect(look(null, 5)).toEqual(NOTHING);
    expect(look('noe', 90)).toEqual(NOTHING);
    expect(look('noe', 3)).toEqual(NOTHING);
    expect(look('noe', 500)).toEqual({ freezes: 497, frozen_ms: 60_000, concealed_ms: 0 });
  });
});
