// Tickets of the line, kept in this browser, so that a reload or a restart of it keeps the place.

import type { ClassId, MyInvitation } from '../../protocol/types';
import { store, stored } from '../../ui/stored';

/** A ticket of yesterday is of no use to anybody. */
const KEPT_MS = 12 * 60 * 60_000;

interface Kept {
  ticket: string;
  /** Whose it is: at a shared computer the next person must not come with it. */
  of: string;
  at: number;
}

export class Tickets {
  private readonly key: string;
  private readonly of: string;
  private readonly now: () => number;

  constructor(classId: ClassId, { name, role }: Pick<MyInvitation, 'name' | 'role'>, now: () => number) {
    this.key = `ticket.${classId}`;
    this.of = fingerprint(`${role} ${name}`);
    this.now = now;
  }

  get(): string | null {
    const kept = parse(stored(this.key));
    if (kept === null) return null;
    if (kept.of === this.of && kept.at + KEPT_MS > this.now()) return kept.ticket;
    this.drop();
    return null;
  }

  keep(ticket: string): void {
    const kept: Kept = { ticket, of: this.of, at: this.now() };
    store(this.key, JSON.stringify(kept));
  }

  drop(): void {
    store(this.key, undefined);
  }
}

/** FNV-1a: tells two people at one computer apart without keeping their names. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16);
}

function parse(text: string | undefined): Kept | null {
  try {
    const value = JSON.parse(text ?? 'null') as Partial<Kept> | null;
    const { ticket, of, at } = value ?? {};
    return typeof ticket === 'string' && typeof of === 'string' && typeof at === 'number' ? { ticket, of, at } : null;
  } catch {
    return null;
  }
}
