// Opening a personal link: its secret leaves the address bar at once, and is exchanged for a cookie.

import { signal } from '@preact/signals';

import type { Claim, Claimed } from '../protocol/types';
import { go, paths } from '../route';
import { claim } from './calls';
import type { Fault } from './http';

export type Claiming = { step: 'asking' } | { step: 'failed'; fault: Fault; again: () => void };

/** A link that is being opened, or could not be; nothing otherwise. */
export const claiming = signal<Claiming | undefined>(undefined);

/** Opens the link in the address bar, if there is one. */
export function openLink(): void {
  const found = secretOf(location.hash);
  if (!found) return;
  // Before anything else, and before anything can fail: not in the history, not over a shoulder, not in a screenshot.
  history.replaceState(null, '', location.pathname);
  void exchange(found);
}

async function exchange(secret: Claim): Promise<void> {
  claiming.value = { step: 'asking' };
  const answer = await claim(secret);
  if (!answer.ok) {
    claiming.value = { step: 'failed', fault: answer.fault, again: () => void exchange(secret) };
    return;
  }
  claiming.value = undefined;
  go(placeOf(answer.value), 'replace');
}

/** What a link's fragment claims: `#welcome=`, `#in=` or `#token=`. */
export function secretOf(fragment: string): Claim | undefined {
  const [, kind, secret] = /^#(welcome|in|token)=(.+)$/u.exec(fragment) ?? [];
  if (!secret) return undefined;
  switch (kind) {
    case 'welcome':
      return { account: { secret } };
    case 'in':
      return { invitation: { secret } };
    default:
      return { token: { token: secret } };
  }
}

function placeOf(claimed: Claimed): string {
  return 'class' in claimed ? paths.class(claimed.class.class) : paths.home;
}
