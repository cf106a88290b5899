import { describe, expect, it } from 'vitest';

import { Device } from './capture';

class FakeTrack extends EventTarget {
  stopped = false;
  contentHint = '';
  stop(): void {
    this.stopped = true;
  }
}

/** A browser that grants a request when the test says so. */
function source(): { device: Device; grant: () => FakeTrack; deny: (name: string) => void; asked: unknown[] } {
  const waiting: { yes: (stream: MediaStream) => void; no: (error: Error) => void }[] = [];
  const asked: unknown[] = [];
  const device = new Device('camera', {
    getUserMedia: (constraints) => {
      asked.push(constraints);
      return new Promise((yes, no) => waiting.push({ yes, no }));
    },
  });
  return {
    device,
    asked,
    grant: () => {
      const track = new FakeTrack();
      waiting.shift()?.yes({ getTracks: () => [track] } as unknown as MediaStream);
      return track;
    },
    deny: (name) => waiting.shift()?.no(new DOMException('no', name)),
  };
}

describe('a device', () => {
  it('is off until somebody turns it on, and lets go when turned off', async () => {
    const { device, grant, asked } = source();
    expect([device.capture.value.is, asked.length]).toEqual(['off', 0]);
    const on = device.turnOn();
    expect(device.capture.value.is).toBe('starting');
    const track = grant();
    await on;
    expect(device.capture.value.is).toBe('on');
    device.turnOff();
    expect([device.capture.value.is, track.stopped]).toEqual(['off', true]);
  });

  it('names what went wrong', async () => {
    const faults = { NotAllowedError: 'denied', NotFoundError: 'missing', NotReadableError: 'busy', Odd: 'failed' };
    for (const [name, fault] of Object.entries(faults)) {
      const { device, deny } = source();
      const on = device.turnOn();
      deny(name);
      expect(await on).toBeNull();
      expect(device.capture.value).toEqual({ is: 'faulty', fault });
    }
    const nowhere = new Device('camera', null);
    await nowhere.turnOn();
    expect(nowhere.capture.value).toEqual({ is: 'faulty', fault: 'unsupported' });
  });

  it('lets go of what arrives after it was turned off again', async () => {
    const { device, grant } = source();
    const on = device.turnOn();
    device.turnOff();
    const late = grant();
    expect(await on).toBeNull();
    expect([late.stopped, device.capture.value.is]).toEqual([true, 'off']);
  });

  it('notices that it was unplugged', async () => {
    const { device, grant } = source();
    const on = device.turnOn();
    const track = grant();
    await on;
    track.dispatchEvent(new Event('ended'));
    expect(device.capture.value).toEqual({ is: 'faulty', fault: 'missing' });
  });

  it('changes to the chosen one while on, and only then', async () => {
    const { device, grant, asked } = source();
    await device.choose('other');
    expect(asked).toHaveLength(0);
    const on = device.turnOn();
    grant();
    await on;
    expect(JSON.stringify(asked[0])).toContain('"deviceId":{"exact":"other"}');
  });
});
