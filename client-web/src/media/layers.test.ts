import { describe, expect, it } from 'vitest';

import { Demand, layersFor, shape, UNKNOWN_PX } from './layers';

const SCALES = [1, 2, 4];

describe('layers', () => {
  it('are sent as far as somebody looks, and the smaller ones with them', () => {
    const sent = (wantedPx: number): boolean[] => layersFor(SCALES, 720, wantedPx);
    expect(sent(UNKNOWN_PX)).toEqual([true, true, true]);
    expect(sent(1_080)).toEqual([true, true, true]);
    expect(sent(700)).toEqual([true, true, true]);
    expect(sent(480)).toEqual([false, true, true]);
    expect(sent(240)).toEqual([false, false, true]);
    expect(sent(0)).toEqual([false, false, false]);
  });

  it('of one size are one', () => {
    expect(layersFor([1], 720, 90)).toEqual([true]);
    expect(layersFor([1], 720, 0)).toEqual([false]);
  });

  it('are spatial where the server asked for VP9 or AV1, and a camera keeps its own', async () => {
    const shaped = async (mimeType: string, count: number): Promise<unknown> => {
      let mode: unknown;
      const sender = {
        track: null,
        getParameters: () => ({ codecs: [{ mimeType }], encodings: Array.from({ length: count }, () => ({ active: true })) }),
        setParameters: (set: { encodings: { scalabilityMode?: string }[] }) => {
          mode = set.encodings[0]?.scalabilityMode;
          return Promise.resolve();
        },
      } as unknown as RTCRtpSender;
      await shape(sender, { heightPx: UNKNOWN_PX, maxFramerate: 15 });
      return mode;
    };
    expect([await shaped('video/VP9', 1), await shaped('video/AV1', 1), await shaped('video/VP8', 1), await shaped('video/VP9', 3)]).toEqual([
      'L3T3_KEY',
      'L3T3_KEY',
      undefined,
      undefined,
    ]);
  });

  it('are left alone when nothing changes, and a browser that refuses sends on', async () => {
    let asked = 0;
    const sender = {
      track: null,
      getParameters: () => ({ encodings: [{ active: true, maxBitrate: 5 }] }),
      setParameters: () => {
        asked += 1;
        return Promise.reject(new Error('fixed'));
      },
    } as unknown as RTCRtpSender;
    await shape(sender, { heightPx: 720 });
    expect(asked).toBe(0);
    await shape(sender, { heightPx: 0 });
    expect(asked).toBe(1);
  });
});

describe('a demand', () => {
  it('is what the others want, and no more than one allows', () => {
    const applied: number[] = [];
    const demand = new Demand(0, (px) => applied.push(px));
    demand.want(720);
    demand.allow(360);
    demand.want(180);
    demand.want(1_080);
    demand.allow(UNKNOWN_PX);
    demand.want(0);
    demand.reset();
    expect(applied).toEqual([720, 360, 180, 360, 1_080, 0, UNKNOWN_PX]);
    const least = new Demand(1, (px) => applied.push(px));
    least.want(0);
    expect(applied.at(-1)).toBe(1);
  });
});
