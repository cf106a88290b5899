// Buttons. `Button` has words; `IconButton` has a name that is read out and shown as a tooltip.

import type { ComponentChildren, JSX, Ref } from 'preact';

import { Icon } from './icon';
import type { IconName } from './icons';

type Native = Omit<JSX.IntrinsicElements['button'], 'class' | 'icon' | 'ref'>;

interface Look {
  /** At most one `primary` in a view. */
  kind?: 'primary' | 'danger' | 'quiet' | undefined;
  large?: boolean | undefined;
  class?: string | undefined;
  buttonRef?: Ref<HTMLButtonElement> | undefined;
}

export interface ButtonProps extends Native, Look {
  icon?: IconName | undefined;
  /** Something is under way: the button stays where it is and does nothing more. */
  busy?: boolean | undefined;
  children: ComponentChildren;
}

export function Button({ kind, large, class: extra, icon, busy, children, buttonRef, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      {...(buttonRef ? { ref: buttonRef } : {})}
      class={classes(kind, large, extra)}
      aria-disabled={busy ? 'true' : undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Native, Look {
  icon: IconName;
  label: string;
}

export function IconButton({ kind = 'quiet', large, class: extra, icon, label, buttonRef, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      {...(buttonRef ? { ref: buttonRef } : {})}
      class={classes(kind, large, `icon-only ${extra ?? ''}`)}
      aria-label={label}
      title={label}
    >
      <Icon name={icon} />
    </button>
  );
}

export function classes(kind: Look['kind'], large?: boolean, extra?: string): string {
  return ['button', kind, large && 'large', extra].filter(Boolean).join(' ');
}
