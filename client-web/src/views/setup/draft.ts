// What a teacher writes of a class, checked: a draft for the server, or what is wrong with each field.

import type { ClassCard, ClassDraft, Policy } from '../../protocol/types';

/** The form as it stands; day and clock as the browser's own inputs give them (`2026-11-24`, `08:30`). */
export interface DraftForm {
  title: string;
  day: string;
  clock: string;
  policy: Policy;
  familiar: boolean;
}

export interface DraftFaults {
  title?: 'empty' | 'long';
  day?: 'empty';
  clock?: 'empty';
}

/** As the server has it (protocol: `TITLE_CHARS_MAX`). */
export const TITLE_CHARS_MAX = 120;

const MINUTE_MS = 60_000;
/** A new class begins at the next full hour that leaves this much time to prepare. */
const PREPARE_MS = 10 * MINUTE_MS;

export function newForm(now: number): DraftForm {
  const start = new Date(now + PREPARE_MS);
  start.setHours(start.getHours() + 1, 0, 0, 0);
  return { title: '', ...momentOf(start), policy: 'ask', familiar: false };
}

export function formOf(card: ClassCard): DraftForm {
  return { title: card.title, ...momentOf(new Date(card.starts_at)), policy: card.policy, familiar: card.familiar };
}

export function check(form: DraftForm): { draft: ClassDraft } | { faults: DraftFaults } {
  const title = form.title.trim();
  const faults: DraftFaults = {};
  if (title === '') faults.title = 'empty';
  else if (Array.from(title).length > TITLE_CHARS_MAX) faults.title = 'long';
  if (form.day === '') faults.day = 'empty';
  if (form.clock === '') faults.clock = 'empty';
  if (Object.keys(faults).length > 0) return { faults };
  const startsAt = new Date(`${form.day}T${form.clock}`).getTime();
  return { draft: { title, starts_at: startsAt, policy: form.policy, familiar: form.familiar } };
}

function momentOf(moment: Date): { day: string; clock: string } {
  const two = (n: number) => String(n).padStart(2, '0');
  return {
    day: `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`,
    clock: `${two(moment.getHours())}:${two(moment.getMinutes())}`,
  };
}
