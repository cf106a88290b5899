// What this person looks at: tiles on the screen become a `media.view`, said once the layout has come to rest.

import type { Answered, Clock } from '../protocol/socket';
import type { Look, MediaAsk, PersonId } from '../protocol/types';

/** A layout that still moves is not worth a word. */
const REST_MS = 120;
/** A few pixels more or less choose no other layer. */
const STEP_PX = 16;
/** `u16` on the wire; no screen of a school is taller. */
const HEIGHT_PX_MAX = 4_320;

export interface Tile {
  person: PersonId;
  /** Device pixels. */
  heightPx: number;
}

/** The looks for these tiles: the largest first, each person once, no more than there are slots. */
export function looksOf(tiles: readonly Tile[], slots: number): Look[] {
  const tallest = new Map<PersonId, number>();
  for (const { person, heightPx } of tiles) {
    tallest.set(person, Math.max(tallest.get(person) ?? 0, rounded(heightPx)));
  }
  return [...tallest]
    .filter(([, heightPx]) => heightPx > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, slots)
    .map(([person, heightPx]) => ({ person, height_px: heightPx }));
}

function rounded(heightPx: number): number {
  return Math.min(HEIGHT_PX_MAX, Math.round(heightPx / STEP_PX) * STEP_PX);
}

/** What the server takes for granted while nothing has been said. */
const NOTHING = '[]';

export class Gaze {
  private readonly clock: Clock;
  private readonly ask: (ask: MediaAsk) => Promise<Answered>;
  private readonly slots: number;
  private wanted: Look[] = [];
  private said = NOTHING;
  private hasLooked = false;
  private cancel: () => void = () => undefined;

  constructor(clock: Clock, slots: number, ask: (ask: MediaAsk) => Promise<Answered>) {
    this.clock = clock;
    this.slots = slots;
    this.ask = ask;
  }

  /** The tiles as they are now; call it whenever they may have changed. */
  see(tiles: readonly Tile[]): void {
    this.wanted = looksOf(tiles, this.slots);
    this.cancel();
    // The first look is what somebody who has just come in is waiting for.
    if (!this.hasLooked && this.wanted.length > 0) return this.say();
    this.cancel = this.clock.after(REST_MS, () => this.say());
  }

  /** Nothing is looked at any more; the next look is a first one. */
  rest(): void {
    this.cancel();
    this.wanted = [];
    this.said = NOTHING;
    this.hasLooked = false;
  }

  /** The server may have forgotten: says it again. */
  again(): void {
    this.said = NOTHING;
    this.cancel();
    this.say();
  }

  private say(): void {
    const text = JSON.stringify(this.wanted);
    if (text === this.said) return;
    this.said = text;
    this.hasLooked = true;
    void this.ask({ view: { looks: this.wanted } }).then((answered) => {
      if (!('done' in answered) && this.said === text) this.said = NOTHING;
    });
  }
}
