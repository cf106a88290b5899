import { describe, expect, it } from 'vitest';

import { parseLine } from '../protocol/line';
import { WAIT_S_MAX, type Line, type LineDocument, type Place, type Queued, type Turned } from '../protocol/types';
import { looked, ROSE_MS, turned, UNWATCHED, type Watched, type Wish } from './queue';
import { newsOf, UNTOLD } from './queue-news';
import { ahead, compare, span } from './rank';

const T0 = 1_617_688_800_000;
const MINUTE_MS = 60_000;
const at = (since: number, draw = 0): Place => ({ since, draw });

function line(more: Partial<Line> = {}): Line {
  const marks = [
    { place: at(100), before: 0 },
    { place: at(200), before: 1_000 },
    { place: at(200, 2 ** 31), before: 3_000 },
  ];
  return { priority: 'students', waiting: 5_000, marks, per_minute: { slowest: 100, fastest: 200 }, closed: false, ...more };
}

function document(...lines: Line[]): LineDocument {
  return { life: 'a', at: T0, again_in_ms: 3_000, lines, opened: [] };
}

const queued = (place: Place, before: number, more: Partial<Queued> = {}): Turned => ({
  queued: { ticket: 't', priority: 'students', place, class_sign: 77, before, wait: { from_s: 180, to_s: 300 }, ...more },
});

/** Somebody in the line, one look after another. */
class Waiting {
  watched: Watched = turned(UNWATCHED, queued(at(150), 500), T0);
  now = T0;
  wish: Wish = 'look';

  sees(read: LineDocument | 'offline' | 'unreadable', afterMs = 3_000): this {
    this.now += afterMs;
    const dated = typeof read === 'string' ? read : { ...read, at: read.at === T0 ? this.now : read.at };
    [this.watched, this.wish] = looked(this.watched, dated, this.now);
    return this;
  }

  get spot() {
    const { spot } = this.watched.queue;
    if (spot === null) throw new Error('nowhere in the line');
    return spot;
  }

  get minutes(): [number, number] {
    return [(this.spot.turn.from - this.now) / MINUTE_MS, (this.spot.turn.to - this.now) / MINUTE_MS];
  }
}

/** The line after so many have come in: that many fewer stand before the one who waits. */
const shorter = (by: number, more: Partial<Line> = {}): LineDocument =>
  document(line({ marks: [{ place: at(100), before: 0 }, { place: at(150), before: 500 - by }], ...more }));

describe('a rank', () => {
  it('lies between two marks in proportion of arrival and draw', () => {
    expect(ahead(at(150), line())).toBe(500);
    expect(ahead(at(199, 2 ** 31), line())).toBe(995);
    expect(ahead(at(200, 2 ** 30), line())).toBe(2_000);
    expect(ahead(at(200), line())).toBe(1_000);
    expect(ahead(at(50), line())).toBe(0);
    expect(ahead(at(201), line())).toBe(4_999);
    expect(ahead(at(1), line({ marks: [], waiting: 12 }))).toBe(11);
  });

  it('keeps apart two draws of one second, at the size of real clocks', () => {
    expect(compare(at(1_617_688_800, 2), at(1_617_688_800, 1))).toBeGreaterThan(0);
    expect(compare(at(1_617_688_799, 2 ** 32 - 1), at(1_617_688_800, 0))).toBeLessThan(0);
  });

  it('takes from the fastest to the slowest minute of late', () => {
    expect(span(400, { slowest: 100, fastest: 200 })).toEqual({ from: 2 * MINUTE_MS, to: 4.01 * MINUTE_MS });
    expect(span(400, { slowest: 0, fastest: 0 })).toEqual({ from: Infinity, to: Infinity });
    expect(span(0, { slowest: 0, fastest: 0 })).toEqual({ from: 0, to: Infinity });
  });
});

describe('somebody in the line', () => {
  it('is told their place and a range, and both fall', () => {
    const waiting = new Waiting();
    expect([waiting.spot.ahead, ...waiting.minutes]).toEqual([500, 3, 5]);
    waiting.sees(shorter(100));
    expect(waiting.spot.ahead).toBe(400);
    expect(waiting.minutes[1]).toBeLessThan(4.1);
    expect(waiting.watched.queue.rose).toBeNull();
    expect(waiting.wish).toBe('look');
  });

  it('never sees either rise within the error of the marks', () => {
    const waiting = new Waiting().sees(shorter(100));
    const [until, { from }] = [waiting.spot.turn.to, waiting.spot.turn];
    waiting.sees(shorter(97));
    expect(waiting.spot.ahead).toBe(400);
    expect(waiting.spot.turn.to).toBe(until);
    expect(waiting.spot.turn.from).toBeLessThanOrEqual(from);
    expect(waiting.watched.queue.rose).toBeNull();
  });

  it('is told when the place has to rise, for at least a minute', () => {
    const waiting = new Waiting().sees(shorter(100)).sees(shorter(50));
    expect(waiting.spot.ahead).toBe(450);
    expect(waiting.watched.queue.rose).toEqual({ what: 'place', was: 400, at: waiting.now });
    waiting.sees(shorter(160), ROSE_MS - 1);
    expect(waiting.watched.queue.rose).not.toBeNull();
    waiting.sees(shorter(170), 1);
    expect(waiting.watched.queue.rose).toBeNull();
  });

  it('is told when it takes longer than was said, also by somebody who no longer knows how long', () => {
    const slow = new Waiting().sees(shorter(100)).sees(shorter(110, { per_minute: { slowest: 20, fastest: 200 } }));
    expect(slow.watched.queue.rose?.what).toBe('turn');
    expect(slow.minutes[1]).toBeCloseTo(391 / 20);
    const stopped = new Waiting().sees(shorter(0, { per_minute: { slowest: 0, fastest: 0 } }));
    expect(stopped.watched.queue.rose?.what).toBe('turn');
    expect(stopped.minutes).toEqual([Infinity, Infinity]);
    stopped.sees(shorter(10), 30_000);
    expect(stopped.minutes[1]).toBeCloseTo(4.91);
  });

  it('holds what was told, whatever a seeded line does', () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 48_271) % 0x7fffffff) / 0x7fffffff;
    const waiting = new Waiting();
    let [ranks, told] = [waiting.spot.ahead, waiting.spot.turn.to];
    for (let look = 0; look < 2_000; look += 1) {
      const pace = Math.floor(random() * 150);
      waiting.sees(shorter(Math.floor(random() * 500), { per_minute: { slowest: pace, fastest: pace + 100 } }));
      const { spot, rose } = waiting.watched.queue;
      const isNew = rose?.at === waiting.now;
      expect((spot?.ahead ?? 0) <= ranks || (isNew && rose.what === 'place')).toBe(true);
      expect((spot?.turn.to ?? 0) <= told || isNew).toBe(true);
      expect((spot?.turn.from ?? 0) <= (spot?.turn.to ?? 0)).toBe(true);
      [ranks, told] = [spot?.ahead ?? 0, spot?.turn.to ?? 0];
    }
  });

  it('goes in once everybody up to them is served, and not before', () => {
    const waiting = new Waiting().sees(document(line({ served: at(149, 2 ** 32 - 1) })));
    expect([waiting.wish, waiting.watched.queue.entering]).toEqual(['look', false]);
    waiting.sees(document(line({ served: at(150) })));
    expect([waiting.wish, waiting.watched.queue.entering, waiting.spot.ahead]).toEqual(['knock', true, 0]);
  });

  it('goes in once their teacher is inside, wherever they stand', () => {
    const waiting = new Waiting().sees({ ...document(line()), opened: [76] });
    expect(waiting.wish).toBe('look');
    waiting.sees({ ...document(line({ closed: true })), opened: [76, 77] });
    expect([waiting.wish, waiting.watched.queue.entering]).toEqual(['knock', true]);
  });

  it('says so when the door was shut again at the last moment', () => {
    const waiting = new Waiting().sees(document(line({ served: at(150) })));
    waiting.watched = turned(waiting.watched, queued(at(150), 40), waiting.now);
    expect(waiting.watched.queue).toMatchObject({ entering: false, spot: { ahead: 40 }, rose: { what: 'place', was: 0 } });
  });

  it('tries a door that did not open after all again in a while, not at every look', () => {
    const waiting = new Waiting().sees(document(line({ served: at(150) })));
    waiting.watched = turned(waiting.watched, queued(at(150), 0), waiting.now);
    expect(waiting.sees(document(line({ served: at(150) }))).wish).toBe('look');
    expect(waiting.watched.queue.entering).toBe(false);
    expect(waiting.sees(document(line({ served: at(150) })), 7_000).wish).toBe('knock');
  });

  it('knocks once more when the line has a new life, once', () => {
    const waiting = new Waiting().sees(document(line()));
    waiting.sees({ ...document(line()), life: 'b' });
    expect(waiting.wish).toBe('knock_within');
    waiting.watched = turned(waiting.watched, queued(at(150), 500), waiting.now);
    waiting.sees({ ...document(line()), life: 'b' });
    expect(waiting.wish).toBe('look');
    // A cache that still has the old life moves nobody.
    waiting.sees({ ...document(line()), at: T0 - 1 });
    expect(waiting.wish).toBe('look');
  });

  it('knocks when nobody stands in their line any more', () => {
    expect(new Waiting().sees(document()).wish).toBe('knock_within');
  });

  it('keeps the place while the line is closed, and does not go in', () => {
    const waiting = new Waiting().sees(document(line({ closed: true, closed_until: T0 + 1, served: at(150) })));
    expect([waiting.wish, waiting.watched.queue.closed, waiting.spot.ahead]).toEqual(['look', { until: T0 + 1 }, 500]);
    waiting.sees(document(line()));
    expect(waiting.watched.queue.closed).toBeNull();
  });

  it('keeps the place while nothing is heard, and says so from the second miss on', () => {
    const waiting = new Waiting().sees('offline');
    expect(waiting.watched.queue.trouble).toBeNull();
    waiting.sees('offline');
    expect([waiting.watched.queue.trouble, waiting.spot.ahead]).toEqual(['offline', 500]);
    waiting.sees(shorter(100));
    expect(waiting.watched.queue.trouble).toBeNull();
    for (let n = 1; n < 8; n += 1) expect(waiting.sees('unreadable').wish).toBe('look');
    expect(waiting.sees('unreadable').wish).toBe('knock_within');
  });
});

describe('a wait that the server does not know', () => {
  it('is none that has been promised, and grows into one without having risen', () => {
    const wait = { from_s: WAIT_S_MAX, to_s: WAIT_S_MAX };
    const waiting = new Waiting();
    waiting.watched = turned(UNWATCHED, queued(at(150), 500, { wait }), T0);
    expect(waiting.minutes).toEqual([Infinity, Infinity]);
    waiting.sees(shorter(0, { per_minute: { slowest: 0, fastest: 0 } })).sees(shorter(10));
    expect(waiting.watched.queue.rose).toBeNull();
    expect(waiting.minutes[1]).toBeCloseTo(4.91);
  });
});

describe('somebody without a place', () => {
  const closed = (until?: number): Watched => turned(UNWATCHED, { closed: until === undefined ? {} : { until } }, T0);
  const shut = document(line({ priority: 'observers', closed: true }), line({ priority: 'out_of_hour', closed: true }));

  it('waits for something to open', () => {
    const [first, wish] = looked(closed(), shut, T0);
    expect([wish, first.queue.closed]).toEqual(['look', { until: null }]);
    expect(looked(first, { ...shut, lines: [...shut.lines, line()] }, T0)[1]).toBe('look');
    expect(looked(first, { ...shut, lines: shut.lines.slice(1) }, T0)[1]).toBe('knock_within');
    expect(looked(first, document(line()), T0)[1]).toBe('knock_within');
  });

  it('waits until the time that was named', () => {
    const [first, wish] = looked(closed(T0 + 1_000), shut, T0);
    expect(wish).toBe('look');
    expect(looked(first, shut, T0 + 1_000)[1]).toBe('knock_within');
  });
});

describe('what is said aloud', () => {
  it('is each change, and the place now and then, but not every look', () => {
    const waiting = new Waiting();
    const said: (string | null)[] = [];
    let told = UNTOLD;
    const hear = (): void => {
      let news;
      [told, news] = newsOf(told, waiting.watched.queue, waiting.now);
      said.push(news);
    };
    const look = (read: LineDocument | 'offline', afterMs?: number): void => {
      waiting.sees(read, afterMs);
      hear();
    };
    hear();
    look(shorter(100));
    look(shorter(200));
    look(shorter(260));
    look(shorter(370), 60_000);
    look(shorter(370, { closed: true }));
    look(shorter(370));
    look('offline');
    look('offline');
    look('offline');
    look(shorter(375));
    look(shorter(100));
    look(document(line({ served: at(150) })));
    look(document(line({ served: at(150) })));
    waiting.watched = turned(waiting.watched, queued(at(150), 0), waiting.now);
    hear();
    look(document(line({ served: at(150) })), 20_000);
    expect(said).toEqual([
      'placed', null, null, 'nearer', 'nearer', 'closed', 'reopened', null, 'offline', null, 'back', 'rose', 'turn', null, 'rose', null,
    ]);
  });
});

describe('the document', () => {
  it('is read as it is, and nothing else is taken for one', () => {
    expect(parseLine(JSON.parse(JSON.stringify(document(line({ served: at(1) })))))).toEqual(document(line({ served: at(1) })));
    const broken: unknown[] = [
      null, 7, '<html>', [], {}, { ...document(), life: 1 }, { ...document(), again_in_ms: -1 }, { ...document(), lines: [{}] },
      { ...document(), lines: [{ ...line(), marks: [{ place: { since: '1', draw: 0 }, before: 0 }] }] },
      { ...document(), lines: [{ ...line(), per_minute: null }] }, { ...document(), lines: [{ ...line(), served: null }] },
    ];
    for (const one of broken) expect(parseLine(one), JSON.stringify(one)).toBeNull();
  });
});
