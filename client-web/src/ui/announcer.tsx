// The one polite announcer of the page, and the short notes (toasts) that pass below. Both say what has just happened.

import { signal } from '@preact/signals';

import { Icon } from './icon';
import type { IconName } from './icons';

/** Long enough to be read twice; nothing that must be read is only here. */
const TOAST_MS = 6_000;
/** What is said within this time is read as one, so that 24 knocks are not 24 interruptions. */
const GATHER_MS = 150;

interface Toast {
  id: number;
  text: string;
  icon: IconName;
}

const spoken = signal('');
const toasts = signal<Toast[]>([]);
let pending: string[] = [];
let lastId = 0;

/** Says something to a screen reader, when it is next silent. */
export function announce(text: string): void {
  pending.push(text);
  if (pending.length > 1) return;
  // The same words again are only read if the region has been empty in between.
  spoken.value = '';
  setTimeout(() => {
    spoken.value = pending.join(' ');
    pending = [];
  }, GATHER_MS);
}

/** Shows something for a moment, and announces it. */
export function toast(text: string, icon: IconName = 'check'): void {
  const id = ++lastId;
  toasts.value = [...toasts.value.slice(-2), { id, text, icon }];
  announce(text);
  setTimeout(() => {
    toasts.value = toasts.value.filter((one) => one.id !== id);
  }, TOAST_MS);
}

export function Announcer() {
  return (
    <>
      <div class="sr-only" role="status" aria-live="polite">
        {spoken.value}
      </div>
      <div class="toasts" aria-hidden="true">
        {toasts.value.map(({ id, text, icon }) => (
          <div class="toast" key={id}>
            <Icon name={icon} />
            {text}
          </div>
        ))}
      </div>
    </>
  );
}
