// In which order a teacher's classes are shown.

import type { ClassCard } from '../../protocol/types';

/** A class that began less than this ago is still the next one: a lesson and its prolongation. */
const CURRENT_MS = 3 * 60 * 60_000;

export interface Ordered {
  /** Running first, then by start. */
  next: ClassCard[];
  /** The latest first. */
  past: ClassCard[];
}

export function order(classes: readonly ClassCard[], now: number): Ordered {
  const byStart = [...classes].sort((a, b) => a.starts_at - b.starts_at);
  const isPast = (card: ClassCard) => !isRunning(card) && card.starts_at < now - CURRENT_MS;
  const coming = byStart.filter((card) => !isPast(card));
  return {
    next: [...coming.filter(isRunning), ...coming.filter((card) => !isRunning(card))],
    past: byStart.filter(isPast).reverse(),
  };
}

export function isRunning(card: ClassCard): boolean {
  return card.phase === 'open' || card.phase === 'unattended';
}
