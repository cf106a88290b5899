import { describe, expect, it } from 'vitest';

import { turned } from './people';

describe("one person's rights", () => {
  const ofClass = { speak: true, camera: true, screen: false, chat: true };

  it('name only what differs from the class', () => {
    expect(turned(ofClass, ofClass, 'speak')).toEqual({ speak: false });
    expect(turned(ofClass, { ...ofClass, screen: true }, 'speak')).toEqual({ speak: false, screen: true });
  });

  it('follow the class again once they are the same', () => {
    expect(turned(ofClass, { ...ofClass, screen: true }, 'screen')).toEqual({});
  });
});
