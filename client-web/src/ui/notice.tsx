// A message that stays in the page: something to know, to look at, or that went wrong.

import type { ComponentChildren } from 'preact';

import type { Fault } from '../api/http';
import { words } from '../text/text';
import { Icon } from './icon';
import type { IconName } from './icons';

type Kind = 'info' | 'good' | 'attention' | 'wrong';

const ICONS: Record<Kind, IconName> = { info: 'info', good: 'check', attention: 'warning', wrong: 'warning' };

export function Notice({ kind = 'info', children }: { kind?: Kind; children: ComponentChildren }) {
  return (
    <div class={`notice ${kind}`} role={kind === 'wrong' ? 'alert' : undefined}>
      <Icon name={ICONS[kind]} />
      <div class="grow">{children}</div>
    </div>
  );
}

/** Why the server did not do what was asked; nothing where nothing went wrong. */
export function FaultNotice({ fault }: { fault: Fault | undefined }) {
  if (!fault) return null;
  return (
    <Notice kind="wrong">
      <p>{words().problem[fault.code]}</p>
      {fault.requestId && <small>{words().common.support(fault.requestId)}</small>}
    </Notice>
  );
}
